//! What the launches share: preconditions, ffmpeg, the URLs of paths, and the probe of progress.
//!
//! A command line is made anew for every launch, because the device may be another, and the encoder may have been
//! chosen meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{BoxFuture, LaunchError, Probe};
use tokio::time::Instant;

use crate::config::Config;
use crate::media::audio::state::AudioState;
use crate::media::context::Context;
use crate::program;

use super::ffmpeg;
use super::progress::Progress;

/// Why camera and microphone do not run while the switch on the robot is on.
pub(crate) const HELD_OFF: &str = "the switch on the robot holds it off; only there can it be let on again";

/// A process is healthy while its output advances.
pub(crate) struct ProgressProbe(pub(crate) Progress);

impl Probe for ProgressProbe {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(self.0.check(Instant::now())))
    }

    fn ready_within(&self) -> Option<Duration> {
        self.0.pace().map(|pace| pace.ready_within)
    }
}

/// The switch on the robot overrides every request to start.
pub(crate) fn privacy_check(audio: &AudioState) -> Result<(), LaunchError> {
    if audio.is_private() { Err(LaunchError::NotReady(HELD_OFF.into())) } else { Ok(()) }
}

/// MediaMTX is up and verified.
pub(crate) fn server_up(ctx: &Context) -> Result<(), LaunchError> {
    if ctx.up() { Ok(()) } else { Err(LaunchError::NotReady("MediaMTX is not ready".into())) }
}

/// The configured ffmpeg.
pub(crate) fn find_ffmpeg(config: &Config) -> Result<PathBuf, LaunchError> {
    let wanted = config.media.ffmpeg.as_str();
    program::find(Path::new(wanted)).ok_or_else(|| {
        LaunchError::Failed(format!(
            "{wanted} is not found: install it (apt install ffmpeg) or correct media.ffmpeg"
        ))
    })
}

/// The RTSP URL of a path, for a process of the daemon.
pub(crate) fn path_url(config: &Config, path: &str) -> String {
    ffmpeg::rtsp_url(config.media.mediamtx.rtsp_address.0, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn while_the_switch_on_the_robot_is_on_nothing_is_launched() {
        let dir = tempfile::tempdir().unwrap();
        let audio = AudioState::open(dir.path());
        assert!(privacy_check(&audio).is_ok());
        audio.set_private(true);
        assert!(matches!(privacy_check(&audio), Err(LaunchError::NotReady(why)) if why == HELD_OFF));
        audio.set_private(false);
        assert!(privacy_check(&audio).is_ok());
    }
}
