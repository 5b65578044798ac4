//! A media side in which nothing runs, for tests of what is built on top of it: its status is what a test
//! says, and MediaMTX is what listens at the given addresses. All else is the real thing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use havatar_api as api;
use havatar_supervisor::{LaunchError, Options, Pipeline, Spawner, Supervised};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ListenAddr};
use crate::confinement::Confiner;

use super::Media;
use super::commands::Command;
use super::context::{Context, Surroundings};
use super::process_table::Processes;
use super::server::access::AccessRules;
use super::status::MediaStatus;

/// What a test decides.
pub(crate) struct Fake {
    pub(crate) status: watch::Receiver<Arc<MediaStatus>>,
    pub(crate) access: AccessRules,
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
    let surroundings = Surroundings {
        confiner: Confiner::new(fake.state_dir.clone(), fake.state_dir.clone(), None),
        runtime_dir: fake.state_dir.clone(),
        state_dir: fake.state_dir,
        hook: SocketAddr::from(([127, 0, 0, 1], 0)),
        access: fake.access,
        spawner: spawner().clone(),
    };
    let ctx = Arc::new(Context::new(&Arc::new(config), surroundings));
    if fake.speaker {
        let device =
            |name: &str| api::Device { name: name.to_owned(), state: api::DeviceState::Live, why: None };
        ctx.audio.sound.send_modify(|sound| Arc::make_mut(sound).speaker = device("test speaker"));
    }
    let processes = processes();
    let (commands, mut inbox) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Some(command) = inbox.recv().await {
            match command {
                Command::Stream { reply, .. } => drop(reply.send(())),
                Command::Apply { reply, .. } => drop(reply.send(Ok(()))),
            }
        }
    });
    Media::with(ctx, Arc::new(processes), fake.status, commands)
}

/// One of which nothing is known, and whose MediaMTX is away.
pub(crate) fn away(state_dir: &Path) -> Media {
    let device = || api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
    let status = MediaStatus {
        processes: Vec::new(),
        streams: api::Streams::default(),
        devices: api::Devices { camera: device(), microphone: device(), video: None },
        encoder: None,
        readiness: api::Readiness::default(),
        streaming: true,
        overload: None,
        board: api::Board::default(),
        mediamtx_version: None,
    };
    // The discard port: nothing listens there.
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    media(Fake {
        status: watch::channel(Arc::new(status)).1,
        access: AccessRules::new(),
        webrtc: nobody,
        api: nobody,
        state_dir: state_dir.to_owned(),
        speaker: false,
    })
}

/// Processes that are stopped, and cannot be started.
pub(crate) fn processes() -> Processes {
    Processes::new(|id| stopped(id.name()))
}

fn stopped(name: &'static str) -> Supervised {
    let launch = || async { Err::<Pipeline, _>(LaunchError::NotReady("this is a test".to_owned())) };
    let options = Options { wanted: false, ..Options::default() };
    Supervised::spawn(name, options, launch, spawner(), CancellationToken::new())
}

/// One for all tests of this program: it costs a process.
pub(crate) fn spawner() -> &'static Spawner {
    static SPAWNER: OnceLock<Spawner> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/guard.sh");
        Spawner::new("test", guard).unwrap()
    })
}
