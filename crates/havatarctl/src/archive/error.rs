//! What keeps a backup from being made or opened.

use std::io;
use std::path::PathBuf;

use super::manifest::ManifestError;

/// Why a backup was not made, or not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("{} may not be read by this user: use sudo", _0.display())]
    Closed(PathBuf),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} changed while it was being read: run the backup again", _0.display())]
    Changed(PathBuf),
    #[error("{} cannot be sealed: {why}", path.display())]
    Seal { path: PathBuf, why: String },
    #[error("{} is no backup: it is not sealed by a passphrase", _0.display())]
    NotABackup(PathBuf),
    #[error("{} does not open with this passphrase: it is another one, or the file is damaged", _0.display())]
    WrongPassphrase(PathBuf),
    #[error("{} asks for more memory than a backup ever does: nothing of it was taken", _0.display())]
    TooMuchWork(PathBuf),
    #[error("{} is damaged or was cut short: nothing of it was taken", path.display())]
    Damaged { path: PathBuf, source: io::Error },
    #[error("{} is refused, and nothing of it was taken", path.display())]
    Refused { path: PathBuf, source: ManifestError },
    #[error("{} has room for {free} bytes, and the backup needs {needed}: make room there", path.display())]
    NoRoom { path: PathBuf, free: u64, needed: u64 },
}

impl ArchiveError {
    /// A file or folder cannot be read.
    pub(crate) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        if source.kind() == io::ErrorKind::PermissionDenied {
            Self::Closed(path)
        } else {
            Self::Read { path, source }
        }
    }

    /// A file or folder cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Write { path: path.into(), source }
    }
}
