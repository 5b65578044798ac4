//! Verb `restore`: what a backup holds takes the place of config and state, all of it or nothing.
//!
//! The whole file is verified first, into folders beside those in use. What is in use is put aside, never deleted. The daemon must not
//! run, and cannot start meanwhile: its lock is held.

pub(crate) mod error;
mod lock;
mod merge;
mod present;
mod staging;
mod swap;

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::signal::{SigSet, Signal};
use serde::Serialize;

use crate::archive::error::ArchiveError;
use crate::archive::manifest::Manifest;
use crate::archive::owner::Owner;
use crate::archive::passphrase::PassphraseSource;
use crate::archive::seal;
use crate::archive::state_files::{RECORDINGS, SIGN_INS};
use crate::archive::unpack::{self, Target, Targets, Unpacked};
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Output, note};

use self::error::RestoreError;
use self::lock::Lock;
use self::merge::Merge;
use self::present::Latch;
use self::staging::{Place, Staging, aside};
use self::swap::Swap;

/// Arguments of `restore`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file that backup has written
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
    /// Take the backup's sign-ins too: browsers that were signed in then are signed in again, also those signed out since
    #[arg(long)]
    sign_ins: bool,
    /// Folder of the config and of the secrets that it names
    #[arg(long, value_name = "DIR", default_value = "/etc/havatar")]
    config_dir: PathBuf,
    /// Folder of the state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/havatar")]
    state_dir: PathBuf,
    /// Folder of the recordings [default: recordings in the state's folder]
    #[arg(long, value_name = "DIR")]
    recordings_dir: Option<PathBuf>,
}

/// What was restored.
#[derive(Serialize)]
struct Restored {
    host: String,
    made_at: Timestamp,
    version: String,
    files: usize,
    /// Recordings that were not there before.
    recordings: usize,
    sign_ins: bool,
    /// The present e-stop was kept, because it is latched or not known to be released.
    estop_kept: bool,
    /// Where that is which was there before.
    aside: Vec<String>,
    /// What `havatard check` says of the config; none if it could not be asked.
    config_ok: Option<bool>,
}

/// Restores a backup, after a confirmation.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Exit, Error> {
    let Some(restored) = restore(args)? else {
        note("Nothing was restored.");
        return Ok(Exit::Failed);
    };
    output.show(&restored, |_| text(&restored))?;
    Ok(if restored.config_ok == Some(false) { Exit::Failed } else { Exit::Done })
}

fn text(restored: &Restored) -> String {
    let mut lines = vec![format!("Restored {}.", format::count(restored.files as u64, "file"))];
    if restored.recordings > 0 {
        lines.push(format!("Added {}.", format::count(restored.recordings as u64, "recording")));
    }
    lines.extend(restored.aside.iter().map(|aside| format!("Before: {}", format::clean(aside))));
    lines.push(
        match restored.config_ok {
            Some(true) => "havatard takes the config. Start it: sudo systemctl start havatard",
            Some(false) => {
                "havatard does not take the config: correct it, then sudo systemctl start havatard"
            }
            None => "The config was not checked.",
        }
        .to_owned(),
    );
    lines.join("\n")
}

/// `None`: it was not confirmed.
fn restore(args: &Args) -> Result<Option<Restored>, RestoreError> {
    let source = File::open(&args.file).map_err(|error| ArchiveError::read(&args.file, error))?;
    let config = Place::at(&args.config_dir, Owner::own(), 0o755)?;
    let state = Place::at(&args.state_dir, Owner::service(), 0o700)?;
    state.holds(RECORDINGS)?;
    let _lock = if state.is_there { Some(Lock::take(&state.path, state.owner)?) } else { None };
    let passphrase = args.passphrase.recall()?;
    let source = seal::open(BufReader::new(source), &args.file, passphrase)?;

    let (new_config, new_state) = (Staging::beside(&config)?, Staging::beside(&state)?);
    // Recordings that are there stay, and those of the backup come among them; without any the new state brings its own.
    let has_recordings = state.path.join(RECORDINGS).exists();
    let recordings = match &args.recordings_dir {
        Some(folder) => folder.clone(),
        None if has_recordings => state.path.join(RECORDINGS),
        None => new_state.folder.join(RECORDINGS),
    };
    make_folder(&recordings, state.owner)?;
    let is_new = recordings.starts_with(&new_state.folder);
    let new_recordings = if is_new { None } else { Some(Staging::within(&recordings)?) };
    let unpack_into = new_recordings.as_ref().map_or(&recordings, |staging| &staging.folder).clone();
    let targets = Targets {
        config: Target { folder: new_config.folder.clone(), owner: config.owner },
        state: Target { folder: new_state.folder.clone(), owner: state.owner },
        recordings: Target { folder: unpack_into, owner: state.owner },
    };
    let sign_ins = format!("state/{SIGN_INS}");
    let wanted = |path: &str| args.sign_ins || path != sign_ins;
    let unpacked = unpack::unpack(source, &args.file, &targets, wanted)?;
    if config.is_there {
        present::keep_links(&config.path, &new_config.folder)?;
    }
    let latch = if state.is_there {
        present::keep(&state.path, &new_state.folder, state.owner)?
    } else {
        Latch::Free
    };
    new_config.finish(&config)?;
    new_state.finish(&state)?;
    // The new directory's lock too: a daemon that starts after the exchange finds that one.
    let _new_lock = Lock::take(&new_state.folder, state.owner)?;

    let when = Timestamp::now().to_zoned(TimeZone::system()).strftime("%Y-%m-%d_%H-%M-%S").to_string();
    let along = has_recordings.then_some(RECORDINGS);
    let swaps =
        [(&state, &new_state, along), (&config, &new_config, None)].map(|(place, staging, along)| Swap {
            staged: staging.folder.clone(),
            target: place.path.clone(),
            is_there: place.is_there,
            aside: aside(&place.path, &when),
            along,
        });
    announce(&unpacked, args, &swaps, &latch);
    if !args.yes && !confirmed().map_err(RestoreError::Ask)? {
        return Ok(None);
    }
    let added = put_in_place(&unpacked, new_recordings.as_ref(), &recordings, state.owner, &swaps)?;
    let Manifest { host, at, havatar, files, .. } = unpacked.manifest;
    Ok(Some(Restored {
        host,
        made_at: at,
        version: havatar,
        files: files.iter().filter(|file| wanted(&file.path)).count(),
        recordings: added,
        sign_ins: args.sign_ins,
        estop_kept: latch != Latch::Free,
        aside: swaps
            .iter()
            .filter(|swap| swap.is_there)
            .map(|swap| swap.aside.display().to_string())
            .collect(),
        config_ok: check(&config.path),
    }))
}

/// All of it, or nothing; a signal has to wait meanwhile. Returns how many recordings are new.
fn put_in_place(
    unpacked: &Unpacked,
    staged: Option<&Staging>,
    recordings: &Path,
    owner: Owner,
    swaps: &[Swap],
) -> Result<usize, RestoreError> {
    let Some(staged) = staged else {
        return held_back(|| swap::all(swaps)).map(|()| unpacked.recordings.len());
    };
    let paths = unpacked.recordings.iter().filter_map(|recording| recording.path.split_once('/'));
    held_back(|| {
        let merge = Merge::of(paths.map(|(_, path)| path), &staged.folder, recordings, owner)?;
        swap::all(swaps)?;
        Ok(merge.keep())
    })
}

/// Does what must not be broken off. Where signals cannot be held back, a kill in the wrong moment leaves the former beside its place.
fn held_back<T>(work: impl FnOnce() -> T) -> T {
    let signals = SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM]);
    let is_held_back = signals.thread_block().is_ok();
    let done = work();
    if is_held_back {
        let _ = signals.thread_unblock();
    }
    done
}

/// Makes a folder of the service's, if it is not there.
fn make_folder(folder: &Path, owner: Owner) -> Result<(), RestoreError> {
    if folder.exists() {
        return Ok(());
    }
    let made = DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .and_then(|()| chown(folder, Some(owner.uid), Some(owner.gid)));
    made.map_err(|source| RestoreError::Write { path: folder.to_owned(), source })
}

/// What will be done, before it is.
fn announce(unpacked: &Unpacked, args: &Args, swaps: &[Swap], latch: &Latch) {
    let Manifest { host, at, havatar, files, .. } = &unpacked.manifest;
    note(&format!(
        "The backup is of {}, made {} by Havatar {}: {}, {}. It is whole.",
        format::clean(host),
        format::moment(*at, &TimeZone::system()),
        format::clean(havatar),
        format::count(files.len() as u64, "file"),
        format::count(unpacked.recordings.len() as u64, "recording"),
    ));
    for Swap { target, aside, is_there, .. } in swaps {
        let (target, aside) = (target.display().to_string(), aside.display().to_string());
        let (target, aside) = (format::clean(&target), format::clean(&aside));
        note(&if *is_there {
            format!("It takes the place of {target}, which is kept as {aside}.")
        } else {
            format!("It makes {target}.")
        });
    }
    note("The backup's admin token and watch token hold again, and those of today no more.");
    note(if args.sign_ins {
        "Browsers that were signed in then are signed in again."
    } else {
        "Sign-ins are left out: every browser signs in anew."
    });
    match latch {
        Latch::Free => {}
        Latch::Latched(_) => note("The e-stop is latched, and stays so."),
        Latch::Unknown => note("Whether the e-stop is latched is not known: it stays latched."),
    }
}

fn confirmed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        note("Restoring needs a person at a terminal, or --yes.");
        return Ok(false);
    }
    write!(io::stderr(), "Type yes to restore it: ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

/// Whether `havatard check` takes the config; what it says goes to standard error.
fn check(config: &Path) -> Option<bool> {
    let file = config.join("havatar.yaml");
    if fs::metadata(&file).is_err() {
        return None;
    }
    let mut command = Command::new("havatard");
    command.arg("check").arg("--config").arg(&file).stdin(Stdio::null());
    let said = command.output().ok()?;
    for line in [&said.stdout, &said.stderr].into_iter().flat_map(|text| text.split(|byte| *byte == b'\n')) {
        if !line.is_empty() {
            note(&format::clean(&String::from_utf8_lossy(line)));
        }
    }
    Some(said.status.success())
}
