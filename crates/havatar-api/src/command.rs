//! Requests to the robot: lease, steps, head, lights, buzzer, release of the e-stop.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::robot::{Driver, Estop};

/// Body of `POST /api/v1/robot/lease`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeaseRequest {
    /// How others see this driver, at most 40 characters; by default the account's name.
    #[schema(required = false)]
    pub name: Option<String>,
    /// If another driver holds the lease: `refuse` (the default), `ask` them, or, for an admin, `take` it.
    pub if_held: IfHeld,
}

/// What to do if another driver holds the lease.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfHeld {
    /// Leave it.
    #[default]
    Refuse,
    /// Ask them to hand it over. The one who asked comes again with `ask` to learn the answer.
    Ask,
    /// Take it from them, through a stop. For admins.
    Take,
}

/// Answer to `POST /api/v1/robot/lease`: 201 with a grant, 202 with `asked` while the present driver is being asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum LeaseAnswer {
    /// The robot is yours.
    Granted {
        /// The lease's number.
        lease: u64,
        /// The secret that commands carry. Given out once.
        token: String,
        /// Without a sign of life for this long the lease ends.
        stale_after_ms: u32,
    },
    /// The present driver has been asked.
    Asked {
        /// Who that is; `null` while the robot is reserved for the client to whom it was just handed over.
        #[schema(required)]
        driver: Option<Driver>,
    },
}

/// Body of requests that need nothing but the lease: `DELETE` (release) and `PUT` (keep alive) of `/api/v1/robot/lease`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseToken {
    /// The lease's secret.
    pub token: String,
}

/// Body of `POST /api/v1/robot/lease/answer`: the driver's answer to the client that asks.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaseReply {
    /// The lease's secret.
    pub token: String,
    /// Hand the robot over, through a stop.
    pub hand_over: bool,
}

/// A bounded move: exactly one of the two, in the steps that the table of modes allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StepMove {
    /// Straight on, in cm: 5, 20 or 50, negative backwards.
    Cm(i32),
    /// Turn, in degrees: 5, 15, 45, 90 or 180, positive to the left.
    Deg(i32),
}

/// Body of `POST /api/v1/robot/step`. The lease's drive socket must be open: it keeps the step alive, and its beats say
/// how old the press is.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    /// The lease's secret.
    pub token: String,
    /// Counts the presses of this lease, from 1; a number is good once, and only upwards.
    pub press: u64,
    /// When the press was made, in ms of the socket's steady clock: as in a `Stamp`.
    pub t: f64,
    /// The newest beat received on the socket by then.
    pub beat: u64,
    /// When that was received.
    pub beat_t: f64,
    /// The move.
    #[serde(rename = "move")]
    pub step: StepMove,
}

/// Body of `POST /api/v1/robot/head`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadRequest {
    /// The lease's secret.
    pub token: String,
    /// Degrees, -90 to 90, positive to the left.
    pub pan: f64,
    /// Degrees, -45 to 45, positive upwards.
    pub tilt: f64,
}

/// Body of `POST /api/v1/robot/lights`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LightsRequest {
    /// The lease's secret.
    pub token: String,
    /// The lamp, 0 (off) to 255.
    pub light: u8,
}

/// Body of `POST /api/v1/robot/buzzer`: an attention sound.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuzzerRequest {
    /// The lease's secret.
    pub token: String,
    /// 100 to 5000 Hz; 0 is silence.
    pub hz: u16,
    /// At most 2000 ms.
    pub ms: u16,
}

/// Body of `POST /api/v1/robot/estop/release`. Two steps: without `confirm`, a code is given out; with it, the e-stop is released.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EstopRelease {
    /// The code of the first step.
    pub confirm: Option<String>,
}

/// Answer to `POST /api/v1/robot/estop/release`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EstopReleased {
    /// The e-stop as it is now.
    pub estop: Estop,
    /// To be sent as `confirm` in the second step; `null` after it.
    #[schema(required)]
    pub confirm: Option<String>,
    /// How long the code is good.
    #[schema(required)]
    pub expires_in_s: Option<u64>,
}
