//! What keeps a verb from being done, and its exit code.

use std::io;
use std::path::PathBuf;

use crate::client::{AddressError, ClientError};
use crate::cmd::record::error::DownloadError;
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
            Self::Token(_) => Exit::NotAllowed,
            Self::Client(error) | Self::Download(DownloadError::Client(error)) => error.exit(),
            // The reader of a pipe may close it early: `havatarctl logs camera | head -1`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Download(_)
            | Self::Output(_)
            | Self::Runtime(_)
            | Self::Frame { .. }
            | Self::Manuals { .. } => Exit::Failed,
        }
    }
}
