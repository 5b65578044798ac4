//! Refusals with their texts.

use std::time::Duration;

use havatar_api::Refusal;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", detail.as_deref().unwrap_or_else(|| refusal_message(*refusal)))]
pub struct RobotError {
    /// The stable reason.
    pub refusal: Refusal,
    /// A text more precise than the reason's own.
    detail: Option<String>,
    /// After which the same request may be granted, where that is known.
    pub retry_after: Option<Duration>,
}

impl RobotError {
    /// A reason with a text of its own.
    pub fn with_detail(refusal: Refusal, detail: impl Into<String>) -> Self {
        Self { refusal, detail: Some(detail.into()), retry_after: None }
    }

    /// Names the time after which the same request may be granted.
    #[must_use]
    pub fn retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }
}

impl From<Refusal> for RobotError {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, detail: None, retry_after: None }
    }
}

/// One sentence for a person: what is wrong and what to do.
pub fn refusal_message(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RobotOff => "no robot is configured: set robot.port",
        Refusal::RobotAway => "the motor controller is unplugged or silent; it is used as soon as it answers",
        Refusal::RobotUnknown => {
            "what is at the end of the cable has not shown that it is the motor controller; nothing is driven"
        }
        Refusal::RobotFault => "the motor controller reports a fault of its motors",
        Refusal::NotSupported => "this robot has no such part",
        Refusal::EstopLatched => "the e-stop is latched: release it first, in two steps",
        Refusal::EstopButton => "the e-stop button on the robot is pressed: pull it out first",
        Refusal::NoLease => "you do not have the robot: acquire it first",
        Refusal::LeaseHeld => "somebody else has the robot: ask them for it",
        Refusal::LeaseLost => "you no longer have the robot",
        Refusal::NoSocket => "open the drive socket first: nothing moves without a live driver",
        Refusal::NeutralFirst => "let go of every control once, then drive",
        Refusal::PressAgain => "this press has been used: press again",
        Refusal::Moving => "a move is under way; wait for its end or stop it",
        Refusal::CommandLate => "the command was too old when it arrived",
        Refusal::OutOfOrder => "the command came twice, or after a later one",
        Refusal::Clock => "the times in the message cannot be: send those of one steady clock",
        Refusal::PictureUnknown => {
            "nobody knows how old your picture is: drive with the picture on, or by steps"
        }
        Refusal::PictureStale => "your picture is too old to drive by",
        Refusal::LagTooLong => "picture and command together are too late for this",
        Refusal::StopUnreachable => "a latch needs a stop that can be reached at any moment",
        Refusal::OutOfRange => "a number is outside its range",
        Refusal::BadMessage => "the message cannot be read",
        Refusal::Flood => "too many messages: send 20 a second",
    }
}
