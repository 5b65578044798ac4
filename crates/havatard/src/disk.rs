//! Private files: read only when nobody else could have written or read them, written whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2};

use crate::random;

/// Bytes that are read of a file at most.
const LARGEST: u64 = 1024 * 1024;
/// Random bytes in a scratch file's name, and the characters that they make.
const MARK: usize = 9;
const MARK_CHARS: usize = 12;

/// Why a private file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there, or cannot be read.
    #[error("could not read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A link, a folder, a device.
    #[error("{} is a link or no regular file: what is private is not read through it; put the file itself there", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Open to group or world.
    #[error("{} has mode {mode:04o}, so others can get at it: run chmod 600 {}", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Neither ours nor root's.
    #[error("{} belongs to user {uid}: it must be ours or root's", path.display())]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
}

impl ReadError {
    /// There is no such file (or no such folder).
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The text of a private file: a regular file, ours or root's, closed to group and world.
pub fn read(path: &Path) -> Result<String, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|source| {
            if source.raw_os_error() == Some(nix::libc::ELOOP) {
                ReadError::NotAFile { path: path.to_owned() }
            } else {
                failed(source)
            }
        })?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(ReadError::NotAFile { path: path.to_owned() });
    }
    if meta.mode() & 0o077 != 0 {
        return Err(ReadError::Exposed { path: path.to_owned(), mode: meta.mode() & 0o7777 });
    }
    let me = nix::unistd::geteuid();
    if meta.uid() != me.as_raw() && meta.uid() != 0 {
        return Err(ReadError::ForeignOwner { path: path.to_owned(), uid: meta.uid() });
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Whether a file that is already there is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Fail with `AlreadyExists`. Several may try at once; one succeeds.
    Keep,
    /// Put the new one in its place. The caller is the only writer of this file meanwhile.
    Replace,
}

/// Writes a file of mode 0600 beside its place and renames it there, so that a crash, a power cut or a full disk
/// leaves either the old file or the new one. When this returns `Ok`, the new one is on the disk, name and all.
///
/// After an error either may be there.
pub fn write(path: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    stage(path, content)?.publish(existing)
}

/// The first half of [`write`]: the content is on the disk, beside its place, to be checked before it is published.
pub fn stage(path: &Path, content: &[u8]) -> io::Result<Staged> {
    let staged = Staged { scratch: Scratch(scratch_name(path)), path: path.to_owned() };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged.path())?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(staged)
}

/// A file beside its place. Dropping it removes it.
pub struct Staged {
    scratch: Scratch,
    path: PathBuf,
}

impl Staged {
    /// Where the content is until it is published.
    pub fn path(&self) -> &Path {
        &self.scratch.0
    }

    /// The second half of [`write`]: renames the file into its place.
    pub fn publish(self, existing: Existing) -> io::Result<()> {
        let flags = match existing {
            Existing::Keep => RenameFlags::RENAME_NOREPLACE,
            Existing::Replace => RenameFlags::empty(),
        };
        renameat2(AT_FDCWD, self.path(), AT_FDCWD, &self.path, flags)?;
        if let Some(dir) = self.path.parent() {
            sync_directory(dir)?;
        }
        if existing == Existing::Replace {
            // A leftover that cannot be removed costs a few bytes; the file itself is in place.
            for leftover in leftovers(&self.path).unwrap_or_default() {
                let _ = fs::remove_file(leftover);
            }
        }
        Ok(())
    }
}

/// Makes it known that what a file says no longer holds, when [`write`] cannot say what does: as after a crash in the middle
/// of a write, there are [`leftovers`]. A rename and an empty file need no room on a full disk.
pub fn doubt(path: &Path) -> io::Result<()> {
    let scratch = scratch_name(path);
    if fs::rename(path, &scratch).is_err() {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&scratch)?;
    }
    path.parent().map_or(Ok(()), sync_directory)
}

fn scratch_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", random::text::<MARK>()));
    path.with_file_name(name)
}

/// Scratch files of [`write`] for this path: of a write that is under way, or that a crash cut short.
pub fn leftovers(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_scratch(&entry.file_name(), name) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Makes what was created, renamed or removed in a directory survive a power cut.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // A file system that knows no such thing.
        Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => Ok(()),
        result => result,
    }
}

fn is_scratch(candidate: &OsStr, name: &OsStr) -> bool {
    candidate
        .as_bytes()
        .strip_prefix(name.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(b".tmp"))
        .is_some_and(|mark| {
            let known = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            mark.len() == MARK_CHARS && mark.iter().all(known)
        })
}

/// Removes what a failed write left; after the rename there is nothing under this name.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_a_file_whole_private_from_the_start_and_clears_what_crashes_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, "old").unwrap();
        fs::write(dir.path().join("secret.AAAAaaaa09-_.tmp"), "half").unwrap();
        for other in ["secret.AAAAaaaa09-_", "secret.short.tmp", "secret2.AAAAaaaa09-_.tmp"] {
            fs::write(dir.path().join(other), "somebody else's").unwrap();
        }
        write(&path, b"new", Existing::Replace).unwrap();
        assert_eq!(read(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let left = ["secret", "secret.AAAAaaaa09-_", "secret.short.tmp", "secret2.AAAAaaaa09-_.tmp"];
        assert_eq!(names(dir.path()), left);
    }

    #[test]
    fn what_is_staged_and_not_published_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings");
        write(&path, b"former", Existing::Keep).unwrap();
        let staged = stage(&path, b"refused").unwrap();
        assert_eq!(read(staged.path()).unwrap(), "refused", "private, whole, and beside its place");
        assert_eq!(read(&path).unwrap(), "former");
        drop(staged);
        assert_eq!(
            (read(&path).unwrap().as_str(), names(dir.path())),
            ("former", vec!["settings".to_owned()])
        );
    }

    #[test]
    fn keeps_a_file_that_is_there_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        write(&path, b"first", Existing::Keep).unwrap();
        let error = write(&path, b"second", Existing::Keep).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((read(&path).unwrap().as_str(), names(dir.path())), ("first", vec!["token".to_owned()]));
    }

    #[test]
    fn a_write_that_cannot_be_finished_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir_all(path.join("full")).unwrap();
        assert!(write(&path, b"x", Existing::Replace).is_err(), "a folder cannot be replaced");
        assert_eq!(names(dir.path()), ["folder"]);
        assert!(write(Path::new("/nonexistent/x"), b"x", Existing::Replace).is_err());
    }

    #[test]
    fn what_is_not_private_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        assert!(read(&path).unwrap_err().is_absent());
        symlink("elsewhere", &path).unwrap();
        assert!(matches!(read(&path), Err(ReadError::NotAFile { .. })));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(read(&path), Err(ReadError::NotAFile { .. })));
        fs::remove_dir(&path).unwrap();
        write(&path, b"x", Existing::Keep).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, ReadError::Exposed { mode: m, .. } if m == mode), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
}
