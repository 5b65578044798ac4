//! The task in which the media side's news meets: it folds them into one status and acts on what follows.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use havatar_api as api;
use havatar_supervisor::{Launch, Nursery, Options, Policy, Probe, State, Stdout, Supervised};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::config::{CameraSource, Config, MicrophoneSource};

use super::context::Context;
use super::mediamtx::{Fresh, MediaMtxLaunch, MediaMtxProbe};
use super::poll::Seen;
use super::progress::Progress;
use super::publishers::{CameraLaunch, MicrophoneLaunch, MuxerLaunch, ProgressProbe, camera_file};
use super::recorder::Recorder;
use super::{
    CAMERA, Command, Media, MediaStatus, Processes, Running, Surroundings, apply, devices, ffmpeg, files,
    poll, status,
};

/// A publisher that says it produces while MediaMTX receives nothing is restarted after so many looks.
const UNHEARD_LOOKS: u32 = 4;
/// A wall clock that differs by more than this from the steady one was set by somebody.
const CLOCK_STEP: Duration = Duration::from_secs(1);
/// Events at devices come in bursts; looking again this often is enough.
const DEVICE_PAUSE: Duration = Duration::from_millis(100);

pub(super) fn start(config: &Arc<Config>, surroundings: Surroundings) -> (Media, Running) {
    let Surroundings { state_dir, runtime_dir, hook, gate, nursery } = surroundings;
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_default();
    let ctx = Arc::new(Context {
        config: watch::Sender::new(config.clone()),
        gate,
        http,
        hook,
        state_dir,
        runtime_dir,
        mediamtx_up: watch::Sender::new(None),
        encoder: watch::Sender::new(None),
        camera: Progress::default(),
        microphone: Progress::default(),
        muxer: Progress::default(),
        camera_away: Mutex::new(None),
    });
    let stop = CancellationToken::new();
    let off = ctx.state_dir.join("streaming-off");
    let streaming = !off.exists();
    let fresh = Arc::new(Fresh::default());
    let processes = Arc::new(spawn(&ctx, &fresh, &nursery, streaming));

    let recorder_stop = CancellationToken::new();
    let (recorder, recorder_task) = Recorder::spawn(ctx.clone(), recorder_stop.clone());
    let (seen_tx, seen) = watch::channel(Seen::default());
    let (commands, inbox) = mpsc::channel(8);
    let task = Task {
        seen,
        recording: recorder.status(),
        ctx: ctx.clone(),
        processes: processes.clone(),
        fresh,
        streaming,
        off,
        unheard: 0,
        looks: 0,
        clock: (SystemTime::now(), Instant::now()),
    };
    let (status_tx, status) = watch::channel(Arc::new(task.status()));
    let tasks = vec![
        tokio::spawn(poll::run(ctx.clone(), seen_tx, stop.clone())),
        tokio::spawn(watch_devices(ctx.clone(), processes.camera.clone(), stop.clone())),
        tokio::spawn(task.run(inbox, status_tx, stop.clone())),
    ];
    let media = Media { ctx, processes: processes.clone(), recorder, status, commands };
    (media, Running { stop, tasks, recorder: (recorder_stop, recorder_task), processes })
}

fn spawn(ctx: &Arc<Context>, fresh: &Arc<Fresh>, nursery: &Nursery, streaming: bool) -> Processes {
    // Processes end by `Running::stop`, in order; the supervisor's own cancellation is not used.
    let cancel = CancellationToken::new();
    let config = ctx.config();
    let mediamtx = Supervised::spawn(
        "mediamtx",
        Options {
            policy: Policy {
                probe_every: Duration::from_millis(400),
                // The publishers are ended before it, and the whole must not take five seconds.
                stop_int: Duration::from_millis(1500),
                stop_term: Duration::from_secs(1),
                ..Policy::default()
            },
            probe: Some(Arc::new(MediaMtxProbe { ctx: ctx.clone(), fresh: fresh.clone() })),
            redact: Some(Arc::new(ffmpeg::redact)),
            ..Options::default()
        },
        MediaMtxLaunch { ctx: ctx.clone(), fresh: fresh.clone(), checked: None },
        nursery,
        cancel.clone(),
    );
    let camera = config.media.camera.source != CameraSource::Off;
    let microphone = config.media.microphone.source != MicrophoneSource::Off;
    Processes {
        mediamtx,
        camera: publisher(
            "camera",
            &ctx.camera,
            CameraLaunch(ctx.clone()),
            streaming && camera,
            nursery,
            &cancel,
        ),
        microphone: publisher(
            "microphone",
            &ctx.microphone,
            MicrophoneLaunch(ctx.clone()),
            streaming && microphone,
            nursery,
            &cancel,
        ),
        muxer: publisher(
            "muxer",
            &ctx.muxer,
            MuxerLaunch { ctx: ctx.clone(), since: None },
            streaming && (camera || microphone),
            nursery,
            &cancel,
        ),
    }
}

fn publisher<L: Launch>(
    name: &'static str,
    progress: &Progress,
    launch: L,
    wanted: bool,
    nursery: &Nursery,
    cancel: &CancellationToken,
) -> Supervised {
    let lines = progress.clone();
    let options = Options {
        policy: Policy {
            // ffmpeg ends at once on SIGINT; one that does not is stuck in a driver.
            stop_int: Duration::from_secs(1),
            stop_term: Duration::from_millis(500),
            dead_after: Duration::from_millis(700),
            recheck: Duration::from_secs(1),
            ..Policy::default()
        },
        probe: Some(Arc::new(ProgressProbe(progress.clone())) as Arc<dyn Probe>),
        stdout: Stdout::Lines(Arc::new(move |line| lines.line(line, Instant::now()))),
        redact: Some(Arc::new(ffmpeg::redact)),
        wanted,
    };
    Supervised::spawn(name, options, launch, nursery, cancel.clone())
}

struct Task {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    fresh: Arc<Fresh>,
    seen: watch::Receiver<Seen>,
    recording: watch::Receiver<api::RecordingStatus>,
    streaming: bool,
    /// A file whose presence keeps the publishers off over restarts.
    off: PathBuf,
    /// Looks in a row at which the camera produced and MediaMTX received nothing, and the last look counted.
    unheard: u32,
    looks: u64,
    /// The wall clock and the steady one at the last look.
    clock: (SystemTime, Instant),
}

impl Task {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        status: watch::Sender<Arc<MediaStatus>>,
        stop: CancellationToken,
    ) {
        let mut snapshots = self.processes.all().map(Supervised::subscribe);
        let mut up = self.ctx.mediamtx_up.subscribe();
        let mut encoder = self.ctx.encoder.subscribe();
        let mut seen = self.seen.clone();
        let mut recording = self.recording.clone();
        // A device's words can change without any of the above: looked at now and then.
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let [mediamtx, camera, microphone, muxer] = &mut snapshots;
            tokio::select! {
                () = stop.cancelled() => return,
                Some(command) = inbox.recv() => self.command(command).await,
                Ok(()) = mediamtx.changed() => self.mediamtx_changed(&mediamtx.borrow_and_update().state),
                Ok(()) = camera.changed() => {
                    if matches!(camera.borrow_and_update().state, State::Running { .. }) {
                        self.processes.muxer.nudge();
                    }
                }
                Ok(()) = microphone.changed() => drop(microphone.borrow_and_update()),
                Ok(()) = muxer.changed() => drop(muxer.borrow_and_update()),
                Ok(()) = up.changed() => {
                    if up.borrow_and_update().is_some() {
                        for publisher in self.processes.publishers() {
                            publisher.nudge();
                        }
                    }
                }
                Ok(()) = encoder.changed() => drop(encoder.borrow_and_update()),
                Ok(()) = seen.changed() => {
                    let deaf = self.deaf(&seen.borrow_and_update());
                    if deaf {
                        tracing::warn!("the camera produces, but MediaMTX receives nothing: restarting it");
                        let _ = self.processes.camera.restart().await;
                    }
                }
                Ok(()) = recording.changed() => drop(recording.borrow_and_update()),
                _ = tick.tick() => {
                    if self.clock_stepped() {
                        tracing::warn!("the clock was set: restarting the muxer, which stamps packets by it");
                        let _ = self.processes.muxer.restart().await;
                    }
                }
            }
            let new = self.status();
            status.send_if_modified(|shown| {
                let changed = **shown != new;
                if changed {
                    *shown = Arc::new(new);
                }
                changed
            });
        }
    }

    /// Only a MediaMTX that runs is up; whoever waits for it must not be told otherwise for a moment.
    fn mediamtx_changed(&self, state: &State) {
        if !matches!(state, State::Running { .. }) && !self.fresh.verified() {
            self.ctx.mediamtx_up.send_if_modified(|up| up.take().is_some());
        } else if !matches!(state, State::Running { .. } | State::Starting { .. }) {
            self.ctx.mediamtx_up.send_replace(None);
        }
    }

    /// Counts looks at which the camera says it produces and MediaMTX says it receives nothing.
    fn deaf(&mut self, seen: &Seen) -> bool {
        if seen.looks == self.looks {
            return false;
        }
        self.looks = seen.looks;
        let producing = matches!(self.processes.camera.snapshot().state, State::Running { .. });
        let heard = seen.flowing.iter().any(|path| path == CAMERA);
        self.unheard = if producing && seen.streams.live && !heard { self.unheard + 1 } else { 0 };
        if self.unheard >= UNHEARD_LOOKS {
            self.unheard = 0;
            return true;
        }
        false
    }

    /// A robot without a clock battery wakes in the past, and the network then sets its clock by years.
    fn clock_stepped(&mut self) -> bool {
        let (wall, steady) = std::mem::replace(&mut self.clock, (SystemTime::now(), Instant::now()));
        let expected = wall + self.clock.1.duration_since(steady);
        let off = self.clock.0.duration_since(expected).unwrap_or_else(|error| error.duration());
        off > CLOCK_STEP
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Stream { wanted, reply } => {
                self.streaming = wanted;
                self.remember();
                self.switch_publishers().await;
                let _ = reply.send(());
            }
            Command::Apply { config, reply } => {
                let change = apply::apply(&self.ctx, &self.processes, &self.fresh, config).await;
                if change.is_ok() {
                    self.switch_publishers().await;
                }
                let _ = reply.send(change);
            }
        }
    }

    /// Starts those that are wanted and stops the others; what is right already is left alone.
    async fn switch_publishers(&self) {
        let config = self.ctx.config();
        let camera = config.media.camera.source != CameraSource::Off;
        let microphone = config.media.microphone.source != MicrophoneSource::Off;
        let wanted = [camera, microphone, camera || microphone];
        let switching =
            self.processes.publishers().into_iter().zip(wanted).map(|(process, wanted)| async move {
                if self.streaming && wanted { process.start().await } else { process.stop().await }
            });
        for result in futures_util::future::join_all(switching).await {
            if let Err(error) = result {
                tracing::warn!(%error, "a publisher could not be switched");
            }
        }
    }

    fn remember(&self) {
        let result = if self.streaming {
            match std::fs::remove_file(&self.off) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        } else {
            files::write_atomically(&self.off, b"", 0o600)
        };
        if let Err(error) = result {
            tracing::warn!(file = %self.off.display(), %error, "whether to stream is not remembered over a restart");
        }
    }

    fn status(&self) -> MediaStatus {
        status::fold(
            &self.ctx,
            &self.processes,
            self.streaming,
            self.seen.borrow().streams.clone(),
            self.recording.borrow().clone(),
        )
    }
}

/// The camera's file may come at any moment: whoever waits for it is told to look again.
async fn watch_devices(ctx: Arc<Context>, camera: Supervised, stop: CancellationToken) {
    let mut config = ctx.config.subscribe();
    loop {
        let file = camera_file(&config.borrow_and_update());
        let changed = async {
            match &file {
                Some(file) => devices::changed(file, file.exists()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = config.changed() => {}
            () = changed => {
                camera.nudge();
                tokio::time::sleep(DEVICE_PAUSE).await;
            }
        }
    }
}
