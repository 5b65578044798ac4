//! The daemon's life: start, main loop, stop.

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
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::config::{Config, Loaded, trust};
use crate::confinement::Confiner;
use crate::handles::Handles;
use crate::http::hook;
use crate::http::server::{LocalServer, Server};
use crate::lock::Lock;
use crate::media::{AccessRules, Media, Surroundings};
use crate::notifier::ServiceNotifier;
use crate::options::Options;
use crate::recordings::Recordings;
use crate::reload::{Reloader, auth_settings};
use crate::robot::Robot;
use crate::speech::Speech;
use crate::{cgroups, http, media, phrases, presence, recordings, robot};

/// Interval of the watchdog ping. Several fit into the unit file's WatchdogSec.
const ALIVE_EVERY: Duration = Duration::from_secs(2);

/// Limit of the whole stop. After it the process ends regardless, and the guard ends the remaining child processes.
pub const STOP_WITHIN: Duration = Duration::from_secs(9);

/// Runs the daemon until `shutdown`. Each message on `reload` reloads the config.
///
/// # Errors
/// A directory, the lock, the token file or the listen address is not usable; or a task ended that must not.
/// A MediaMTX or a camera that does not start is not an error: the status reports it, and its supervisor retries.
pub async fn run(
    loaded: Loaded,
    options: Options,
    notifier: Arc<dyn ServiceNotifier>,
    mut reload: tokio::sync::mpsc::Receiver<()>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let options = with_directories(options)?;
    let _lock = Lock::take(&options.state_dir)?;
    let config = Arc::new(loaded.config.clone());
    // Bind first: a daemon that cannot be reached must not open the camera.
    let server = Server::bind(config.server.listen.0, config.server.tls.as_ref())?;
    let local = LocalServer::bind(&options.runtime_dir)?;
    let auth = Auth::open(&options.state_dir, auth_settings(&config))?;

    let spawner = Spawner::new(&scope(&options.state_dir), PathBuf::from("/proc/self/exe"))
        .context("cannot start the guard of the child processes")?;
    if let Some(folder) = cgroups::share_out() {
        spawner.set_cgroups(folder);
    }
    sweep(&spawner).await;

    let access = AccessRules::new();
    let (hook, port) = hook::bind().context("cannot bind the auth hook on 127.0.0.1")?;
    let surroundings = surroundings(&options, &loaded, port, &access, &spawner);
    let (media, recordings, mut running) = MediaSide::start(&config, surroundings);
    let (robot, robot_running) = Robot::start(
        &config,
        robot::Surroundings {
            state_dir: options.state_dir.clone(),
            runtime_dir: options.runtime_dir.clone(),
            spawner: spawner.clone(),
        },
    )?;

    let (config_tx, config_rx) = watch::channel(config.clone());
    let (status_tx, status_rx) = watch::channel(config_status(&loaded));
    let (speech, speaking) = Speech::new(config_rx.clone(), media.clone(), spawner.clone(), shutdown.clone());
    let (presence, looking) = presence::start(media.clone(), &recordings, robot.clone(), shutdown.clone());
    let handles = Arc::new(Handles {
        media: media.clone(),
        recordings,
        robot,
        speech,
        phrases: phrases::Store::new(&options.state_dir),
        presence,
        auth: auth.clone(),
        config: config_rx,
        config_status: status_rx,
        started_at: Timestamp::now(),
        started: Instant::now(),
        shutdown: shutdown.clone(),
    });

    let listening = server.listening();
    let certificates = server.certificates();
    let mut tasks = JoinSet::new();
    // The auth hook is stopped last: MediaMTX calls it even while recordings are being closed.
    let hook_stop = CancellationToken::new();
    let mut hook_task = tokio::spawn({
        let (media, auth, secret, stop) =
            (media.clone(), auth.clone(), access.hook_secret().to_owned(), hook_stop.clone());
        async move { hook::serve(hook, media, auth, &secret, stop).await }
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
    let (router, local_router) = http::routers(handles, listening);
    tasks.spawn(named("http", server.serve(router, shutdown.clone())));
    tasks.spawn(named("http at the local socket", local.serve(local_router, shutdown.clone())));

    let scheme = if listening.tls { "https" } else { "http" };
    notifier.serving(&format!("{scheme}://{}", listening.address), &auth.sign_in_link());

    let mut reloader = Reloader {
        options,
        media,
        robot: robot_running,
        auth,
        certificates,
        bound: config,
        config: config_tx,
        status: status_tx,
        notifier: notifier.clone(),
    };
    let failed =
        until_stopped(&mut reloader, &mut reload, &mut tasks, &mut running, &mut hook_task, &shutdown).await;
    notifier.stopping();
    tracing::info!("stopping");
    // Stop the wheels first; the media shutdown may take seconds.
    reloader.robot.halt().await;
    // The HTTP server drains for two seconds while the media processes stop.
    let robot = reloader.robot.stop();
    tokio::join!(async { while tasks.join_next().await.is_some() {} }, running.stop(), robot);
    hook_stop.cancel();
    if !hook_task.is_finished() {
        let _ = hook_task.await;
    }
    spawner.end().await.context("child processes are left")?;
    failed.map_or(Ok(()), Err)
}

fn config_status(loaded: &Loaded) -> api::ConfigStatus {
    api::ConfigStatus {
        file: loaded.file.as_ref().map(|file| file.display().to_string()),
        loaded_at: Timestamp::now(),
        faults: Vec::new(),
    }
}

/// The main loop. Returns `None` on shutdown, and an error when a task ended that must not: the daemon then ends, and
/// systemd restarts it.
async fn until_stopped(
    reloader: &mut Reloader,
    reload: &mut tokio::sync::mpsc::Receiver<()>,
    tasks: &mut JoinSet<(&'static str, std::io::Result<()>)>,
    running: &mut MediaSide,
    hook_task: &mut tokio::task::JoinHandle<std::io::Result<()>>,
    shutdown: &CancellationToken,
) -> Option<anyhow::Error> {
    // A motion loop that hangs in a driver is as bad as a main loop that hangs.
    let (moving, notifier) = (reloader.robot.alive(), reloader.notifier.clone());
    let ping = || {
        if *moving.borrow() {
            notifier.alive();
        }
    };
    let mut alive = tokio::time::interval(ALIVE_EVERY);
    let ended = loop {
        tokio::select! {
            // Shutdown ends the tasks too, so it is checked before their results.
            biased;
            () = shutdown.cancelled() => return None,
            _ = alive.tick() => ping(),
            Some(()) = reload.recv() => {
                let mut reloading = std::pin::pin!(reloader.reload());
                // A reload takes as long as the programs that it restarts; a slow machine is no reason to be restarted.
                loop {
                    tokio::select! {
                        () = shutdown.cancelled() => return None,
                        () = &mut reloading => break,
                        _ = alive.tick() => ping(),
                    }
                }
            }
            () = reloader.robot.broken() => break anyhow::anyhow!("the motion loop ended"),
            () = running.media.broken() => break anyhow::anyhow!("a task of the media side ended"),
            () = running.recorder.broken() => break anyhow::anyhow!("the recorder ended"),
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

fn surroundings(
    options: &Options,
    loaded: &Loaded,
    hook_port: u16,
    access: &AccessRules,
    spawner: &Spawner,
) -> Surroundings {
    let (state_dir, runtime_dir) = (options.state_dir.clone(), options.runtime_dir.clone());
    let config_file = loaded.file.clone().or_else(|| options.config.clone());
    Surroundings {
        confiner: Confiner::new(state_dir.clone(), runtime_dir.clone(), config_file),
        state_dir,
        runtime_dir,
        hook: ([127, 0, 0, 1], hook_port).into(),
        access: access.clone(),
        spawner: spawner.clone(),
    }
}

/// The media side and the recorder, which stops before it.
struct MediaSide {
    media: media::Running,
    recorder: recordings::Running,
}

impl MediaSide {
    fn start(config: &Arc<Config>, surroundings: Surroundings) -> (Media, Recordings, Self) {
        let state_dir = surroundings.state_dir.clone();
        let (handle, media) = Media::start(config, surroundings);
        let (recordings, recorder) = Recordings::start(handle.record_switch(), &state_dir);
        (handle, recordings, Self { media, recorder })
    }

    /// Closes recordings while their publishers still run.
    async fn stop(self) {
        let persisted = self.recorder.stop().await;
        self.media.stop().await;
        persisted.await;
    }
}

/// Ends child processes of an earlier run.
async fn sweep(spawner: &Spawner) {
    match spawner.sweep().await {
        Ok(0) => {}
        Ok(swept) => tracing::warn!(processes = swept, "ended child processes of an earlier run"),
        // Most likely blocked in a driver. The device it holds is reported as busy; the rest works.
        Err(error) => tracing::error!(%error, "child processes of an earlier run cannot be ended"),
    }
}

/// Creates both directories where they are missing, and resolves them to absolute paths.
fn with_directories(options: Options) -> anyhow::Result<Options> {
    let options = Options {
        state_dir: make_directory(&options.state_dir)?,
        runtime_dir: make_directory(&options.runtime_dir)?,
        ..options
    };
    for dir in [&options.state_dir, &options.runtime_dir] {
        trust::folder(dir).map_err(|distrust| anyhow::anyhow!("{} {distrust}", dir.display()))?;
    }
    prove_writable(&options.runtime_dir)?;
    // Recordings fill this disk. A robot with a full disk must still start, so that recordings can be deleted.
    if let Err(error) = prove_writable(&options.state_dir) {
        tracing::error!("{error:#}; continuing in memory: changes are lost at a restart");
    }
    Ok(options)
}

/// Creates a private directory if it is missing. Returns its absolute path, because MediaMTX has another working directory.
fn make_directory(path: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| path.canonicalize())
        .with_context(|| {
            format!("cannot create the directory {}; create it and give it to havatard", path.display())
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

/// Identifies the child processes of this state directory among those of other daemons on the machine.
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
