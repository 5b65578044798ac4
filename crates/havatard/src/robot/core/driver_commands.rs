//! The driver's messages: checks their order and age, then has the arbiter judge them.

use std::time::Duration;

use havatar_api::{self as api, DriveMessage, Refusal, StopReason};
use serde_json::json;
use tokio::time::Instant;

use crate::robot::arbiter::{DriverCommand, Timing};
use crate::secrets::Fingerprint;

use super::Core;

/// A reported age of the video above this is an error of the client's arithmetic.
const OLDEST_VIDEO_MS: f64 = 3_600_000.0;

impl Core {
    /// Judges a message of the drive session.
    pub(in crate::robot) fn receive(
        &mut self,
        session: u64,
        message: &DriveMessage,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.expire(now);
        let (stamp, command) = match *message {
            DriveMessage::Stop => {
                self.stop_all(StopReason::Stop);
                return Ok(());
            }
            // The owner of the drive session latches with the person's name, through `estop`.
            DriveMessage::Estop | DriveMessage::Hello { .. } => return Err(Refusal::BadMessage),
            DriveMessage::Hold { at, linear, angular } => (at, DriverCommand::Hold { linear, angular }),
            DriveMessage::Latch { at, press, linear, angular, for_ms, stop_reachable } => {
                (at, DriverCommand::Latch { press, linear, angular, for_ms, stop_reachable })
            }
            DriveMessage::Step { at, press, step } => (at, DriverCommand::Step { press, step }),
            DriveMessage::Alive { at } => (at, DriverCommand::Alive),
            DriveMessage::Neutral { at } => (at, DriverCommand::Neutral),
        };
        if !self.is_session_open(session) {
            return Err(Refusal::LeaseLost);
        }
        let timing =
            self.admit(session, &stamp, now).inspect_err(|_| self.arbiter.consume_press(&command))?;
        self.execute(&command, timing, now)
    }

    /// Judges a step that came by a request; the drive socket must be alive.
    pub(in crate::robot) fn step(&mut self, request: &api::StepRequest, now: Instant) -> Result<(), Refusal> {
        self.check(&Fingerprint::of(&request.token), now)?;
        let session = self.session.as_mut().ok_or(Refusal::NoSocket)?;
        let api::StepRequest { t, beat, beat_t, .. } = *request;
        let stamp = api::Stamp { seq: 0, t, beat, beat_t, picture_ms: None };
        let command = DriverCommand::Step { press: request.press, step: request.step };
        let age = session.clock.age(&stamp, now).inspect_err(|_| self.arbiter.consume_press(&command))?;
        self.apply(&command, now, |core| {
            core.check_ready()?;
            core.arbiter.step_request(request.press, request.step, age, now)
        })
    }

    /// Stops the wheels. Anybody may.
    pub(in crate::robot) fn stop(&mut self, who: &str) {
        self.note("stop", json!({"by": who}));
        self.stop_all(StopReason::Stop);
    }

    /// The drive session received an unreadable message: stops the wheels.
    pub(in crate::robot) fn fault(&mut self, session: u64) {
        if self.is_session_open(session) {
            self.stop_all(StopReason::Stop);
        }
    }

    /// Checks order and age of a message from the open session.
    fn admit(&mut self, session: u64, stamp: &api::Stamp, now: Instant) -> Result<Timing, Refusal> {
        let present =
            self.session.as_mut().filter(|present| present.id == session).ok_or(Refusal::LeaseLost)?;
        if stamp.seq <= present.seq {
            return Err(Refusal::OutOfOrder);
        }
        present.seq = stamp.seq;
        let age = present.clock.age(stamp, now)?;
        // A sign of life counts from when it was made, however long it was in transit.
        if let Some(number) = self.leases.number()
            && let Some(given) = now.checked_sub(age)
        {
            self.leases.seen(number, given);
        }
        let video = match stamp.picture_ms {
            None => None,
            Some(ms) if ms.is_finite() && (0.0..=OLDEST_VIDEO_MS).contains(&ms) => {
                Some(Duration::from_secs_f64(ms / 1000.0))
            }
            Some(_) => return Err(Refusal::OutOfRange),
        };
        Ok(Timing { age, video })
    }

    fn execute(&mut self, command: &DriverCommand, timing: Timing, now: Instant) -> Result<(), Refusal> {
        self.apply(command, now, |core| {
            let moves = !matches!(command, DriverCommand::Alive | DriverCommand::Neutral);
            if moves {
                core.check_ready()?;
            }
            // A latch lets the driver release the control, so the controller must be able to stop without the daemon.
            if matches!(command, DriverCommand::Latch { .. }) && !core.device.can_latch_estop() {
                return Err(Refusal::StopUnreachable);
            }
            core.arbiter.command(command, timing, now)
        })
    }

    /// Has a command judged and records the outcome. A refusal uses up the press, and may have stopped the wheels.
    fn apply(
        &mut self,
        command: &DriverCommand,
        now: Instant,
        by: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        // The motion loop may not have run since the last motion's time was over: the next one begins after that stop.
        self.expire_motion(now);
        let (mode, stopped) = (self.arbiter.mode(), self.arbiter.stopped());
        let result = by(self);
        if result.is_err() {
            self.arbiter.consume_press(command);
        }
        // The driver's own neutral is a command, and noted as one.
        if self.arbiter.mode().is_none() && self.arbiter.stopped() != Some(StopReason::Neutral) {
            self.note_if_stopped(mode, stopped);
        }
        self.record_outcome(command, result, now)
    }

    /// Records the outcome: what to send, to publish and to note.
    fn record_outcome(
        &mut self,
        command: &DriverCommand,
        result: Result<(), Refusal>,
        now: Instant,
    ) -> Result<(), Refusal> {
        match result {
            // A sign of life that feeds no motion needs no set-point.
            Ok(()) => self.sent.dirty |= *command != DriverCommand::Alive || self.arbiter.mode().is_some(),
            Err(refusal) => self.note("refused", json!({"code": refusal})),
        }
        let moving = self.arbiter.mode();
        if self.sent.mode != moving {
            self.changed = true;
            self.sent.mode = moving;
        }
        if result.is_ok() && !matches!(command, DriverCommand::Alive) {
            let set_point = self.arbiter.set_point(now);
            if !self.sent.noted.is_some_and(|noted| noted.is_like(&set_point)) {
                self.sent.noted = Some(set_point);
                self.note("command", set_point.to_json(moving));
            }
        }
        result
    }
}
