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
    /// MediaMTX did not answer in time, which a busy machine explains: one that is gone refuses the connection, and one that
    /// hangs is ended by its supervisor.
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::MediaMtx(ClientError::Away { source, .. }) if source.is_timeout())
    }
}

/// Why controls of the camera are not set.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Its device is not there.
    #[error("the camera is not there; its controls can be set once it is plugged in")]
    Away,
    /// The picture comes from no V4L2 camera, or from one without controls.
    #[error("{0}")]
    NoControls(String),
    /// They are being set already.
    #[error("the camera's controls are being set already; try again in a moment")]
    Busy,
    /// The camera does not offer what was asked for; nothing was changed.
    #[error("{0}")]
    Refused(String),
    /// The device could not be asked.
    #[error("the camera's controls cannot be set: {0}")]
    Failed(String),
}
