//! Verb `restore`: what a backup holds takes the place of config and state, all of it or nothing.
//!
//! The whole file is verified first, into folders beside those in use. What is in use is put aside, never deleted. The daemon must not
//! run, and cannot start meanwhile: its lock is held. A signal leaves all as it was, or comes too late.

pub(crate) mod error;
mod lock;
mod merge;
mod present;
mod signals;
mod staging;
mod swap;

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::signal::raise;
use serde::Serialize;

use crate::archive::error::ArchiveError;
use crate::archive::manifest::{Manifest, Top, place};
use crate::archive::owner::{self, Owner};
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
use self::signals::Signals;
use self::staging::{Place, Staging, aside};
use self::swap::Swap;

/// Bytes of the file between two looks for a signal.
const READ_AT_ONCE: usize = 64 * 1024;

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
    /// Leave the backup's recordings out
    #[arg(long)]
    without_recordings: bool,
    /// Folder of the config and of the secrets that it names
    #[arg(long, value_name = "DIR", default_value = "/etc/havatar")]
    config_dir: PathBuf,
    /// Folder of the state
    #[arg(long, value_name = "DIR", default_value = "/var/lib/havatar")]
    state_dir: PathBuf,
    /// Folder of the recordings, if the config names one in recording.directory [default: recordings in the state's folder]
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
    let restored = match restore(args) {
        Ok(Some(restored)) => restored,
        Ok(None) => {
            note("Nothing was restored.");
            return Ok(Exit::Failed);
        }
        Err(RestoreError::Interrupted(signal)) => {
            note("Nothing was restored.");
            // It ends this program, as its caller expects of it.
            let _ = raise(signal);
            return Ok(Exit::Failed);
        }
        Err(error) => return Err(error.into()),
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
    if !args.yes && !io::stdin().is_terminal() {
        return Err(RestoreError::NoTerminal);
    }
    let source = File::open(&args.file).map_err(|error| ArchiveError::read(&args.file, error))?;
    let config = Place::at(&args.config_dir, Owner::own(), 0o755)?;
    let state = Place::at(&args.state_dir, Owner::service(), 0o700)?;
    state.holds(RECORDINGS)?;
    let _lock = if state.is_there { Some(Lock::take(&state.path, state.owner)?) } else { None };
    let passphrase = args.passphrase.recall()?;
    let signals = Signals::hold().map_err(RestoreError::Signals)?;
    let source = BufReader::with_capacity(READ_AT_ONCE, signals.guard(source));
    let source = seal::open(source, &args.file, passphrase)?;

    let (new_config, new_state) = (Staging::beside(&config)?, Staging::beside(&state)?);
    let has_recordings = fs::symlink_metadata(state.path.join(RECORDINGS)).is_ok();
    let (recordings, new_recordings) = place_for_recordings(args, &state, has_recordings, &new_state)?;
    let (unpack_into, recordings_as) = match &new_recordings {
        Some(staging) => (&staging.folder, state.owner),
        None => (&recordings, Owner::own()),
    };
    let targets = Targets {
        config: Target { folder: new_config.folder.clone(), owner: config.owner },
        state: Target { folder: new_state.folder.clone(), owner: state.owner },
        recordings: Target { folder: unpack_into.clone(), owner: state.owner },
        recordings_as,
    };
    let sign_ins = format!("state/{SIGN_INS}");
    let wanted = |path: &str| match place(path) {
        Ok((Top::Recordings, rest)) => {
            !args.without_recordings && fs::symlink_metadata(recordings.join(rest)).is_err()
        }
        _ => args.sign_ins || path != sign_ins,
    };
    let unpacked = unpack::unpack(source, &args.file, &targets, wanted);
    signals.check()?;
    let unpacked = unpacked?;
    let lost =
        if config.is_there { present::keep_links(&config.path, &new_config.folder)? } else { Vec::new() };
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
    announce(&unpacked, args, &swaps, &latch, &lost);
    if !args.yes && !confirmed(&signals)? {
        return Ok(None);
    }
    signals.check()?;
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

/// Where the backup's recordings go in the end, and where they are until then. Those that are there stay, and the others come among them;
/// without any the new state brings its own.
fn place_for_recordings(
    args: &Args,
    state: &Place,
    has_own: bool,
    new_state: &Staging,
) -> Result<(PathBuf, Option<Staging>), RestoreError> {
    let own = state.path.join(RECORDINGS);
    let there = args.recordings_dir.as_ref().or_else(|| has_own.then_some(&own));
    if let Some(folder) = there.filter(|_| !args.without_recordings) {
        let folder = owner::trusted(folder)?;
        let staging = Staging::within(&folder, state.owner)?;
        return Ok((folder, Some(staging)));
    }
    let folder = new_state.folder.join(RECORDINGS);
    if !has_own {
        // Within what is root's still: nobody else can put a link there.
        let made = DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .and_then(|()| lchown(&folder, Some(state.owner.uid), Some(state.owner.gid)));
        made.map_err(|source| RestoreError::write(&folder, source))?;
    }
    Ok((folder, None))
}

/// All of it, or nothing. Returns how many recordings are new.
fn put_in_place(
    unpacked: &Unpacked,
    staged: Option<&Staging>,
    recordings: &Path,
    owner: Owner,
    swaps: &[Swap],
) -> Result<usize, RestoreError> {
    let Some(staged) = staged else {
        return swap::all(swaps).map(|()| unpacked.added.len());
    };
    let paths = unpacked.added.iter().filter_map(|path| path.split_once('/'));
    let merge = Merge::of(paths.map(|(_, path)| path), &staged.folder, recordings, owner)?;
    swap::all(swaps)?;
    Ok(merge.keep())
}

/// What will be done, before it is.
fn announce(unpacked: &Unpacked, args: &Args, swaps: &[Swap], latch: &Latch, lost: &[PathBuf]) {
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
    for link in lost {
        let link = link.display().to_string();
        note(&format!(
            "The link {} is not taken along: the backup has its place otherwise.",
            format::clean(&link)
        ));
    }
    note("The backup's admin token and watch token hold again, and those of today no more.");
    note(if args.sign_ins {
        "Browsers that were signed in then are signed in again."
    } else {
        "Sign-ins are left out: every browser signs in anew."
    });
    if args.without_recordings && !unpacked.recordings.is_empty() {
        note("Its recordings are left out.");
    }
    match latch {
        Latch::Free => {}
        Latch::Latched(_) => note("The e-stop is latched, and stays so."),
        Latch::Unknown => note("Whether the e-stop is latched is not known: it stays latched."),
    }
}

fn confirmed(signals: &Signals) -> Result<bool, RestoreError> {
    write!(io::stderr(), "Type yes to restore it: ").map_err(RestoreError::Ask)?;
    signals.wait_for(&io::stdin())?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(RestoreError::Ask)?;
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
