//! What keeps a recording from being downloaded.

use std::io;
use std::path::PathBuf;

use crate::client::ClientError;

/// Why a recording was not downloaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{} exists already: name another file with -o", _0.display())]
    Exists(PathBuf),
    #[error(
        "{} exists already: another download is writing it, or was broken off; delete it if none runs",
        _0.display()
    )]
    PartExists(PathBuf),
    #[error("the recording's own name, {0:?}, cannot be a file's name here: name one with -o")]
    BadName(String),
    #[error("{} is not a file's name", _0.display())]
    NotAFile(PathBuf),
    #[error("cannot write {}", file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("only {got} of {announced} bytes arrived")]
    Short { got: u64, announced: u64 },
    #[error("broken off; nothing was kept")]
    Interrupted,
}
