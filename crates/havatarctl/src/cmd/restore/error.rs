//! What keeps a backup from being restored.

use std::io;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::archive::error::ArchiveError;
use crate::archive::passphrase::PassphraseError;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("havatard{holder} uses {}: sudo systemctl stop havatard", path.display())]
    Running { path: PathBuf, holder: String },
    #[error(
        "{} is a disk of its own, and cannot be moved with the state: unmount it, restore, and mount it again",
        _0.display()
    )]
    Mounted(PathBuf),
    #[error("cannot tell what {} holds", path.display())]
    Look { path: PathBuf, source: io::Error },
    #[error("restoring needs a person at a terminal, or --yes")]
    NoTerminal,
    #[error("cannot ask for a confirmation: use --yes")]
    Ask(#[source] io::Error),
    #[error("cannot hold signals back")]
    Signals(#[source] io::Error),
    #[error("ended by {0}")]
    Interrupted(Signal),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} cannot be put in its place, and all is as it was before", path.display())]
    Place { path: PathBuf, source: io::Error },
    #[error(
        "{} cannot be put in its place, and what was there before cannot be put back: it is in {}",
        path.display(),
        aside.display()
    )]
    Stuck { path: PathBuf, aside: PathBuf, source: io::Error },
}

impl RestoreError {
    /// A file or folder cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        // Root is refused where it has the rights of a folder's owner only, and sudo is no help.
        if source.kind() == io::ErrorKind::PermissionDenied && !geteuid().is_root() {
            ArchiveError::Closed(path).into()
        } else {
            Self::Write { path, source }
        }
    }
}
