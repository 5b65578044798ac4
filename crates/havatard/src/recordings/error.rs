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

impl RecordingError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::MediaMtx(_) => "mediamtx_away",
            Self::NoSuchRecording(_) => "no_such_recording",
            Self::BeingWritten(_) => "recording_in_progress",
            Self::NoSpace { .. } => "no_space",
            Self::Unavailable { .. } => "recordings_unavailable",
        }
    }

    /// HTTP status that fits.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoSuchRecording(_) => 404,
            Self::BeingWritten(_) => 409,
            Self::NoSpace { .. } => 507,
            Self::Busy | Self::ShuttingDown | Self::MediaMtx(_) | Self::Unavailable { .. } => 503,
        }
    }
}
