//! Section `media.mediamtx`: the media server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::scalar::string_enum;
use super::trust::Trust;
use super::{AbsolutePath, HostName, IceUrl, ListenAddr, UserName};

/// The media server. Its HTTP listeners stay on loopback: they are reached through havatard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct MediaMtx {
    /// The program. By default the one beside havatard, then the one on PATH.
    pub binary: Option<AbsolutePath>,
    /// Its control API: loopback only.
    pub api_address: ListenAddr,
    /// Its metrics: loopback only.
    pub metrics_address: ListenAddr,
    /// RTSP, for VLC and OBS, behind a login. May be opened to the network.
    pub rtsp_address: ListenAddr,
    /// WebRTC signalling: loopback only.
    pub webrtc_address: ListenAddr,
    /// WebRTC media over UDP. A robot that is watched over a network sets 0.0.0.0:8189.
    pub webrtc_udp_address: ListenAddr,
    /// Names or addresses by which viewers reach this robot, if its own interfaces do not show them.
    pub webrtc_additional_hosts: Vec<HostName>,
    /// HLS: loopback only.
    pub hls_address: ListenAddr,
    /// STUN and TURN servers for viewers behind other networks. By default none is asked.
    pub ice_servers: Vec<IceServer>,
    /// How much it logs.
    pub log_level: LogLevel,
}

impl Default for MediaMtx {
    fn default() -> Self {
        Self {
            binary: None,
            api_address: ListenAddr::loopback(9997),
            metrics_address: ListenAddr::loopback(9998),
            rtsp_address: ListenAddr::loopback(8554),
            webrtc_address: ListenAddr::loopback(8889),
            webrtc_udp_address: ListenAddr::loopback(8189),
            webrtc_additional_hosts: Vec::new(),
            hls_address: ListenAddr::loopback(8888),
            ice_servers: Vec::new(),
            log_level: LogLevel::Info,
        }
    }
}

impl MediaMtx {
    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if let Some(binary) = &self.binary {
            checks.executable("media.mediamtx.binary", binary.as_path());
        }
        let loopback_only = [
            ("media.mediamtx.api_address", self.api_address),
            ("media.mediamtx.metrics_address", self.metrics_address),
            ("media.mediamtx.webrtc_address", self.webrtc_address),
            ("media.mediamtx.hls_address", self.hls_address),
        ];
        for (key, address) in loopback_only {
            if !address.is_loopback() {
                checks.error(
                    key,
                    &[],
                    format!("{address} is reached over the network, past havatard's sign-in"),
                    format!("use 127.0.0.1:{}: viewers reach it through server.listen", address.0.port()),
                );
            }
        }
        let open_ones = [
            ("media.mediamtx.rtsp_address", self.rtsp_address),
            ("media.mediamtx.webrtc_udp_address", self.webrtc_udp_address),
        ];
        for (key, address) in loopback_only.into_iter().chain(open_ones) {
            if address.0.port() == 0 {
                checks.error(
                    key,
                    &[],
                    "port 0 would be a different one each time",
                    "choose a port, 1 to 65535",
                );
            }
        }
        let list = "media.mediamtx.ice_servers";
        for (server, place) in self.ice_servers.iter().zip(checks.places(list)) {
            server.check(&format!("{list}[{place}]"), checks);
        }
    }
}

/// A STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a group of keys (url, username, password_file)")]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port` or `turns:host:port`.
    pub url: IceUrl,
    /// The user name that a TURN server knows this robot by.
    #[serde(default)]
    pub username: Option<UserName>,
    /// A file that holds the TURN password alone, readable by havatard.
    #[serde(default)]
    pub password_file: Option<AbsolutePath>,
}

impl IceServer {
    fn check(&self, key: &str, checks: &mut Checks<'_>) {
        let (url, username, file) =
            (format!("{key}.url"), format!("{key}.username"), format!("{key}.password_file"));
        if self.url.is_turn() {
            let message = "a TURN server admits nobody without a login, and this is not set";
            if self.username.is_none() {
                checks.error(&username, &[&url], message, "write the user name");
            }
            if self.password_file.is_none() {
                let fix = "write the password into a file of its own, and name that file";
                checks.error(&file, &[&url], message, fix);
            }
        } else if self.username.is_some() || self.password_file.is_some() {
            let key = if self.username.is_some() { &username } else { &file };
            checks.warning(
                key,
                &[&url],
                "a STUN server asks for no login: this has no effect",
                "take it out",
            );
        }
        let Some(path) = &self.password_file else { return };
        if let Some(password) = checks.readable(&file, path.as_path(), Trust::Secret, true)
            && password.trim_ascii().is_empty()
        {
            checks.error(
                &file,
                &[],
                "the file is empty",
                "write the password into it, alone on its first line",
            );
        }
    }
}

string_enum! {
    /// How much MediaMTX logs.
    LogLevel {
        /// Failures alone.
        Error = "error",
        /// And what may become one.
        Warn = "warn",
        /// And who comes and goes.
        #[default]
        Info = "info",
        /// And everything else.
        Debug = "debug",
    }
}
