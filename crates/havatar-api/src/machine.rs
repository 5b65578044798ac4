//! The machine, and the daemon on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The machine, and the daemon on it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// Seconds since the daemon started, by a clock that nobody sets.
    pub uptime_s: f64,
    /// How long ago the motion loop took its last turn, in milliseconds: below 300 on a machine that is not overloaded.
    pub motion_age_ms: u64,
    /// The machine is short of processor time; `null` if it is not.
    #[schema(required)]
    pub overload: Option<Overload>,
}

/// Too little processor time for all that is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overload {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What the picture was reduced to; `null` while it is whole.
    #[schema(required)]
    pub picture: Option<ReducedPicture>,
}

/// A picture with less to compute than is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReducedPicture {
    /// Frames a second.
    pub fps: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}
