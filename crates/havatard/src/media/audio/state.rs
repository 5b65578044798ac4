//! Audio at the robot: what is requested of loudspeaker and microphone, and how they are.
//!
//! Each value is in a `watch` channel, so setting one never waits. Volume and privacy are persisted.

use std::path::Path;
use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;

use crate::store::Persisted;

/// The volume until a client sets another, in percent.
const VOLUME: u8 = 80;

/// The loudspeaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// The loudspeaker.
    pub speaker: api::Device,
    /// The volume, in percent of what the config allows: 0 to 100.
    pub volume: u8,
    /// The microphone is held back, so that it does not hear the loudspeaker.
    pub ducked: bool,
}

/// Requests and state.
pub(crate) struct AudioState {
    pub(crate) sound: watch::Sender<Arc<Sound>>,
    pub(crate) levels: watch::Sender<api::Levels>,
    /// A talker's microphone is open.
    pub(crate) talking: watch::Sender<bool>,
    /// The switch on the robot holds camera and microphone off.
    private: watch::Sender<bool>,
    volume_file: Persisted<u8>,
    private_file: Persisted<bool>,
}

impl AudioState {
    /// As it was left in the state directory. The controller answers only a moment after the daemon has started: until
    /// then the switch counts as it stood last.
    pub(crate) fn open(state_dir: &Path) -> Self {
        let speaker = api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
        let (volume_file, private_file) = (state_dir.join("volume"), state_dir.join("private"));
        let volume = read_volume(&volume_file).unwrap_or(VOLUME);
        Self {
            sound: watch::Sender::new(Arc::new(Sound { speaker, volume, ducked: false })),
            levels: watch::Sender::new(api::Levels { speaker_db: None, microphone_db: None }),
            talking: watch::Sender::new(false),
            private: watch::Sender::new(private_file.exists()),
            volume_file: Persisted::new("the volume", volume_file, |percent| {
                Ok(Some(format!("{percent}\n").into_bytes()))
            }),
            private_file: Persisted::new(
                "the position of the switch on the robot",
                private_file,
                |on: &bool| Ok(on.then(Vec::new)),
            ),
        }
    }

    pub(crate) fn set_volume(&self, percent: u8) {
        let percent = percent.min(100);
        // Set under the channel's lock, so that file and channel see the same order.
        self.change(|sound| {
            if std::mem::replace(&mut sound.volume, percent) != percent {
                self.volume_file.set(percent);
            }
        });
    }

    pub(crate) fn set_talking(&self, open: bool) {
        self.talking.send_if_modified(|was| std::mem::replace(was, open) != open);
    }

    pub(crate) fn set_private(&self, private: bool) {
        self.private.send_if_modified(|was| {
            let changed = std::mem::replace(was, private) != private;
            if changed {
                self.private_file.set(private);
            }
            changed
        });
    }

    pub(crate) fn is_private(&self) -> bool {
        *self.private.borrow()
    }

    pub(crate) fn private(&self) -> watch::Receiver<bool> {
        self.private.subscribe()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Sound)) {
        self.sound.send_if_modified(|shown| {
            let mut new = Sound::clone(shown);
            change(&mut new);
            let changed = **shown != new;
            if changed {
                *shown = Arc::new(new);
            }
            changed
        });
    }

    /// Waits until volume and privacy have been written.
    pub(crate) async fn flush(&self) {
        tokio::join!(self.volume_file.flush(), self.private_file.flush());
    }
}

/// The persisted volume, if the file holds one.
fn read_volume(file: &Path) -> Option<u8> {
    let text = std::fs::read_to_string(file).ok()?;
    text.trim().parse().ok().filter(|percent| *percent <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_that_cannot_be_read_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("volume");
        assert_eq!(read_volume(&file), None);
        for (text, wanted) in [("35\n", Some(35)), ("101", None), ("", None), ("loud", None)] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read_volume(&file), wanted, "{text:?}");
        }
    }

    #[tokio::test]
    async fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let audio = AudioState::open(dir.path());
        audio.set_volume(35);
        audio.flush().await;
        assert_eq!(read_volume(&dir.path().join("volume")), Some(35));
        for on in [false, true, true, false, false] {
            audio.set_private(on);
            audio.flush().await;
            let next = AudioState::open(dir.path());
            assert_eq!((next.is_private(), next.sound.borrow().volume), (on, 35));
        }
    }
}
