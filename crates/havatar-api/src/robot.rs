//! The state of the robot.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::refusal::Refusal;

/// A snapshot of the robot: body of `GET /api/v1/robot/state`.
///
/// Speeds are m/s and degrees a second, forward and left (counter-clockwise from above) positive. The default is that of a
/// daemon without a robot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RobotState {
    /// The cable and who is at its end.
    pub link: RobotLink,
    /// Whether it moves, and what it takes to move it.
    pub motion: Motion,
    /// The e-stop.
    pub estop: Estop,
    /// Who drives.
    #[schema(required)]
    pub driver: Option<Driver>,
    /// For whom the robot is reserved while nobody drives it; `null` while it is free or driven.
    #[schema(required)]
    pub reserved: Option<LeaseReservation>,
    /// What the robot says of itself; `null` while it says nothing that can be believed.
    #[schema(required)]
    pub telemetry: Option<Telemetry>,
    /// Why the black box does not reach the disk, in words; `null` while it does.
    #[schema(required)]
    pub black_box_fault: Option<String>,
}

/// A lease that is reserved: for 20 s for the sign-in whose lease has expired, or for 5 s for the client that the driver has
/// handed it to. The sign-in acquires it as if it were free; others ask, and an admin may take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaseReservation {
    /// The number of the lease that has ended.
    pub lease: u64,
    /// The name of the person it is reserved for.
    pub who: String,
}

/// Where the link to the motor controller is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RobotLinkState {
    /// No robot is configured.
    #[default]
    Off,
    /// The port is not there: unplugged. It is waited for.
    Away,
    /// The port is there but cannot be used; `why` says the reason.
    Refused,
    /// The port is open; what is at its end has not shown what it is. Nothing is driven.
    Unknown,
    /// The controller answers.
    Up,
}

/// The link to the motor controller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RobotLink {
    /// Where it is.
    pub state: RobotLinkState,
    /// The port, as configured; empty if none is.
    pub port: String,
    /// In words, where there is something to say.
    #[schema(required)]
    pub why: Option<String>,
    /// Who answers.
    #[schema(required)]
    pub device: Option<RobotDevice>,
    /// What this robot cannot guarantee.
    pub warnings: Vec<RobotWarning>,
}

/// The motor controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RobotDevice {
    /// Its own name.
    pub name: String,
    /// `havatar` or `text`.
    pub protocol: String,
    /// What it can do: `odometry`, `battery`, `head`, `light`, `presence`, `buzzer`, `mute_switch`, `estop_button`,
    /// `estop` (latches), `estop_latch` (keeps it over its reset), `watchdog`.
    pub features: Vec<String>,
    /// Its count of boots; `null` if it has none.
    #[schema(required)]
    pub boot: Option<u32>,
}

/// Something that a person should know before driving this robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RobotWarning {
    /// Stable: `no_watchdog`, `no_acknowledgement`, `no_estop_latch`, `no_odometry`, `no_answer`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

/// How the robot is being moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriveMode {
    /// A control is held.
    Hold,
    /// A press goes, any press stops.
    Latch,
    /// One bounded move.
    Step,
}

/// Whether it moves, and what it takes to move it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Motion {
    /// How it is being moved; `null` while no motion is wanted.
    #[schema(required)]
    pub mode: Option<DriveMode>,
    /// A step or a latch ends by itself in at most this time.
    #[schema(required)]
    pub left_ms: Option<u32>,
    /// The speed asked of the wheels now.
    pub linear: f64,
    /// The turn asked of the wheels now.
    pub angular: f64,
    /// Every control must be let go once before the robot moves again (or, for steps and latches, pressed anew).
    pub neutral_first: bool,
    /// Why it stopped last; `null` before the first motion.
    #[schema(required)]
    pub stopped: Option<StopReason>,
    /// What would keep it from moving now; `null` if nothing would.
    #[schema(required)]
    pub refusal: Option<Refusal>,
    /// How fast it may be driven now.
    pub limit: SpeedLimit,
}

/// How fast the robot may be driven now, and why not faster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpeedLimit {
    /// Of the configured speed: 100, 60, 30 or 0.
    pub percent: u8,
    /// Only steps are let through.
    pub steps_only: bool,
    /// Picture and command together; `null` without a report of the picture.
    #[schema(required)]
    pub lag_ms: Option<u32>,
    /// Age of the newest video frame that the driver sees, as the driver's page reports it.
    #[schema(required)]
    pub picture_ms: Option<u32>,
    /// How old the driver's commands are on arrival, at most.
    #[schema(required)]
    pub command_ms: Option<u32>,
}

/// Why the robot stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The driver let go.
    Neutral,
    /// Stop was pressed, by the driver or another client.
    Stop,
    /// The e-stop was pressed.
    Estop,
    /// A step or latch came to its end.
    Ended,
    /// The driver's device fell silent.
    Silent,
    /// The driver's connection broke or was closed.
    Disconnected,
    /// The driver gave the robot back, handed it over, or lost it.
    LeaseEnded,
    /// The driver's picture is too old.
    PictureStale,
    /// Picture and command together are too late.
    LagTooLong,
    /// The controller was unplugged or fell silent.
    LinkLost,
    /// The controller restarted.
    DeviceReset,
    /// The controller stopped by itself: nothing fresh reached it.
    DeviceWatchdog,
    /// The wheels are driven and do not turn.
    Blocked,
    /// The controller reports a fault of its motors.
    MotorFault,
    /// havatard is going down.
    Shutdown,
}

/// Who latched the e-stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EstopSource {
    /// A person, over the network.
    Person,
    /// The button on the robot.
    Button,
    /// The robot, or what was remembered of an earlier run.
    Robot,
}

/// The e-stop.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Estop {
    /// Nothing moves until it is released.
    pub latched: bool,
    /// The button on the robot is pressed now.
    pub button: bool,
    /// The controller says that it has latched too (or, released, that it is free).
    pub confirmed: bool,
    /// Who latched it.
    #[schema(required)]
    pub source: Option<EstopSource>,
    /// Their name.
    #[schema(required)]
    pub by: Option<String>,
    /// When.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// It is on disk and survives a restart of havatard.
    pub saved: bool,
}

/// Who drives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Driver {
    /// The lease's number; it only goes up.
    pub lease: u64,
    /// Their name.
    pub who: String,
    /// The name of their account, which nobody chooses.
    #[serde(default)]
    pub account: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Their drive socket is open.
    pub connected: bool,
    /// Who asks to take over.
    #[schema(required)]
    pub asked_by: Option<String>,
}

/// What the robot says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Telemetry {
    /// How old this is.
    pub age_ms: u32,
    /// Measured speed; `null` without odometry.
    #[schema(required)]
    pub linear: Option<f64>,
    /// Measured turn.
    #[schema(required)]
    pub angular: Option<f64>,
    /// Where it has gone since the controller's boot.
    #[schema(required)]
    pub odometry: Option<Odometry>,
    /// The battery.
    #[schema(required)]
    pub battery: Option<Battery>,
    /// The head.
    #[schema(required)]
    pub head: Option<Head>,
    /// The lamp, 0-255.
    #[schema(required)]
    pub light: Option<u8>,
    /// The mute switch on the robot is on; `null` if it has none.
    #[schema(required)]
    pub muted: Option<bool>,
    /// How often the controller braked because nothing fresh reached it, since its boot.
    pub watchdog_trips: u32,
    /// Damaged frames: those it dropped and those we dropped, since its boot.
    pub bad_frames: u32,
}

/// Where the robot is, seen from where it was when its controller booted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Odometry {
    /// Metres ahead.
    pub x_m: f64,
    /// Metres to the left.
    pub y_m: f64,
    /// Degrees turned to the left, not wrapped.
    pub heading_deg: f64,
}

/// The battery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Battery {
    /// Charge.
    #[schema(required)]
    pub percent: Option<u8>,
    /// Volts.
    #[schema(required)]
    pub volts: Option<f64>,
    /// Time to go home.
    pub low: bool,
    /// It may stop at any moment.
    pub critical: bool,
}

/// Where the head looks, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Head {
    /// Positive to the left.
    pub pan: f64,
    /// Positive upwards.
    pub tilt: f64,
}
