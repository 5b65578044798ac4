//! What clients have set on the camera, over the config, and what it did not take.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use havatar_api as api;
use tokio::sync::watch;

use crate::config::Camera;
use crate::store::Persisted;

use super::names::spelled;

/// Controls by name.
pub(crate) type Settings = BTreeMap<String, api::ControlValue>;

/// The state of the camera's controls.
pub(crate) struct ControlState {
    remembered: Mutex<Settings>,
    file: Persisted<Settings>,
    /// What the camera in use does not take, by the control's name; under the empty name what concerns all of them.
    pub(crate) faults: watch::Sender<BTreeMap<String, String>>,
    /// Held while controls are set.
    pub(crate) setting: tokio::sync::Mutex<Applied>,
}

/// What this run has done to cameras.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The names of the controls that may have been set: each is set back when neither config nor client wants it any more.
    pub(crate) names: BTreeSet<String>,
    /// The camera whose driver took too long.
    pub(crate) too_slow: Option<Plugged>,
}

/// A device as it was plugged in: another one after each time, also at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plugged {
    inode: u64,
    created: (i64, i64),
}

impl Plugged {
    /// The device at this path, or behind this link; `None` if it is gone.
    pub(crate) fn of(device: &Path) -> Option<Self> {
        let meta = device.metadata().ok()?;
        Some(Self { inode: meta.ino(), created: (meta.ctime(), meta.ctime_nsec()) })
    }
}

impl ControlState {
    /// As it was left in the state directory. Blocks on the disk: before serving.
    pub(crate) fn open(state_dir: &Path) -> Self {
        let file = state_dir.join("camera-controls.json");
        let remembered = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let file = Persisted::new("the camera's controls", file, |settings: &Settings| {
            if settings.is_empty() {
                return Ok(None);
            }
            serde_json::to_vec(settings).map(Some).map_err(io::Error::other)
        });
        Self {
            remembered: Mutex::new(remembered.unwrap_or_default()),
            file,
            faults: watch::Sender::default(),
            setting: tokio::sync::Mutex::default(),
        }
    }

    /// What the camera is to be set to: the config's controls, and over them what clients have set.
    pub(crate) fn wanted(&self, camera: &Camera) -> Settings {
        let mut wanted = configured(camera);
        wanted.extend(self.lock().clone());
        wanted
    }

    /// Remembers what a client has set; `None` forgets it.
    pub(crate) fn remember(&self, changes: BTreeMap<String, Option<api::ControlValue>>) {
        let mut remembered = self.lock();
        for (name, value) in changes {
            match value {
                Some(value) => drop(remembered.insert(name, value)),
                None => drop(remembered.remove(&name)),
            }
        }
        // Set under the lock, so that file and memory see the same order.
        self.file.set(remembered.clone());
    }

    pub(crate) fn set_faults(&self, faults: BTreeMap<String, String>) {
        self.faults.send_if_modified(|shown| {
            let changed = *shown != faults;
            *shown = faults;
            changed
        });
    }

    /// The faults as one sentence, if there are any.
    pub(crate) fn told(&self) -> Option<String> {
        let faults = self.faults.borrow();
        let sentences: Vec<&str> = faults.values().map(String::as_str).collect();
        (!sentences.is_empty()).then(|| sentences.join("; "))
    }

    /// Waits until all that was set has been written.
    pub(crate) async fn flush(&self) {
        self.file.flush().await;
    }

    /// The map is consistent at every statement, so a panic elsewhere cannot leave it half changed.
    fn lock(&self) -> MutexGuard<'_, Settings> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The config's controls, by their names as `v4l2-ctl` spells them.
pub(crate) fn configured(camera: &Camera) -> Settings {
    camera.controls.iter().map(|(name, setting)| (spelled(name), setting.value().clone())).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    use super::*;

    fn camera() -> Camera {
        let text = b"media: {camera: {controls: {Brightness: 5, power_line_frequency: 50 Hz}}}";
        Config::from_bytes(text, Path::new("x"), false).unwrap().config.media.camera
    }

    #[tokio::test]
    async fn what_clients_set_lies_over_the_config_and_outlives_the_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let (state, camera) = (ControlState::open(dir.path()), camera());
        let number = api::ControlValue::Number;
        let names = |settings: &Settings| settings.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&state.wanted(&camera)), ["brightness", "power_line_frequency"]);
        let changes = [("brightness", Some(number(9))), ("gain", Some(number(1)))];
        state.remember(changes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        state.flush().await;
        let next = ControlState::open(dir.path());
        let wanted = next.wanted(&camera);
        assert_eq!(names(&wanted), ["brightness", "gain", "power_line_frequency"]);
        assert_eq!(wanted.get("brightness"), Some(&number(9)));
        let back = ["brightness", "gain"].map(|name| (name.to_owned(), None));
        next.remember(BTreeMap::from(back));
        next.flush().await;
        assert_eq!(next.wanted(&camera).get("brightness"), Some(&number(5)));
        assert!(!dir.path().join("camera-controls.json").exists(), "nothing is remembered");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_none() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("camera-controls.json"), "[1]").unwrap();
        assert_eq!(ControlState::open(dir.path()).wanted(&Camera::default()), Settings::new());
    }

    #[tokio::test]
    async fn faults_are_told_in_one_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let state = ControlState::open(dir.path());
        assert_eq!(state.told(), None);
        let faults = [("b", "b: 1 is out of range"), ("a", "a is not a control of this camera")];
        state.set_faults(faults.into_iter().map(|(name, why)| (name.to_owned(), why.to_owned())).collect());
        assert_eq!(state.told().as_deref(), Some("a is not a control of this camera; b: 1 is out of range"));
    }
}
