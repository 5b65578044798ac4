//! Launching what is heard at the robot: the loudspeaker's pipeline, and the reader of the talk line.

use std::sync::Arc;

use havatar_supervisor::{Command, Launch, LaunchError, Pipeline};
use tokio::time::Instant;

use crate::program;
use crate::sound::TALK_SOCKET;

use crate::media::TALK;
use crate::media::context::Context;
use crate::media::publish::ffmpeg;
use crate::media::publish::publishers::{find_ffmpeg, server_up, ticket};
use crate::media::server::access::Purpose;

use super::backend::{self, Wish};

pub(crate) struct SpeakerLaunch(pub(crate) Arc<Context>);
pub(crate) struct TalkLaunch(pub(crate) Arc<Context>);

impl Launch for SpeakerLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        ctx.speaker.reset();
        ctx.set_speaker_away(None);
        let config = ctx.config();
        let speaker = &config.media.speaker;
        let play = Command::new(program::own()).args(["sound", "play"]).arg(ctx.runtime_dir.as_os_str());
        let Some(wish) = Wish::of_speaker(speaker.output) else {
            return Ok(play.arg("--nobody").into());
        };
        let way = backend::way(&ctx.spawner, wish, &speaker.device).await.map_err(|why| {
            ctx.set_speaker_away(Some(why.clone()));
            LaunchError::NotReady(why)
        })?;
        Ok(Pipeline { stages: vec![play, backend::player(way, &speaker.device)?] })
    }
}

impl Launch for TalkLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        ctx.talk.reset();
        server_up(ctx)?;
        if ctx.speaker.check(Instant::now()).is_err() {
            return Err(LaunchError::NotReady("the loudspeaker does not play yet".into()));
        }
        let config = ctx.config();
        let ffmpeg = find_ffmpeg(&config)?;
        let source = ticket(ctx, &config, Purpose::Read(TALK.into()), TALK);
        Ok(Command::new(ffmpeg).args(ffmpeg::talk(&source, &ctx.runtime_dir.join(TALK_SOCKET))).into())
    }
}
