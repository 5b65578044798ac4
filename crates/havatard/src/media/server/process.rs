//! Launching MediaMTX: the right binary, free ports, a settings file that is proven to be in force.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use havatar_supervisor::{BoxFuture, Launch, LaunchError, Pipeline, Probe, Spawner};
use serde_json::Value;

use crate::config::Config;
use crate::disk::{self, Existing};
use crate::holders::{self, Protocol};
use crate::program;

use crate::media::context::{self, Context, unpoisoned};
use crate::media::publish::{ffmpeg, slate};

use super::client::Client;
use super::render::{self, Rendered};
use super::validate;

/// The oldest MediaMTX that is accepted: 1.21.0 checks a settings file without starting. Older ones have a deadlock
/// between file reload and API, a path traversal and a command injection.
pub(crate) const OLDEST: [u32; 3] = [1, 21, 0];

/// The settings file in the runtime directory.
pub(crate) const FILE: &str = "mediamtx.yml";

/// What is wrong with MediaMTX or its surroundings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MediaMtxError {
    /// No binary anywhere.
    #[error("MediaMTX is not found beside havatard or on PATH; install it, or set media.mediamtx.binary")]
    Missing,
    /// A configured binary that cannot be run.
    #[error("{0} is not a program that can be run; correct media.mediamtx.binary")]
    NotRunnable(PathBuf),
    /// It does not say its version.
    #[error("{binary} does not tell its version: {message}")]
    NoVersion {
        /// Which binary.
        binary: PathBuf,
        /// What it said instead.
        message: String,
    },
    /// An old one.
    #[error("{binary} is MediaMTX {version}; 1.21.0 or newer is needed: update it")]
    TooOld {
        /// Which binary.
        binary: PathBuf,
        /// Its version.
        version: String,
    },
    /// Settings that it does not accept.
    #[error(
        "{} refuses its settings: {reason}; correct havatar.yaml (havatard render prints the settings)", binary.display()
    )]
    Refused {
        /// Which binary.
        binary: PathBuf,
        /// MediaMTX's own reason.
        reason: String,
    },
    /// A port that somebody else holds.
    #[error("{protocol} port {address} ({key}) is held by {holder}; stop that program or change {key}")]
    PortTaken {
        /// `TCP` or `UDP`.
        protocol: &'static str,
        /// The address.
        address: SocketAddr,
        /// The config key.
        key: &'static str,
        /// Program and pid, as far as they can be seen.
        holder: String,
    },
    /// An address this machine does not have, or a privileged port.
    #[error("cannot listen on {address} ({key}): {reason}; change {key}")]
    CannotListen {
        /// The address.
        address: SocketAddr,
        /// The config key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// A TURN password that cannot be read.
    #[error("cannot read the TURN password in {file}: {reason}; correct media.mediamtx.ice_servers")]
    Password {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The settings file cannot be written.
    #[error("cannot write {file}: {reason}; make {} writable for havatard", .file.parent().unwrap_or(.file).display())]
    Write {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}

pub(crate) struct MediaMtxLaunch {
    pub(crate) ctx: Arc<Context>,
    pub(crate) fresh: Arc<Fresh>,
    /// The last binary whose version was good, with its time of change.
    pub(crate) checked: Option<(PathBuf, Option<SystemTime>)>,
    /// The slate was made anew because MediaMTX did not come up, and it has not come up since.
    pub(crate) doubted: bool,
}

/// Shared by launch and probe: what was written for the running MediaMTX, and whether it has been verified.
#[derive(Default)]
pub(crate) struct Fresh {
    /// Counts launches, so that one can be told from the one before.
    launches: AtomicU64,
    verified: AtomicBool,
    wanted: Mutex<Option<Rendered>>,
    /// Held while the settings file is written and checked: a launch and a reload may do so at the same moment.
    writing: tokio::sync::Mutex<()>,
}

impl Fresh {
    /// A launch begins, and `wanted` is to come into force by it.
    fn launch(&self, wanted: Rendered) {
        self.now_runs(wanted);
        self.verified.store(false, Ordering::Release);
        self.launches.fetch_add(1, Ordering::AcqRel);
    }

    /// `wanted` has been read back from the MediaMTX that runs, or is about to be.
    pub(crate) fn now_runs(&self, wanted: Rendered) {
        *unpoisoned(&self.wanted) = Some(wanted);
    }

    pub(crate) fn launches(&self) -> u64 {
        self.launches.load(Ordering::Acquire)
    }

    pub(crate) fn verified(&self) -> bool {
        self.verified.load(Ordering::Acquire)
    }

    /// The settings that were written last.
    pub(crate) fn wanted(&self) -> Option<Rendered> {
        unpoisoned(&self.wanted).clone()
    }
}

impl Launch for MediaMtxLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        self.ctx.mediamtx_up.send_replace(None);
        self.try_prepare().await.map_err(|error| LaunchError::Failed(error.to_string()))
    }
}

impl MediaMtxLaunch {
    async fn try_prepare(&mut self) -> Result<Pipeline, MediaMtxError> {
        let config = self.ctx.config();
        let binary = find(&config)?;
        let changed = binary.metadata().ok().and_then(|meta| meta.modified().ok());
        if self.checked.as_ref() != Some(&(binary.clone(), changed)) {
            check_version(&self.ctx.spawner, &binary).await?;
            self.checked = Some((binary.clone(), changed));
        }
        check_ports(&config)?;
        // MediaMTX ends over a slate that a power cut left half-written. Once is enough: if it does not come up
        // with a new one either, the reason is another.
        if self.fresh.launches() == 0 || self.fresh.verified() {
            self.doubted = false;
        } else if !std::mem::replace(&mut self.doubted, true) {
            slate::discard(&self.ctx, &config);
        }
        let rendered = settings(&self.ctx, &config).await?;
        let (file, rendered) = put(&self.ctx, &self.fresh, &config, &binary, rendered).await?;
        self.fresh.launch(rendered);
        let mut command = validate::command(&binary).arg(file);
        command.cwd = Some(self.ctx.runtime_dir.clone());
        // File names of recordings are in local time: in UTC no hour of a year comes twice.
        Ok(command.env("TZ", "UTC").into())
    }
}

pub(crate) struct MediaMtxProbe {
    pub(crate) ctx: Arc<Context>,
    pub(crate) fresh: Arc<Fresh>,
}

impl Probe for MediaMtxProbe {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let client = self.ctx.client();
            let info = client.info().await.map_err(|error| error.to_string())?;
            if !self.fresh.verified() {
                verify(&client, self.fresh.wanted()).await?;
                self.fresh.verified.store(true, Ordering::Release);
            }
            self.ctx.mediamtx_up.send_if_modified(|up| {
                let news = up.is_none();
                *up = Some(info.version);
                news
            });
            Ok(())
        })
    }
}

/// The settings for the config, with this boot's secrets.
pub(crate) async fn settings(ctx: &Context, config: &Config) -> Result<Rendered, MediaMtxError> {
    let passwords = ice_passwords(config)?;
    let slate = slate::ensure(ctx, config).await;
    Ok(render::render(
        config,
        &render::Inputs {
            hook: ctx.hook,
            hook_secret: ctx.gate.hook_secret(),
            recordings: &context::recordings(config, &ctx.state_dir),
            ice_passwords: &passwords,
            slate: slate.as_deref(),
        },
    ))
}

/// Writes the settings file for `config`. If MediaMTX refuses it for its slate, a new slate is made, once: a power cut may
/// have left one half-written.
pub(crate) async fn put(
    ctx: &Context,
    fresh: &Fresh,
    config: &Config,
    binary: &Path,
    rendered: Rendered,
) -> Result<(PathBuf, Rendered), MediaMtxError> {
    match write(ctx, fresh, binary, &rendered).await {
        Err(MediaMtxError::Refused { reason, .. }) if reason.contains(render::SLATE_KEY) => {
            slate::discard(ctx, config);
            let rendered = settings(ctx, config).await?;
            write(ctx, fresh, binary, &rendered).await.map(|file| (file, rendered))
        }
        result => result.map(|file| (file, rendered)),
    }
}

/// Writes the settings file: 0600, whole or not at all, and only if MediaMTX accepts it.
pub(crate) async fn write(
    ctx: &Context,
    fresh: &Fresh,
    binary: &Path,
    rendered: &Rendered,
) -> Result<PathBuf, MediaMtxError> {
    let file = ctx.runtime_dir.join(FILE);
    let failed = |reason: String| MediaMtxError::Write { file: file.clone(), reason };
    let text = rendered.to_yaml().map_err(|error| failed(error.to_string()))?;
    // A disk that has turned read-only or full costs nothing while the file is what it should be.
    let unchanged = || std::fs::read(&file).is_ok_and(|there| there == text.as_bytes());
    let _writing = fresh.writing.lock().await;
    let staged = match disk::stage(&file, text.as_bytes()) {
        Err(_) if unchanged() => return Ok(file),
        result => result.map_err(|error| failed(error.to_string()))?,
    };
    validate::validate(&ctx.spawner, binary, staged.path()).await.map_err(|reason| {
        MediaMtxError::Refused { binary: binary.to_owned(), reason: redact(&reason).into_owned() }
    })?;
    match staged.publish(Existing::Replace) {
        Err(_) if unchanged() => Ok(file),
        result => result.map(|()| file.clone()).map_err(|error| failed(error.to_string())),
    }
}

/// Compares what MediaMTX says is in force with what was written, key by key.
pub(crate) async fn verify(client: &Client, wanted: Option<Rendered>) -> Result<(), String> {
    let Some(wanted) = wanted else { return Ok(()) };
    let global = client.global_config().await.map_err(|error| error.to_string())?;
    compare("", &wanted.global, &global)?;
    let mut there = client.configured_paths().await.map_err(|error| error.to_string())?;
    there.sort();
    if !there.iter().eq(wanted.paths.keys()) {
        return Err(format!("MediaMTX serves other paths than were written: {}", there.join(", ")));
    }
    for (path, settings) in &wanted.paths {
        let actual = client.path_config(path).await.map_err(|error| error.to_string())?;
        if let Value::Object(settings) = settings {
            compare(path, settings, &actual)?;
        }
    }
    Ok(())
}

/// A line of MediaMTX's without what opens a viewer's session: at its `debug` level it prints addresses that
/// are secrets, and whole session descriptions.
pub(crate) fn redact(line: &str) -> Cow<'_, str> {
    const HIDDEN: &str = "[a secret of a viewer's session]";
    if ["a=ice-", "a=candidate", "a=fingerprint", "Location:"].iter().any(|mark| line.contains(mark)) {
        return HIDDEN.into();
    }
    let line = ffmpeg::redact(line);
    for mark in ["/whep/", "/whip/"] {
        if let Some((head, tail)) = line.split_once(mark) {
            let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
            return format!("{head}{mark}***{}", tail.get(end..).unwrap_or_default()).into();
        }
    }
    line
}

fn compare(scope: &str, wanted: &serde_json::Map<String, Value>, actual: &Value) -> Result<(), String> {
    for (key, value) in wanted {
        // The switch of recordings is moved over the API while the file stays as it is.
        if key != "record" && !agrees(value, &actual[key]) {
            let place = if scope.is_empty() { key.clone() } else { format!("{scope}.{key}") };
            return Err(format!("MediaMTX runs with another {place} than was written"));
        }
    }
    Ok(())
}

/// Equal, except that MediaMTX fills in keys that were not written and hides secrets.
fn agrees(wanted: &Value, actual: &Value) -> bool {
    match (wanted, actual) {
        (Value::Object(wanted), Value::Object(actual)) => wanted
            .iter()
            .all(|(key, value)| key == "password" || actual.get(key).is_some_and(|it| agrees(value, it))),
        (Value::Array(wanted), Value::Array(actual)) => {
            wanted.len() == actual.len() && wanted.iter().zip(actual).all(|(a, b)| agrees(a, b))
        }
        (Value::Array(wanted), Value::Null) => wanted.is_empty(),
        // How MediaMTX prints a duration of zero.
        (Value::String(wanted), Value::String(actual)) if wanted == "0s" && actual.is_empty() => true,
        _ => wanted == actual,
    }
}

pub(crate) fn find(config: &Config) -> Result<PathBuf, MediaMtxError> {
    match &config.media.mediamtx.binary {
        Some(path) => {
            program::find(path.as_path()).ok_or_else(|| MediaMtxError::NotRunnable(path.as_path().to_owned()))
        }
        None => program::find_beside("mediamtx").ok_or(MediaMtxError::Missing),
    }
}

async fn check_version(spawner: &Spawner, binary: &Path) -> Result<(), MediaMtxError> {
    let said = program::run(spawner, binary, ["--version"], Duration::from_secs(5)).await;
    let no_version = |message: String| MediaMtxError::NoVersion { binary: binary.to_owned(), message };
    let output = said.map_err(|error| no_version(error.to_string()))?;
    let text = output.stdout.trim();
    let version = parse_version(text).ok_or_else(|| no_version(text.chars().take(100).collect()))?;
    if version < OLDEST {
        let version = text.trim_start_matches('v').to_owned();
        return Err(MediaMtxError::TooOld { binary: binary.to_owned(), version });
    }
    Ok(())
}

/// `v1.21.0`, also with something behind it: `v1.21.0-rc1`.
fn parse_version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.trim().strip_prefix('v').unwrap_or(text).splitn(3, '.');
    let mut next = || {
        let part = parts.next()?;
        let digits = part.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    Some([next()?, next()?, next()?])
}

/// MediaMTX would fail on a taken port with a message in its log; here it gets a name and a fix.
fn check_ports(config: &Config) -> Result<(), MediaMtxError> {
    let mediamtx = &config.media.mediamtx;
    let tcp = [
        ("media.mediamtx.api_address", mediamtx.api_address.0),
        ("media.mediamtx.metrics_address", mediamtx.metrics_address.0),
        ("media.mediamtx.rtsp_address", mediamtx.rtsp_address.0),
        ("media.mediamtx.webrtc_address", mediamtx.webrtc_address.0),
        ("media.mediamtx.hls_address", mediamtx.hls_address.0),
    ];
    for (key, address) in tcp {
        std::net::TcpListener::bind(address).map_err(|error| refused("TCP", key, address, &error))?;
    }
    let (key, address) = ("media.mediamtx.webrtc_udp_address", mediamtx.webrtc_udp_address.0);
    std::net::UdpSocket::bind(address).map_err(|error| refused("UDP", key, address, &error))?;
    Ok(())
}

fn refused(
    protocol: &'static str,
    key: &'static str,
    address: SocketAddr,
    error: &std::io::Error,
) -> MediaMtxError {
    if error.kind() == std::io::ErrorKind::AddrInUse {
        let transport = if protocol == "UDP" { Protocol::Udp } else { Protocol::Tcp };
        let holder = holders::of_port(address.port(), transport)
            .map_or_else(|| "a program of another user".to_owned(), |holder| holder.to_string());
        MediaMtxError::PortTaken { protocol, address, key, holder }
    } else {
        MediaMtxError::CannotListen { address, key, reason: error.to_string() }
    }
}

pub(crate) fn ice_passwords(config: &Config) -> Result<Vec<Option<String>>, MediaMtxError> {
    config
        .media
        .mediamtx
        .ice_servers
        .iter()
        .map(|server| {
            let Some(file) = &server.password_file else { return Ok(None) };
            let text = std::fs::read_to_string(file.as_path()).map_err(|error| MediaMtxError::Password {
                file: file.as_path().to_owned(),
                reason: error.to_string(),
            })?;
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        for (text, new_enough) in [
            ("v1.21.0", true),
            ("v1.21.0\n", true),
            ("1.21.10", true),
            ("v1.22.0-rc1", true),
            ("v2.0.0", true),
            ("v1.20.1", false),
            ("v1.9.9", false),
        ] {
            assert_eq!(parse_version(text).unwrap() >= OLDEST, new_enough, "{text}");
        }
        for text in ["", "v1", "v1.20", "banana", "v1.x.1"] {
            assert_eq!(parse_version(text), None, "{text}");
        }
    }

    #[test]
    fn a_viewers_secret_leaves_no_trace() {
        for (line, wanted) in [
            (
                "DEB [conn] PATCH /havatar/whep/5f0c-77 HTTP/1.1",
                "DEB [conn] PATCH /havatar/whep/*** HTTP/1.1",
            ),
            ("DELETE /havatar_talk/whip/5f0c", "DELETE /havatar_talk/whip/***"),
            ("POST /havatar/whep HTTP/1.1", "POST /havatar/whep HTTP/1.1"),
            ("Location: /havatar/whep/5f0c", "[a secret of a viewer's session]"),
            ("a=ice-pwd:xyz", "[a secret of a viewer's session]"),
            ("INF plain", "INF plain"),
        ] {
            assert_eq!(redact(line), wanted);
        }
    }

    #[test]
    fn what_mediamtx_fills_in_or_hides_is_no_difference() {
        let wanted = json!({"a": [{"url": "turn:x", "password": "p"}], "b": [], "c": true});
        let actual =
            json!({"a": [{"url": "turn:x", "password": "***", "more": 1}], "b": null, "c": true, "d": 1});
        assert!(agrees(&wanted, &actual));
        assert!(!agrees(&wanted, &json!({"a": [], "b": null, "c": true})));
        assert!(!agrees(&json!({"c": true}), &json!({"c": false})));
        assert!(!agrees(&json!({"c": true}), &json!({})));
    }
}
