//! From the config to an input for ffmpeg and a plan for it: what a launch of the camera does with a network source or a file.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use havatar_supervisor::LaunchError;

use crate::config::{Camera, CameraEncoder, SourceUrl};
use crate::media::context::Context;

use super::address::{self, Address, InputArgs, LIVE_ANALYSIS};
use super::found::Probed;
use super::plan::{Plan, plan};
use super::probe;
use super::socket::{self, Opened, Opening};

/// How long the first bytes of a stream are gathered before they are probed.
const GATHER: Duration = Duration::from_millis(250);
/// The same, if those were too few.
const GATHER_LONGER: Duration = Duration::from_secs(4);

/// A source that is ready to be read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) input: InputArgs,
    pub(crate) plan: Plan,
    /// It gives frames when they happen.
    pub(crate) live: bool,
}

/// Probes a file.
pub(crate) async fn file(
    ctx: &Context,
    ffmpeg: &Path,
    camera: &Camera,
    path: &Path,
) -> Result<Source, LaunchError> {
    let name = path.display().to_string();
    let source =
        Request { ctx, ffmpeg, camera, key: file_key(path), name: &name, setting: "media.camera.file" };
    let address = address::file(path);
    let found = source.probe(&address).await?;
    source.ready(&address, found, false)
}

/// Opens and probes a network source.
pub(crate) async fn url(ctx: &Context, ffmpeg: &Path, camera: &Camera) -> Result<Source, LaunchError> {
    let url = camera.read_url().map_err(LaunchError::Failed)?;
    // Before anything can repeat it.
    ctx.camera_url.send_replace(Some(url.clone()));
    let name = format!("the network camera {}", url_name(&url));
    let setting = if camera.url_file.is_some() { "media.camera.url_file" } else { "media.camera.url" };
    let source = Request { ctx, ffmpeg, camera, key: url.as_str().to_owned(), name: &name, setting };
    let failed = |why: String| LaunchError::Failed(format!("{name} {why}"));
    match socket::open(&url).await.map_err(failed)? {
        Opening::Here(opened) => {
            let found = source.probe_head(&opened).await?;
            let socket = opened.into_fd().map_err(|error| failed(format!("broke off: {error}")))?;
            source.ready(&Address::Socket(socket), found, false)
        }
        Opening::ByFfmpeg { finite } => {
            let address = Address::Url(url);
            let found = source.probe(&address).await?;
            source.ready(&address, found, finite)
        }
    }
}

struct Request<'a> {
    ctx: &'a Context,
    ffmpeg: &'a Path,
    camera: &'a Camera,
    key: String,
    name: &'a str,
    setting: &'a str,
}

impl Request<'_> {
    /// `None` where there is no ffprobe: the source is then read without a plan of its own.
    async fn probe(&self, address: &Address) -> Result<Option<Probed>, LaunchError> {
        let copy = self.camera.encoder == CameraEncoder::Copy;
        // For a copy, more is looked at.
        let key = format!("{copy} {}", self.key);
        if let Some(probed) = self.ctx.probes.take(&key) {
            return Ok(Some(probed));
        }
        let Some(ffprobe) = probe::find(self.ffmpeg) else {
            tracing::warn!(
                "ffprobe is not found beside ffmpeg or on PATH: the camera's source is read unprobed"
            );
            return Ok(None);
        };
        let probed =
            probe::probe(self.ctx, &ffprobe, address, self.name, copy).await.map_err(LaunchError::Failed)?;
        if probed.found.moves() {
            self.ctx.probes.put(key, probed.clone());
        }
        Ok(Some(probed))
    }

    /// Probes the first bytes of an open connection.
    async fn probe_head(&self, opened: &Opened) -> Result<Option<Probed>, LaunchError> {
        let failed = |why: String| LaunchError::Failed(format!("{} {why}", self.name));
        let head = opened.head(GATHER).await.map_err(failed)?;
        if let Ok(found) = self.probe(&Address::Head(head)).await
            && found.as_ref().is_none_or(|probed| probed.found.moves())
        {
            return Ok(found);
        }
        let head = opened.head(GATHER_LONGER).await.map_err(failed)?;
        self.probe(&Address::Head(head)).await
    }

    fn ready(&self, address: &Address, probed: Option<Probed>, finite: bool) -> Result<Source, LaunchError> {
        let is_file = matches!(address, Address::File(_));
        let Some(mut probed) = probed else {
            let copy = self.camera.encoder == CameraEncoder::Copy;
            let plan = Plan { copy, looped: is_file || finite, ..Plan::default() };
            let live = !plan.looped;
            return Ok(Source { input: address.input(live, LIVE_ANALYSIS), plan, live });
        };
        probed.found.finite |= finite;
        let plan = plan(self.camera, &probed.found, self.name, self.setting).map_err(LaunchError::Failed)?;
        let live = !plan.looped;
        self.ctx.video.send_replace(plan.shown.clone());
        Ok(Source { input: address.input(live, probed.analysis), plan, live })
    }
}

/// Without a path, which may be a secret.
fn url_name(url: &SourceUrl) -> String {
    format!("at {}", url.host())
}

/// A file that was replaced is another source.
fn file_key(path: &Path) -> String {
    let stamp = std::fs::metadata(path).ok().map(|meta| {
        let modified = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        (meta.len(), modified.unwrap_or_default().as_nanos())
    });
    format!("{} {stamp:?}", path.display())
}
