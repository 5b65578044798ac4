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
    /// The machine is short of processor time, or the picture is still reduced after it was, or because of heat; `null` if neither.
    #[schema(required)]
    pub overload: Option<Overload>,
    /// Its heat and its supply.
    pub board: Board,
}

/// The heat and the supply of the computer board; `null` where the board does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// Temperature of the processor in degrees Celsius.
    #[schema(required)]
    pub temperature_c: Option<f64>,
    /// The board slows its processor down, because it is too hot or its supply too weak.
    #[schema(required)]
    pub throttled: Option<bool>,
    /// The supply's voltage is too low.
    #[schema(required)]
    pub under_voltage: Option<bool>,
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
