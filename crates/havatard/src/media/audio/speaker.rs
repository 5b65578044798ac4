//! Launching what plays at the robot: the loudspeaker's pipeline, and the reader of the talk line.

use std::sync::Arc;

use havatar_supervisor::{Command, Launch, LaunchError, Pipeline};
use tokio::time::Instant;

use crate::media::context::Context;
use crate::media::paths::TALK;
use crate::media::process_table::ProcessId;
use crate::media::publish::ffmpeg;
use crate::media::publish::launch::{find_ffmpeg, path_url, server_up};
use crate::program;
use crate::sound::TALK_SOCKET;

use super::backend::{self, AudioSetting};

pub(crate) struct SpeakerLaunch(pub(crate) Arc<Context>);
pub(crate) struct TalkLaunch(pub(crate) Arc<Context>);

impl Launch for SpeakerLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        let health = &ctx.health[ProcessId::Speaker];
        health.progress.reset();
        health.set_away(None);
        let config = ctx.config();
        let speaker = &config.media.speaker;
        let play = Command::new(program::own()).args(["sound", "play"]).arg(ctx.runtime_dir.as_os_str());
        let Some(setting) = AudioSetting::of_speaker(speaker.output) else {
            return Ok(play.arg("--nobody").into());
        };
        let used = backend::select(&ctx.spawner, setting, &speaker.device).await.map_err(|why| {
            health.set_away(Some(why.clone()));
            LaunchError::NotReady(why)
        })?;
        Ok(Pipeline { stages: vec![play, backend::player(used, &speaker.device)?] })
    }
}

impl Launch for TalkLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        ctx.health[ProcessId::Talk].progress.reset();
        server_up(ctx)?;
        if ctx.health[ProcessId::Speaker].progress.check(Instant::now()).is_err() {
            return Err(LaunchError::NotReady("the loudspeaker does not play yet".into()));
        }
        let config = ctx.config();
        let ffmpeg = find_ffmpeg(&config)?;
        let source = path_url(&config, TALK);
        Ok(Command::new(ffmpeg).args(ffmpeg::talk(&source, &ctx.runtime_dir.join(TALK_SOCKET))).into())
    }
}
