//! What the rules and the link exchange: device commands down, link events up.

use std::time::Duration;

/// A command to the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceCommand {
    /// A set-point. Both speeds 0 mean neutral: slow down and stay.
    Drive {
        /// mm/s, forward positive.
        linear: i16,
        /// mrad/s, left positive.
        angular: i16,
        /// Age of the driver's last sign of life, network included.
        age: Duration,
        /// The controller ends the motion after this time.
        left: Duration,
    },
    /// A bounded move; repeating its id keeps it alive.
    Step {
        /// Identifies the move.
        id: u16,
        /// Straight or turn.
        kind: StepKind,
        /// mm or mrad.
        amount: i32,
        /// mm/s or mrad/s.
        speed: u16,
        /// As in `Drive`.
        age: Duration,
        /// As in `Drive`.
        left: Duration,
    },
    /// Brake.
    Stop,
    /// Brake and latch.
    Estop,
    /// Release the latch that the controller last reported.
    Release,
    /// Hundredths of a degree.
    Head { pan: i16, tilt: i16 },
    /// The lamp's brightness, and the presence: 0 nobody, 1 watched, 2 driven.
    Lights { light: u8, presence: u8 },
    /// Hz, ms.
    Buzzer { hz: u16, ms: u16 },
}

impl DeviceCommand {
    /// Whether the command must not wait for room in the transmit buffer: it stops, or concerns the e-stop.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Drive { linear, angular, .. } => (*linear, *angular) == (0, 0),
            Self::Stop | Self::Estop | Self::Release => true,
            Self::Step { .. } | Self::Head { .. } | Self::Lights { .. } | Self::Buzzer { .. } => false,
        }
    }

    /// Whether the command concerns head or lamp.
    pub(super) fn is_part(&self) -> bool {
        matches!(self, Self::Head { .. } | Self::Lights { .. })
    }
}

/// The kind of a bounded move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// mm.
    Straight,
    /// mrad.
    Turn,
}

/// An event of the link.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LinkEvent {
    /// No robot is configured.
    Off,
    /// The port does not exist.
    Away(String),
    /// The port exists and cannot be used.
    Refused(String),
    /// The port is open; the controller has not identified itself.
    Unknown(String),
    /// The controller answers: a new session with it has begun, and all earlier state is void.
    Up(Controller),
    /// The controller's newest report.
    Reported(Report),
    /// The session was lost. `Unknown` or `Away` follows.
    Lost(Lost),
    /// The controller refused a frame.
    Declined(String),
}

/// Why a session with the controller ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The port is gone.
    Unplugged,
    /// The port accepts no bytes.
    Stuck,
    /// The controller is silent.
    Silent,
    /// The controller has rebooted.
    Rebooted,
    /// The controller is in another session.
    OtherSession,
}

/// The identified controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) features: Features,
    pub(super) boot: Option<u32>,
    /// Its own limits: mm/s forward and backward, mrad/s. For the text protocol, those of the config.
    pub(super) max_linear: u16,
    pub(super) max_reverse: u16,
    pub(super) max_angular: u16,
}

/// The protocol in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The protocol of docs/serial-protocol.md.
    Havatar,
    /// Text lines, as described in the config; without acknowledgement, and no watchdog is assumed.
    Text,
}

/// The controller's features.
#[expect(clippy::struct_excessive_bools, reason = "independent parts of a robot")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Features {
    pub(super) odometry: bool,
    pub(super) battery: bool,
    pub(super) head: bool,
    pub(super) light: bool,
    pub(super) presence: bool,
    pub(super) buzzer: bool,
    pub(super) mute_switch: bool,
    pub(super) estop_button: bool,
    /// It latches an e-stop by itself.
    pub(super) estop: bool,
    /// Its latch survives a reset.
    pub(super) estop_kept: bool,
    /// It stops by itself without fresh set-points.
    pub(super) watchdog: bool,
    /// It acknowledges commands.
    pub(super) acknowledges: bool,
    /// It has identified itself.
    pub(super) answers: bool,
}

/// The state that the controller reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceState {
    /// At rest or slowing down, ready for a set-point.
    Ready,
    /// Driving.
    Driving,
    /// Running a step.
    Stepping,
    /// Stopped; needs neutral first.
    Held,
    /// E-stop latched.
    Latched,
    /// A state unknown to this version.
    Unknown,
}

/// The outcome of the newest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// No step yet.
    None,
    /// Running.
    Running,
    /// Completed.
    Done,
    /// Stopped.
    Stopped,
    /// Timed out.
    TimedOut,
    /// The wheels were blocked.
    Blocked,
}

/// The reason that the controller gives for its stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceStop {
    /// No stop, or a commanded one.
    Told,
    /// Its watchdog: no fresh set-point, by one of its three rules.
    Watchdog,
    /// E-stop.
    Estop,
    /// A boot, or the start of a session.
    Boot,
    /// Blocked wheels.
    Blocked,
    /// Motor fault.
    MotorFault,
    /// A reason unknown to this version.
    Unknown,
}

/// The controller's report. Fields that a text firmware does not send are `None`.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Report {
    pub(super) state: DeviceState,
    pub(super) estop_latched: bool,
    pub(super) button: bool,
    pub(super) motor_fault: bool,
    pub(super) muted: bool,
    pub(super) battery_low: bool,
    pub(super) battery_critical: bool,
    /// Id and outcome of its newest step.
    pub(super) step: u16,
    pub(super) step_end: StepEnd,
    pub(super) stopped: DeviceStop,
    /// mm/s, mrad/s, measured.
    pub(super) speed: Option<(i16, i16)>,
    /// mm, mm, mrad.
    pub(super) pose: Option<(i32, i32, i32)>,
    pub(super) battery_mv: Option<u16>,
    pub(super) battery_percent: Option<u8>,
    /// Hundredths of a degree.
    pub(super) head: Option<(i16, i16)>,
    pub(super) light: Option<u8>,
    /// What its presence light shows.
    pub(super) presence: Option<u8>,
    pub(super) trips: u16,
    /// Damaged frames, counted at both ends.
    pub(super) bad_frames: u32,
}
