//! Section `media.mediamtx`: the media server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::leaf::words;
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

words! {
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
