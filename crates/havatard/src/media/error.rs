//! What the media side refuses or fails at.

use super::server::client::ClientError;

/// What the media side refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// No supervised process of that name.
    #[error("there is no process named {0}")]
    NoSuchProcess(String),
    /// The command queue is full.
    #[error("too many requests at once; try again in a moment")]
    Busy,
    /// The daemon is on its way down.
    #[error("havatard is shutting down")]
    ShuttingDown,
    /// The supervisor did not take a request.
    #[error("the request to the supervisor was not taken")]
    Supervisor(#[from] havatar_supervisor::RequestError),
    /// MediaMTX gave no usable answer.
    #[error("MediaMTX is away or refused the request")]
    MediaMtx(#[from] ClientError),
}

impl MediaError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchProcess(_) => "no_such_process",
            Self::Busy | Self::Supervisor(_) => "busy",
            Self::ShuttingDown => "shutting_down",
            Self::MediaMtx(_) => "mediamtx_away",
        }
    }

    /// HTTP status that fits.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoSuchProcess(_) => 404,
            Self::Busy | Self::Supervisor(_) | Self::ShuttingDown | Self::MediaMtx(_) => 503,
        }
    }
}
