//! The handles that the HTTP side works with, built once by the daemon.

use std::sync::Arc;

use havatar_api as api;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::config::Config;
use crate::media::Media;
use crate::phrases;
use crate::recordings::Recordings;
use crate::robot::Robot;
use crate::speech::Speech;

/// One handle per part of the daemon.
pub struct Handles {
    /// Camera, microphone, loudspeaker and the processes behind them.
    pub media: Media,
    /// The recorder and the recorded files.
    pub recordings: Recordings,
    /// The robot and its driver's lease.
    pub robot: Robot,
    /// Text to speech.
    pub speech: Speech,
    /// Stored phrases, per account.
    pub phrases: phrases::Store,
    /// Viewers, driver and the robot's privacy switch.
    pub presence: watch::Receiver<api::Presence>,
    /// Sessions and tokens.
    pub auth: Auth,
    /// The config in force.
    pub config: watch::Receiver<Arc<Config>>,
    /// Origin of the config in force, and the errors of a newer file that was rejected.
    pub config_status: watch::Receiver<api::ConfigStatus>,
    /// Start of the daemon.
    pub started_at: Timestamp,
    /// The same by the steady clock, which nobody sets.
    pub started: Instant,
    /// Cancelled when the daemon stops.
    pub shutdown: CancellationToken,
}
