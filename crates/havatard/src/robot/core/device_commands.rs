//! What the controller is sent, and when: a new set-point at once, the same one every 50 ms with its age, and a stop until
//! the controller reports that it is at rest.

use std::time::Duration;

use havatar_api::DriveMode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::robot::arbiter::{DEADMAN, SetPoint};
use crate::robot::wire::{DeviceCommand, DeviceState, Report, StepKind};

use super::Core;

/// Interval at which the newest set-point is repeated.
pub(in crate::robot) const REPEAT: Duration = Duration::from_millis(50);
/// Interval at which an unconfirmed stop is repeated.
const RETRY: Duration = Duration::from_millis(20);
/// Head and lamp are set again after the controller has reported other values for this long.
const REMIND: Duration = Duration::from_millis(200);
/// Longest wait between two turns of the motion loop.
const IDLE: Duration = Duration::from_millis(250);

impl Core {
    /// Collects the commands to send now, most urgent first. Returns when to ask again at the latest.
    pub(crate) fn device_commands(&mut self, now: Instant, commands: &mut Vec<DeviceCommand>) -> Instant {
        self.expire(now);
        self.estop_tick(now);
        self.expire_motion(now);
        let mut next = now + IDLE;
        if self.device.controller().is_ok() {
            self.estop_commands(now, commands, &mut next);
            self.wheel_commands(now, commands, &mut next);
            self.part_commands(now, commands);
        }
        let own = [self.arbiter.next(), self.leases.next(), self.estop.next()];
        own.into_iter().flatten().fold(next, Instant::min)
    }

    fn estop_commands(&mut self, now: Instant, commands: &mut Vec<DeviceCommand>, next: &mut Instant) {
        let known = self.device.last_report().map(|report| report.estop_latched);
        let command = match (self.estop.is_latched(), known) {
            // The report may be older than the release that was sent.
            (true, Some(true)) if self.sent.release => DeviceCommand::Estop,
            (true, Some(true)) | (false, Some(false)) => return,
            (true, _) => DeviceCommand::Estop,
            (false, Some(true)) if self.estop.is_releasing() => DeviceCommand::Release,
            (false, _) => return,
        };
        // A new latching sets `dirty`, so it does not wait for the retry.
        if self.sent.dirty || now >= self.sent.estop + RETRY {
            self.sent.release = command == DeviceCommand::Release;
            commands.push(command);
            self.sent.estop = now;
        }
        *next = (*next).min(self.sent.estop + RETRY);
    }

    fn wheel_commands(&mut self, now: Instant, commands: &mut Vec<DeviceCommand>, next: &mut Instant) {
        let dirty = std::mem::take(&mut self.sent.dirty);
        let set_point =
            if self.check_ready().is_ok() { self.arbiter.set_point(now) } else { SetPoint::Brake };
        let state = self.device.last_report().map(|report| report.state);
        let rest = |braked: bool| match state {
            Some(DeviceState::Held | DeviceState::Latched) => true,
            Some(DeviceState::Ready) => !braked,
            Some(DeviceState::Driving | DeviceState::Stepping | DeviceState::Unknown) | None => false,
        };
        let (every, command) = match set_point {
            SetPoint::Drive { linear, angular, age, left } => {
                (REPEAT, DeviceCommand::Drive { linear, angular, age, left })
            }
            SetPoint::Step { id, kind, amount, speed, age, left } => {
                (REPEAT, DeviceCommand::Step { id, kind, amount, speed, age, left })
            }
            SetPoint::Brake | SetPoint::Neutral => {
                let braked = set_point == SetPoint::Brake;
                // The report of rest may be older than the stop, so a stop by a person is always sent.
                if rest(braked) && !self.sent.rolling && !(braked && dirty) {
                    self.sent.stop_pending = false;
                    return;
                }
                if braked { (RETRY, DeviceCommand::Stop) } else { (RETRY, NEUTRAL) }
            }
        };
        if dirty || now >= self.sent.wheels + every {
            let moves = matches!(set_point, SetPoint::Drive { .. } | SetPoint::Step { .. });
            // Another driver may have acted before this turn of the loop: the stop in between is sent all the same.
            let stop_pending = std::mem::take(&mut self.sent.stop_pending) && command != DeviceCommand::Stop;
            if stop_pending {
                commands.push(DeviceCommand::Stop);
            }
            // The controller needs one neutral after a stop; the driver has given it.
            if moves && (stop_pending || !self.sent.rolling) {
                commands.push(NEUTRAL);
            }
            commands.push(command);
            self.sent.wheels = now;
            self.sent.rolling = moves;
        }
        *next = (*next).min(self.sent.wheels + every);
    }

    fn part_commands(&mut self, now: Instant, commands: &mut Vec<DeviceCommand>) {
        if let Some((hz, ms)) = self.parts.buzzer.take() {
            commands.push(DeviceCommand::Buzzer { hz, ms });
        }
        let Some(report) = self.device.last_report().copied() else { return };
        let remind = now >= self.sent.parts + REMIND;
        if let Some((pan, tilt)) = self.parts.head
            && (self.sent.head != self.parts.head || (remind && report.head != self.parts.head))
        {
            commands.push(DeviceCommand::Head { pan, tilt });
            self.sent.head = self.parts.head;
            self.sent.parts = now;
        }
        let lamp = (self.parts.light.unwrap_or(0), self.presence());
        if self.sent.lamp != Some(lamp) || (remind && self.shows_other(&report, lamp)) {
            commands.push(DeviceCommand::Lights { light: lamp.0, presence: lamp.1 });
            self.sent.lamp = Some(lamp);
            self.sent.parts = now;
        }
    }

    /// Whether the lamp is not as bright as set, or the presence light shows another presence.
    fn shows_other(&self, report: &Report, (light, presence): (u8, u8)) -> bool {
        let shows = self.device.controller().is_ok_and(|controller| controller.features.presence);
        report.light.is_some_and(|reported| reported != light)
            || (shows && report.presence.is_some_and(|reported| reported != presence))
    }

    /// The presence for the light: 0 nobody, 1 watched, 2 driven.
    fn presence(&self) -> u8 {
        match (&self.session, self.parts.watchers) {
            (Some(_), _) => 2,
            (None, 1..) => 1,
            (None, 0) => 0,
        }
    }
}

const NEUTRAL: DeviceCommand =
    DeviceCommand::Drive { linear: 0, angular: 0, age: Duration::ZERO, left: DEADMAN };

impl SetPoint {
    /// Whether both are the same but for their age.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Drive { linear, angular, .. }, Self::Drive { linear: l, angular: a, .. }) => {
                (linear, angular) == (l, a)
            }
            (Self::Step { id, .. }, Self::Step { id: i, .. }) => id == i,
            (one, other) => one == other,
        }
    }

    /// The line for the black box.
    pub(super) fn to_json(self, mode: Option<DriveMode>) -> Value {
        match self {
            Self::Brake => json!({"mode": "brake"}),
            Self::Neutral => json!({"mode": "neutral"}),
            Self::Drive { linear, angular, age, .. } => json!({
                "mode": mode, "linear_mm_s": linear, "angular_mrad_s": angular, "age_ms": millis(age),
            }),
            Self::Step { id, kind, amount, speed, age, .. } => {
                let unit = if kind == StepKind::Straight { "mm" } else { "mrad" };
                json!({"mode": mode, "id": id, unit: amount, "speed": speed, "age_ms": millis(age)})
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
