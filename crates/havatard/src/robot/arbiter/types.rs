//! The arbiter's input and output: driver commands with their timing, and set-points.

use std::ops::RangeInclusive;
use std::time::Duration;

use havatar_api::StepMove;

use crate::robot::wire::StepKind;

/// Deadman: a motion ends this long after the last message that fed it.
pub(in crate::robot) const DEADMAN: Duration = Duration::from_millis(250);
/// Duration that a latch may ask for, ms.
pub(super) const LATCH_MS: RangeInclusive<u32> = 1000..=8000;

/// The configured top speeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::robot) struct SpeedLimits {
    /// mm/s.
    pub(in crate::robot) linear: f64,
    /// mrad/s.
    pub(in crate::robot) angular: f64,
}

/// The timing of a message whose sender and order have been checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::robot) struct Timing {
    /// Upper bound of its age.
    pub(in crate::robot) age: Duration,
    /// Age of the driver's video; `None` if it was not reported.
    pub(in crate::robot) video: Option<Duration>,
}

/// What a driver's message asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::robot) enum DriverCommand {
    Hold { linear: f64, angular: f64 },
    Latch { press: u64, linear: f64, angular: f64, for_ms: u32, stop_reachable: bool },
    Step { press: u64, step: StepMove },
    Alive,
    Neutral,
}

/// What the wheels are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::robot) enum SetPoint {
    /// Brake, and stay at rest.
    Brake,
    /// Slow down, and stay at rest.
    Neutral,
    /// Drive; speeds in mm/s and mrad/s.
    Drive { linear: i16, angular: i16, age: Duration, left: Duration },
    /// Move by a distance or an angle.
    Step { id: u16, kind: StepKind, amount: i32, speed: u16, age: Duration, left: Duration },
}
