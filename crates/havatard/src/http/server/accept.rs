//! Accepts connections and serves HTTP/1.1 on them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::limits::{ConnectionLimit, Permit, StallTimeout};
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

/// Serves until `shutdown`, then drains for two seconds.
pub(super) async fn serve(
    listener: TcpListener,
    certificates: Option<Certificates>,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let limit = ConnectionLimit::default();
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
        let Some(permit) = limit.permit(peer.ip()) else {
            tracing::debug!(%peer, "a connection was refused: too many connections");
            continue;
        };
        let (certificates, router, stop) = (certificates.clone(), router.clone(), shutdown.clone());
        connections.spawn(async move {
            if let Err(error) = connection(stream, peer, permit, certificates, router, &stop).await {
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

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    permit: Permit,
    certificates: Option<Certificates>,
    router: Router,
    shutdown: &CancellationToken,
) -> Result<(), Error> {
    // Responses and events are small and must be sent at once.
    stream.set_nodelay(true)?;
    match certificates {
        None => http1(StallTimeout::new(stream, permit), peer, router, shutdown).await,
        Some(certificates) => {
            let stream = timeout(TLS_HANDSHAKE, certificates.acceptor().accept(stream)).await??;
            http1(StallTimeout::new(stream, permit), peer, router, shutdown).await
        }
    }
}

async fn http1<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    shutdown: &CancellationToken,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
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
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}
