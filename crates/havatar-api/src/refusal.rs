//! Why the robot refuses a command.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a command was refused. Stable; a panel puts it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No robot is configured.
    RobotOff,
    /// The controller is unplugged or silent.
    RobotAway,
    /// What is at the end of the cable has not shown that it is the controller.
    RobotUnknown,
    /// The controller reports a fault of its motors.
    RobotFault,
    /// This robot has no such part.
    NotSupported,
    /// The e-stop is latched.
    EstopLatched,
    /// The e-stop button on the robot is pressed.
    EstopButton,
    /// Nobody has the robot: acquire it first.
    NoLease,
    /// Another driver has it.
    LeaseHeld,
    /// It was yours, and is no more.
    LeaseLost,
    /// There is no live drive socket for this lease.
    NoSocket,
    /// Every control must be let go once.
    NeutralFirst,
    /// This press has been used: press again.
    PressAgain,
    /// A move is under way; moves are never queued.
    Moving,
    /// The command was too old on arrival.
    CommandLate,
    /// The command came twice, or after a later one.
    OutOfOrder,
    /// The times in the command cannot be.
    Clock,
    /// Nobody reports how old the driver's picture is.
    PictureUnknown,
    /// The driver's picture is too old.
    PictureStale,
    /// Picture and command together are too late for this mode.
    LagTooLong,
    /// A latch needs a stop that can be reached.
    StopUnreachable,
    /// A number is outside its range.
    OutOfRange,
    /// The message cannot be read.
    BadMessage,
    /// Too many messages.
    Flood,
}

impl Refusal {
    /// The stable code, as it is serialized.
    pub fn code(self) -> &'static str {
        match self {
            Self::RobotOff => "robot_off",
            Self::RobotAway => "robot_away",
            Self::RobotUnknown => "robot_unknown",
            Self::RobotFault => "robot_fault",
            Self::NotSupported => "not_supported",
            Self::EstopLatched => "estop_latched",
            Self::EstopButton => "estop_button",
            Self::NoLease => "no_lease",
            Self::LeaseHeld => "lease_held",
            Self::LeaseLost => "lease_lost",
            Self::NoSocket => "no_socket",
            Self::NeutralFirst => "neutral_first",
            Self::PressAgain => "press_again",
            Self::Moving => "moving",
            Self::CommandLate => "command_late",
            Self::OutOfOrder => "out_of_order",
            Self::Clock => "clock",
            Self::PictureUnknown => "picture_unknown",
            Self::PictureStale => "picture_stale",
            Self::LagTooLong => "lag_too_long",
            Self::StopUnreachable => "stop_unreachable",
            Self::OutOfRange => "out_of_range",
            Self::BadMessage => "bad_message",
            Self::Flood => "flood",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_the_api_spells() {
        for name in [
            "robot_off",
            "robot_away",
            "robot_unknown",
            "robot_fault",
            "not_supported",
            "estop_latched",
            "estop_button",
            "no_lease",
            "lease_held",
            "lease_lost",
            "no_socket",
            "neutral_first",
            "press_again",
            "moving",
            "command_late",
            "out_of_order",
            "clock",
            "picture_unknown",
            "picture_stale",
            "lag_too_long",
            "stop_unreachable",
            "out_of_range",
            "bad_message",
            "flood",
        ] {
            let refusal: Refusal = serde_json::from_value(name.into()).unwrap();
            assert_eq!(refusal.code(), name);
        }
    }
}
