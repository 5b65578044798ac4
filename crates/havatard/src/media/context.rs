//! What the parts of the media side share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api as api;
use havatar_supervisor::Spawner;
use tokio::sync::watch;

use crate::config::Config;

use super::client::Client;
use super::gate::Gate;
use super::progress::Progress;
use super::voice::Voice;

/// Shared by the launches, the recorder and the task that reconciles them.
pub(super) struct Context {
    /// The config in force.
    pub(super) config: watch::Sender<Arc<Config>>,
    pub(super) gate: Gate,
    pub(super) http: reqwest::Client,
    pub(super) hook: SocketAddr,
    pub(super) state_dir: PathBuf,
    pub(super) runtime_dir: PathBuf,
    /// Version of the MediaMTX that is up and verified; `None` while there is none.
    pub(super) mediamtx_up: watch::Sender<Option<String>>,
    pub(super) encoder: watch::Sender<Option<api::Encoder>>,
    pub(super) camera: Progress,
    pub(super) microphone: Progress,
    pub(super) muxer: Progress,
    pub(super) speaker: Progress,
    pub(super) talk: Progress,
    /// Why the camera's file is away, if it is.
    pub(super) camera_away: Mutex<Option<String>>,
    /// Why the microphone's card is away, if it is.
    pub(super) microphone_away: Mutex<Option<String>>,
    /// Why the loudspeaker's device is away, if it is.
    pub(super) speaker_away: Mutex<Option<String>>,
    /// Held while the slate is looked for and made: a launch and a reload may want it at the same moment.
    pub(super) slate: tokio::sync::Mutex<()>,
    /// Encoders that were tried in this run, under everything the result depends on: frames a second, or why
    /// it does not work.
    pub(super) encoders: Mutex<HashMap<String, Result<f64, String>>>,
    /// What is wanted of the sound at the robot, and how it is.
    pub(super) voice: Voice,
    /// Parent of helper programs.
    pub(super) spawner: Spawner,
}

impl Context {
    pub(super) fn config(&self) -> Arc<Config> {
        self.config.borrow().clone()
    }

    pub(super) fn client(&self) -> Client {
        let api = self.config().media.mediamtx.api_address.0;
        Client::new(self.http.clone(), api, self.gate.clone())
    }

    pub(super) fn up(&self) -> bool {
        self.mediamtx_up.borrow().is_some()
    }

    /// Where recordings go.
    pub(super) fn recordings(&self) -> PathBuf {
        recordings(&self.config(), &self.state_dir)
    }

    pub(super) fn camera_away(&self) -> Option<String> {
        unpoisoned(&self.camera_away).clone()
    }

    pub(super) fn set_camera_away(&self, why: Option<String>) {
        *unpoisoned(&self.camera_away) = why;
    }

    pub(super) fn microphone_away(&self) -> Option<String> {
        unpoisoned(&self.microphone_away).clone()
    }

    pub(super) fn speaker_away(&self) -> Option<String> {
        unpoisoned(&self.speaker_away).clone()
    }

    pub(super) fn set_speaker_away(&self, why: Option<String>) {
        *unpoisoned(&self.speaker_away) = why;
    }

    pub(super) fn set_microphone_away(&self, why: Option<String>) {
        *unpoisoned(&self.microphone_away) = why;
    }
}

/// The values are replaced whole, so a panic elsewhere cannot leave one half changed.
pub(super) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The configured directory for recordings, or its default below the state directory.
pub(super) fn recordings(config: &Config, state_dir: &Path) -> PathBuf {
    config
        .recording
        .directory
        .as_ref()
        .map_or_else(|| state_dir.join("recordings"), |dir| dir.as_path().to_owned())
}
