//! Judges driver commands: refuses them, or makes them the motion in force.

use std::time::Duration;

use havatar_api::{DriveMode, Refusal, StepMove, StopReason};
use tokio::time::Instant;

use crate::robot::clock::OLDEST;
use crate::robot::lag::Level;
use crate::robot::wire::StepKind;

use super::motion::{Action, Motion};
use super::numbers::{backwards, ceil, in_range, whole};
use super::types::{DEADMAN, DriverCommand, Timing};
use super::{Arbiter, LATE_PERCENT, LastStop};

/// The motion loop's next turn dates a stop; a press made so shortly before that turn may be newer than the stop.
const SAME_MOMENT: Duration = Duration::from_millis(5);
/// A video older than this is not driven by.
const STALE_VIDEO: Duration = Duration::from_millis(400);
/// Speed of a straight step, mm/s.
const STEP_LINEAR: u16 = 150;
/// Speed of a turning step, mrad/s: 30 degrees a second.
const STEP_ANGULAR: u16 = 524;
/// Extra time of a step beyond its distance at its speed: to come to rest first, to accelerate, to slow down.
const STEP_SLACK: Duration = Duration::from_secs(1);
/// Longest step in all; a longer one is refused.
const STEP_WITHIN: Duration = Duration::from_secs(8);

impl Arbiter {
    /// Judges a driver command. A refused command has changed nothing, or has stopped the wheels.
    pub(in crate::robot) fn command(
        &mut self,
        command: &DriverCommand,
        timing: Timing,
        now: Instant,
    ) -> Result<(), Refusal> {
        if timing.age >= OLDEST {
            return Err(Refusal::CommandLate);
        }
        in_range(command)?;
        self.timing = Some((timing, now));
        if let Some(video) = timing.video {
            self.lag.report(video.saturating_add(timing.age), now);
        }
        self.tick(now);
        self.check_video(timing)?;
        let void = self.is_void(timing.age.saturating_sub(SAME_MOMENT), now);
        match *command {
            DriverCommand::Alive => {
                self.feed(DriveMode::Step, timing, now);
                Ok(())
            }
            DriverCommand::Neutral => {
                self.neutral(void);
                Ok(())
            }
            DriverCommand::Hold { linear, angular } if linear == 0.0 && angular == 0.0 => {
                self.neutral(void);
                Ok(())
            }
            DriverCommand::Latch { .. } | DriverCommand::Step { .. } if void => {
                self.consume_press(command);
                Err(Refusal::PressAgain)
            }
            DriverCommand::Hold { linear, angular } => self.hold(linear, angular, timing, now),
            DriverCommand::Latch { .. } => self.latch(command, timing, now),
            DriverCommand::Step { press, step } => self.begin_step(press, step, timing, now),
        }
    }

    /// Whether a message of this age was made before the last stop, which voids it: a stop overtakes what is still in transit.
    fn is_void(&self, age: Duration, now: Instant) -> bool {
        matches!(self.last_stop, LastStop::At(last_stop) if now < last_stop + age)
    }

    /// Judges a press of age `age` that came by a request instead of the drive socket, whose last message vouches for the driver.
    pub(in crate::robot) fn step_request(
        &mut self,
        press: u64,
        step: StepMove,
        age: Duration,
        now: Instant,
    ) -> Result<(), Refusal> {
        let (timing, at) = self.timing.ok_or(Refusal::NoSocket)?;
        let silent = now.duration_since(at);
        if silent >= DEADMAN || timing.age.saturating_add(silent) >= OLDEST {
            return Err(Refusal::NoSocket);
        }
        if age >= OLDEST {
            return Err(Refusal::CommandLate);
        }
        in_range(&DriverCommand::Step { press, step })?;
        self.tick(now);
        if self.is_void(age, now) {
            return Err(Refusal::PressAgain);
        }
        // The video has aged since it was reported.
        let video = timing.video.map(|video| video.saturating_add(silent));
        self.check_video(Timing { video, ..timing })?;
        self.begin_step(press, step, Timing { video, ..timing }, now)?;
        // The deadman runs from the socket's last message, not from this press.
        if let Some(motion) = &mut self.motion {
            motion.fed = at;
        }
        Ok(())
    }

    /// Checks the video before any command is applied: a stale one ends the motion that it fed.
    fn check_video(&mut self, timing: Timing) -> Result<(), Refusal> {
        let moving = self.motion.map(|motion| motion.mode);
        let stale = timing.video.is_some_and(|video| video > STALE_VIDEO);
        let level = self.lag.level();
        let (reason, refusal) = match (moving, timing.video, level) {
            (Some(_), _, _) if stale => (StopReason::PictureStale, Refusal::PictureStale),
            (Some(mode), None, _)
                if mode != DriveMode::Step || self.motion.is_some_and(|step| step.had_video) =>
            {
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

    /// Whether a motion of this mode may start or continue.
    fn check_allowed(&self, mode: DriveMode, timing: Timing) -> Result<(), Refusal> {
        let level = self.lag.level();
        match (mode, timing.video) {
            (DriveMode::Step, None) => Ok(()),
            (_, None) => Err(Refusal::PictureUnknown),
            (_, Some(video)) if video > STALE_VIDEO => Err(Refusal::PictureStale),
            (_, Some(_)) => match (mode, level) {
                (_, Some(Level::Nothing)) | (DriveMode::Hold | DriveMode::Latch, Some(Level::StepsOnly)) => {
                    Err(Refusal::LagTooLong)
                }
                _ => Ok(()),
            },
        }
    }

    /// All controls are released. If that was before the last stop (`void`), the message says nothing of the present.
    fn neutral(&mut self, void: bool) {
        // A step ends by itself; releasing a key does not touch it.
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

    fn hold(&mut self, linear: f64, angular: f64, timing: Timing, now: Instant) -> Result<(), Refusal> {
        self.check_allowed(DriveMode::Hold, timing)?;
        match self.motion {
            Some(Motion { mode: DriveMode::Hold, began, .. }) => {
                self.start_motion(DriveMode::Hold, Action::Speed { linear, angular }, 0, None, timing, now);
                self.began(began);
                Ok(())
            }
            Some(_) => self.pressed_while_moving(),
            None if self.neutral_first => Err(Refusal::NeutralFirst),
            None => {
                self.start_motion(DriveMode::Hold, Action::Speed { linear, angular }, 0, None, timing, now);
                Ok(())
            }
        }
    }

    fn latch(&mut self, command: &DriverCommand, timing: Timing, now: Instant) -> Result<(), Refusal> {
        let DriverCommand::Latch { press, linear, angular, for_ms, stop_reachable } = *command else {
            return Err(Refusal::BadMessage);
        };
        self.check_allowed(DriveMode::Latch, timing)?;
        if !stop_reachable {
            if self.mode() == Some(DriveMode::Latch) {
                self.stop(StopReason::Stop);
            }
            return Err(Refusal::StopUnreachable);
        }
        let until = now + Duration::from_millis(u64::from(for_ms));
        let action = Action::Speed { linear, angular };
        match self.motion {
            Some(Motion { mode: DriveMode::Latch, press: running, until: end, began, .. }) => {
                if press != running && press <= self.press {
                    return Err(Refusal::PressAgain);
                }
                let until = if press > running { Some(until) } else { end };
                self.press = press;
                self.start_motion(DriveMode::Latch, action, press, until, timing, now);
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
                self.start_motion(DriveMode::Latch, action, press, Some(until), timing, now);
                Ok(())
            }
        }
    }

    /// Any press stops a motion and does nothing else. A control held meanwhile is no press for the next motion.
    fn pressed_while_moving(&mut self) -> Result<(), Refusal> {
        self.stop(StopReason::Stop);
        Err(Refusal::Moving)
    }

    fn begin_step(
        &mut self,
        press: u64,
        step: StepMove,
        timing: Timing,
        now: Instant,
    ) -> Result<(), Refusal> {
        if press <= self.press {
            return Err(Refusal::PressAgain);
        }
        self.press = press;
        if self.motion.is_some() {
            return self.pressed_while_moving();
        }
        self.check_allowed(DriveMode::Step, timing)?;
        let (kind, amount, speed) = match step {
            StepMove::Cm(cm) => {
                let top = whole(self.limits.linear * backwards(f64::from(cm)));
                (StepKind::Straight, cm * 10, STEP_LINEAR.min(top.unsigned_abs()))
            }
            StepMove::Deg(deg) => {
                let mrad = i32::from(whole(f64::from(deg).to_radians() * 1000.0));
                (StepKind::Turn, mrad, STEP_ANGULAR.min(whole(self.limits.angular).unsigned_abs()))
            }
        };
        let amount_at = |speed: u16| f64::from(amount.unsigned_abs()) / f64::from(speed.max(1));
        // Slow, but fast enough to reach its end within the limit.
        let slowly = amount_at(1) / STEP_WITHIN.saturating_sub(STEP_SLACK).as_secs_f64();
        let share = f64::from(speed) * f64::from(LATE_PERCENT) / 100.0;
        let speed = if self.is_late(now) { speed.min(ceil(share.max(slowly))) } else { speed };
        let within = Duration::from_secs_f64(amount_at(speed)) + STEP_SLACK;
        // Refuse a step that this robot is too slow to complete within the limit.
        if speed == 0 || within > STEP_WITHIN {
            return Err(Refusal::OutOfRange);
        }
        self.step = self.step.wrapping_add(1);
        let action = Action::Step { id: self.step, kind, amount, speed };
        self.start_motion(DriveMode::Step, action, press, Some(now + within), timing, now);
        Ok(())
    }

    fn start_motion(
        &mut self,
        mode: DriveMode,
        action: Action,
        press: u64,
        until: Option<Instant>,
        timing: Timing,
        now: Instant,
    ) {
        let had_video = timing.video.is_some();
        self.motion =
            Some(Motion { mode, action, press, began: now, had_video, fed: now, age: timing.age, until });
    }

    fn began(&mut self, at: Instant) {
        if let Some(motion) = &mut self.motion {
            motion.began = at;
        }
    }

    fn feed(&mut self, mode: DriveMode, timing: Timing, now: Instant) {
        if let Some(motion) = self.motion.as_mut().filter(|motion| motion.mode == mode) {
            (motion.fed, motion.age) = (now, timing.age);
        }
    }
}
