//! What recording refuses or fails at.

use std::path::PathBuf;

use crate::media::ClientError;

/// What recording refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The command queue is full.
    #[error("too many requests at once; try again in a moment")]
    Busy,
    /// The daemon is on its way down.
    #[error("havatard is shutting down")]
    ShuttingDown,
    /// MediaMTX gave no usable answer.
    #[error("MediaMTX is away or refused the request")]
    MediaMtx(#[from] ClientError),
    /// No recording with that id.
    #[error("there is no recording with the id {0}")]
    NoSuchRecording(String),
    /// Deleting the file that is being recorded to.
    #[error("recording {0} is being written; stop recording first")]
    BeingWritten(String),
    /// The disk is too full to begin.
    #[error("only {free_mib} MiB are free at {}; delete old recordings first", path.display())]
    NoSpace {
        /// Directory of the recordings.
        path: PathBuf,
        /// What is left.
        free_mib: u64,
    },
    /// A file or folder of recordings cannot be used.
    #[error("the recordings at {} cannot be read or changed", path.display())]
    Unavailable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
