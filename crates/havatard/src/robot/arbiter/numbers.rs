//! Ranges, rounding and scaling of speeds.

use havatar_api::{Refusal, StepMove};

use super::types::{DriverCommand, LATCH_MS};

/// Refuses numbers that are wrong in any state.
pub(super) fn in_range(command: &DriverCommand) -> Result<(), Refusal> {
    let share = |share: f64| share.is_finite() && (-1.0..=1.0).contains(&share);
    let right = match *command {
        DriverCommand::Hold { linear, angular } => share(linear) && share(angular),
        DriverCommand::Latch { linear, angular, for_ms, .. } => {
            share(linear) && share(angular) && (linear != 0.0 || angular != 0.0) && LATCH_MS.contains(&for_ms)
        }
        DriverCommand::Step { step: StepMove::Cm(cm), .. } => matches!(cm, -50 | -20 | -5 | 5 | 20 | 50),
        DriverCommand::Step { step: StepMove::Deg(deg), .. } => {
            matches!(deg, -180 | -90 | -45 | -15 | -5 | 5 | 15 | 45 | 90 | 180)
        }
        DriverCommand::Alive | DriverCommand::Neutral => true,
    };
    if right { Ok(()) } else { Err(Refusal::OutOfRange) }
}

/// The factor for the direction of a motion: backwards is half as fast.
pub(super) fn backwards(way: f64) -> f64 {
    if way < 0.0 { 0.5 } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
pub(super) fn ceil(value: f64) -> u16 {
    value.ceil().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Rounds towards zero, so that rounding never speeds up.
#[expect(clippy::cast_possible_truncation, reason = "clamped first")]
pub(super) fn whole(value: f64) -> i16 {
    value.clamp(f64::from(i16::MIN), f64::from(i16::MAX)).trunc() as i16
}
