//! Verb `update`: installs a package, and waits for the verdict of the package's own way back. It installs nothing by itself: apt does,
//! the package's scripts restart the service, and `check-upgrade` watches the first start.

pub(crate) mod error;
mod package;
mod verdict;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Output, note};

use self::error::UpdateError;
use self::verdict::{Marks, Verdict};

const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// The unit that watches a first start may take 180 s.
const PATIENCE: Duration = Duration::from_mins(4);
/// That unit is started beside the package's scripts: so long it may not be there yet.
const GRACE: Duration = Duration::from_secs(20);
/// So long a version that runs again is waited for.
const BACK_WITHIN: Duration = Duration::from_mins(1);

/// Arguments of `update`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The package, like havatar_0.2.0_arm64.deb
    file: PathBuf,
    /// Try a version that has failed here before
    #[arg(long)]
    again: bool,
    /// Install a version that is older than the installed one
    #[arg(long)]
    downgrade: bool,
    /// Where the package's way back keeps its marks
    #[arg(long, hide = true, value_name = "DIR", default_value = "/var/lib/havatar-versions")]
    versions_dir: PathBuf,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It was installed already.
    Unchanged,
    Good,
    RolledBack,
    /// It was left for the version before, and that one does not run either.
    Down,
    Stranded,
    NotTried,
    /// No verdict came in time.
    Unknown,
}

/// The answer.
#[derive(Serialize)]
struct Updated {
    from: Option<String>,
    to: String,
    outcome: Outcome,
    /// The version that runs.
    runs: Option<String>,
}

/// Installs the package; done only once its version has proven itself.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Exit, Error> {
    let updated = update(args)?;
    output.show(&updated, |_| sentence(&updated))?;
    Ok(match updated.outcome {
        Outcome::Unchanged | Outcome::Good => Exit::Done,
        Outcome::RolledBack | Outcome::Down | Outcome::Stranded | Outcome::NotTried | Outcome::Unknown => {
            Exit::Failed
        }
    })
}

fn sentence(updated: &Updated) -> String {
    let to = format::clean(&updated.to);
    match updated.outcome {
        Outcome::Unchanged => format!("havatar {to} is installed already."),
        Outcome::Good => format!("havatar {to} has started, and is the version to go back to from now on."),
        Outcome::RolledBack => format!(
            "havatar {to} did not stay up, so {} runs again. Why: journalctl -u havatar-upgrade -u havatard",
            updated.runs.as_deref().map_or_else(|| "the version before".to_owned(), format::clean)
        ),
        Outcome::Down => format!(
            "havatar {to} did not stay up, and the version before does not run either. Why: journalctl -u havatard"
        ),
        Outcome::Stranded => format!(
            "havatar {to} does not start, and there is no version to go back to. Why: journalctl -u havatard"
        ),
        Outcome::NotTried => format!(
            "havatar {to} is installed, but the service does not run, so it has not proven itself: \
             sudo systemctl start havatard"
        ),
        Outcome::Unknown => format!(
            "havatar {to} is installed, but whether it stays up is not known yet: havatar-rollback --show"
        ),
    }
}

fn update(args: &Args) -> Result<Updated, UpdateError> {
    if !geteuid().is_root() {
        return Err(UpdateError::NotRoot);
    }
    // apt takes a path for the name of a package, unless a slash stands in it.
    let file =
        args.file.canonicalize().map_err(|source| UpdateError::File { file: args.file.clone(), source })?;
    let to = package::version(&file)?;
    let from = package::installed()?;
    let has_failed = Marks::read(&args.versions_dir).failed.as_ref() == Some(&to);
    if has_failed && !args.again {
        return Err(UpdateError::Failed(to));
    }
    let is_same = from.as_ref() == Some(&to);
    let is_older = match &from {
        Some(from) if !is_same => package::is_older(&to, from)?,
        _ => false,
    };
    if let Some(from) = &from
        && is_older
        && !args.downgrade
    {
        return Err(UpdateError::Older { from: from.clone(), to });
    }
    let outcome = if is_same && !args.again {
        match wait(args, &to) {
            Outcome::Good => Outcome::Unchanged,
            other => other,
        }
    } else {
        announce(from.as_deref(), &to);
        verdict::forget();
        install(&file, &to, is_older, is_same)?;
        if has_failed {
            // The package's scripts leave a version that has failed where it is.
            undo_roll_back()?;
        }
        wait(args, &to)
    };
    let runs = match outcome {
        Outcome::Unchanged | Outcome::Good => Some(to.clone()),
        Outcome::RolledBack => Marks::read(&args.versions_dir).good,
        _ => None,
    };
    Ok(Updated { from, to, outcome, runs })
}

fn announce(from: Option<&str>, to: &str) {
    let shown = from.map_or_else(|| "nothing".to_owned(), format::clean);
    note(&format!(
        "Havatar: {shown} -> {}. The robot stops for a moment, and everybody is cut off.",
        format::clean(to)
    ));
}

fn install(file: &Path, to: &str, is_older: bool, is_same: bool) -> Result<(), UpdateError> {
    // The owner's config stays, no other package goes, and nothing is asked.
    let options = ["--yes", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=120"];
    let keep = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];
    let mut apt = Command::new("apt-get");
    apt.arg("install").args(options).args(keep);
    if is_older {
        apt.arg("--allow-downgrades");
    }
    if is_same {
        apt.arg("--reinstall");
    }
    apt.arg(file);
    let (program, ended) = match shown(apt) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            note(
                "apt-get is not there: dpkg installs the package, and what it depends on must be there already.",
            );
            let mut dpkg = Command::new("dpkg");
            dpkg.args(["--force-confdef", "--force-confold", "--install"]).arg(file);
            ("dpkg", shown(dpkg))
        }
        ended => ("apt-get", ended),
    };
    let status = ended.map_err(|source| UpdateError::Run { program, source })?;
    if !status.success() {
        return Err(UpdateError::Install { program, status });
    }
    let found = package::installed()?;
    if found.as_deref() == Some(to) {
        return Ok(());
    }
    let found = found.unwrap_or_else(|| "nothing".to_owned());
    Err(UpdateError::NotInstalled { program, found, to: to.to_owned() })
}

fn undo_roll_back() -> Result<(), UpdateError> {
    let program = "havatar-rollback";
    let mut command = Command::new(program);
    command.arg("--undo");
    let status = shown(command).map_err(|source| UpdateError::Run { program, source })?;
    if status.success() { Ok(()) } else { Err(UpdateError::Undo(status)) }
}

/// Runs a program whose words are for the person: on standard error, beside the answer.
fn shown(mut command: Command) -> io::Result<ExitStatus> {
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(io::stderr()).status()
}

/// Waits for the verdict on `version`.
fn wait(args: &Args, version: &str) -> Outcome {
    let began = Instant::now();
    let mut told = began;
    loop {
        let marks = Marks::read(&args.versions_dir);
        let passed = began.elapsed();
        match marks.judge(version) {
            Verdict::Good => return Outcome::Good,
            Verdict::RolledBack => return wait_until_back(),
            Verdict::Stranded => return Outcome::Stranded,
            Verdict::NotTried if matches!(marks.service.as_str(), "inactive" | "failed" | "") => {
                return Outcome::NotTried;
            }
            Verdict::NotTried | Verdict::Unwatched if passed >= GRACE => return Outcome::Unknown,
            _ if passed >= PATIENCE => return Outcome::Unknown,
            _ => {}
        }
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            note(&format!(
                "{} s: the first start of havatar {} is being watched.",
                passed.as_secs(),
                format::clean(version)
            ));
        }
        std::thread::sleep(LOOKED_AT_EVERY);
    }
}

/// The marks are there before the version that runs again is.
fn wait_until_back() -> Outcome {
    let began = Instant::now();
    loop {
        match verdict::is_back() {
            Some(true) => return Outcome::RolledBack,
            None if began.elapsed() < BACK_WITHIN => std::thread::sleep(LOOKED_AT_EVERY),
            Some(false) | None => return Outcome::Down,
        }
    }
}
