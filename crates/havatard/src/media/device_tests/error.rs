//! Why a device could not be tested.

use havatar_supervisor::LaunchError;

use crate::media::publish::launch::HELD_OFF;

/// Why a device could not be tested, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceTestError {
    /// One test at a time.
    #[error("a device is being tested already: try again in a moment")]
    Busy,
    /// The switch on the robot forbids it.
    #[error("{HELD_OFF}")]
    Private,
    /// The name cannot be a device's.
    #[error("{0}")]
    BadName(String),
    /// Nothing of the kind is configured.
    #[error("{0}")]
    NotConfigured(String),
    /// It can be tested only while it streams, and it does not.
    #[error("{0}")]
    NotRunning(String),
    /// The device is not there.
    #[error("{0}")]
    Absent(String),
    /// A program uses it.
    #[error("{0}")]
    InUse(String),
    /// This user may not open it.
    #[error("{0}")]
    NotPermitted(String),
    /// Nothing usable came of it.
    #[error("{0}")]
    Failed(String),
}

impl From<LaunchError> for DeviceTestError {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::NotReady(why) | LaunchError::Failed(why) => Self::Failed(why),
        }
    }
}
