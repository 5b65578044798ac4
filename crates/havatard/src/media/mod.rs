//! Picture and sound: MediaMTX and the publishers that feed it, kept alive and told apart.
//!
//! Six supervised processes exist. `mediamtx` serves everybody. `camera` and `microphone` publish a stream
//! each, so that losing one never costs the other. `muxer` joins the two by copy into the path `havatar` for
//! players and recordings that want one stream. `speaker` plays what is to be heard at the robot, and `talk` takes the
//! talk line to it. The publishers wait for MediaMTX, and `talk` for the loudspeaker; nobody else waits for
//! anybody: who looks at the browser's picture does not depend on the muxer.
//!
//! News travels by `watch`: the supervisor's snapshots, MediaMTX being up, stream figures and the recorder
//! meet in one task (`task`), which folds them into a [`MediaStatus`] and reconciles what depends on what.
//! This module knows no HTTP server, no sessions and no robot.

mod audio;
mod commands;
pub(crate) mod context;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod kept;
mod poll;
mod publish;
pub(crate) mod server;
mod status;
mod task;

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use havatar_api as api;
use havatar_supervisor::{Spawner, Supervised};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::recordings::files;
use crate::recordings::recorder::Recorder;

pub use audio::control::Sound;
pub use error::MediaError;
pub use server::access::{Gate, GateRequest, HOOK_USER};
pub use server::client::ClientError;

use context::Context;

/// The picture alone.
pub const CAMERA: &str = "havatar_camera";
/// The robot's microphone alone, for WebRTC.
pub const AUDIO: &str = "havatar_audio";
/// What a talker says into the room: published over WebRTC alone, read by the daemon alone.
pub const TALK: &str = "havatar_talk";
/// Picture and sound together, for RTSP, HLS and recordings.
pub const BOTH: &str = "havatar";

/// The media side as a whole. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Media {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    recorder: Recorder,
    status: watch::Receiver<Arc<MediaStatus>>,
    commands: mpsc::Sender<Command>,
}

/// What the media side needs from its surroundings.
pub struct Surroundings {
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where files of this run are kept.
    pub runtime_dir: PathBuf,
    /// Where MediaMTX's auth hook listens.
    pub hook: SocketAddr,
    /// The secrets of this run.
    pub gate: Gate,
    /// Parent of all child processes.
    pub spawner: Spawner,
}

/// Ends and joins everything that [`Media::start`] began.
pub struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    recorder: (CancellationToken, JoinHandle<()>),
    processes: Arc<Processes>,
}

/// One picture of the media side.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaStatus {
    /// Supervised processes, MediaMTX first.
    pub processes: Vec<api::Process>,
    /// Stream figures.
    pub streams: api::Streams,
    /// Camera and microphone.
    pub devices: api::Devices,
    /// The encoder in use.
    pub encoder: Option<api::Encoder>,
    /// Recording.
    pub recording: api::RecordingStatus,
    /// What is missing.
    pub readiness: api::Readiness,
    /// The publishers are wanted.
    pub streaming: bool,
    /// Version of the MediaMTX that is up.
    pub mediamtx_version: Option<String>,
}

/// What can be asked of a supervised process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessVerb {
    /// Keep it running from now on.
    Start,
    /// End it and leave it ended.
    Stop,
    /// End it and start it again.
    Restart,
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

struct Processes {
    mediamtx: Supervised,
    camera: Supervised,
    microphone: Supervised,
    muxer: Supervised,
    speaker: Supervised,
    talk: Supervised,
}

enum Command {
    Stream { wanted: bool, reply: oneshot::Sender<()> },
    Apply { config: Arc<Config>, reply: oneshot::Sender<Result<(), String>> },
}

impl Media {
    /// Starts everything. Returns at once; [`Media::status`] tells how far it is.
    pub fn start(config: &Arc<Config>, surroundings: Surroundings) -> (Self, Running) {
        task::start(config, surroundings)
    }

    /// How everything is now.
    pub fn status(&self) -> MediaStatus {
        let mut status = MediaStatus::clone(&self.status.borrow());
        let now = jiff::Timestamp::now();
        for process in &mut status.processes {
            if process.state == api::ProcessState::Running {
                process.uptime_s =
                    Some((now - process.since).total(jiff::Unit::Second).unwrap_or(0.0).max(0.0));
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

    /// Ends the publishers: camera and microphone are released.
    pub async fn stop_streaming(&self) -> Result<(), MediaError> {
        self.ask(|reply| Command::Stream { wanted: false, reply }).await
    }

    /// Puts a new config in force, restarting only what it must. If MediaMTX does not come up with it, the
    /// former config is put back and the reason returned.
    pub async fn apply(&self, config: Arc<Config>) -> Result<Result<(), String>, MediaError> {
        self.ask(|reply| Command::Apply { config, reply }).await
    }

    /// Starts, stops or restarts one process, and returns when that is done or under way.
    pub async fn process(&self, name: &str, verb: ProcessVerb) -> Result<api::Process, MediaError> {
        let process = self.processes.get(name)?;
        match verb {
            ProcessVerb::Start => process.start().await,
            ProcessVerb::Stop => process.stop().await,
            ProcessVerb::Restart => process.restart().await,
        }?;
        Ok(status::describe(process))
    }

    /// The last lines of a process.
    pub fn logs(&self, name: &str) -> Result<api::Logs, MediaError> {
        Ok(status::logs(self.processes.get(name)?))
    }

    /// Starts recording picture and sound; answers when a file is seen to grow, or after three seconds.
    pub async fn start_recording(&self) -> Result<api::RecordingStatus, MediaError> {
        self.recorder.start().await
    }

    /// Stops recording.
    pub async fn stop_recording(&self) -> Result<api::RecordingStatus, MediaError> {
        self.recorder.stop().await
    }

    /// All recordings, newest first.
    pub async fn recordings(&self) -> Result<api::Recordings, MediaError> {
        let items = self.on_disk(files::list).await?;
        Ok(api::Recordings {
            status: self.recorder.status().borrow().clone(),
            items: items.into_iter().map(|found| found.recording).collect(),
        })
    }

    /// One recording.
    pub async fn recording(&self, id: &str) -> Result<api::Recording, MediaError> {
        let id = id.to_owned();
        Ok(self.on_disk(move |dir| files::find(dir, &id)).await?.recording)
    }

    /// Opens a recording for reading.
    pub async fn open_recording(&self, id: &str) -> Result<(api::Recording, File), MediaError> {
        let id = id.to_owned();
        self.on_disk(move |dir| {
            let found = files::find(dir, &id)?;
            let file = files::open(&found)?;
            Ok((found.recording, file))
        })
        .await
    }

    /// Deletes a recording, never the one being written.
    pub async fn delete_recording(&self, id: &str) -> Result<(), MediaError> {
        let id = id.to_owned();
        if self.recorder.status().borrow().id.as_deref() == Some(&id) {
            return Err(MediaError::BeingWritten(id));
        }
        self.on_disk(move |dir| files::delete(&files::find(dir, &id)?)).await
    }

    /// Where a viewer's offer goes.
    pub fn whep_upstream(&self) -> Upstream {
        Upstream {
            base: format!("http://{}", self.ctx.config().media.mediamtx.webrtc_address),
            user: server::access::WHEP_USER.into(),
            password: self.ctx.gate.whep_secret().into(),
        }
    }

    /// Where a talker's offer goes: these credentials publish [`TALK`] over WebRTC and open nothing else.
    pub fn whip_upstream(&self) -> Upstream {
        Upstream {
            user: server::access::WHIP_USER.into(),
            password: self.ctx.gate.whip_secret().into(),
            ..self.whep_upstream()
        }
    }

    /// The loudspeaker, as it changes.
    pub fn sound(&self) -> watch::Receiver<Arc<Sound>> {
        self.ctx.voice.sound.subscribe()
    }

    /// How loud it is at the robot, some ten times a second.
    pub fn levels(&self) -> watch::Receiver<api::Levels> {
        self.ctx.voice.levels.subscribe()
    }

    /// How loud the loudspeaker plays, in percent of what the config allows; more than 100 counts as 100. It is kept
    /// over restarts.
    pub fn set_volume(&self, percent: u8) {
        self.ctx.voice.set_volume(percent);
    }

    /// A talker's microphone is open: speech waits meanwhile.
    pub fn set_talking(&self, open: bool) {
        self.ctx.voice.set_talking(open);
    }

    /// The switch on the robot: while it is on, camera and microphone do not run, whatever else is asked.
    pub fn set_private(&self, private: bool) {
        self.ctx.voice.set_private(private);
    }

    /// Where speech is played: a Unix stream socket that takes s16le, 48 kHz, mono, at the pace of the loudspeaker.
    ///
    /// Whoever has written all of it shuts down its writing side and reads: the end of file says that everything has
    /// left for the loudspeaker. Whoever closes the socket before that cancels: nothing more of it is heard. One
    /// connection is played at a time, and none while somebody talks. While the loudspeaker does not run, nobody
    /// answers at this socket.
    pub fn speech_socket(&self) -> PathBuf {
        audio::control::speech_socket(&self.ctx)
    }

    /// A read of MediaMTX's API: `path_and_query` is the caller's to restrict.
    pub async fn mediamtx_get(&self, path_and_query: &str) -> Result<(u16, bytes::Bytes), MediaError> {
        Ok(self.ctx.client().raw(path_and_query).await?)
    }

    /// Decides a request that MediaMTX asks about.
    pub fn admit(&self, request: &GateRequest) -> bool {
        let rtsp = self.ctx.config().media.mediamtx.rtsp_address.0.ip();
        self.ctx.gate.admit(request, rtsp, tokio::time::Instant::now())
    }

    /// Somebody who is none of us has been let in to see or hear.
    pub fn looked(&self) {
        self.ctx.gate.looked(tokio::time::Instant::now());
    }

    /// When somebody was let in last. However short a look is, it is told here, and perhaps in no figures.
    pub fn looks(&self) -> watch::Receiver<Option<tokio::time::Instant>> {
        self.ctx.gate.looks()
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, MediaError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|_| MediaError::Busy)?;
        answer.await.map_err(|_| MediaError::ShuttingDown)
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&std::path::Path) -> Result<T, MediaError> + Send + 'static,
    ) -> Result<T, MediaError> {
        let directory = self.ctx.recordings();
        tokio::task::spawn_blocking(move || work(&directory)).await.map_err(|_| MediaError::ShuttingDown)?
    }
}

impl Processes {
    fn get(&self, name: &str) -> Result<&Supervised, MediaError> {
        self.all()
            .into_iter()
            .find(|process| *process.snapshot().name == *name)
            .ok_or_else(|| MediaError::NoSuchProcess(name.chars().take(32).collect()))
    }

    fn all(&self) -> [&Supervised; 6] {
        [&self.mediamtx, &self.camera, &self.microphone, &self.muxer, &self.speaker, &self.talk]
    }

    fn publishers(&self) -> [&Supervised; 3] {
        [&self.camera, &self.microphone, &self.muxer]
    }

    /// All that live on MediaMTX or beside it, and end before it.
    fn served(&self) -> [&Supervised; 5] {
        [&self.camera, &self.microphone, &self.muxer, &self.speaker, &self.talk]
    }
}

impl Running {
    /// Returns if a part of the media side ends before it was asked to, which none does unless it is broken.
    pub async fn broken(&mut self) {
        tokio::select! {
            _ = self.tasks.join_next() => {}
            _ = &mut self.recorder.1 => {}
        }
    }

    /// Closes recordings, then ends the publishers and what plays, then MediaMTX.
    pub async fn stop(mut self) {
        self.recorder.0.cancel();
        if !self.recorder.1.is_finished() {
            let _ = self.recorder.1.await;
        }
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        futures_util::future::join_all(self.processes.served().map(Supervised::stop)).await;
        if let Err(error) = self.processes.mediamtx.stop().await {
            tracing::warn!(%error, "MediaMTX could not be asked to stop");
        }
    }
}

/// The text of the mediamtx.yml that `havatard render` shows: with placeholders where secrets will be.
pub fn rendered(config: &Config, state_dir: &std::path::Path) -> Result<String, String> {
    let passwords: Vec<Option<String>> = config
        .media
        .mediamtx
        .ice_servers
        .iter()
        .map(|server| server.password_file.as_ref().map(|_| "<from its file>".to_owned()))
        .collect();
    let inputs = server::render::Inputs {
        hook: SocketAddr::from(([127, 0, 0, 1], 0)),
        hook_secret: "<drawn at each start>",
        recordings: &context::recordings(config, state_dir),
        ice_passwords: &passwords,
        slate: Some(&publish::slate::place(&config.media.camera, state_dir)),
    };
    server::render::render(config, &inputs).to_yaml().map_err(|error| error.to_string())
}
