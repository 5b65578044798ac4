//! The certificate, and its reload.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;
use crate::config::trust::{self, Trust};

use super::error::ServerError;

/// The certificate that new connections are shown; clones share it.
#[derive(Clone)]
pub struct Certificates(Arc<RwLock<Arc<ServerConfig>>>);

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Certificates {
    pub(super) fn load(tls: &Tls) -> Result<Self, ServerError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(read(tls)?)))))
    }

    /// Reads the files again, as after a renewal. An invalid pair changes nothing. Blocks on the disk.
    ///
    /// # Errors
    /// A file cannot be read, or certificate and key do not match.
    pub fn reload(&self, tls: &Tls) -> Result<(), ServerError> {
        let config = Arc::new(read(tls)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// The acceptor of a new connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }
}

fn read(tls: &Tls) -> Result<ServerConfig, ServerError> {
    let unread = |source| ServerError::Certificate { path: tls.certificate.as_path().to_owned(), source };
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, pem::Error>>)
        .map_err(unread)?;
    if chain.is_empty() {
        return Err(ServerError::NoCertificate { path: tls.certificate.as_path().to_owned() });
    }
    let unread = |source| ServerError::Key { path: tls.key.as_path().to_owned(), source };
    // As when the config was read: after a renewal it is another file.
    let file = trust::open(tls.key.as_path(), Trust::Secret)
        .map_err(|error| unread(pem::Error::Io(error.into())))?;
    let key = PrivateKeyDer::from_pem_reader(file).map_err(unread)?;
    let mismatch = |source| ServerError::Mismatch {
        certificate: tls.certificate.as_path().to_owned(),
        key: tls.key.as_path().to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
