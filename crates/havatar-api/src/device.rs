//! One device of the robot.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// What the config asks for, in words: `v4l2 /dev/v4l/by-id/...`, `test picture`.
    pub name: String,
    /// Where it is.
    pub state: DeviceState,
    /// In words, where there is something to say.
    #[schema(required)]
    pub why: Option<String>,
}

/// Where a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// Not configured.
    Off,
    /// Its file is not there: unplugged or not yet plugged in. It is waited for.
    Away,
    /// There, but nothing comes from it yet.
    Silent,
    /// Frames or samples come from it.
    Live,
    /// Held off by the switch on the robot.
    Private,
}
