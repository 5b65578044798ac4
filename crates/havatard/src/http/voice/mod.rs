//! Sound at the robot, as people see and use it.

pub(super) mod phrases;
pub(super) mod speak;
pub(super) mod volume;

use havatar_api::Voice;
use http::StatusCode;

use super::{Http, problem::Failure};
use crate::speech::SpeechError;

/// How it is now.
pub(super) fn now(http: &Http) -> Voice {
    let app = http.app();
    let sound = app.media.audio.sound().borrow().clone();
    Voice {
        speaker: sound.speaker.clone(),
        volume: sound.volume,
        talker: http.0.line.talker(),
        ducked: sound.ducked,
        speech: app.speech.state(),
    }
}

impl From<SpeechError> for Failure {
    fn from(error: SpeechError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
        let failure = Self::new(status, error.code(), error.to_string());
        if status == StatusCode::SERVICE_UNAVAILABLE { failure.retry_after(5) } else { failure }
    }
}
