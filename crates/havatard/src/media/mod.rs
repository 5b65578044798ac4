//! Video and audio: MediaMTX and the publishers that feed it, kept alive and independent of each other.
//!
//! Six supervised processes exist. `mediamtx` serves all clients. `camera` and `microphone` publish a stream
//! each, so that losing one never costs the other. `muxer` joins the two by copy into the path `havatar` for
//! players and recordings that need one stream. `speaker` plays at the robot, and `talk` takes the talk line to it. The
//! publishers wait for MediaMTX, and `talk` for the loudspeaker; nothing else waits: the video in the browser does not
//! depend on the muxer.
//!
//! The rooms: `server` is MediaMTX, `publish` the publishers, `audio` the audio at the robot. Above them `processes`
//! supervises the six, `commands` carries out what takes its time, and `task` folds supervisor snapshots and stream
//! statistics into a [`MediaStatus`] and reconciles what depends on what. News travels by `watch`. This module knows no
//! HTTP server, no sessions and no robot.

mod audio;
mod commands;
mod confined;
mod context;
mod describe;
mod device_tests;
mod device_watch;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod health;
mod overload;
mod paths;
mod process_table;
mod processes;
mod publish;
mod server;
mod stalled_ingest;
mod status;
mod stream_stats;
mod task;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use havatar_api as api;
use havatar_supervisor::LaunchError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::confinement::Confiner;

pub use audio::control::Audio;
pub use audio::state::Sound;
pub use context::Surroundings;
pub(crate) use describe::confinement;
pub use device_tests::{DeviceTestError, DeviceTests, Observation};
pub use error::{ControlError, MediaError};
pub use paths::{AUDIO, BOTH, CAMERA, TALK};
pub use processes::{ProcessControl, ProcessVerb};
pub use server::access::{AccessRequest, AccessRules, HOOK_USER};
pub use server::client::ClientError;
pub use server::record_switch::RecordSwitch;
pub use status::MediaStatus;

use audio::control;
use commands::{Command, Commands};
use context::Context;
use process_table::{ProcessId, Processes};
use publish::slate;
use publish::v4l2::controls;
use server::access::{Decision, WHEP_USER, WHIP_USER, helper_of};
use server::applied_config::AppliedConfig;
use server::{proof, render};
use stream_stats::StreamStats;
use task::Task;

/// The media side as a whole. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Media {
    /// The supervised processes.
    pub processes: ProcessControl,
    /// Audio at the robot.
    pub audio: Audio,
    /// The access rules of MediaMTX's ports.
    pub access: Access,
    /// Tests of single devices.
    pub tests: DeviceTests,
    ctx: Arc<Context>,
    status: watch::Receiver<Arc<MediaStatus>>,
    commands: mpsc::Sender<Command>,
}

/// Stops and joins everything that [`Media::start`] began.
pub struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    ctx: Arc<Context>,
    processes: Arc<Processes>,
}

/// The handle of the access rules.
#[derive(Clone)]
pub struct Access {
    ctx: Arc<Context>,
}

/// Where the WHEP and WHIP proxies send an offer, and with which credentials.
#[derive(Clone)]
pub struct Upstream {
    /// `http://127.0.0.1:8889`.
    pub base: String,
    /// User name for Basic authentication.
    pub user: String,
    /// Password, drawn for this run.
    pub password: String,
}

impl Media {
    /// Starts everything. Returns at once; [`Media::status`] shows the progress.
    pub fn start(config: &Arc<Config>, surroundings: Surroundings) -> (Self, Running) {
        let ctx = Arc::new(Context::new(config, surroundings));
        let stop = CancellationToken::new();
        let applied = Arc::new(AppliedConfig::default());
        let processes = Arc::new(processes::spawn(&ctx, &applied));
        let (streams_tx, streams) = watch::channel(StreamStats::default());
        let (commands, inbox) = mpsc::channel(8);
        let task = Task::new(ctx.clone(), processes.clone(), streams);
        let (status_tx, status) = watch::channel(Arc::new(task.status()));
        let mut tasks = JoinSet::new();
        tasks.spawn(stream_stats::run(ctx.clone(), streams_tx, stop.clone()));
        tasks.spawn(device_watch::watch_devices(ctx.clone(), processes.clone(), stop.clone()));
        let commands_task = Arc::new(Commands { ctx: ctx.clone(), processes: processes.clone(), applied });
        tasks.spawn(commands_task.run(inbox, stop.clone()));
        tasks.spawn(control::run(ctx.clone(), processes.clone(), stop.clone()));
        tasks.spawn(control::enforce_privacy(ctx.clone(), processes.clone(), stop.clone()));
        tasks.spawn(overload::run(ctx.clone(), processes.clone(), stop.clone()));
        tasks.spawn(task.run(status_tx, stop.clone()));
        let running = Running { stop, tasks, ctx: ctx.clone(), processes: processes.clone() };
        (Self::with(ctx, processes, status, commands), running)
    }

    fn with(
        ctx: Arc<Context>,
        table: Arc<Processes>,
        status: watch::Receiver<Arc<MediaStatus>>,
        commands: mpsc::Sender<Command>,
    ) -> Self {
        Self {
            tests: DeviceTests::new(ctx.clone(), table.clone()),
            processes: ProcessControl { table },
            audio: Audio { ctx: ctx.clone() },
            access: Access { ctx: ctx.clone() },
            ctx,
            status,
            commands,
        }
    }

    /// The status now.
    pub fn status(&self) -> MediaStatus {
        let mut status = MediaStatus::clone(&self.status.borrow());
        for process in &mut status.processes {
            if process.state == api::ProcessState::Running {
                process.uptime_s = self.processes.uptime_s(&process.name).or(process.uptime_s);
            }
        }
        status
    }

    /// Follows changes. Uptimes are left out, or every second would be a change.
    pub fn subscribe(&self) -> watch::Receiver<Arc<MediaStatus>> {
        self.status.clone()
    }

    /// Starts the publishers and keeps them wanted over restarts of the daemon.
    pub async fn start_streaming(&self) -> Result<(), MediaError> {
        self.ask(|reply| Command::Stream { wanted: true, reply }).await
    }

    /// Stops the publishers: camera and microphone are released.
    pub async fn stop_streaming(&self) -> Result<(), MediaError> {
        self.ask(|reply| Command::Stream { wanted: false, reply }).await
    }

    /// Puts a new config in force, restarting only what it must. If MediaMTX does not come up with it, the
    /// former config is put back and the reason returned.
    pub async fn apply(&self, config: Arc<Config>) -> Result<Result<(), String>, MediaError> {
        self.ask(|reply| Command::Apply { config, reply }).await
    }

    /// What helper programs may do.
    pub fn confiner(&self) -> &Confiner {
        &self.ctx.confiner
    }

    /// MediaMTX's recording switch, for the recorder.
    pub fn record_switch(&self) -> RecordSwitch {
        RecordSwitch { ctx: self.ctx.clone(), processes: self.processes.table.clone() }
    }

    /// What a V4L2 camera gives, in words; or why that is not known.
    ///
    /// # Errors
    /// The reason, for people.
    pub async fn camera_formats(&self, node: &Path) -> Result<Vec<api::AttachedCameraFormat>, String> {
        let config = self.ctx.config();
        let ffmpeg = publish::launch::find_ffmpeg(&config).map_err(|error| match error {
            LaunchError::NotReady(why) | LaunchError::Failed(why) => why,
        })?;
        publish::v4l2::described(&self.ctx, &config, &ffmpeg, node).await
    }

    /// What can be set on a V4L2 camera; or why that is not known.
    ///
    /// # Errors
    /// The reason, for people.
    pub async fn camera_controls(&self, node: &Path) -> Result<Vec<api::CameraControl>, String> {
        controls::of(&self.ctx, &self.ctx.config(), node).await
    }

    /// Sets controls of the camera in use, all or none, at once and from now on; `None` takes one back to the config's setting or
    /// the camera's own. A caller that goes away does not leave them half set.
    ///
    /// # Errors
    /// The camera is away, or does not offer what was asked for.
    pub async fn set_camera_controls(
        &self,
        changes: BTreeMap<String, Option<api::ControlValue>>,
    ) -> Result<api::CameraControls, ControlError> {
        let ctx = self.ctx.clone();
        let work = tokio::spawn(async move { controls::change(&ctx, changes).await });
        work.await.map_err(|error| ControlError::Failed(error.to_string()))?
    }

    /// A read of MediaMTX's API: `path_and_query` is the caller's to restrict.
    pub async fn mediamtx_get(&self, path_and_query: &str) -> Result<(u16, bytes::Bytes), MediaError> {
        Ok(self.ctx.client().raw(path_and_query).await?)
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, MediaError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|_| MediaError::Busy)?;
        answer.await.map_err(|_| MediaError::ShuttingDown)
    }
}

impl Access {
    /// Decides a request that MediaMTX asks about.
    pub async fn admit(&self, request: &AccessRequest) -> bool {
        let rtsp = self.ctx.config().media.mediamtx.rtsp_address.0.ip();
        let process = match self.ctx.access.decide(request, rtsp) {
            Decision::Admitted => return true,
            Decision::Foreign => return false,
            Decision::Of(process) => process,
        };
        let helper = helper_of(request);
        match proof::prove(&self.ctx, process, helper, request.id.as_deref()).await {
            Ok(client) => {
                if let (true, Some(id)) = (request.action == "read", &request.id) {
                    self.ctx.access.note_own_reader((&request.path, client), id);
                }
                true
            }
            Err(error) => {
                // Any player's first request comes without credentials.
                tracing::debug!(%error, cause = ?std::error::Error::source(&error), "not one of our own");
                false
            }
        }
    }

    /// Notes that a reader that is not the daemon's own has been admitted.
    pub fn note_reader_admitted(&self) {
        self.ctx.access.note_reader_admitted(Instant::now());
    }

    /// When that was last.
    pub fn reader_admitted(&self) -> watch::Receiver<Option<Instant>> {
        self.ctx.access.reader_admitted()
    }

    /// Where a viewer's offer goes.
    pub fn whep_upstream(&self) -> Upstream {
        Upstream {
            base: format!("http://{}", self.ctx.config().media.mediamtx.webrtc_address),
            user: WHEP_USER.into(),
            password: self.ctx.access.whep_secret().into(),
        }
    }

    /// Where a talker's offer goes: these credentials publish [`TALK`] over WebRTC and open nothing else.
    pub fn whip_upstream(&self) -> Upstream {
        Upstream {
            user: WHIP_USER.into(),
            password: self.ctx.access.whip_secret().into(),
            ..self.whep_upstream()
        }
    }
}

impl Running {
    /// Returns if a part of the media side ends before it was asked to, which none does unless it is broken.
    pub async fn broken(&mut self) {
        self.tasks.join_next().await;
    }

    /// Stops the publishers and what plays, then MediaMTX; then waits until all state is on the disk.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        let dependents = ProcessId::DEPENDENTS.map(|id| self.processes[id].stop());
        futures_util::future::join_all(dependents).await;
        if let Err(error) = self.processes[ProcessId::Mediamtx].stop().await {
            tracing::warn!(%error, "MediaMTX could not be asked to stop");
        }
        self.ctx.flush().await;
    }
}

/// Asks a V4L2 device what it offers, and gives its answer as JSON. This may hang in the device's driver: it is done by a
/// process of its own.
pub fn camera_formats(device: &Path) -> String {
    publish::v4l2::formats(device)
}

/// Asks a V4L2 device for its controls, after setting those of `request` (JSON) on it, and gives its answer as JSON; by a process
/// of its own, too.
pub fn camera_controls(device: &Path, request: Option<&str>) -> String {
    controls::answer(device, request)
}

/// The text of the mediamtx.yml that `havatard render` shows: with placeholders where secrets will be.
pub fn rendered(config: &Config, state_dir: &Path) -> Result<String, String> {
    let passwords: Vec<Option<String>> = config
        .media
        .mediamtx
        .ice_servers
        .iter()
        .map(|server| server.password_file.as_ref().map(|_| "<from its file>".to_owned()))
        .collect();
    let inputs = render::Inputs {
        hook: SocketAddr::from(([127, 0, 0, 1], 0)),
        hook_secret: "<drawn at each start>",
        recordings: &context::recordings(config, state_dir),
        ice_passwords: &passwords,
        slate: Some(&slate::place(&config.media.camera, state_dir)),
    };
    render::render(config, &inputs).to_yaml().map_err(|error| error.to_string())
}
