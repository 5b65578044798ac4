//! Binding, TLS, and the bounds of a connection.
//!
//! A connection costs at most: one of [`guarded::MOST`] places (and, beyond loopback, one of a few per
//! address), 10 s of handshake, 15 s for the head of each request, 64 KiB of head, and 30 s of a peer that
//! takes nothing of what it asked for. HTTP/1.1 only: browsers open WebSockets over it anyway, and one
//! protocol is one set of limits to get right.

mod guarded;
mod tls;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use axum::Router;
use axum_server::{Handle, tls_rustls::RustlsAcceptor};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};
use tokio_util::sync::CancellationToken;

use super::Listening;
use crate::config::Tls;
use crate::holders;
use guarded::Guarded;

pub use tls::Certificates;

const HANDSHAKE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(15);
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;
/// How long requests may go on after a stop was asked for. Sockets and downloads are cut off then.
const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum ServerError {
    #[error("{address} is taken by {holder}: stop it, or set server.listen to another port")]
    Taken { address: SocketAddr, holder: String, source: io::Error },
    #[error("could not listen on {address}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error(
        "{address} is reachable from outside, and plain HTTP would show every password and picture: set server.tls, or listen on 127.0.0.1"
    )]
    PlainBeyondLoopback { address: SocketAddr },
    #[error("could not read the certificate {}", path.display())]
    Certificate { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("{} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("could not read the private key {}", path.display())]
    Key { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("the certificate {} and the key {} do not work together", certificate.display(), key.display())]
    Mismatch { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

/// A bound server that does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    listening: Listening,
    certificates: Option<Certificates>,
}

impl Server {
    /// Reads the certificate, if there is to be TLS, and binds. Without TLS only loopback is bound.
    pub fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<Self, ServerError> {
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(ServerError::PlainBeyondLoopback { address });
        }
        let certificates = tls.map(Certificates::load).transpose()?;
        let listener = TcpListener::bind(address).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => {
                let holder = holders::of_port(address.port(), holders::Protocol::Tcp)
                    .map_or_else(|| "another program".to_owned(), |holder| holder.to_string());
                ServerError::Taken { address, holder, source }
            }
            _ => ServerError::Bind { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| ServerError::Bind { address, source })?;
        let listening = Listening { address, tls: certificates.is_some() };
        Ok(Self { listener, listening, certificates })
    }

    /// Where it is bound, with the port that was found if 0 was asked for.
    pub fn listening(&self) -> Listening {
        self.listening
    }

    /// The certificate in use, for reloading; `None` over plain HTTP.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// Answers until `shutdown`, then takes no new connection and gives running requests two seconds.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> io::Result<()> {
        let (server, handle) = prepare(self.listener)?;
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        match self.certificates {
            None => until(shutdown, handle, server.map(Guarded::new).serve(service)).await,
            Some(certificates) => {
                let tls = RustlsAcceptor::new(certificates.config()).handshake_timeout(HANDSHAKE);
                until(shutdown, handle, server.acceptor(Guarded::new(tls)).serve(service)).await
            }
        }
    }
}

/// Plain HTTP on a listener that the caller has bound to loopback.
pub(super) async fn serve_plain(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let (server, handle) = prepare(listener)?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    until(shutdown, handle, server.map(Guarded::new).serve(service)).await
}

fn prepare(listener: TcpListener) -> io::Result<(axum_server::Server<SocketAddr>, Handle<SocketAddr>)> {
    let handle = Handle::new();
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle.clone())
        .first_request_timeout(HEAD)
        .accept_error_handler(|peer, error| {
            tracing::debug!(peer = ?peer, %error, "a connection was not taken");
        });
    *server.http_builder() = limits();
    Ok((server, handle))
}

async fn until(
    shutdown: CancellationToken,
    handle: Handle<SocketAddr>,
    serving: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        () = shutdown.cancelled() => handle.graceful_shutdown(Some(LAST_REQUESTS)),
    }
    serving.await
}

fn limits() -> Builder<TokioExecutor> {
    // Connections that can be upgraded ignore `http1_only`; `Guarded` is what keeps HTTP/2 out.
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    builder
}
