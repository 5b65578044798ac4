//! What keeps a backup from being made or opened.

use std::io;
use std::path::PathBuf;

use crate::format::size;

use super::manifest::ManifestError;

/// Why a backup was not made, or not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("{} is closed to this user: use sudo", _0.display())]
    Closed(PathBuf),
    #[error(
        "{} is a link that another user than root has made, and root does not follow it: name the folder that it leads to",
        _0.display()
    )]
    Linked(PathBuf),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} changed while it was being read: run the backup again", _0.display())]
    Changed(PathBuf),
    #[error("{} cannot be sealed: {why}", path.display())]
    Seal { path: PathBuf, why: String },
    #[error("no backup is written, because it could not be restored")]
    Unrestorable(#[source] ManifestError),
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
    #[error("{} has room for {}, and the backup needs {}: make room there", path.display(), size(*free), size(*needed))]
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
