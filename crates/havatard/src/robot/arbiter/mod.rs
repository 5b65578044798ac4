//! The motion in force: stop over deadman over limits over command.
//!
//! The arbiter holds at most one motion and drops it as soon as any rule speaks against it; no second one can wait.
//! It has no clock and no I/O: commands and the time are passed in, and [`Arbiter::set_point`] returns what the wheels
//! are to do now.
//!
//! Messages keep a motion alive. It ends 250 ms after the last message that fed it, and in any case when that message is
//! 300 ms old, its time in transit included. A step or a latch also has an end of its own.

mod commands;
mod motion;
mod numbers;
mod types;

use std::time::Duration;

use havatar_api::{DriveMode, StopReason};
use tokio::time::Instant;

use crate::robot::lag::{Lag, Level};

use self::motion::{Action, Motion};
use self::numbers::{backwards, whole};

pub(super) use self::types::{DEADMAN, DriverCommand, SetPoint, SpeedLimits, Timing};

/// Fastest latch, mm/s.
const LATCH_LINEAR: f64 = 200.0;
/// How much earlier than the daemon the controller may end a motion.
const KEEPS_TIME: Duration = Duration::from_millis(60);
/// Share of the speed, in percent, while the motion loop is late, and for how long.
const LATE_PERCENT: u8 = 30;
const LATE_FOR: Duration = Duration::from_secs(2);

/// When the wheels were last stopped: a press made before that is void. A stop comes without the time; it wakes the motion
/// loop, whose next turn dates it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LastStop {
    Never,
    Now,
    At(Instant),
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Arbiter {
    limits: SpeedLimits,
    motion: Option<Motion>,
    /// Whether to rest by braking, or by slowing down, while there is no motion.
    brake: bool,
    /// A held control must be released before it drives.
    neutral_first: bool,
    /// The highest press that was used or refused; it is never carried out later.
    press: u64,
    /// The last stop other than a motion's own end.
    last_stop: LastStop,
    step: u16,
    stopped: Option<StopReason>,
    lag: Lag,
    timing: Option<(Timing, Instant)>,
    late_until: Option<Instant>,
}

impl Arbiter {
    pub(super) fn new(limits: SpeedLimits) -> Self {
        Self {
            limits,
            motion: None,
            brake: true,
            neutral_first: true,
            press: 0,
            last_stop: LastStop::Never,
            step: 0,
            stopped: None,
            lag: Lag::default(),
            timing: None,
            late_until: None,
        }
    }

    /// Applies other speed limits, and stops any motion.
    pub(super) fn configure(&mut self, limits: SpeedLimits) {
        self.stop(StopReason::Stop);
        self.limits = limits;
    }

    pub(super) fn speed_limits(&self) -> SpeedLimits {
        self.limits
    }

    /// Marks a press as used: a refused press is never carried out later, however often it is repeated.
    pub(super) fn consume_press(&mut self, command: &DriverCommand) {
        if let DriverCommand::Latch { press, .. } | DriverCommand::Step { press, .. } = *command {
            self.press = self.press.max(press);
        }
    }

    /// Ends any motion by braking. The next one needs a new human action.
    pub(super) fn stop(&mut self, reason: StopReason) {
        if self.motion.take().is_some() || reason_outranks(reason, self.stopped) {
            self.stopped = Some(reason);
        }
        self.brake = true;
        self.neutral_first = true;
        if reason != StopReason::Ended {
            self.last_stop = LastStop::Now;
        }
    }

    /// Starts over for a new driver: presses count from 0, and no video is known.
    pub(super) fn new_driver(&mut self) {
        self.press = 0;
        self.forget_driver();
    }

    /// Forgets what the driver's socket reported, as it is closed.
    pub(super) fn forget_driver(&mut self) {
        self.lag = Lag::default();
        self.timing = None;
    }

    /// Ends what has expired.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.last_stop == LastStop::Now {
            self.last_stop = LastStop::At(now);
        }
        let Some(motion) = self.motion else { return };
        if now < motion.deadline() {
            return;
        }
        self.stop(motion.reason(now));
    }

    /// The controller reports step `id` as completed.
    pub(super) fn step_done(&mut self, id: u16) {
        if self.running_step() == Some(id) {
            self.motion = None;
            self.brake = false;
            self.stopped = Some(StopReason::Ended);
        }
    }

    /// Slows down for a while, because the motion loop was late.
    pub(super) fn late(&mut self, now: Instant) {
        self.late_until = Some(now + LATE_FOR);
    }

    /// The set-point in force.
    pub(super) fn set_point(&mut self, now: Instant) -> SetPoint {
        self.tick(now);
        let Some(motion) = self.motion else {
            return if self.brake { SetPoint::Brake } else { SetPoint::Neutral };
        };
        let age = motion.age + now.duration_since(motion.fed);
        let left = motion.deadline() - now;
        match motion.action {
            Action::Speed { linear, angular } => {
                let (linear, angular) = self.speeds(motion.mode, linear, angular, now);
                SetPoint::Drive { linear, angular, age, left }
            }
            Action::Step { id, kind, amount, speed } => SetPoint::Step { id, kind, amount, speed, age, left },
        }
    }

    /// When [`set_point`](Self::set_point) next changes by itself.
    pub(super) fn next(&self) -> Option<Instant> {
        self.motion.map(|motion| motion.deadline())
    }

    /// The id of the running step.
    pub(super) fn running_step(&self) -> Option<u16> {
        match self.motion?.action {
            Action::Step { id, .. } => Some(id),
            Action::Speed { .. } => None,
        }
    }

    pub(super) fn mode(&self) -> Option<DriveMode> {
        self.motion.map(|motion| motion.mode)
    }

    /// How long the motion has lasted.
    pub(super) fn moving_for(&self, now: Instant) -> Option<Duration> {
        self.motion.map(|motion| now.duration_since(motion.began))
    }

    /// The reason for which the motion is about to end by itself, if it is: the controller keeps the same time, never behind,
    /// and may be the first to report the end.
    pub(super) fn about_to_end(&self, now: Instant) -> Option<StopReason> {
        let motion = self.motion?;
        (now + KEEPS_TIME >= motion.deadline()).then(|| motion.reason(now + KEEPS_TIME))
    }

    /// The time left of a step or latch.
    pub(super) fn time_left(&self, now: Instant) -> Option<Duration> {
        self.motion?.until.map(|until| until.saturating_duration_since(now))
    }

    pub(super) fn neutral_first(&self) -> bool {
        self.neutral_first
    }

    pub(super) fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// The timing of the driver's last message, while the socket is open.
    pub(super) fn timing(&self) -> Option<Timing> {
        self.timing.map(|(timing, _)| timing)
    }

    /// The level in force, and the share of the speed in percent.
    pub(super) fn limit(&self, now: Instant) -> (Option<Level>, u8) {
        let level = self.lag.level();
        let percent = level.map_or(0, Level::percent);
        (level, if self.is_late(now) { percent.min(LATE_PERCENT) } else { percent })
    }

    fn is_late(&self, now: Instant) -> bool {
        self.late_until.is_some_and(|until| now < until)
    }

    fn speeds(&self, mode: DriveMode, linear: f64, angular: f64, now: Instant) -> (i16, i16) {
        let (_, percent) = self.limit(now);
        let scale = f64::from(percent) / 100.0;
        let top =
            if mode == DriveMode::Latch { self.limits.linear.min(LATCH_LINEAR) } else { self.limits.linear };
        (whole(linear * top * backwards(linear) * scale), whole(angular * self.limits.angular * scale))
    }
}

/// Whether a stop at rest replaces the reason shown: a critical reason is never hidden by a later, ordinary one.
fn reason_outranks(reason: StopReason, former: Option<StopReason>) -> bool {
    let told = matches!(
        reason,
        StopReason::Estop | StopReason::LinkLost | StopReason::DeviceReset | StopReason::MotorFault
    );
    told || former.is_none()
}
