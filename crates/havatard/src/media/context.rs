//! What the parts of the media side share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api as api;
use havatar_supervisor::Spawner;
use tokio::sync::watch;

use crate::config::Config;

use super::audio::control::Voice;
use super::publish::progress::Progress;
use super::server::access::Gate;
use super::server::client::Client;

/// Shared by the launches, the recorder and the task that reconciles them.
pub(crate) struct Context {
    /// The config in force.
    pub(crate) config: watch::Sender<Arc<Config>>,
    pub(crate) gate: Gate,
    pub(crate) http: reqwest::Client,
    pub(crate) hook: SocketAddr,
    pub(crate) state_dir: PathBuf,
    pub(crate) runtime_dir: PathBuf,
    /// Version of the MediaMTX that is up and verified; `None` while there is none.
    pub(crate) mediamtx_up: watch::Sender<Option<String>>,
    pub(crate) encoder: watch::Sender<Option<api::Encoder>>,
    pub(crate) camera: Progress,
    pub(crate) microphone: Progress,
    pub(crate) muxer: Progress,
    pub(crate) speaker: Progress,
    pub(crate) talk: Progress,
    /// Why the camera's file is away, if it is.
    pub(crate) camera_away: Mutex<Option<String>>,
    /// Why the microphone's card is away, if it is.
    pub(crate) microphone_away: Mutex<Option<String>>,
    /// Why the loudspeaker's device is away, if it is.
    pub(crate) speaker_away: Mutex<Option<String>>,
    /// Held while the slate is looked for and made: a launch and a reload may want it at the same moment.
    pub(crate) slate: tokio::sync::Mutex<()>,
    /// Encoders that were tried in this run, under everything the result depends on: frames a second, or why
    /// it does not work.
    pub(crate) encoders: Mutex<HashMap<String, Result<f64, String>>>,
    /// What is wanted of the sound at the robot, and how it is.
    pub(crate) voice: Voice,
    /// Parent of helper programs.
    pub(crate) spawner: Spawner,
}

impl Context {
    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.borrow().clone()
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.config().media.mediamtx.api_address.0;
        Client::new(self.http.clone(), api, self.gate.clone())
    }

    pub(crate) fn up(&self) -> bool {
        self.mediamtx_up.borrow().is_some()
    }

    /// Where recordings go.
    pub(crate) fn recordings(&self) -> PathBuf {
        recordings(&self.config(), &self.state_dir)
    }

    pub(crate) fn camera_away(&self) -> Option<String> {
        unpoisoned(&self.camera_away).clone()
    }

    pub(crate) fn set_camera_away(&self, why: Option<String>) {
        *unpoisoned(&self.camera_away) = why;
    }

    pub(crate) fn microphone_away(&self) -> Option<String> {
        unpoisoned(&self.microphone_away).clone()
    }

    pub(crate) fn speaker_away(&self) -> Option<String> {
        unpoisoned(&self.speaker_away).clone()
    }

    pub(crate) fn set_speaker_away(&self, why: Option<String>) {
        *unpoisoned(&self.speaker_away) = why;
    }

    pub(crate) fn set_microphone_away(&self, why: Option<String>) {
        *unpoisoned(&self.microphone_away) = why;
    }
}

/// The values are replaced whole, so a panic elsewhere cannot leave one half changed.
pub(crate) fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The configured directory for recordings, or its default below the state directory.
pub(crate) fn recordings(config: &Config, state_dir: &Path) -> PathBuf {
    config
        .recording
        .directory
        .as_ref()
        .map_or_else(|| state_dir.join("recordings"), |dir| dir.as_path().to_owned())
}
