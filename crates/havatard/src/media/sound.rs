//! Sound at the robot: what is said of its loudspeaker, and what the rest of the daemon tells it.

use std::path::PathBuf;
use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;

use super::{Media, Upstream, gate};

/// One picture of the sound at the robot.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// The loudspeaker.
    pub speaker: api::Device,
    /// How loud, in percent of what the config allows.
    pub volume: u8,
    /// The microphone is held back.
    pub ducked: bool,
    /// How loud it is.
    pub levels: api::Levels,
}

/// What the daemon has told the sound's processes.
pub(super) struct Told {
    pub(super) sound: watch::Sender<Arc<Sound>>,
    pub(super) talking: watch::Sender<bool>,
    pub(super) private: watch::Sender<bool>,
}

impl Default for Told {
    fn default() -> Self {
        let speaker = api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
        let levels = api::Levels { speaker_db: None, microphone_db: None };
        Self {
            sound: watch::Sender::new(Arc::new(Sound { speaker, volume: 100, ducked: false, levels })),
            talking: watch::Sender::new(false),
            private: watch::Sender::new(false),
        }
    }
}

impl Media {
    /// Where speech is written to: s16le, 48 kHz, mono.
    pub fn speech_socket(&self) -> PathBuf {
        self.ctx.runtime_dir.join("speech.sock")
    }

    /// Follows the sound at the robot.
    pub fn sound(&self) -> watch::Receiver<Arc<Sound>> {
        self.ctx.told.sound.subscribe()
    }

    /// Sets the loudspeaker's volume, in percent of what the config allows.
    pub fn set_volume(&self, percent: u8) {
        self.ctx.told.sound.send_modify(|sound| Arc::make_mut(sound).volume = percent);
    }

    /// A talker's microphone has been opened or closed.
    pub fn set_talking(&self, talking: bool) {
        self.ctx.told.talking.send_replace(talking);
    }

    /// The switch on the robot holds camera and microphone off, or no longer does.
    pub fn set_private(&self, private: bool) {
        self.ctx.told.private.send_replace(private);
    }

    /// Where a talker's offer goes.
    pub fn whip_upstream(&self) -> Upstream {
        Upstream {
            base: format!("http://{}", self.ctx.config().media.mediamtx.webrtc_address),
            user: gate::WHEP_USER.into(),
            password: self.ctx.gate.whep_secret().into(),
        }
    }
}
