//! What the parts of the media side share.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use havatar_api as api;
use tokio::sync::watch;

use crate::config::{Config, MicrophoneSource};

use super::client::Client;
use super::gate::Gate;
use super::progress::Progress;

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
    /// Why the camera's file is away, if it is.
    pub(super) camera_away: Mutex<Option<String>>,
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
        self.camera_away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_camera_away(&self, why: Option<String>) {
        *self.camera_away.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(super) fn has_microphone(&self) -> bool {
        self.config().media.microphone.source != MicrophoneSource::Off
    }
}

/// The configured directory for recordings, or its default below the state directory.
pub(super) fn recordings(config: &Config, state_dir: &Path) -> PathBuf {
    config
        .recording
        .directory
        .as_ref()
        .map_or_else(|| state_dir.join("recordings"), |dir| dir.as_path().to_owned())
}
