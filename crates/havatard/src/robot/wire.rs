//! What the rules and the cable say to each other: orders down, news up.

use std::time::Duration;

/// Something to be written to the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// A set-point. Both speeds 0 are neutral: slow down and stay.
    Drive {
        /// mm/s, forward positive.
        linear: i16,
        /// mrad/s, left positive.
        angular: i16,
        /// How old the driver's last sign of life is, the way here included.
        age: Duration,
        /// The motion ends after this.
        left: Duration,
    },
    /// A bounded move; the same id again keeps it alive.
    Step {
        /// Names the move.
        id: u16,
        /// Straight on or turn.
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
    /// Open the latch that the controller last reported.
    Release,
    /// Hundredths of a degree.
    Head { pan: i16, tilt: i16 },
    /// The lamp, and who is there: 0 nobody, 1 watched, 2 driven.
    Lights { light: u8, presence: u8 },
    /// Hz, ms.
    Buzzer { hz: u16, ms: u16 },
}

impl Order {
    /// It may not wait for room on the cable: it stops, or is about the latch.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Drive { linear, angular, .. } => (*linear, *angular) == (0, 0),
            Self::Stop | Self::Estop | Self::Release => true,
            Self::Step { .. } | Self::Head { .. } | Self::Lights { .. } | Self::Buzzer { .. } => false,
        }
    }

    /// It turns the head or lights the lamp.
    pub(super) fn is_part(&self) -> bool {
        matches!(self, Self::Head { .. } | Self::Lights { .. })
    }
}

/// What a bounded move does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// mm.
    Straight,
    /// mrad.
    Turn,
}

/// What the link has to say.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LinkNews {
    /// No robot is configured.
    Off,
    /// The port is not there.
    Away(String),
    /// The port is there, and cannot be used.
    Refused(String),
    /// The port is open; nobody has shown who they are.
    Unknown(String),
    /// The controller answers: a new session with it has begun. Whatever was before counts no more.
    Up(Controller),
    /// The controller's newest report.
    Heard(Report),
    /// The session was lost, with the reason for the black box. `Unknown` or `Away` follows.
    Lost(Lost),
    /// The controller refused a frame.
    Declined(String),
}

/// Why a session with the controller ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The port is gone.
    Unplugged,
    /// The port takes nothing of what is written.
    Stuck,
    /// It says nothing any more.
    Silent,
    /// It has booted again.
    Rebooted,
    /// It is in another session than ours.
    OtherSession,
}

/// The controller at the end of the cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Controller {
    pub(super) name: String,
    pub(super) protocol: Protocol,
    pub(super) features: Features,
    pub(super) boot: Option<u32>,
    /// Its own limits: mm/s forward and backward, mrad/s. The text protocol's are what the config says.
    pub(super) max_linear: u16,
    pub(super) max_reverse: u16,
    pub(super) max_angular: u16,
}

/// How it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The protocol of docs/serial-protocol.md.
    Havatar,
    /// Lines, as described in the config; nothing is acknowledged, and no watchdog is counted on.
    Text,
}

/// What it has and can.
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
    /// That latch survives its reset.
    pub(super) estop_kept: bool,
    /// It stops by itself when nothing fresh comes.
    pub(super) watchdog: bool,
    /// It says what it has accepted.
    pub(super) acknowledges: bool,
    /// It has shown who it is.
    pub(super) answers: bool,
}

/// Where the controller says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// At rest or slowing down, and ready.
    Ready,
    /// Driving.
    Driving,
    /// In a step.
    Stepping,
    /// Neutral first.
    Held,
    /// E-stop.
    Latched,
    /// It said something that we do not know.
    Unknown,
}

/// What became of the newest step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// None yet.
    None,
    /// It runs.
    Running,
    /// It ended as it should.
    Done,
    /// It was stopped.
    Stopped,
    /// It took too long.
    TimedOut,
    /// The wheels did not turn.
    Blocked,
}

/// Why the controller says it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceStop {
    /// Not at all, or because we said so.
    Told,
    /// Nothing fresh reached it: one of its three rules.
    Watchdog,
    /// E-stop.
    Estop,
    /// It booted, or began a session.
    Boot,
    /// Blocked wheels.
    Blocked,
    /// Motor fault.
    MotorFault,
    /// Something that we do not know.
    Unknown,
}

/// The controller's report. What a text firmware does not tell is `None`.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Report {
    pub(super) stand: Stand,
    pub(super) estop_latched: bool,
    pub(super) button: bool,
    pub(super) motor_fault: bool,
    pub(super) muted: bool,
    pub(super) battery_low: bool,
    pub(super) battery_critical: bool,
    /// Id of its newest step, and what became of it.
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
    /// Damaged frames at both ends.
    pub(super) bad_frames: u32,
}
