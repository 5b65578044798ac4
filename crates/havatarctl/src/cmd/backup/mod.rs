//! Verb `backup`: config, state and, if asked, recordings in one sealed file. It asks nothing of havatard, which may run meanwhile:
//! its files are replaced as a whole, and those that only grow are taken up to where they were.

pub(crate) mod error;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::Serialize;

use crate::archive::collect::{Contents, LeftOut};
use crate::archive::manifest::Top;
use crate::archive::pack::{self, Origin, Packed};
use crate::archive::passphrase::PassphraseSource;
use crate::archive::seal::{self, WORK};
use crate::archive::state_files;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Output, note};
use crate::{disk, format};

use self::error::BackupError;

/// Last of all programs: what is saved can wait for those that drive the robot.
const NICENESS: i32 = 19;

/// Arguments of `backup`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write, like robot.age; the program age opens it too
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseSource,
    /// The recordings too: as large as they are
    #[arg(long)]
    recordings: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
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

/// What was written.
#[derive(Serialize)]
struct Written {
    file: String,
    size_bytes: u64,
    files: usize,
    recordings: usize,
    /// Where they are.
    recordings_dir: String,
    left_out: Vec<LeftOut>,
}

/// A backup, which appears whole or not at all.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Exit, Error> {
    let written = write(args)?;
    for LeftOut { path, why } in &written.left_out {
        note(&format!("Left out: {} ({why}).", format::clean(path)));
    }
    output.show(&written, |_| {
        let file = format::clean(&written.file);
        let with = if args.recordings {
            let number = format::count(written.recordings as u64, "recording");
            format!(", {number} of {}", format::clean(&written.recordings_dir))
        } else {
            ", no recordings".to_owned()
        };
        format!(
            "Saved {file} ({}): {}{with}.\nIt opens with this passphrase alone. Keep both, and not in the same place.",
            format::size(written.size_bytes),
            format::count(written.files as u64, "file"),
        )
    })?;
    Ok(Exit::Done)
}

fn write(args: &Args) -> Result<Written, BackupError> {
    let Args { file, config_dir, state_dir, .. } = args;
    make_way();
    // Before the passphrase is asked for; the rename makes sure once more.
    if !args.force && fs::symlink_metadata(file).is_ok() {
        return Err(BackupError::Exists(file.clone()));
    }
    let recordings = args.recordings_dir.clone().unwrap_or_else(|| state_dir.join(state_files::RECORDINGS));
    for folder in [config_dir, state_dir, &recordings] {
        outside(file, folder)?;
    }
    let mut contents = Contents::default();
    contents.add(Top::Config, config_dir, |_| false)?;
    contents.add(Top::State, state_dir, state_files::is_passing)?;
    if args.recordings {
        if !recordings.exists() {
            return Err(BackupError::NoRecordings(recordings));
        }
        contents.add(Top::Recordings, &recordings, |_| false)?;
    }
    let passphrase = args.passphrase.choose()?;

    let part = Part::create(file)?;
    let failed = |source| BackupError::Write { file: part.path.clone(), source };
    let copy = part.file.try_clone().map_err(failed)?;
    let sealed = seal::seal(BufWriter::new(copy), file, passphrase, WORK)?;
    let (sealed, packed) = pack::pack(sealed, file, origin(), &mut contents, args.recordings)?;
    let buffered = sealed.finish().map_err(failed)?;
    buffered.into_inner().map_err(|error| failed(error.into_error()))?;
    let size_bytes = part.keep_as(file, args.force)?;
    let Packed { manifest, recordings: packed } = packed;
    Ok(Written {
        file: file.display().to_string(),
        size_bytes,
        files: manifest.files.len(),
        recordings: packed.len(),
        recordings_dir: recordings.display().to_string(),
        left_out: contents.left_out,
    })
}

/// Gives way to all other programs, and allows as many open files as the machine does. The backup is made all the same if that is refused.
fn make_way() {
    let _ = rustix::process::setpriority_process(None, NICENESS);
    // All files of config and state are open at once.
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// A backup within what is backed up would hold itself.
fn outside(file: &Path, folder: &Path) -> Result<(), BackupError> {
    let real = |path: &Path| path.canonicalize().ok();
    match (real(disk::folder_of(file)), real(folder)) {
        (Some(within), Some(folder)) if within.starts_with(&folder) => {
            Err(BackupError::Within { file: file.to_owned(), folder })
        }
        _ => Ok(()),
    }
}

fn origin() -> Origin {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Origin {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: Timestamp::now(),
        host: host.trim().to_owned(),
    }
}

/// The file while it is being written; it goes with this value, unless it is kept.
struct Part {
    path: PathBuf,
    /// Locked: what is not was broken off.
    file: Flock<File>,
    is_kept: bool,
}

impl Part {
    fn create(file: &Path) -> Result<Self, BackupError> {
        let mut name = file.file_name().ok_or_else(|| BackupError::NotAFile(file.to_owned()))?.to_owned();
        name.push(".part");
        let path = file.with_file_name(name);
        let failed = |source| BackupError::Write { file: path.clone(), source };
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        // Its lock is held until the new one has its own.
        let _broken_off = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Ok(left) => {
                let left = lock(left, &path)?;
                fs::remove_file(&path).map_err(failed)?;
                Some(left)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(failed(source)),
        };
        let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => lock(file, &path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::PartExists(path));
            }
            Err(source) => return Err(failed(source)),
        };
        Ok(Self { path, file, is_kept: false })
    }

    /// Puts it in place once it is on the disk, and returns its size in bytes.
    fn keep_as(mut self, file: &Path, force: bool) -> Result<u64, BackupError> {
        let failed = |source| BackupError::Write { file: file.to_owned(), source };
        self.file.sync_all().map_err(failed)?;
        let size = self.file.metadata().map_err(failed)?.len();
        if force {
            fs::rename(&self.path, file).map_err(failed)?;
        } else {
            match disk::rename_to_free(&self.path, file) {
                Err(Errno::EEXIST) => return Err(BackupError::Exists(file.to_owned())),
                result => result.map_err(|errno| failed(errno.into()))?,
            }
        }
        self.is_kept = true;
        disk::sync_directory(disk::folder_of(file)).map_err(failed)?;
        Ok(size)
    }
}

/// Locks a part that is at `path`, and that no other backup writes.
fn lock(part: File, path: &Path) -> Result<Flock<File>, BackupError> {
    let failed = |source| BackupError::Write { file: path.to_owned(), source };
    let in_the_way = || BackupError::PartExists(path.to_owned());
    let part = Flock::lock(part, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        Errno::EWOULDBLOCK => in_the_way(),
        errno => failed(errno.into()),
    })?;
    let meta = part.metadata().map_err(failed)?;
    // The backup that held the lock may have put it in its place just before.
    let is_at = |at: fs::Metadata| (at.dev(), at.ino()) == (meta.dev(), meta.ino());
    if meta.is_file() && fs::symlink_metadata(path).is_ok_and(is_at) { Ok(part) } else { Err(in_the_way()) }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename the name is another backup's.
        if !self.is_kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_part_replaces_only_by_force_and_never_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("robot.age");
        fs::write(&file, "old").unwrap();
        let part = Part::create(&file).unwrap();
        assert!(matches!(Part::create(&file), Err(BackupError::PartExists(_))), "two at once");
        let mode = fs::metadata(&part.path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600);
        assert!(matches!(part.keep_as(&file, false), Err(BackupError::Exists(_))));
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(Part::create(&file).unwrap().keep_as(&file, true).unwrap(), 0);
        assert_eq!(fs::read(&file).unwrap(), b"");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_part_that_was_broken_off_is_replaced_and_nothing_is_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, path) = (dir.path().join("robot.age"), dir.path().join("robot.age.part"));
        fs::write(&path, "half of a backup").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let part = Part::create(&file).unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.len(), meta.permissions().mode() & 0o7777), (0, 0o600));
        assert!(matches!(Part::create(&file), Err(BackupError::PartExists(_))), "it is being written now");
        drop(part);
        assert!(!path.exists());

        let other = dir.path().join("other");
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(matches!(Part::create(&file), Err(BackupError::Write { .. })));
        fs::remove_file(&path).unwrap();
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert!(matches!(Part::create(&file), Err(BackupError::PartExists(_))));
        assert_eq!(fs::read(&other).unwrap(), b"mine");
    }

    #[test]
    fn a_file_within_what_is_backed_up_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("state")).unwrap();
        let state = dir.path().join("state");
        assert!(matches!(outside(&state.join("x.age"), &state), Err(BackupError::Within { .. })));
        outside(&dir.path().join("x.age"), &state).unwrap();
    }
}
