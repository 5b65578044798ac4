//! Section `server`: where havatard itself is reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::trust::Trust;
use super::{AbsolutePath, HostName, ListenAddr, Subnet};

/// Where havatard itself is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Server {
    /// Address and port of the panel and the API. Anything beyond loopback needs `tls`. Port 0 lets the
    /// kernel choose.
    pub listen: ListenAddr,
    /// Certificate and key. Without them the listener is plain HTTP and stays on loopback.
    pub tls: Option<Tls>,
    /// Further names or addresses that a browser may use for this robot, beside the listen address and
    /// `localhost`. Any other `Host` is refused.
    pub hosts: Vec<HostName>,
    /// Addresses or networks of the reverse proxies in front of this robot. What they write into `X-Forwarded-For` counts as
    /// the client's address; anybody else's does not. Without them, all clients behind a proxy count as one.
    pub trusted_proxies: Vec<Subnet>,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: ListenAddr::loopback(8080), tls: None, hosts: Vec::new(), trusted_proxies: Vec::new() }
    }
}

impl Server {
    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if !self.listen.is_loopback() && self.tls.is_none() {
            let port = self.listen.0.port();
            checks.error(
                "server.listen",
                &["server.tls"],
                format!(
                    "{} is reached over the network, where pictures and sign-ins need TLS, and server.tls \
                     is not set",
                    self.listen
                ),
                format!("set server.tls to a certificate and its key, or listen on 127.0.0.1:{port}"),
            );
        }
        if let Some(tls) = &self.tls {
            tls.check(checks);
        }
    }
}

/// Certificate and key, both PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a group of keys")]
pub struct Tls {
    /// The certificate chain, the robot's own certificate first.
    pub certificate: AbsolutePath,
    /// The private key.
    pub key: AbsolutePath,
}

impl Tls {
    fn check(&self, checks: &mut Checks<'_>) {
        let files = [
            ("server.tls.certificate", &self.certificate, "CERTIFICATE-----", "certificate", Trust::Public),
            ("server.tls.key", &self.key, "PRIVATE KEY-----", "private key", Trust::Secret),
        ];
        for (key, path, mark, what, trust) in files {
            let Some(start) = checks.readable(key, path.as_path(), trust, false) else { continue };
            if !start.windows(mark.len()).any(|window| window == mark.as_bytes()) {
                let fix = "name a PEM file: a text with lines that begin with -----BEGIN";
                checks.error(key, &[], format!("{path} holds no {what}"), fix);
            }
        }
    }
}
