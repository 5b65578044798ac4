use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
};

use super::ServerError;
use crate::config::Tls;

/// The certificate that new connections are shown; clones share it.
#[derive(Clone)]
pub struct Certificates(RustlsConfig);

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl Certificates {
    pub(super) fn load(tls: &Tls) -> Result<Self, ServerError> {
        Ok(Self(RustlsConfig::from_config(Arc::new(read(tls)?))))
    }

    /// Reads the files again, as after a renewal. A pair that does not work changes nothing: the one in use
    /// stays in use. Blocks on the disk.
    pub fn reload(&self, tls: &Tls) -> Result<(), ServerError> {
        self.0.reload_from_config(Arc::new(read(tls)?));
        Ok(())
    }

    pub(super) fn config(&self) -> RustlsConfig {
        self.0.clone()
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
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|source| ServerError::Key { path: tls.key.as_path().to_owned(), source })?;
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
