//! A media side in which nothing runs, for tests of what is built on top of it: its status is what a test
//! says, and MediaMTX is whoever listens at the given addresses. All else is the real thing.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use havatar_api as api;
use havatar_supervisor::{LaunchError, Options, Pipeline, Spawner, Supervised};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{
    Command, Gate, Media, MediaStatus, Processes, audio::control::Voice, context::Context,
    publish::progress::Progress,
};
use crate::{
    config::{Config, ListenAddr},
    recordings::recorder::Recorder,
};

/// What a test decides.
pub(crate) struct Fake {
    pub(crate) status: watch::Receiver<Arc<MediaStatus>>,
    pub(crate) gate: Gate,
    /// Where MediaMTX's WebRTC listener is.
    pub(crate) webrtc: SocketAddr,
    /// Where MediaMTX's API is.
    pub(crate) api: SocketAddr,
    /// Recordings are below it, in `recordings/havatar`; speech is written to `speech.sock` in it.
    pub(crate) state_dir: PathBuf,
    /// There is a loudspeaker.
    pub(crate) speaker: bool,
}

/// The handle. Processes are there under their names, stopped, and cannot be started.
pub(crate) fn media(fake: Fake) -> Media {
    let mut config = Config::default();
    config.media.mediamtx.webrtc_address = ListenAddr(fake.webrtc);
    config.media.mediamtx.api_address = ListenAddr(fake.api);
    let ctx = Arc::new(Context {
        config: watch::Sender::new(Arc::new(config)),
        gate: fake.gate,
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        hook: SocketAddr::from(([127, 0, 0, 1], 0)),
        runtime_dir: fake.state_dir.clone(),
        voice: Voice::open(&fake.state_dir),
        state_dir: fake.state_dir,
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
        spawner: spawner().clone(),
    });
    if fake.speaker {
        let device =
            |name: &str| api::Device { name: name.to_owned(), state: api::DeviceState::Live, why: None };
        ctx.voice.sound.send_modify(|sound| Arc::make_mut(sound).speaker = device("test speaker"));
    }
    let processes = Processes {
        mediamtx: stopped("mediamtx"),
        camera: stopped("camera"),
        microphone: stopped("microphone"),
        muxer: stopped("muxer"),
        speaker: stopped("speaker"),
        talk: stopped("talk"),
    };
    let (recorder, _) = Recorder::spawn(ctx.clone(), CancellationToken::new());
    let (commands, mut inbox) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Some(command) = inbox.recv().await {
            match command {
                Command::Stream { reply, .. } => drop(reply.send(())),
                Command::Apply { reply, .. } => drop(reply.send(Ok(()))),
            }
        }
    });
    Media { ctx, processes: Arc::new(processes), recorder, status: fake.status, commands }
}

impl Media {
    /// Whether camera and microphone are held off.
    pub(crate) fn is_private(&self) -> bool {
        self.ctx.voice.is_private()
    }
}

fn stopped(name: &'static str) -> Supervised {
    let launch = || async { Err::<Pipeline, _>(LaunchError::NotReady("this is a test".to_owned())) };
    let options = Options { wanted: false, ..Options::default() };
    Supervised::spawn(name, options, launch, spawner(), CancellationToken::new())
}

/// One for all tests of this program: it costs a process.
pub(crate) fn spawner() -> &'static Spawner {
    static NURSERY: OnceLock<Spawner> = OnceLock::new();
    NURSERY.get_or_init(|| {
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/guard.sh");
        Spawner::new("test", guard).unwrap()
    })
}
