//! `mediamtx.yml`: generated from the config, the same bytes for the same input, and only what we own.
//!
//! What is written here differs from MediaMTX's defaults or must not depend on them: protocols that nobody
//! asked for are off, HTTP listeners stay on loopback without cross-origin access, and every request for a
//! stream or for the API is put to our auth hook. All else is left to MediaMTX.

use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{Config, LogLevel, RecordingContainer};
use crate::media::paths::{AUDIO, BOTH, CAMERA, TALK};

use super::access::HOOK_USER;

/// The key of the slate's file. MediaMTX names it when it refuses the file.
pub(super) const SLATE_KEY: &str = "alwaysAvailableFile";

/// What rendering needs besides the config.
#[derive(Clone)]
pub(crate) struct Inputs<'a> {
    /// Where the auth hook listens.
    pub(crate) hook: SocketAddr,
    /// The hook's per-boot secret.
    pub(crate) hook_secret: &'a str,
    /// Directory for recordings.
    pub(crate) recordings: &'a Path,
    /// TURN passwords, in the order of the config's servers; `None` for STUN.
    pub(crate) ice_passwords: &'a [Option<String>],
    /// What is sent while the camera is away; `None` for MediaMTX's own slate.
    pub(crate) slate: Option<&'a Path>,
}

/// The settings, as MediaMTX's API names them too: what is written can be compared with what it reports.
#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Rendered {
    /// Everything that is not a path.
    #[serde(flatten)]
    pub(crate) global: serde_json::Map<String, Value>,
    /// The paths.
    pub(crate) paths: serde_json::Map<String, Value>,
}

/// Renders the settings.
pub(crate) fn render(config: &Config, inputs: &Inputs<'_>) -> Rendered {
    Rendered { global: global(config, inputs), paths: paths(config, inputs) }
}

impl Rendered {
    /// The file's text.
    pub(crate) fn to_yaml(&self) -> Result<String, serde_yaml::Error> {
        let body = serde_yaml::to_string(self)?;
        Ok(format!("# Written by havatard; changes are overwritten. Edit havatar.yaml instead.\n{body}"))
    }
}

fn global(config: &Config, inputs: &Inputs<'_>) -> serde_json::Map<String, Value> {
    let mediamtx = &config.media.mediamtx;
    let udp = mediamtx.webrtc_udp_address.0;
    let mut hosts = mediamtx.webrtc_additional_hosts.iter().map(ToString::to_string).collect::<Vec<_>>();
    if udp.ip().is_loopback() {
        hosts.push(udp.ip().to_string());
    }
    let ice: Vec<Value> = mediamtx
        .ice_servers
        .iter()
        .zip(inputs.ice_passwords)
        .map(|(server, password)| {
            json!({
                "url": server.url.as_str(),
                "username": server.username.as_ref().map_or("", |name| name.as_str()),
                "password": password.clone().unwrap_or_default(),
                "clientOnly": false,
            })
        })
        .collect();
    object(json!({
        "logLevel": log_level(mediamtx.log_level),
        "logDestinations": ["stdout"],
        "authMethod": "http",
        "authHTTPAddress": format!("http://{HOOK_USER}:{}@{}/auth", inputs.hook_secret, inputs.hook),
        "authHTTPExclude": [],
        "api": true,
        "apiAddress": mediamtx.api_address.to_string(),
        "apiAllowOrigins": [],
        "metrics": true,
        "metricsAddress": mediamtx.metrics_address.to_string(),
        "metricsAllowOrigins": [],
        "pprof": false,
        "playback": false,
        "rtsp": true,
        "rtspAddress": mediamtx.rtsp_address.to_string(),
        // UDP would open two more ports for a client that every player can do without.
        "rtspTransports": ["tcp"],
        "rtspAuthMethods": ["basic"],
        "rtmp": false,
        "srt": false,
        "moq": false,
        "hls": true,
        "hlsAddress": mediamtx.hls_address.to_string(),
        "hlsAllowOrigins": [],
        // The MPEG-TS variant cannot carry Opus to browsers; low latency would need TLS on this very port.
        "hlsVariant": "fmp4",
        "hlsSegmentCount": 3,
        "hlsSegmentDuration": "1s",
        "webrtc": true,
        "webrtcAddress": mediamtx.webrtc_address.to_string(),
        "webrtcAllowOrigins": [],
        "webrtcLocalUDPAddress": udp.to_string(),
        "webrtcIPsFromInterfaces": !udp.ip().is_loopback(),
        "webrtcAdditionalHosts": hosts,
        "webrtcICEServers2": ice,
    }))
}

fn paths(config: &Config, inputs: &Inputs<'_>) -> serde_json::Map<String, Value> {
    let camera = config.media.has_camera();
    let microphone = config.media.has_microphone();
    let mut paths = serde_json::Map::new();
    if camera {
        let mut path = always_available("H264");
        if let Some(slate) = inputs.slate {
            path["alwaysAvailableTracks"] = json!([]);
            path[SLATE_KEY] = json!(slate.to_string_lossy());
        }
        paths.insert(CAMERA.into(), path);
    }
    if microphone {
        paths.insert(AUDIO.into(), always_available("Opus"));
    }
    if config.media.has_speaker() {
        let mut path = always_available("Opus");
        // One talker at a time: the second does not throw out the first.
        path["overridePublisher"] = json!(false);
        paths.insert(TALK.into(), path);
    }
    if camera || microphone {
        let format = match config.recording.format {
            RecordingContainer::Fmp4 => "fmp4",
            RecordingContainer::Mpegts => "mpegts",
        };
        let path = inputs.recordings.join("%path").join("%Y-%m-%d_%H-%M-%S-%f");
        paths.insert(
            BOTH.into(),
            json!({
                "source": "publisher",
                "record": false,
                "recordPath": path.to_string_lossy(),
                "recordFormat": format,
                // A part is what a crash can cost; MediaMTX writes a part at a time.
                "recordPartDuration": "200ms",
                "recordSegmentDuration": go_duration(config.recording.segment.as_std()),
                // Nothing is deleted by a clock that may jump.
                "recordDeleteAfter": "0s",
            }),
        );
    }
    paths
}

/// A path whose viewers stay connected while its publisher is away.
fn always_available(codec: &str) -> Value {
    json!({
        "source": "publisher",
        "overridePublisher": true,
        "alwaysAvailable": true,
        "alwaysAvailableTracks": [{ "codec": codec }],
        // MediaMTX cannot change this while it runs.
        "alwaysAvailableRecorded": false,
        "record": false,
    })
}

fn log_level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}

/// As MediaMTX prints durations, so that what it reports compares equal.
fn go_duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => unreachable!("written as an object above"),
    }
}
