//! Sound at the robot: what is wanted of the loudspeaker and the microphone, and how they are.

use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;

/// Where speech is played, in the runtime directory.
pub(super) const SPEECH_SOCKET: &str = "speech.sock";

/// How loud it is until somebody says otherwise, in percent.
const VOLUME: u8 = 80;

/// The loudspeaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// The loudspeaker.
    pub speaker: api::Device,
    /// How loud, in percent of what the config allows: 0 to 100.
    pub volume: u8,
    /// The microphone is held back, so that it does not hear the loudspeaker.
    pub ducked: bool,
}

/// What is wanted, and how it is.
pub(super) struct Voice {
    pub(super) sound: watch::Sender<Arc<Sound>>,
    pub(super) levels: watch::Sender<api::Levels>,
    /// A talker's microphone is open.
    pub(super) talking: watch::Sender<bool>,
    /// The switch on the robot holds camera and microphone off.
    pub(super) private: watch::Sender<bool>,
}

impl Default for Voice {
    fn default() -> Self {
        let speaker = api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
        Self {
            sound: watch::Sender::new(Arc::new(Sound { speaker, volume: VOLUME, ducked: false })),
            levels: watch::Sender::new(api::Levels { speaker_db: None, microphone_db: None }),
            talking: watch::Sender::new(false),
            private: watch::Sender::new(false),
        }
    }
}

impl Voice {
    pub(super) fn set_volume(&self, percent: u8) {
        let volume = percent.min(100);
        self.sound.send_if_modified(|sound| {
            let changed = sound.volume != volume;
            *sound = Arc::new(Sound { volume, ..Sound::clone(sound) });
            changed
        });
    }

    pub(super) fn set_talking(&self, open: bool) {
        self.talking.send_replace(open);
    }

    pub(super) fn set_private(&self, private: bool) {
        self.private.send_if_modified(|was| std::mem::replace(was, private) != private);
    }
}
