//! Which motion is in force: stop over deadman over limits over command.
//!
//! The arbiter holds at most one motion, and forgets it the moment anything speaks against it; there is no
//! place in which a second one could wait. It has no clock and no wire: messages and the time come in,
//! [`Arbiter::wanted`] says what the wheels are to do now.
//!
//! A motion lives on messages. It ends 250 ms after the last that fed it, and in any case when that message is 300 ms
//! old, its way through the network included. A step or a latch has an end of its own besides.

mod motion;
mod numbers;

use std::time::Duration;

use havatar_api::{DriveMode, Refusal, StepMove, StopReason};
use tokio::time::Instant;

use super::clock::OLDEST;
use super::lag::{Lag, Level};
use super::wire::StepKind;
use motion::{Going, Motion};
use numbers::{backwards, ceil, in_range, whole};

/// A motion ends this long after the last message that fed it.
pub(super) const DEADMAN: Duration = Duration::from_millis(250);
/// A stop is dated by the next turn of the motion loop: what was pressed so shortly before that may have come after it.
const SAME_MOMENT: Duration = Duration::from_millis(5);
/// A picture older than this is not driven by.
const STALE_PICTURE: Duration = Duration::from_millis(400);
/// Fastest latch, mm/s.
const LATCH_LINEAR: f64 = 200.0;
/// Speed of a straight step, mm/s.
const STEP_LINEAR: u16 = 150;
/// Speed of a turning step, mrad/s: 30 degrees a second.
const STEP_ANGULAR: u16 = 524;
/// How long a latch may be asked for.
const LATCH_MS: std::ops::RangeInclusive<u32> = 1000..=8000;
/// A step may take this much longer than its way at its speed: to come to rest first, to get going, to slow down.
const STEP_SLACK: Duration = Duration::from_secs(1);
/// And this much in all; a longer one is not begun.
const STEP_WITHIN: Duration = Duration::from_secs(8);
/// How much earlier than we the controller may end a motion.
const KEEPS_TIME: Duration = Duration::from_millis(60);
/// While the motion loop is late, speed is at most this share, for this long.
const LATE_PERCENT: u8 = 30;
const LATE_FOR: Duration = Duration::from_secs(2);

/// Speeds as configured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Caps {
    /// mm/s.
    pub(super) linear: f64,
    /// mrad/s.
    pub(super) angular: f64,
}

/// A message whose sender, order and age have been looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heard {
    /// How old it is, at most.
    pub(super) age: Duration,
    /// Age of the driver's picture; `None` without a report.
    pub(super) picture: Option<Duration>,
}

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Command {
    Hold { linear: f64, angular: f64 },
    Latch { press: u64, linear: f64, angular: f64, for_ms: u32, stop_reachable: bool },
    Step { press: u64, step: StepMove },
    Alive,
    Neutral,
}

/// What the wheels are to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Brake, and stay.
    Brake,
    /// Slow down, and stay.
    Neutral,
    /// Drive; speeds in mm/s and mrad/s.
    Drive { linear: i16, angular: i16, age: Duration, left: Duration },
    /// Move by so much.
    Step { id: u16, kind: StepKind, amount: i32, speed: u16, age: Duration, left: Duration },
}

/// A press that was made before a stop is void. Stops come without the time; whoever stops wakes the motion loop, whose
/// turn gives it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Halted {
    Never,
    Now,
    At(Instant),
}

/// The machine.
#[derive(Debug)]
pub(super) struct Arbiter {
    caps: Caps,
    motion: Option<Motion>,
    /// How to rest while there is no motion.
    brake: bool,
    /// A held control must be let go first.
    neutral_first: bool,
    /// The highest press that has been used, or refused: it is never carried out later.
    press: u64,
    /// The last stop that was not a motion's own end.
    halted: Halted,
    step: u16,
    stopped: Option<StopReason>,
    lag: Lag,
    heard: Option<(Heard, Instant)>,
    late_until: Option<Instant>,
}

impl Arbiter {
    pub(super) fn new(caps: Caps) -> Self {
        Self {
            caps,
            motion: None,
            brake: true,
            neutral_first: true,
            press: 0,
            halted: Halted::Never,
            step: 0,
            stopped: None,
            lag: Lag::default(),
            heard: None,
            late_until: None,
        }
    }

    /// Another speed is configured. Whatever moves is stopped.
    pub(super) fn configure(&mut self, caps: Caps) {
        self.stop(StopReason::Stop);
        self.caps = caps;
    }

    pub(super) fn caps(&self) -> Caps {
        self.caps
    }

    /// A driver's message. A refusal has changed nothing, or has stopped.
    pub(super) fn command(&mut self, command: &Command, heard: Heard, now: Instant) -> Result<(), Refusal> {
        if heard.age >= OLDEST {
            return Err(Refusal::CommandLate);
        }
        in_range(command)?;
        self.heard = Some((heard, now));
        if let Some(picture) = heard.picture {
            self.lag.report(picture.saturating_add(heard.age), now);
        }
        self.tick(now);
        self.watch(heard)?;
        let void = self.is_void(heard.age.saturating_sub(SAME_MOMENT), now);
        match *command {
            Command::Alive => {
                self.feed(DriveMode::Step, heard, now);
                Ok(())
            }
            Command::Neutral => {
                self.neutral(void);
                Ok(())
            }
            Command::Hold { linear, angular } if linear == 0.0 && angular == 0.0 => {
                self.neutral(void);
                Ok(())
            }
            Command::Latch { .. } | Command::Step { .. } if void => {
                self.spend(command);
                Err(Refusal::PressAgain)
            }
            Command::Hold { linear, angular } => self.hold(linear, angular, heard, now),
            Command::Latch { .. } => self.latch(command, heard, now),
            Command::Step { press, step } => self.begin_step(press, step, heard, now),
        }
    }

    /// Whether what is so old was done before the last stop. A stop of somebody else's overtakes what is still under way.
    fn is_void(&self, age: Duration, now: Instant) -> bool {
        matches!(self.halted, Halted::At(halted) if now < halted + age)
    }

    /// A press that came another way than by the socket, so old; the socket's last message vouches for the driver.
    pub(super) fn step_aside(
        &mut self,
        press: u64,
        step: StepMove,
        age: Duration,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (heard, at) = self.heard.ok_or(Refusal::NoSocket)?;
        let silent = now.duration_since(at);
        if silent >= DEADMAN || heard.age.saturating_add(silent) >= OLDEST {
            return Err(Refusal::NoSocket);
        }
        if age >= OLDEST {
            return Err(Refusal::CommandLate);
        }
        in_range(&Command::Step { press, step })?;
        self.tick(now);
        if self.is_void(age, now) {
            return Err(Refusal::PressAgain);
        }
        // The picture has aged since it was reported.
        let picture = heard.picture.map(|picture| picture.saturating_add(silent));
        self.watch(Heard { picture, ..heard })?;
        self.begin_step(press, step, Heard { picture, ..heard }, now)?;
        // It lives on what the socket said, not on this press.
        if let Some(motion) = &mut self.motion {
            motion.fed = at;
        }
        Ok(())
    }

    /// A press that was refused is not carried out later, however often it is said again.
    pub(super) fn spend(&mut self, command: &Command) {
        if let Command::Latch { press, .. } | Command::Step { press, .. } = *command {
            self.press = self.press.max(press);
        }
    }

    /// Ends any motion by braking. The next begins with a fresh human action.
    pub(super) fn stop(&mut self, reason: StopReason) {
        if self.motion.take().is_some() || reason_outranks(reason, self.stopped) {
            self.stopped = Some(reason);
        }
        self.brake = true;
        self.neutral_first = true;
        if reason != StopReason::Ended {
            self.halted = Halted::Now;
        }
    }

    /// A new driver: presses are counted anew, and nothing is known of their picture.
    pub(super) fn new_driver(&mut self) {
        self.press = 0;
        self.forget_driver();
    }

    /// The driver's socket is gone; what it reported holds no more.
    pub(super) fn forget_driver(&mut self) {
        self.lag = Lag::default();
        self.heard = None;
    }

    /// Ends what has run out.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.halted == Halted::Now {
            self.halted = Halted::At(now);
        }
        let Some(motion) = self.motion else { return };
        if now < motion.deadline() {
            return;
        }
        self.stop(motion.reason(now));
    }

    /// The controller says that the step `id` is done.
    pub(super) fn step_done(&mut self, id: u16) {
        if self.running_step() == Some(id) {
            self.motion = None;
            self.brake = false;
            self.stopped = Some(StopReason::Ended);
        }
    }

    /// The motion loop was late.
    pub(super) fn late(&mut self, now: Instant) {
        self.late_until = Some(now + LATE_FOR);
    }

    /// What the wheels are to do now.
    pub(super) fn wanted(&mut self, now: Instant) -> Wanted {
        self.tick(now);
        let Some(motion) = self.motion else {
            return if self.brake { Wanted::Brake } else { Wanted::Neutral };
        };
        let age = motion.age + now.duration_since(motion.fed);
        let left = motion.deadline() - now;
        match motion.going {
            Going::Shares { linear, angular } => {
                let (linear, angular) = self.speeds(motion.mode, linear, angular, now);
                Wanted::Drive { linear, angular, age, left }
            }
            Going::Step { id, kind, amount, speed } => Wanted::Step { id, kind, amount, speed, age, left },
        }
    }

    /// When [`wanted`](Self::wanted) changes by itself.
    pub(super) fn next(&self) -> Option<Instant> {
        self.motion.map(|motion| motion.deadline())
    }

    /// The id of the step that runs.
    pub(super) fn running_step(&self) -> Option<u16> {
        match self.motion?.going {
            Going::Step { id, .. } => Some(id),
            Going::Shares { .. } => None,
        }
    }

    pub(super) fn mode(&self) -> Option<DriveMode> {
        self.motion.map(|motion| motion.mode)
    }

    /// How long the motion has been under way.
    pub(super) fn moving_for(&self, now: Instant) -> Option<Duration> {
        self.motion.map(|motion| now.duration_since(motion.began))
    }

    /// Why the motion would end by itself in the next moment, if it would: the controller keeps the same time by a clock
    /// that is never behind, so it may be the first to say so.
    pub(super) fn ends_soon(&self, now: Instant) -> Option<StopReason> {
        let motion = self.motion?;
        (now + KEEPS_TIME >= motion.deadline()).then(|| motion.reason(now + KEEPS_TIME))
    }

    /// What is left of a step or latch.
    pub(super) fn own_end(&self, now: Instant) -> Option<Duration> {
        self.motion?.until.map(|until| until.saturating_duration_since(now))
    }

    pub(super) fn neutral_first(&self) -> bool {
        self.neutral_first
    }

    pub(super) fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// What the last message said, if its sender is still there.
    pub(super) fn heard(&self) -> Option<Heard> {
        self.heard.map(|(heard, _)| heard)
    }

    /// The level in force, and the share of the speed.
    pub(super) fn limit(&self, now: Instant) -> (Option<Level>, u8) {
        let level = self.lag.level();
        let percent = level.map_or(0, Level::percent);
        (level, if self.is_late(now) { percent.min(LATE_PERCENT) } else { percent })
    }

    fn is_late(&self, now: Instant) -> bool {
        self.late_until.is_some_and(|until| now < until)
    }

    /// Looks at the picture before any command is obeyed, so that a stale one ends what it fed.
    fn watch(&mut self, heard: Heard) -> Result<(), Refusal> {
        let moving = self.motion.map(|motion| motion.mode);
        let stale = heard.picture.is_some_and(|picture| picture > STALE_PICTURE);
        let level = self.lag.level();
        let (reason, refusal) = match (moving, heard.picture, level) {
            (Some(_), _, _) if stale => (StopReason::PictureStale, Refusal::PictureStale),
            (Some(mode), None, _) if mode != DriveMode::Step || self.motion.is_some_and(|step| step.seen) => {
                (StopReason::PictureStale, Refusal::PictureUnknown)
            }
            (Some(DriveMode::Hold | DriveMode::Latch), _, Some(Level::StepsOnly | Level::Nothing))
            | (Some(DriveMode::Step), Some(_), Some(Level::Nothing)) => {
                (StopReason::LagTooLong, Refusal::LagTooLong)
            }
            _ => return Ok(()),
        };
        self.stop(reason);
        Err(refusal)
    }

    /// Whether a motion of this mode may begin or go on.
    fn may(&self, mode: DriveMode, heard: Heard) -> Result<(), Refusal> {
        let level = self.lag.level();
        match (mode, heard.picture) {
            (DriveMode::Step, None) => Ok(()),
            (_, None) => Err(Refusal::PictureUnknown),
            (_, Some(picture)) if picture > STALE_PICTURE => Err(Refusal::PictureStale),
            (_, Some(_)) => match (mode, level) {
                (_, Some(Level::Nothing)) | (DriveMode::Hold | DriveMode::Latch, Some(Level::StepsOnly)) => {
                    Err(Refusal::LagTooLong)
                }
                _ => Ok(()),
            },
        }
    }

    /// Everything was let go of. Before the last stop (`void`), that says nothing of now.
    fn neutral(&mut self, void: bool) {
        // The end of a step is its own; letting go of a key elsewhere does not touch it.
        if let Some(Motion { mode: DriveMode::Step, .. }) = self.motion {
            return;
        }
        if self.motion.take().is_some() {
            self.stopped = Some(StopReason::Neutral);
        }
        if !void {
            self.brake = false;
            self.neutral_first = false;
        }
    }

    fn hold(&mut self, linear: f64, angular: f64, heard: Heard, now: Instant) -> Result<(), Refusal> {
        self.may(DriveMode::Hold, heard)?;
        match self.motion {
            Some(Motion { mode: DriveMode::Hold, began, .. }) => {
                self.go(DriveMode::Hold, Going::Shares { linear, angular }, 0, None, heard, now);
                self.began(began);
                Ok(())
            }
            Some(_) => self.pressed_while_moving(),
            None if self.neutral_first => Err(Refusal::NeutralFirst),
            None => {
                self.go(DriveMode::Hold, Going::Shares { linear, angular }, 0, None, heard, now);
                Ok(())
            }
        }
    }

    fn latch(&mut self, command: &Command, heard: Heard, now: Instant) -> Result<(), Refusal> {
        let Command::Latch { press, linear, angular, for_ms, stop_reachable } = *command else {
            return Err(Refusal::BadMessage);
        };
        self.may(DriveMode::Latch, heard)?;
        if !stop_reachable {
            if self.mode() == Some(DriveMode::Latch) {
                self.stop(StopReason::Stop);
            }
            return Err(Refusal::StopUnreachable);
        }
        let until = now + Duration::from_millis(u64::from(for_ms));
        let going = Going::Shares { linear, angular };
        match self.motion {
            Some(Motion { mode: DriveMode::Latch, press: running, until: end, began, .. }) => {
                if press != running && press <= self.press {
                    return Err(Refusal::PressAgain);
                }
                let until = if press > running { Some(until) } else { end };
                self.press = press;
                self.go(DriveMode::Latch, going, press, until, heard, now);
                self.began(began);
                Ok(())
            }
            _ if press <= self.press => Err(Refusal::PressAgain),
            Some(_) => {
                self.press = press;
                self.pressed_while_moving()
            }
            None => {
                self.press = press;
                self.go(DriveMode::Latch, going, press, Some(until), heard, now);
                Ok(())
            }
        }
    }

    /// Any press stops what moves, and does nothing else; what is held meanwhile is no press for what comes after it.
    fn pressed_while_moving(&mut self) -> Result<(), Refusal> {
        self.stop(StopReason::Stop);
        Err(Refusal::Moving)
    }

    fn begin_step(&mut self, press: u64, step: StepMove, heard: Heard, now: Instant) -> Result<(), Refusal> {
        if press <= self.press {
            return Err(Refusal::PressAgain);
        }
        self.press = press;
        if self.motion.is_some() {
            return self.pressed_while_moving();
        }
        self.may(DriveMode::Step, heard)?;
        let (kind, amount, speed) = match step {
            StepMove::Cm(cm) => {
                let top = whole(self.caps.linear * backwards(f64::from(cm)));
                (StepKind::Straight, cm * 10, STEP_LINEAR.min(top.unsigned_abs()))
            }
            StepMove::Deg(deg) => {
                let mrad = i32::from(whole(f64::from(deg).to_radians() * 1000.0));
                (StepKind::Turn, mrad, STEP_ANGULAR.min(whole(self.caps.angular).unsigned_abs()))
            }
        };
        let amount_at = |speed: u16| f64::from(amount.unsigned_abs()) / f64::from(speed.max(1));
        // Slowly, but not so slowly that its end would have to be cut off.
        let slowly = amount_at(1) / STEP_WITHIN.saturating_sub(STEP_SLACK).as_secs_f64();
        let share = f64::from(speed) * f64::from(LATE_PERCENT) / 100.0;
        let speed = if self.is_late(now) { speed.min(ceil(share.max(slowly))) } else { speed };
        let within = Duration::from_secs_f64(amount_at(speed)) + STEP_SLACK;
        // A robot so slow that its end would have to be cut off is not begun with.
        if speed == 0 || within > STEP_WITHIN {
            return Err(Refusal::OutOfRange);
        }
        self.step = self.step.wrapping_add(1);
        let going = Going::Step { id: self.step, kind, amount, speed };
        self.go(DriveMode::Step, going, press, Some(now + within), heard, now);
        Ok(())
    }

    fn go(
        &mut self,
        mode: DriveMode,
        going: Going,
        press: u64,
        until: Option<Instant>,
        heard: Heard,
        now: Instant,
    ) {
        let seen = heard.picture.is_some();
        self.motion = Some(Motion { mode, going, press, began: now, seen, fed: now, age: heard.age, until });
    }

    fn began(&mut self, at: Instant) {
        if let Some(motion) = &mut self.motion {
            motion.began = at;
        }
    }

    fn feed(&mut self, mode: DriveMode, heard: Heard, now: Instant) {
        if let Some(motion) = self.motion.as_mut().filter(|motion| motion.mode == mode) {
            (motion.fed, motion.age) = (now, heard.age);
        }
    }

    fn speeds(&self, mode: DriveMode, linear: f64, angular: f64, now: Instant) -> (i16, i16) {
        let (_, percent) = self.limit(now);
        let scale = f64::from(percent) / 100.0;
        let top =
            if mode == DriveMode::Latch { self.caps.linear.min(LATCH_LINEAR) } else { self.caps.linear };
        (whole(linear * top * backwards(linear) * scale), whole(angular * self.caps.angular * scale))
    }
}

/// Whether a stop at rest is worth telling in place of the former reason: what must be known is never hidden by
/// what merely happened after it.
fn reason_outranks(reason: StopReason, former: Option<StopReason>) -> bool {
    let told = matches!(
        reason,
        StopReason::Estop | StopReason::LinkLost | StopReason::DeviceReset | StopReason::MotorFault
    );
    told || former.is_none()
}
