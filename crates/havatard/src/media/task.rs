//! The task in which the media side's news meets: it folds them into one status and acts on what follows.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use havatar_api as api;
use havatar_supervisor::{Launch, Options, Policy, Probe, Spawner, State, Stdout, Supervised};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::recordings::recorder::Recorder;

use super::audio::backend::Wish;
use super::audio::control::{self, Voice};
use super::audio::speaker::{SpeakerLaunch, TalkLaunch};
use super::commands::{self, Control};
use super::context::Context;
use super::poll::Seen;
use super::publish::progress::Progress;
use super::publish::publishers::{CameraLaunch, MicrophoneLaunch, MuxerLaunch, ProgressProbe, camera_file};
use super::publish::{devices, ffmpeg};
use super::server::process::{self, Fresh, MediaMtxLaunch, MediaMtxProbe};
use super::{AUDIO, BOTH, CAMERA, Media, MediaStatus, Processes, Running, Surroundings, kept, poll, status};

/// A publisher that says it produces while MediaMTX receives nothing is restarted after so many looks.
const UNHEARD_LOOKS: u32 = 2;
/// A wall clock that differs by more than this from the steady one was set by somebody.
const CLOCK_STEP: Duration = Duration::from_secs(1);
/// Events at devices come in bursts; looking again this often is enough.
const DEVICE_PAUSE: Duration = Duration::from_millis(100);

pub(super) fn start(config: &Arc<Config>, surroundings: Surroundings) -> (Media, Running) {
    let Surroundings { state_dir, runtime_dir, hook, gate, spawner } = surroundings;
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
        voice: Voice::open(&state_dir),
        state_dir,
        runtime_dir,
        mediamtx_up: watch::Sender::new(None),
        encoder: watch::Sender::new(None),
        camera: Progress::default(),
        microphone: Progress::default(),
        muxer: Progress::default(),
        speaker: Progress::default(),
        talk: Progress::default(),
        camera_away: Mutex::default(),
        microphone_away: Mutex::default(),
        speaker_away: Mutex::default(),
        slate: tokio::sync::Mutex::default(),
        encoders: Mutex::default(),
        spawner: spawner.clone(),
    });
    let stop = CancellationToken::new();
    let off = ctx.state_dir.join("streaming-off");
    let streaming = !off.exists();
    let fresh = Arc::new(Fresh::default());
    let processes = Arc::new(spawn(&ctx, &fresh, &spawner, streaming));

    let recorder_stop = CancellationToken::new();
    let (recorder, recorder_task) = Recorder::spawn(ctx.clone(), recorder_stop.clone());
    let (seen_tx, seen) = watch::channel(Seen::default());
    let (commands, inbox) = mpsc::channel(8);
    let (streaming, wish) = watch::channel(streaming);
    let control = Control { ctx: ctx.clone(), processes: processes.clone(), fresh, streaming, off };
    let task = Task {
        seen,
        recording: recorder.status(),
        ctx: ctx.clone(),
        processes: processes.clone(),
        streaming: wish,
        unheard: [0; 3],
        looks: 0,
        clock: (SystemTime::now(), Instant::now()),
    };
    let (status_tx, status) = watch::channel(Arc::new(task.status()));
    let mut tasks = JoinSet::new();
    tasks.spawn(poll::run(ctx.clone(), seen_tx, stop.clone()));
    tasks.spawn(watch_devices(ctx.clone(), processes.clone(), stop.clone()));
    tasks.spawn(control.run(inbox, stop.clone()));
    tasks.spawn(control::run(ctx.clone(), processes.clone(), stop.clone()));
    tasks.spawn(kept::run(&ctx, stop.clone()));
    tasks.spawn(control::keep_private(ctx.clone(), processes.clone(), stop.clone()));
    tasks.spawn(task.run(status_tx, stop.clone()));
    let media = Media { ctx, processes: processes.clone(), recorder, status, commands };
    (media, Running { stop, tasks, recorder: (recorder_stop, recorder_task), processes })
}

fn spawn(ctx: &Arc<Context>, fresh: &Arc<Fresh>, spawner: &Spawner, streaming: bool) -> Processes {
    // Processes end by `Running::stop`, in order; the supervisor's own cancellation is not used.
    let cancel = CancellationToken::new();
    let config = ctx.config();
    let mediamtx = Supervised::spawn(
        "mediamtx",
        Options {
            policy: Policy {
                probe_every: Duration::from_millis(400),
                // One that served for a while and was killed is wanted back at once, every time.
                healthy_after: Duration::from_secs(3),
                // The publishers are ended before it, and the whole must not take five seconds.
                stop_int: Duration::from_millis(1500),
                stop_term: Duration::from_secs(1),
                ..Policy::default()
            },
            probe: Some(Arc::new(MediaMtxProbe { ctx: ctx.clone(), fresh: fresh.clone() })),
            redact: Some(Arc::new(process::redact)),
            ..Options::default()
        },
        MediaMtxLaunch { ctx: ctx.clone(), fresh: fresh.clone(), checked: None, doubted: false },
        spawner,
        cancel.clone(),
    );
    let [camera, microphone, muxer] = commands::publishers(&config).map(|configured| configured && streaming);
    // They are heard whether somebody is to be seen or not.
    let heard = config.media.has_speaker();
    Processes {
        mediamtx,
        camera: publisher("camera", &ctx.camera, CameraLaunch(ctx.clone()), camera, spawner, &cancel),
        microphone: publisher(
            "microphone",
            &ctx.microphone,
            MicrophoneLaunch(ctx.clone()),
            microphone,
            spawner,
            &cancel,
        ),
        muxer: publisher(
            "muxer",
            &ctx.muxer,
            MuxerLaunch { ctx: ctx.clone(), since: None },
            muxer,
            spawner,
            &cancel,
        ),
        speaker: speaker(ctx, heard, spawner, &cancel),
        talk: publisher("talk", &ctx.talk, TalkLaunch(ctx.clone()), heard, spawner, &cancel),
    }
}

/// Its player is no ffmpeg: what it has played, its own stage says.
fn speaker(ctx: &Arc<Context>, wanted: bool, spawner: &Spawner, cancel: &CancellationToken) -> Supervised {
    let options = Options {
        policy: publisher_policy(),
        probe: Some(Arc::new(ProgressProbe(ctx.speaker.clone())) as Arc<dyn Probe>),
        wanted,
        ..Options::default()
    };
    Supervised::spawn("speaker", options, SpeakerLaunch(ctx.clone()), spawner, cancel.clone())
}

fn publisher_policy() -> Policy {
    Policy {
        // ffmpeg ends at once on SIGINT; one that does not is stuck in a driver.
        stop_int: Duration::from_secs(1),
        stop_term: Duration::from_millis(500),
        dead_after: Duration::from_millis(700),
        recheck_every: Duration::from_secs(1),
        // Asking a slow camera for its formats and trying out encoders comes before the start.
        ready_within: Duration::from_secs(15),
        ..Policy::default()
    }
}

fn publisher<L: Launch>(
    name: &'static str,
    progress: &Progress,
    launch: L,
    wanted: bool,
    spawner: &Spawner,
    cancel: &CancellationToken,
) -> Supervised {
    let lines = progress.clone();
    let options = Options {
        policy: publisher_policy(),
        probe: Some(Arc::new(ProgressProbe(progress.clone())) as Arc<dyn Probe>),
        stdout: Stdout::Lines(Arc::new(move |line| lines.line(line, Instant::now()))),
        redact: Some(Arc::new(ffmpeg::redact)),
        wanted,
    };
    Supervised::spawn(name, options, launch, spawner, cancel.clone())
}

struct Task {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    seen: watch::Receiver<Seen>,
    recording: watch::Receiver<api::RecordingStatus>,
    streaming: watch::Receiver<bool>,
    /// Looks in a row at which a publisher produced and MediaMTX received nothing: camera, microphone, muxer.
    unheard: [u32; 3],
    /// The last look that was counted.
    looks: u64,
    /// The wall clock and the steady one at the last look.
    clock: (SystemTime, Instant),
}

impl Task {
    async fn run(mut self, status: watch::Sender<Arc<MediaStatus>>, stop: CancellationToken) {
        let mut snapshots = self.processes.all().map(Supervised::subscribe);
        let mut up = self.ctx.mediamtx_up.subscribe();
        let mut streaming = self.streaming.clone();
        let mut private = self.ctx.voice.private();
        let mut encoder = self.ctx.encoder.subscribe();
        let mut seen = self.seen.clone();
        let mut recording = self.recording.clone();
        // A device's words can change without any of the above: looked at now and then.
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let [mediamtx, camera, microphone, muxer, speaker, talk] = &mut snapshots;
            tokio::select! {
                () = stop.cancelled() => return,
                Ok(()) = mediamtx.changed() => self.mediamtx_changed(&mediamtx.borrow_and_update().state),
                Ok(()) = camera.changed() => {
                    if matches!(camera.borrow_and_update().state, State::Running { .. }) {
                        self.processes.muxer.recheck();
                    }
                }
                Ok(()) = microphone.changed() => drop(microphone.borrow_and_update()),
                Ok(()) = muxer.changed() => drop(muxer.borrow_and_update()),
                Ok(()) = speaker.changed() => {
                    if matches!(speaker.borrow_and_update().state, State::Running { .. }) {
                        self.processes.talk.dependency_restored();
                    }
                }
                Ok(()) = talk.changed() => drop(talk.borrow_and_update()),
                Ok(()) = private.changed() => drop(private.borrow_and_update()),
                Ok(()) = up.changed() => {
                    if up.borrow_and_update().is_some() {
                        for publisher in self.processes.served() {
                            // They failed only because it was away.
                            publisher.dependency_restored();
                        }
                    }
                }
                Ok(()) = streaming.changed() => drop(streaming.borrow_and_update()),
                Ok(()) = encoder.changed() => drop(encoder.borrow_and_update()),
                Ok(()) = seen.changed() => {
                    let unheard = self.unheard(&seen.borrow_and_update());
                    for process in unheard {
                        tracing::warn!(process, "it produces, but MediaMTX receives nothing: renewing it");
                        self.restart_if_wanted(process);
                    }
                }
                Ok(()) = recording.changed() => drop(recording.borrow_and_update()),
                _ = tick.tick() => {
                    if self.clock_stepped() {
                        tracing::warn!("the clock was set: restarting the muxer, which stamps packets by it");
                        self.restart_if_wanted("muxer");
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

    /// A MediaMTX that neither runs nor starts is not up. That it is up again, its probe says.
    fn mediamtx_changed(&self, state: &State) {
        if !matches!(state, State::Running { .. } | State::Starting { .. }) {
            self.ctx.mediamtx_up.send_if_modified(|up| up.take().is_some());
        }
    }

    /// Those that say they produce while MediaMTX says, look after look, that it receives nothing.
    fn unheard(&mut self, seen: &Seen) -> Vec<&'static str> {
        if seen.looks == self.looks {
            return Vec::new();
        }
        self.looks = seen.looks;
        let mut silent = Vec::new();
        let publishers = [("camera", CAMERA), ("microphone", AUDIO), ("muxer", BOTH)];
        for ((process, (name, path)), count) in
            self.processes.publishers().into_iter().zip(publishers).zip(&mut self.unheard)
        {
            let producing = matches!(process.snapshot().state, State::Running { .. });
            let heard = seen.flowing.iter().any(|flowing| flowing == path);
            *count = if producing && seen.streams.live && !heard { *count + 1 } else { 0 };
            if *count >= UNHEARD_LOOKS {
                *count = 0;
                silent.push(name);
            }
        }
        silent
    }

    /// Not awaited here: the status must not wait for a process that does not want to end.
    fn restart_if_wanted(&self, name: &str) {
        if let Ok(process) = self.processes.get(name) {
            let process = process.clone();
            tokio::spawn(async move {
                if let Err(error) = process.restart_if_wanted().await {
                    tracing::warn!(%error, "a process could not be restarted");
                }
            });
        }
    }

    /// A robot without a clock battery wakes in the past, and the network then sets its clock by years.
    fn clock_stepped(&mut self) -> bool {
        let (wall, steady) = std::mem::replace(&mut self.clock, (SystemTime::now(), Instant::now()));
        let expected = wall + self.clock.1.duration_since(steady);
        let off = self.clock.0.duration_since(expected).unwrap_or_else(|error| error.duration());
        off > CLOCK_STEP
    }

    fn status(&self) -> MediaStatus {
        status::fold(
            &self.ctx,
            &self.processes,
            *self.streaming.borrow(),
            self.seen.borrow().streams.clone(),
            self.recording.borrow().clone(),
        )
    }
}

/// A device may come at any moment: whoever waits for it is told to look again.
async fn watch_devices(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let mut config = ctx.config.subscribe();
    loop {
        let (camera, microphone, speaker) = {
            let config = config.borrow_and_update();
            (camera_file(&config), microphone_file(&config), speaker_file(&config))
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = config.changed() => continue,
            () = change_of(camera) => processes.camera.recheck(),
            () = change_of(microphone) => processes.microphone.recheck(),
            () = change_of(speaker) => processes.speaker.recheck(),
        }
        tokio::time::sleep(DEVICE_PAUSE).await;
    }
}

async fn change_of(file: Option<PathBuf>) {
    match file {
        Some(file) => devices::changed(&file, file.exists()).await,
        None => std::future::pending().await,
    }
}

/// Where ALSA's devices come and go.
fn microphone_file(config: &Config) -> Option<PathBuf> {
    let wish = Wish::of_microphone(config.media.microphone.source);
    wish.filter(|wish| *wish != Wish::Pulse).map(|_| Path::new("/dev/snd/any").to_owned())
}

fn speaker_file(config: &Config) -> Option<PathBuf> {
    let wish = Wish::of_speaker(config.media.speaker.output);
    wish.filter(|wish| *wish != Wish::Pulse).map(|_| Path::new("/dev/snd/any").to_owned())
}
