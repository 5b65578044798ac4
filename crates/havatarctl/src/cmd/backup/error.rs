//! What keeps a backup from being written.

use std::io;
use std::path::PathBuf;

use crate::archive::error::ArchiveError;
use crate::archive::passphrase::PassphraseError;

/// Why no backup was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("{} exists already: name another file, or replace it with --force", _0.display())]
    Exists(PathBuf),
    #[error("{} is in the way: another backup is writing it, or it is no plain file", _0.display())]
    PartExists(PathBuf),
    #[error("{} is not there: name the folder of the recordings with --recordings-dir", _0.display())]
    NoRecordings(PathBuf),
    #[error("{} lies in {}, which is backed up itself: name a file elsewhere", file.display(), folder.display())]
    Within { file: PathBuf, folder: PathBuf },
    #[error("{} is not a file's name", _0.display())]
    NotAFile(PathBuf),
    #[error("cannot write {}", file.display())]
    Write { file: PathBuf, source: io::Error },
}
