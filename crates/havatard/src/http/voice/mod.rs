//! Sound at the robot, as people see and use it.

pub(super) mod phrases;
pub(super) mod speak;
pub(super) mod volume;

use havatar_api::Voice;

use super::state::AppState;

/// How it is now.
pub(super) fn now(state: &AppState) -> Voice {
    let handles = &state.handles;
    let sound = handles.media.audio.sound().borrow().clone();
    Voice {
        speaker: sound.speaker.clone(),
        volume: sound.volume,
        talker: state.talk.talker(),
        ducked: sound.ducked,
        speech: handles.speech.state(),
    }
}
