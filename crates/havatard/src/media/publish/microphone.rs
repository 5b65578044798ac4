//! Launching the microphone's publisher.

use std::sync::Arc;

use havatar_supervisor::{Command, Launch, LaunchError, Pipeline};

use crate::media::audio::backend::{self, AudioSetting};
use crate::media::context::Context;
use crate::media::paths::AUDIO;
use crate::media::process_table::ProcessId;
use crate::program;

use super::ffmpeg;
use super::launch::{find_ffmpeg, path_url, privacy_check, server_up};

pub(crate) struct MicrophoneLaunch(pub(crate) Arc<Context>);

impl Launch for MicrophoneLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        let health = &ctx.health[ProcessId::Microphone];
        health.progress.reset();
        privacy_check(&ctx.audio)?;
        server_up(ctx)?;
        let config = ctx.config();
        health.set_away(None);
        let microphone = &config.media.microphone;
        let capture =
            Command::new(program::own()).args(["sound", "capture"]).arg(ctx.runtime_dir.as_os_str());
        let mut stages = match AudioSetting::of_microphone(microphone.source) {
            None => vec![capture.arg("--tone")],
            Some(setting) => {
                let used =
                    backend::select(&ctx.spawner, setting, &microphone.device).await.map_err(|why| {
                        health.set_away(Some(why.clone()));
                        LaunchError::NotReady(why)
                    })?;
                vec![backend::recorder(used, &microphone.device)?, capture]
            }
        };
        let ffmpeg = find_ffmpeg(&config)?;
        let target = path_url(&config, AUDIO);
        stages.push(Command::new(ffmpeg).args(ffmpeg::microphone(microphone, &target)));
        Ok(Pipeline { stages })
    }
}
