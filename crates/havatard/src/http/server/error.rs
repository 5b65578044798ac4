//! Why the server could not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

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
