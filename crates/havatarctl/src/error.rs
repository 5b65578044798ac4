//! What keeps a verb from being done, and its exit code.

use std::io;
use std::path::PathBuf;

use crate::archive::error::ArchiveError;
use crate::client::{AddressError, ClientError};
use crate::cmd::backup::error::BackupError;
use crate::cmd::record::error::DownloadError;
use crate::cmd::restore::error::RestoreError;
use crate::cmd::update::error::UpdateError;
use crate::exit::Exit;
use crate::token::TokenError;

/// Why a verb was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Update(#[from] UpdateError),
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("the frame cannot be written to {}: name another file with --save", file.display())]
    Frame { file: PathBuf, source: io::Error },
    #[error("the manual pages cannot be written into {}", into.display())]
    Manuals { into: PathBuf, source: io::Error },
}

impl Error {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Address(_) => Exit::WrongUsage,
            Self::Token(_)
            | Self::Backup(BackupError::Archive(ArchiveError::Closed(_)))
            | Self::Restore(RestoreError::Archive(ArchiveError::Closed(_)))
            | Self::Update(UpdateError::NotRoot) => Exit::NotAllowed,
            Self::Client(error) | Self::Download(DownloadError::Client(error)) => error.exit(),
            // The reader of a pipe may close it early: `havatarctl logs camera | head -1`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Download(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Update(_)
            | Self::Output(_)
            | Self::Runtime(_)
            | Self::Frame { .. }
            | Self::Manuals { .. } => Exit::Failed,
        }
    }
}
