//! havatard's command line: arguments, logging, signals and exit codes. All else is in the library.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use havatar_api::LoginLink;
use havatard::config::{Diagnostics, Loaded};
use havatard::daemon::{self, STOP_WITHIN};
use havatard::logging::{Log, in_journal};
use havatard::notifier::ServiceNotifier;
use havatard::options::Options;
use havatard::sound::{self, Sink, Source};
use havatard::{priority, service_user};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

const FAILED: u8 = 1;
const WRONG_CONFIG: u8 = 2;

/// Supervisor and control plane of the Havatar telepresence robot.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the daemon
    Run(Common),
    /// Name every fault in the config: file, line, key and fix; exit 2 if there is one
    Check(Common),
    /// Print the mediamtx.yml that would be written, without its secrets
    Render(Common),
    /// A stage of the pipelines that the daemon starts
    #[command(hide = true, subcommand)]
    Sound(Stage),
    /// Asks a camera what it offers, for the daemon
    #[command(hide = true)]
    CameraFormats {
        /// The V4L2 device
        device: PathBuf,
    },
    /// Asks a camera for its controls and sets some, for the daemon
    #[command(hide = true)]
    CameraControls {
        /// The V4L2 device
        device: PathBuf,
        /// What to set before that, as JSON
        #[arg(long, value_name = "REQUEST")]
        set: Option<String>,
    },
    /// Writes the manual pages into a folder, for the package
    #[command(hide = true)]
    Manuals {
        /// The folder
        into: PathBuf,
    },
}

/// What runs between ffmpeg and the sound card's own programs.
#[derive(Subcommand)]
enum Stage {
    /// Hands the talk line and speech to a player on standard output
    Play {
        /// The daemon's runtime directory
        dir: PathBuf,
        /// Play to nobody
        #[arg(long)]
        nobody: bool,
    },
    /// Hands what a recorder gives on standard input to an encoder on standard output
    Capture {
        /// The daemon's runtime directory
        dir: PathBuf,
        /// Make a tone instead
        #[arg(long)]
        tone: bool,
    },
}

#[derive(Args)]
struct Common {
    /// Config file [default: /etc/havatar/havatar.yaml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where state is kept: the admin token, sessions, recordings
    #[arg(long, value_name = "DIR", default_value = "/var/lib/havatar")]
    state_dir: PathBuf,
    /// Where files of this run are kept
    #[arg(long, value_name = "DIR", default_value = "/run/havatar")]
    runtime_dir: PathBuf,
    /// Test picture, test sound and a simulated robot, unless the config names a camera, a microphone and a robot
    #[arg(long)]
    demo: bool,
}

impl From<Common> for Options {
    fn from(common: Common) -> Self {
        Self {
            config: common.config,
            state_dir: common.state_dir,
            runtime_dir: common.runtime_dir,
            demo: common.demo,
        }
    }
}

fn main() -> ExitCode {
    // First: the guard of the child processes is this same program.
    havatar_supervisor::guard::run_if_asked();
    match Cli::parse().verb {
        Verb::Run(common) => run(common.into()),
        Verb::Check(common) => check(&common.into()),
        Verb::Render(common) => render(&common.into()),
        Verb::Sound(stage) => sound(&stage),
        Verb::Manuals { into } => manuals(&into),
        Verb::CameraFormats { device } => print(&havatard::media::camera_formats(&device)),
        Verb::CameraControls { device, set } => {
            print(&havatard::media::camera_controls(&device, set.as_deref()))
        }
    }
}

fn manuals(into: &Path) -> ExitCode {
    match clap_mangen::generate_to(Cli::command(), into) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "havatard: {} cannot be written to: {error}", into.display());
            ExitCode::from(FAILED)
        }
    }
}

/// Connections have limits of their own (`http/limits`); those of a shell, often 1024, would come first.
const OPEN_FILES: u64 = 8192;

fn run(options: Options) -> ExitCode {
    let log = Log::start();
    allow_open_files();
    let loaded = match options.load() {
        Ok(loaded) => loaded,
        Err(errors) => {
            log.end_with(&errors.to_string());
            return ExitCode::from(WRONG_CONFIG);
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    // Before there is another thread: all of them inherit it.
    priority::prefer_control();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log.end_with(&format!("havatard: cannot start: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let result = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let (reload, reloads) = tokio::sync::mpsc::channel(1);
        tokio::spawn(log.tell_lost());
        tokio::spawn(listen_to_signals(shutdown.clone(), reload)?);
        daemon::run(loaded, options, Arc::new(Terminal), reloads, shutdown).await
    });
    // A hanging disk blocks its thread; it must not block the exit.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.end_with(&format!("havatard: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Raises the soft limit of open files as far as the hard one allows.
fn allow_open_files() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = OPEN_FILES.min(hard);
    if soft < wanted
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
    {
        tracing::warn!(%error, "the limit of open files stays at {soft}");
    }
}

fn check(options: &Options) -> ExitCode {
    match load_as_service(options) {
        Ok((loaded, as_service)) => {
            let judged = if as_service { ", judged as the service's user" } else { "" };
            let warnings: String = loaded.warnings.iter().map(|warning| warning.to_string() + "\n").collect();
            let what = loaded
                .file
                .as_ref()
                .map_or_else(|| "the defaults".to_owned(), |file| file.display().to_string());
            print(&format!("{warnings}{what}: no fault{judged}\n"))
        }
        Err(code) => code,
    }
}

fn render(options: &Options) -> ExitCode {
    match load_as_service(options) {
        Ok((loaded, _)) => match havatard::media::rendered(&loaded.config, &options.state_dir) {
            Ok(text) => print(&text),
            Err(error) => fail(&error),
        },
        Err(code) => code,
    }
}

/// Loads the config as the service will, and says whether that took the service's user; or prints what keeps it from being loaded.
fn load_as_service(options: &Options) -> Result<(Loaded, bool), ExitCode> {
    let as_service = service_user::become_for(options)
        .map_err(|error| fail(&format!("cannot judge as the service's user: {error}")))?;
    let loaded = options.load().map_err(|errors| refuse(&errors))?;
    Ok((loaded, as_service))
}

fn sound(stage: &Stage) -> ExitCode {
    let result = match stage {
        Stage::Play { dir, nobody } => sound::play(dir, if *nobody { Sink::Discard } else { Sink::Stdout }),
        Stage::Capture { dir, tone } => sound::capture(dir, if *tone { Source::Tone } else { Source::Stdin }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("sound: {error}")),
    }
}

/// SIGINT and SIGTERM stop the daemon; a second one, or a stop that exceeds its limit, ends the process at once, and the guard
/// ends its children. SIGHUP reloads the config.
fn listen_to_signals(
    shutdown: CancellationToken,
    reload: tokio::sync::mpsc::Sender<()>,
) -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                // A pending reload will read the newest file.
                _ = hangup.recv() => drop(reload.try_send(())),
                () = shutdown.cancelled() => break,
            }
        }
        shutdown.cancel();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = tokio::time::sleep(STOP_WITHIN) => {}
        }
        std::process::exit(i32::from(FAILED));
    })
}

/// Notifies the person at the terminal, and systemd.
struct Terminal;

impl ServiceNotifier for Terminal {
    fn serving(&self, address: &str, link: &LoginLink) {
        let minutes = link.expires_in_s / 60;
        // The link signs in, so it goes to a terminal or the process that started the daemon, never into a journal.
        let sign_in = if in_journal() {
            "Make a sign-in link with: havatarctl link".to_owned()
        } else {
            format!("Sign in once, within {minutes} minutes: {address}{}", link.path)
        };
        let _ = print(&format!("Havatar is at {address}\n{sign_in}\n"));
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    }

    fn alive(&self) {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
    }

    fn reloading(&self, under_way: bool) {
        let state = if under_way { sd_notify::NotifyState::Reloading } else { sd_notify::NotifyState::Ready };
        let mut states = vec![state];
        if under_way && let Ok(now) = sd_notify::NotifyState::monotonic_usec_now() {
            states.push(now);
        }
        let _ = sd_notify::notify(&states);
    }

    fn stopping(&self) {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    }
}

fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn refuse(errors: &Diagnostics) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{errors}");
    ExitCode::from(WRONG_CONFIG)
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "havatard: {message}");
    ExitCode::from(FAILED)
}
