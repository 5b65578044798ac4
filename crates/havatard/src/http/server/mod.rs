//! Binding, TLS, and the limits of a connection.
//!
//! A connection costs at most: one permit of [`PANEL`], 10 s of TLS handshake, 15 s for the head of each request, 64 KiB of
//! head, 30 s of a write that the peer does not take, and 2 s of reading on where a body was refused. HTTP/1.1 only: browsers
//! open WebSockets over it anyway, and one protocol is one set of limits.

mod accept;
mod error;
mod listener;
mod own_peers;
mod stream;
mod tls;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::config::Tls;
use crate::holders::Protocol;
use crate::{holders, local_socket};

use super::limits::Rules;
use accept::Front;
use listener::Listener;
use own_peers::OwnPeers;

pub use error::ServerError;
pub use tls::Certificates;

/// Of the panel and the API. A browser keeps six connections and two sockets open.
pub(super) const PANEL: Rules = Rules { newcomers: 512, of_network: 128, proven: 256, of_person: 64 };
/// Of a listener for our own processes. A newcomer is one until the kernel's tables were read, which takes longer the more
/// there are.
const OWN: Rules = Rules { newcomers: 1024, of_network: 1024, proven: 256, of_person: 256 };

/// Where the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// The bound address.
    pub address: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
}

impl Listening {
    /// The local socket, as its requests see it: `http://localhost`.
    pub(super) const LOCAL: Self =
        Self { address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80), tls: false };

    /// Scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
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
    ///
    /// # Errors
    /// The certificate cannot be used, or the address cannot be bound.
    pub fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<Self, ServerError> {
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(ServerError::PlainBeyondLoopback { address });
        }
        let certificates = tls.map(Certificates::load).transpose()?;
        let listener = TcpListener::bind(address).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => {
                let holder = holders::of_port(address.port(), Protocol::Tcp)
                    .map_or_else(|| "another program".to_owned(), |holder| holder.to_string());
                ServerError::Taken { address, holder, source }
            }
            _ => ServerError::Bind { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| ServerError::Bind { address, source })?;
        let listening = Listening { address, tls: certificates.is_some() };
        Ok(Self { listener, listening, certificates })
    }

    /// The bound address, with the port that the system chose for port 0.
    pub fn listening(&self) -> Listening {
        self.listening
    }

    /// The certificate in use, for its reload; `None` over plain HTTP.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// Serves until `shutdown`, then accepts no connection and gives running requests two seconds.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> io::Result<()> {
        let front = Front { certificates: self.certificates, router, rules: PANEL, peers: None };
        accept::serve(Listener::tcp(self.listener)?, front, shutdown).await
    }
}

/// The socket in the runtime directory for the robot's own tools: it speaks plain HTTP whatever the network has to. Only this
/// daemon's user and root can open it; what they may do is their token's matter.
#[derive(Debug)]
pub struct LocalServer(UnixListener);

impl LocalServer {
    /// Its name in the runtime directory.
    pub const NAME: &str = "api.sock";

    /// Binds it, in the place of one that an earlier daemon left.
    ///
    /// # Errors
    /// The runtime directory cannot be written to.
    pub fn bind(runtime_dir: &Path) -> io::Result<Self> {
        local_socket::listen(runtime_dir, Self::NAME).map(Self)
    }

    /// Serves until `shutdown`.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> io::Result<()> {
        let front = Front { certificates: None, router, rules: OWN, peers: None };
        accept::serve(Listener::local(self.0)?, front, shutdown).await
    }
}

/// Serves plain HTTP, on a listener that the caller has bound to loopback, to processes of this daemon's user alone.
///
/// # Errors
/// The listener cannot be used.
pub(super) async fn serve_own_processes(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let front = Front { certificates: None, router, rules: OWN, peers: Some(OwnPeers::start()) };
    accept::serve(Listener::tcp(listener)?, front, shutdown).await
}
