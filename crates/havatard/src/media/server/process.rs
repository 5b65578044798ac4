//! Launching MediaMTX: the right binary, free ports, a settings file that is proven to be in force.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use havatar_supervisor::{BoxFuture, Launch, LaunchError, Pipeline, Probe};

use crate::config::Config;
use crate::confinement::Needs;
use crate::holders::{self, Protocol};
use crate::media::context::Context;
use crate::media::publish::slate;
use crate::program;

use super::applied_config::AppliedConfig;
use super::error::MediaMtxError;
use super::{settings, validate};

/// The oldest MediaMTX that is accepted: 1.21.0 checks a settings file without starting. Older ones have a deadlock
/// between file reload and API, a path traversal and a command injection.
pub(crate) const OLDEST: [u32; 3] = [1, 21, 0];

pub(crate) struct MediaMtxLaunch {
    pub(crate) ctx: Arc<Context>,
    pub(crate) applied: Arc<AppliedConfig>,
    /// The last binary whose version was good, with its time of change.
    pub(crate) checked: Option<(PathBuf, Option<SystemTime>)>,
    /// The slate was made anew because MediaMTX did not come up, and it has not come up since.
    pub(crate) doubted: bool,
}

impl Launch for MediaMtxLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        self.ctx.mediamtx_up.send_replace(None);
        self.try_prepare().await.map_err(|error| LaunchError::Failed(error.to_string()))
    }
}

impl MediaMtxLaunch {
    async fn try_prepare(&mut self) -> Result<Pipeline, MediaMtxError> {
        let config = self.ctx.config_of_mediamtx();
        let binary = find(&config)?;
        let changed = binary.metadata().ok().and_then(|meta| meta.modified().ok());
        let same_binary = self.checked.as_ref() == Some(&(binary.clone(), changed));
        if !same_binary {
            check_version(&self.ctx, &config, &binary).await?;
            self.checked = Some((binary.clone(), changed));
        }
        check_ports(&config)?;
        // MediaMTX ends over a slate that a power cut left half-written. Once is enough: if it does not come up
        // with a new one either, the reason is another.
        if self.applied.launches() == 0 || self.applied.verified() {
            self.doubted = false;
        } else if !std::mem::replace(&mut self.doubted, true) {
            slate::discard(&self.ctx, &config);
        }
        let rendered = settings::settings(&self.ctx, &config).await?;
        // After a crash, the settings that this binary has accepted are in place already.
        let (file, rendered) = match settings::in_place(&self.ctx, &rendered) {
            Some(file) if same_binary => (file, rendered),
            _ => settings::put(&self.ctx, &self.applied, &config, &binary, rendered).await?,
        };
        self.applied.launch(rendered);
        let mut command = validate::command(&binary).arg(file);
        command.cwd = Some(self.ctx.runtime_dir.clone());
        // File names of recordings are in local time: in UTC no hour of a year comes twice.
        Ok(command.env("TZ", "UTC").into())
    }
}

pub(crate) struct MediaMtxProbe {
    pub(crate) ctx: Arc<Context>,
    pub(crate) applied: Arc<AppliedConfig>,
}

impl Probe for MediaMtxProbe {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let client = self.ctx.client().patient();
            let info = client.info().await.map_err(|error| error.to_string())?;
            if !self.applied.verified() {
                settings::verify(&client, self.applied.wanted()).await?;
                self.applied.set_verified();
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

/// The binary.
pub(crate) fn find(config: &Config) -> Result<PathBuf, MediaMtxError> {
    match &config.media.mediamtx.binary {
        Some(path) => {
            program::find(path.as_path()).ok_or_else(|| MediaMtxError::NotRunnable(path.as_path().to_owned()))
        }
        None => program::find_beside("mediamtx").ok_or(MediaMtxError::Missing),
    }
}

async fn check_version(ctx: &Context, config: &Config, binary: &Path) -> Result<(), MediaMtxError> {
    let said = ctx.run_helper(config, Needs::check(), binary, ["--version"], Duration::from_secs(5)).await;
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

#[cfg(test)]
mod tests {
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
}
