//! Messages of the drive socket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::command::StepMove;
use crate::refusal::Refusal;
use crate::robot::RobotState;

/// What every driving message carries, so that an old, repeated or reordered one is known for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// Counts the messages of this socket, from 1, upwards.
    pub seq: u64,
    /// When it was made, in ms of the client's own steady clock (`performance.now()`).
    pub t: f64,
    /// The newest beat that the client has received.
    pub beat: u64,
    /// When it received that beat, on the same clock.
    pub beat_t: f64,
    /// Age of the newest video frame on the driver's screen, in ms; left out if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub picture_ms: Option<f64>,
}

/// What a client says on `GET /api/v1/robot/drive`: text messages of at most 512 bytes, at most 60 a second.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DriveMessage {
    /// The first message, within 2 s: which lease this socket is for.
    Hello {
        /// The lease's secret.
        token: String,
        /// How often `state` is wanted, 1 to 20 a second.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(required = false)]
        rate_hz: Option<u8>,
    },
    /// A control is held, 20 times a second while it is.
    Hold {
        /// When and how.
        at: Stamp,
        /// Share of the allowed speed, -1 (backwards) to 1.
        linear: f64,
        /// Share of the allowed turn, -1 (right) to 1 (left).
        angular: f64,
    },
    /// A latch is on, 20 times a second while it is.
    Latch {
        /// When and how.
        at: Stamp,
        /// Which press this is: a new number begins or renews, the same keeps alive.
        press: u64,
        /// Share of the allowed speed, -1 to 1.
        linear: f64,
        /// Share of the allowed turn, -1 to 1.
        angular: f64,
        /// How long from the press on, 1000 to 8000 ms.
        for_ms: u32,
        /// The stop control is on screen and works.
        stop_reachable: bool,
    },
    /// One press for one bounded move. `alive` keeps it alive.
    Step {
        /// When and how.
        at: Stamp,
        /// Which press this is; a number is good once, and only upwards.
        press: u64,
        /// The move.
        #[serde(rename = "move")]
        step: StepMove,
    },
    /// The driver is there; nothing else is said. At least every 500 ms, and 20 times a second during a step.
    Alive {
        /// When and how.
        at: Stamp,
    },
    /// Every control has been let go.
    Neutral {
        /// When and how.
        at: Stamp,
    },
    /// Stop now. Never refused.
    Stop,
    /// Latch the e-stop. Never refused.
    Estop,
}

impl DriveMessage {
    /// The number of a message that has one.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Hold { at, .. }
            | Self::Latch { at, .. }
            | Self::Step { at, .. }
            | Self::Alive { at }
            | Self::Neutral { at } => Some(at.seq),
            Self::Hello { .. } | Self::Stop | Self::Estop => None,
        }
    }
}

/// What the robot says on the drive socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "one at a time, serialized at once, never stored")]
pub enum DriveEvent {
    /// The lease is good.
    Welcome {
        /// Its number.
        lease: u64,
        /// Between two beats.
        beat_ms: u32,
        /// Between two messages of a held control.
        repeat_ms: u32,
        /// A held motion ends this long after the last message.
        deadman_ms: u32,
        /// An older command moves nothing.
        oldest_ms: u32,
        /// Fastest, m/s.
        max_linear: f64,
        /// Fastest turn, degrees a second.
        max_angular: f64,
    },
    /// To be echoed in the stamps of later messages.
    Beat {
        /// Its number.
        n: u64,
    },
    /// The robot as it is: at the rate asked for, and at once when a motion begins, ends or is refused.
    State {
        /// All of it.
        robot: RobotState,
    },
    /// A message had no effect.
    Refused {
        /// Whose `seq` it carried; `null` if that could not be read.
        #[schema(required)]
        seq: Option<u64>,
        /// Why.
        code: Refusal,
        /// The same for a person.
        detail: String,
    },
    /// Another client asks to take over: answer with `POST /api/v1/robot/lease/answer`.
    Asked {
        /// Who.
        who: String,
    },
    /// This socket's lease has ended; the socket closes.
    Ended {
        /// Why.
        code: Refusal,
        /// Who has the robot now.
        #[schema(required)]
        driver: Option<String>,
    },
}
