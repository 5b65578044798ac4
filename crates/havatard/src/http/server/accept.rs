//! Accepts connections and serves HTTP/1.1 on them.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::auth::Owner;
use crate::http::limits::{Connection, Connections, Gated, Permit, Rules};

use super::listener::{Listener, Stream};
use super::own_peers::OwnPeers;
use super::stream::{ConnectionStream, Unread};
use super::tls::Certificates;

const TLS_HANDSHAKE: Duration = Duration::from_secs(10);
/// For the head of each request. A connection that is idle for this long is closed as well.
const HEADER_READ: Duration = Duration::from_secs(15);
/// Of a head without an end, hyper reads this much before it refuses it, plus one read of the same size: 64 KiB in all.
const HEAD_BUFFER: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// How long requests may continue after a stop. Downloads and sockets are closed then.
const DRAIN: Duration = Duration::from_secs(2);
/// Wait after a failed accept: without file descriptors the next one would fail at once.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// What a listener serves, and to whom.
pub(super) struct Front {
    pub(super) certificates: Option<Certificates>,
    pub(super) router: Router,
    pub(super) rules: Rules,
    /// Of a listener for this daemon's own processes alone.
    pub(super) peers: Option<OwnPeers>,
}

/// What the tasks of all connections share.
struct Shared {
    certificates: Option<Certificates>,
    router: Router,
    peers: Option<OwnPeers>,
    shutdown: CancellationToken,
}

/// Serves until `shutdown`, then drains for two seconds.
pub(super) async fn serve(listener: Listener, front: Front, shutdown: CancellationToken) -> io::Result<()> {
    let Front { certificates, router, rules, peers } = front;
    let admitted = Connections::new(rules);
    let shared = Arc::new(Shared { certificates, router, peers, shutdown: shutdown.clone() });
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    sleep(ACCEPT_RETRY).await;
                    continue;
                }
            },
        };
        let permit = admitted.admit(peer.ip());
        let (ended, gate) = (permit.ended(), permit.gate());
        let served = Gated::new(gate, connection(stream, peer, permit, shared.clone()));
        connections.spawn(async move {
            let result = tokio::select! {
                biased;
                // Outside the gate: one that has to go does not wait for its turn.
                () = ended.cancelled() => return tracing::debug!(%peer, "a connection made room for another"),
                result = served => result,
            };
            if let Err(error) = result {
                tracing::debug!(%peer, error, "a connection ended with an error");
            }
        });
    }
    drop(listener);
    // What is still running after the drain is aborted with `connections`.
    let _ = timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
    Ok(())
}

/// A request's body that tells the stream if it was not read to its end.
struct Watched {
    body: Incoming,
    ended: bool,
    unread: Unread,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.ended |= matches!(frame, Poll::Ready(None));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.unread.set();
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: Stream,
    peer: SocketAddr,
    permit: Permit,
    shared: Arc<Shared>,
) -> Result<(), Error> {
    let connection = permit.connection();
    if let (Some(peers), Either::Left(stream)) = (&shared.peers, &stream) {
        match peers.is_own(peer, stream.local_addr()?).await {
            Some(true) => connection.prove(Some(Owner::Token)),
            Some(false) => return Err("it is of another user".into()),
            // Where that cannot be found out, its requests have to prove it.
            None => {}
        }
    }
    match &shared.certificates {
        None => http1(stream, permit, peer, connection, &shared).await,
        Some(certificates) => {
            let stream = timeout(TLS_HANDSHAKE, certificates.acceptor().accept(stream)).await??;
            http1(stream, permit, peer, connection, &shared).await
        }
    }
}

async fn http1<S>(
    stream: S,
    permit: Permit,
    peer: SocketAddr,
    connection: Connection,
    shared: &Shared,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = shared.router.clone();
    let unread = Unread::default();
    let stream = ConnectionStream::new(stream, permit, unread.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Watched { body, ended: false, unread: unread.clone() });
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer));
        extensions.insert(connection.clone());
        router.clone().call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ)
            .max_buf_size(HEAD_BUFFER)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    tokio::select! {
        served = connection.as_mut() => return Ok(served?),
        // The running request is answered, an idle connection is closed.
        () = shared.shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}
