//! Launching the muxer, which joins video and audio by copy.

use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::{Command, Launch, LaunchError, Pipeline};
use tokio::time::Instant;

use crate::media::context::Context;
use crate::media::paths::{AUDIO, BOTH, CAMERA};
use crate::media::process_table::ProcessId;

use super::ffmpeg::{self, Mux};
use super::launch::{find_ffmpeg, path_url, server_up};
use super::progress::Pace;

/// How long the muxer waits for video before it starts with audio and the slate. A recording that begins with the slate
/// carries the slate's size in its header.
const VIDEO_WITHIN: Duration = Duration::from_secs(3);
/// A slow camera's frames may be seconds apart.
const READY_WITHIN: Duration = Duration::from_mins(1);

pub(crate) struct MuxerLaunch {
    pub(crate) ctx: Arc<Context>,
    /// When the wait for video began.
    pub(crate) since: Option<Instant>,
}

impl Launch for MuxerLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.ctx;
        ctx.health[ProcessId::Muxer].progress.reset();
        if let Err(not_ready) = server_up(ctx) {
            self.since = None;
            return Err(not_ready);
        }
        let config = ctx.config();
        let video = config.media.has_camera();
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let late = now.duration_since(since) >= VIDEO_WITHIN;
        let camera = &ctx.health[ProcessId::Camera];
        if video && !late && camera.away().is_none() && camera.progress.check(now).is_err() {
            return Err(LaunchError::NotReady("the picture is not there yet".into()));
        }
        let ffmpeg = find_ffmpeg(&config)?;
        let read = |path: &str| path_url(&config, path);
        let mux = Mux {
            video: video.then(|| read(CAMERA)),
            audio: config.media.has_microphone().then(|| read(AUDIO)),
            target: path_url(&config, BOTH),
            fps: camera.progress.pace().and_then(|pace| pace.fps).unwrap_or(config.media.camera.fps.into()),
        };
        self.since = None;
        if let (true, false, Some(pace)) = (video, config.media.has_microphone(), camera.progress.pace()) {
            // Without sound its output is as slow as the camera's. The camera's first picture is not its to wait for.
            let progress = &ctx.health[ProcessId::Muxer].progress;
            progress.expect(Pace { ready_within: pace.ready_within.min(READY_WITHIN), live: false, ..pace });
        }
        Ok(Command::new(ffmpeg).args(ffmpeg::muxer(&mux)).into())
    }
}
