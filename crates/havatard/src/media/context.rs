//! What the parts of the media side share.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{Command, RunError, RunOutput, Spawner};
use tokio::sync::watch;

use crate::config::{Config, SourceUrl};
use crate::confinement::{Confiner, Needs};
use crate::program;
use crate::store::Persisted;

use super::audio::state::AudioState;
use super::health::Health;
use super::process_table::ProcessTable;
use super::publish::encoder_cache::EncoderCache;
use super::publish::source::probe_cache::ProbeCache;
use super::publish::v4l2::controls::state::ControlState;
use super::server::access::AccessRules;
use super::server::client::Client;

/// What the media side needs from its surroundings.
pub struct Surroundings {
    /// Directory of persisted state.
    pub state_dir: PathBuf,
    /// Directory of this run's files.
    pub runtime_dir: PathBuf,
    /// Where MediaMTX's auth hook listens.
    pub hook: SocketAddr,
    /// The secrets of this run.
    pub access: AccessRules,
    /// Parent of all child processes.
    pub spawner: Spawner,
    /// What they may do.
    pub confiner: Confiner,
}

/// Shared by the launches, the probes and the tasks.
pub(crate) struct Context {
    /// The config in force.
    pub(crate) config: watch::Sender<Arc<Config>>,
    /// The config that MediaMTX is being tried with. It comes into force for all others once MediaMTX has accepted it.
    candidate: Mutex<Option<Arc<Config>>>,
    pub(crate) access: AccessRules,
    pub(crate) http: reqwest::Client,
    pub(crate) hook: SocketAddr,
    pub(crate) state_dir: PathBuf,
    pub(crate) runtime_dir: PathBuf,
    /// Version of the MediaMTX that is up and verified; `None` while there is none.
    pub(crate) mediamtx_up: watch::Sender<Option<String>>,
    pub(crate) encoder: watch::Sender<Option<api::Encoder>>,
    /// How far the picture has given way to it.
    pub(crate) picture_step: watch::Sender<usize>,
    /// The machine is short of processor time.
    pub(crate) overload: watch::Sender<Option<api::Overload>>,
    /// The board's heat and supply.
    pub(crate) board: watch::Sender<api::Board>,
    pub(crate) health: ProcessTable<Health>,
    /// Held while the slate is looked up and made: a launch and a reload may need it at the same moment. The one that could not be
    /// made is not tried again: each try delays MediaMTX.
    pub(crate) slate: tokio::sync::Mutex<Option<PathBuf>>,
    pub(crate) encoders: EncoderCache,
    /// The V4L2 camera that was opened last.
    pub(crate) camera_device: watch::Sender<Option<PathBuf>>,
    /// What comes from the camera's source, as its last probe found.
    pub(crate) video: watch::Sender<Option<api::VideoSource>>,
    /// The URL of the network camera that was opened last: none of its secrets may be shown.
    pub(crate) camera_url: watch::Sender<Option<SourceUrl>>,
    pub(crate) probes: ProbeCache,
    /// What is set on the camera, and what it did not take.
    pub(crate) controls: ControlState,
    /// The publishers are wanted.
    pub(crate) streaming: watch::Sender<bool>,
    pub(crate) streaming_file: Persisted<bool>,
    pub(crate) audio: AudioState,
    /// Parent of helper programs.
    pub(crate) spawner: Spawner,
    pub(crate) confiner: Confiner,
}

impl Context {
    /// As the state directory says.
    pub(crate) fn new(config: &Arc<Config>, surroundings: Surroundings) -> Self {
        let Surroundings { state_dir, runtime_dir, hook, access, spawner, confiner } = surroundings;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default();
        // A file whose presence keeps the publishers off over restarts.
        let off = state_dir.join("streaming-off");
        Self {
            config: watch::Sender::new(config.clone()),
            candidate: Mutex::default(),
            access,
            http,
            hook,
            mediamtx_up: watch::Sender::new(None),
            encoder: watch::Sender::new(None),
            picture_step: watch::Sender::new(0),
            overload: watch::Sender::new(None),
            board: watch::Sender::new(api::Board::default()),
            health: ProcessTable::default(),
            slate: tokio::sync::Mutex::default(),
            encoders: EncoderCache::open(&state_dir),
            camera_device: watch::Sender::new(None),
            video: watch::Sender::new(None),
            camera_url: watch::Sender::new(None),
            probes: ProbeCache::default(),
            controls: ControlState::open(&state_dir),
            streaming: watch::Sender::new(!off.exists()),
            streaming_file: Persisted::new("whether to stream", off, |on: &bool| Ok((!on).then(Vec::new))),
            audio: AudioState::open(&state_dir),
            state_dir,
            runtime_dir,
            spawner,
            confiner,
        }
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.borrow().clone()
    }

    /// The config for MediaMTX itself: the candidate, while there is one.
    pub(crate) fn config_of_mediamtx(&self) -> Arc<Config> {
        unpoisoned(&self.candidate).clone().unwrap_or_else(|| self.config())
    }

    /// MediaMTX is tried with this config; `None`: with the one in force.
    pub(crate) fn set_candidate(&self, config: Option<Arc<Config>>) {
        *unpoisoned(&self.candidate) = config;
    }

    /// Runs a helper program to its end, confined to what it needs.
    pub(crate) async fn run_helper<A: Into<OsString>>(
        &self,
        config: &Config,
        needs: Needs,
        program: &Path,
        args: impl IntoIterator<Item = A>,
        limit: Duration,
    ) -> Result<RunOutput, RunError> {
        self.run_confined(config, needs, Command::new(program).args(args), limit).await
    }

    /// The same for a command that is put together already.
    pub(crate) async fn run_confined(
        &self,
        config: &Config,
        needs: Needs,
        command: Command,
        limit: Duration,
    ) -> Result<RunOutput, RunError> {
        program::run_command(&self.spawner, self.confiner.confine(config, needs, command), limit).await
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.config_of_mediamtx().media.mediamtx.api_address.0;
        Client::new(self.http.clone(), api, self.access.clone())
    }

    pub(crate) fn up(&self) -> bool {
        self.mediamtx_up.borrow().is_some()
    }

    /// Directory of recordings.
    pub(crate) fn recordings(&self) -> PathBuf {
        recordings(&self.config(), &self.state_dir)
    }

    /// Waits until everything that was set has been written.
    pub(crate) async fn flush(&self) {
        tokio::join!(
            self.streaming_file.flush(),
            self.audio.flush(),
            self.encoders.flush(),
            self.controls.flush()
        );
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
