//! Section `server`: where havatard itself is reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AbsolutePath, HostName, ListenAddr};

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
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: ListenAddr::loopback(8080), tls: None, hosts: Vec::new() }
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
