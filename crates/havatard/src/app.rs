//! The daemon's handles, built once, and its life from start to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use havatar_api as api;
use havatar_supervisor::Spawner;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::auth::{Auth, Settings};
use crate::config::{self, Config, Faults, Loaded};
use crate::http::server::{Certificates, Server};
use crate::http::{self, hook};
use crate::lock::Lock;
use crate::media::{Gate, Media, Running, Surroundings};
use crate::phrases;
use crate::presence;
use crate::robot::{self, Robot};
use crate::speech::Speech;

/// All handles, for the HTTP side.
pub struct App {
    /// Picture and sound.
    pub media: Media,
    /// The wheels, and who may move them.
    pub robot: Robot,
    /// What the robot says aloud.
    pub speech: Speech,
    /// Everybody's own phrases.
    pub phrases: phrases::Store,
    /// Who is there through the robot.
    pub presence: watch::Receiver<api::Presence>,
    /// Who is asking.
    pub auth: Auth,
    /// The config in force.
    pub config: watch::Receiver<Arc<Config>>,
    /// Where it came from, and faults of a newer one that was refused.
    pub config_status: watch::Receiver<api::ConfigStatus>,
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Cancelled when the daemon is to stop.
    pub shutdown: CancellationToken,
}

/// What the command line says.
#[derive(Debug, Clone)]
pub struct Options {
    /// The config file; `None` means the default place, if there is one.
    pub config: Option<PathBuf>,
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where files of this run are kept.
    pub runtime_dir: PathBuf,
    /// Test picture and sound and a simulated robot unless the config says otherwise.
    pub demo: bool,
}

/// Tells the surroundings how far the daemon is.
pub trait Herald: Send + Sync {
    /// It answers at `address`; `link` signs in once.
    fn serving(&self, address: &str, link: &api::LoginLink);
    /// It is alive; told every few seconds by the loop that everything hangs on.
    fn alive(&self);
    /// A reload begins, or has ended.
    fn reloading(&self, under_way: bool);
    /// It is going down.
    fn stopping(&self);
}

/// Runs the daemon until `shutdown`. `reload` asks for the config to be read again.
///
/// # Errors
/// What keeps it from starting: a directory, the lock, the token file, the address. A MediaMTX or a camera
/// that does not come up is no such thing; it is told by the status, and tried again.
pub async fn run(
    loaded: Loaded,
    options: Options,
    herald: Arc<dyn Herald>,
    mut reload: tokio::sync::mpsc::Receiver<()>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let options = with_directories(options)?;
    let _lock = Lock::take(&options.state_dir)?;
    let config = Arc::new(loaded.config.clone());
    // The address is bound first: whoever cannot be reached must not open the camera.
    let server = Server::bind(config.server.listen.0, config.server.tls.as_ref())?;
    let auth = Auth::open(&options.state_dir, auth_settings(&config))?;

    let spawner = Spawner::new(&scope(&options.state_dir), PathBuf::from("/proc/self/exe"))
        .context("cannot start the guard of the child processes")?;
    sweep(&spawner).await;

    let gate = Gate::new();
    let (hook, port) = hook::bind().context("cannot listen for MediaMTX's questions on 127.0.0.1")?;
    let surroundings = Surroundings {
        state_dir: options.state_dir.clone(),
        runtime_dir: options.runtime_dir.clone(),
        hook: ([127, 0, 0, 1], port).into(),
        gate: gate.clone(),
        spawner: spawner.clone(),
    };
    let (media, mut running) = Media::start(&config, surroundings);
    let (robot, robot_running) = Robot::start(
        &config,
        robot::Surroundings {
            state_dir: options.state_dir.clone(),
            runtime_dir: options.runtime_dir.clone(),
            spawner: spawner.clone(),
        },
    )?;

    let (config_tx, config_rx) = watch::channel(config.clone());
    let (status_tx, status_rx) = watch::channel(api::ConfigStatus {
        file: loaded.file.as_ref().map(|file| file.display().to_string()),
        loaded_at: Timestamp::now(),
        faults: Vec::new(),
    });
    let (speech, speaking) = Speech::new(config_rx.clone(), media.clone(), spawner.clone(), shutdown.clone());
    let (presence, looking) = presence::start(media.clone(), robot.clone(), shutdown.clone());
    let app = Arc::new(App {
        media: media.clone(),
        robot,
        speech,
        phrases: phrases::Store::new(&options.state_dir),
        presence,
        auth: auth.clone(),
        config: config_rx,
        config_status: status_rx,
        started_at: Timestamp::now(),
        shutdown: shutdown.clone(),
    });

    let listening = server.listening();
    let certificates = server.certificates();
    let mut tasks = JoinSet::new();
    // The hook outlives the stop signal: MediaMTX asks it even while recordings are being closed.
    let last = CancellationToken::new();
    let mut hook_task = tokio::spawn({
        let (media, auth, secret, last) =
            (media.clone(), auth.clone(), gate.hook_secret().to_owned(), last.clone());
        async move { hook::serve(hook, media, auth, &secret, last).await }
    });
    tasks.spawn(named("sessions", {
        let (auth, shutdown) = (auth.clone(), shutdown.clone());
        async move {
            auth.run(shutdown).await;
            Ok(())
        }
    }));
    tasks.spawn(named("speech", async {
        speaking.await;
        Ok(())
    }));
    tasks.spawn(named("presence", async {
        looking.await;
        Ok(())
    }));
    tasks.spawn(named("http", server.serve(http::router(app, listening), shutdown.clone())));

    let scheme = if listening.tls { "https" } else { "http" };
    herald.serving(&format!("{scheme}://{}", listening.address), &auth.sign_in_link());

    let mut reloader = Reloader {
        options,
        media,
        robot: robot_running,
        auth,
        certificates,
        bound: config,
        config: config_tx,
        status: status_tx,
        herald: herald.clone(),
    };
    let failed =
        until_stopped(&mut reloader, &mut reload, &mut tasks, &mut running, &mut hook_task, &shutdown).await;
    herald.stopping();
    tracing::info!("stopping");
    // The wheels first: what is closed after them may take its time.
    reloader.robot.halt().await;
    // Nobody new is let in; who is in has two seconds while the media side closes.
    let robot = reloader.robot.stop();
    tokio::join!(async { while tasks.join_next().await.is_some() {} }, running.stop(), robot);
    last.cancel();
    if !hook_task.is_finished() {
        let _ = hook_task.await;
    }
    spawner.end().await.context("child processes are left")?;
    failed.map_or(Ok(()), Err)
}

/// The loop that everything hangs on. Ends with the stop, or with what ended that must not: that takes the
/// daemon down, for systemd to see and start again.
async fn until_stopped(
    reloader: &mut Reloader,
    reload: &mut tokio::sync::mpsc::Receiver<()>,
    tasks: &mut JoinSet<(&'static str, std::io::Result<()>)>,
    running: &mut Running,
    hook_task: &mut tokio::task::JoinHandle<std::io::Result<()>>,
    shutdown: &CancellationToken,
) -> Option<anyhow::Error> {
    let mut alive = tokio::time::interval(ALIVE_EVERY);
    let ended = loop {
        tokio::select! {
            // Tasks end by the same stop, and may be seen to have ended first.
            biased;
            () = shutdown.cancelled() => return None,
            _ = alive.tick() => reloader.herald.alive(),
            Some(()) = reload.recv() => {
                tokio::select! {
                    () = shutdown.cancelled() => return None,
                    () = reloader.reload() => {}
                }
            }
            () = reloader.robot.broken() => break anyhow::anyhow!("the motion loop ended"),
            () = running.broken() => break anyhow::anyhow!("a task of the media side ended"),
            ended = &mut *hook_task => break anyhow::anyhow!("the auth hook ended: {ended:?}"),
            Some(ended) = tasks.join_next() => break match ended {
                Ok((name, result)) => anyhow::anyhow!("the {name} task ended: {result:?}"),
                Err(error) => anyhow::anyhow!("a task failed: {error}"),
            },
        }
    };
    shutdown.cancel();
    Some(ended)
}

struct Reloader {
    options: Options,
    media: Media,
    robot: robot::Running,
    auth: Auth,
    certificates: Option<Certificates>,
    /// The config that the listener was opened with.
    bound: Arc<Config>,
    config: watch::Sender<Arc<Config>>,
    status: watch::Sender<api::ConfigStatus>,
    herald: Arc<dyn Herald>,
}

impl Reloader {
    /// A bad file changes nothing and is reported; a good one restarts only what it must.
    async fn reload(&mut self) {
        self.herald.reloading(true);
        match load(&self.options) {
            Ok(loaded) => self.put_in_force(loaded).await,
            Err(faults) => {
                tracing::error!("the config was not reloaded:\n{faults}");
                self.refuse(faults.into());
            }
        }
        self.herald.reloading(false);
    }

    async fn put_in_force(&mut self, loaded: Loaded) {
        let old = self.config.borrow().clone();
        let new = Arc::new(loaded.config);
        let change = config::diff(&old, &new);
        match self.media.apply(new.clone()).await {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => {
                self.refuse_with("media", reason);
                return;
            }
            Err(error) => {
                self.refuse_with("media", error.to_string());
                return;
            }
        }
        self.auth.set(auth_settings(&new));
        self.robot.apply(&new).await;
        let mut faults = Vec::new();
        if let (Some(certificates), Some(tls)) = (&self.certificates, &new.server.tls)
            && let Err(error) = certificates.reload(tls)
        {
            let error = anyhow::Error::from(error);
            tracing::error!("the certificate was not reloaded: {error:#}");
            faults.push(self.fault("server.tls", format!("{error:#}; the former certificate is in use")));
        }
        // Compared with what is bound, not with the config before: a later reload must neither forget it nor,
        // once the old value is back, insist on it.
        let later = "takes effect when havatard is restarted";
        if self.bound.server.listen != new.server.listen {
            faults.push(self.fault("server.listen", later.to_owned()));
        }
        // Other certificates are taken at once, but not TLS where there was none, or the other way round.
        if self.bound.server.tls.is_some() != new.server.tls.is_some() {
            faults.push(self.fault("server.tls", later.to_owned()));
        }
        self.config.send_replace(new);
        tracing::info!(?change, "the config was reloaded");
        self.status.send_modify(|status| {
            status.loaded_at = Timestamp::now();
            status.faults = faults;
        });
    }

    fn refuse_with(&self, key: &str, message: String) {
        tracing::error!(key, message, "the config was not reloaded");
        self.refuse(vec![self.fault(key, message)]);
    }

    fn refuse(&self, faults: Vec<api::ConfigFault>) {
        self.status.send_modify(|status| status.faults = faults);
    }

    fn fault(&self, key: &str, message: String) -> api::ConfigFault {
        let file = self.status.borrow().file.clone().unwrap_or_default();
        api::ConfigFault { file, line: None, key: key.to_owned(), message, fix: None }
    }
}

/// Reads the config as the command line says.
///
/// # Errors
/// Every fault in it.
pub fn load(options: &Options) -> Result<Loaded, Faults> {
    Config::load(options.config.as_deref(), options.demo)
}

fn auth_settings(config: &Config) -> Settings {
    Settings {
        session_idle: config.auth.session_idle.as_std(),
        session_max: config.auth.session_max.as_std(),
        sign_in_link_valid: config.auth.sign_in_link_valid.as_std(),
    }
}

/// Ends what an earlier run left behind.
async fn sweep(spawner: &Spawner) {
    match spawner.sweep().await {
        Ok(0) => {}
        Ok(swept) => tracing::warn!(processes = swept, "ended processes that an earlier run left behind"),
        // Stuck in a driver, most likely. What it holds will be missing and said; the rest works.
        Err(error) => tracing::error!(%error, "what an earlier run left behind cannot be ended"),
    }
}

/// Both directories, made if need be, by their full paths.
fn with_directories(options: Options) -> anyhow::Result<Options> {
    let options = Options {
        state_dir: make_directory(&options.state_dir)?,
        runtime_dir: make_directory(&options.runtime_dir)?,
        ..options
    };
    prove_writable(&options.runtime_dir)?;
    // Recordings fill this disk: a robot whose disk is full must still come up, to be seen and cleared.
    if let Err(error) = prove_writable(&options.state_dir) {
        tracing::error!("{error:#}; going on from memory: nothing that changes now survives a restart");
    }
    Ok(options)
}

/// Makes a private directory, if there is none, and says its full path: MediaMTX runs in another folder.
fn make_directory(path: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| path.canonicalize())
        .with_context(|| {
            format!("cannot make the directory {}; make it and give it to havatard", path.display())
        })
}

fn prove_writable(path: &Path) -> anyhow::Result<()> {
    tempfile_in(path)
        .with_context(|| format!("cannot write in {}; give that directory to havatard", path.display()))
}

fn tempfile_in(path: &Path) -> std::io::Result<()> {
    let probe = path.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(&probe)
}

/// Tells this installation's children from another's on the same machine.
fn scope(state_dir: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let place = state_dir.canonicalize().unwrap_or_else(|_| state_dir.to_owned());
    let digest = Sha256::digest(place.as_os_str().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn named<T: std::fmt::Debug>(name: &'static str, task: impl Future<Output = T>) -> (&'static str, T) {
    (name, task.await)
}

/// A few of these fit into the unit file's WatchdogSec, and a reload fits between two of them.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// How long the whole stop may take before the process ends regardless; the guard ends what is left then.
pub const STOP_WITHIN: Duration = Duration::from_secs(9);
