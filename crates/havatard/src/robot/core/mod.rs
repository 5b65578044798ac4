//! The rules in one place: who drives, what they may, what the controller says, what it is told.
//!
//! Pure: no wire, no disk, no clock. It stands behind a lock that is held for microseconds; a driver's message is
//! judged in the task that received it, so its refusal is the answer to the same call, and there is nothing in which
//! a command could wait its turn. The motion loop then asks for [`orders`](Core::orders).

mod device;
mod device_commands;
mod emergency;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_api::{self as api, DriveMessage, Refusal, StopReason};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::secrets::Fingerprint;

use super::Who;
use super::arbiter::{Arbiter, Caps, Command, Heard};
use super::clock::Clock;
use super::lease::{Leases, Outcome};

use device::Device;
use device_commands::Sent;
use emergency::Emergency;

pub(super) use device_commands::REPEAT;
pub(super) use emergency::{CODE_VALID, Latched};

/// A picture that is said to be older than this is a slip of the client's arithmetic.
const OLDEST_PICTURE_MS: f64 = 3_600_000.0;
/// What is heard of the first watcher: hertz, and ms.
const CHIRP: (u16, u16) = (1760, 90);
/// It is heard no more often than this.
const CHIRP_EVERY: Duration = Duration::from_secs(30);
/// Notes for the black box that wait for the lock to be given back.
const MOST_NOTES: usize = 64;
/// A socket has this many bits of numbers for its beats: at 20 a second, 14 hours. What is beyond them is another's, 14 hours later.
const BEATS_OF_A_SEAT: u32 = 20;

/// Everything the rules know.
#[derive(Debug)]
pub(super) struct Core {
    arbiter: Arbiter,
    caps: Caps,
    leases: Leases,
    seat: Option<Seat>,
    next_seat: u64,
    emergency: Emergency,
    device: Device,
    parts: Parts,
    sent: Sent,
    notes: Vec<Note>,
    /// Notes that found no room.
    unnoted: u64,
    /// Something that people see has changed.
    changed: bool,
    closing: bool,
}

/// One line for the black box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    pub(super) fields: Value,
}

/// The socket that drives.
#[derive(Debug)]
struct Seat {
    id: u64,
    clock: Clock,
    seq: u64,
}

/// What is wanted of head, lamp and buzzer; the newest wish counts.
#[derive(Debug, Default)]
struct Parts {
    head: Option<(i16, i16)>,
    light: Option<u8>,
    buzzer: Option<(u16, u16)>,
    watchers: u32,
    /// When a watcher's coming was told last.
    chirped: Option<Instant>,
}

impl Core {
    /// `lease` is the highest number that an earlier run may have given out, the pair what it left of the e-stop, and whether
    /// the disk says just that.
    pub(super) fn new(
        port: &str,
        caps: Caps,
        lease: u64,
        (latched, saved): (Option<Latched>, bool),
        now: Instant,
    ) -> Self {
        Self {
            arbiter: Arbiter::new(caps),
            caps,
            leases: Leases::above(lease),
            seat: None,
            next_seat: 0,
            emergency: Emergency::new(latched, saved),
            device: Device::new(port),
            parts: Parts::default(),
            sent: Sent::new(now),
            notes: Vec::new(),
            unnoted: 0,
            changed: true,
            closing: false,
        }
    }

    /// Another port or speed is configured: whatever moves is stopped.
    pub(super) fn configure(&mut self, port: &str, caps: Caps) {
        self.caps = caps;
        self.stop_all(StopReason::Stop);
        self.device = Device::new(port);
        self.arbiter.configure(caps);
        self.changed = true;
    }

    /// Gives the robot to somebody; the token is a fresh secret, for the case that it is granted.
    pub(super) fn acquire(
        &mut self,
        who: &Who,
        if_held: api::IfHeld,
        token: Fingerprint,
        wall: Timestamp,
        now: Instant,
    ) -> Result<Outcome, Refusal> {
        self.expire(now);
        let before = self.leases.driver();
        let outcome = self.leases.acquire(who, if_held, token, wall, now);
        match &outcome {
            Ok(Outcome::Granted(number)) => {
                self.seat = None;
                self.stop_all(StopReason::LeaseEnded);
                self.arbiter.new_driver();
                let from = before.map(|driver| driver.who);
                self.note(
                    "lease",
                    json!({"what": "granted", "lease": number, "who": who.name, "from": from}),
                );
            }
            Ok(Outcome::Asked) => self.note("lease", json!({"what": "asked", "who": who.name})),
            Err(_) => self.note("lease", json!({"what": "refused", "who": who.name})),
        }
        self.changed = true;
        outcome
    }

    /// The number of the lease that a token is good for.
    pub(super) fn check(&mut self, token: &Fingerprint, now: Instant) -> Result<u64, Refusal> {
        self.expire(now);
        self.leases.check(token, now)
    }

    /// A sign of life without a socket.
    pub(super) fn keep(&mut self, token: &Fingerprint, now: Instant) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.seen(number, now);
        Ok(())
    }

    /// Gives the robot back.
    pub(super) fn release(&mut self, token: &Fingerprint, now: Instant) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.release(number);
        self.lease_over(number, "released");
        Ok(())
    }

    /// The driver's answer to whoever asked.
    pub(super) fn answer(
        &mut self,
        token: &Fingerprint,
        hand_over: bool,
        now: Instant,
    ) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.answer(number, hand_over, now)?;
        if hand_over {
            self.lease_over(number, "handed over");
        }
        self.changed = true;
        Ok(())
    }

    /// A socket takes the driver's seat; the one that had it is out. The seat's and the lease's number.
    pub(super) fn sit(&mut self, token: &Fingerprint, now: Instant) -> Result<(u64, u64), Refusal> {
        let lease = self.check(token, now)?;
        self.next_seat += 1;
        let id = self.next_seat;
        self.stop_all(StopReason::Disconnected);
        self.arbiter.forget_driver();
        self.leases.sit(lease, id, now);
        self.seat = Some(Seat { id, clock: Clock::new(now, id << BEATS_OF_A_SEAT), seq: 0 });
        self.note("lease", json!({"what": "connected", "lease": lease}));
        self.changed = true;
        Ok((id, lease))
    }

    /// The socket is gone: stop at once.
    pub(super) fn leave(&mut self, seat: u64) {
        if self.seat.as_ref().is_some_and(|present| present.id == seat) {
            self.seat = None;
            self.leases.leave(seat);
            self.stop_all(StopReason::Disconnected);
            self.arbiter.forget_driver();
            self.note("lease", json!({"what": "disconnected", "lease": self.leases.number()}));
            self.changed = true;
        }
    }

    /// Whether this socket still has the seat.
    pub(super) fn is_seated(&self, seat: u64) -> bool {
        self.leases.seat() == Some(seat)
    }

    /// Draws the next beat.
    pub(super) fn beat(&mut self, seat: u64, now: Instant) -> Option<u64> {
        self.seat.as_mut().filter(|present| present.id == seat).map(|present| present.clock.beat(now))
    }

    /// A message of the driver's.
    pub(super) fn hear(&mut self, seat: u64, message: &DriveMessage, now: Instant) -> Result<(), Refusal> {
        self.expire(now);
        let (stamp, command) = match *message {
            DriveMessage::Stop => {
                self.stop_all(StopReason::Stop);
                return Ok(());
            }
            // The seat's owner latches by name, through `estop`.
            DriveMessage::Estop | DriveMessage::Hello { .. } => return Err(Refusal::BadMessage),
            DriveMessage::Hold { at, linear, angular } => (at, Command::Hold { linear, angular }),
            DriveMessage::Latch { at, press, linear, angular, for_ms, stop_reachable } => {
                (at, Command::Latch { press, linear, angular, for_ms, stop_reachable })
            }
            DriveMessage::Step { at, press, step } => (at, Command::Step { press, step }),
            DriveMessage::Alive { at } => (at, Command::Alive),
            DriveMessage::Neutral { at } => (at, Command::Neutral),
        };
        if !self.is_seated(seat) {
            return Err(Refusal::LeaseLost);
        }
        let heard = self.admit(seat, &stamp, now)?;
        self.obey(&command, heard, now)
    }

    /// A press over another way than the socket, which must be alive.
    pub(super) fn step(&mut self, request: &api::StepRequest, now: Instant) -> Result<(), Refusal> {
        self.check(&Fingerprint::of(&request.token), now)?;
        let seat = self.seat.as_mut().ok_or(Refusal::NoSocket)?;
        let api::StepRequest { t, beat, beat_t, .. } = *request;
        let stamp = api::Stamp { seq: 0, t, beat, beat_t, picture_ms: None };
        let age = seat.clock.age(&stamp, now)?;
        let command = Command::Step { press: request.press, step: request.step };
        self.judge(&command, now, |core| {
            core.gate()?;
            core.arbiter.step_aside(request.press, request.step, age, now)
        })
    }

    /// Stops the wheels, whoever asks.
    pub(super) fn stop(&mut self, who: &str) {
        self.note("stop", json!({"by": who}));
        self.stop_all(StopReason::Stop);
    }

    /// Something of the driver's could not be read.
    pub(super) fn fault(&mut self, seat: u64) {
        if self.is_seated(seat) {
            self.stop_all(StopReason::Stop);
        }
    }

    /// The daemon is going down: nothing moves any more.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.stop_all(StopReason::Shutdown);
    }

    /// Turns the head, in hundredths of a degree.
    pub(super) fn head(
        &mut self,
        token: &Fingerprint,
        pan: i16,
        tilt: i16,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.part(token, now, |features| features.head)?;
        self.parts.head = Some((pan, tilt));
        Ok(())
    }

    /// Sets the lamp.
    pub(super) fn lights(&mut self, token: &Fingerprint, light: u8, now: Instant) -> Result<(), Refusal> {
        self.part(token, now, |features| features.light)?;
        self.parts.light = Some(light);
        Ok(())
    }

    /// Sounds the buzzer.
    pub(super) fn buzzer(
        &mut self,
        token: &Fingerprint,
        hz: u16,
        ms: u16,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.part(token, now, |features| features.buzzer)?;
        if (hz != 0 && !(100..=5000).contains(&hz)) || ms > 2000 {
            return Err(Refusal::OutOfRange);
        }
        self.parts.buzzer = Some((hz, ms));
        Ok(())
    }

    /// How many watch.
    pub(super) fn watchers(&self) -> u32 {
        self.parts.watchers
    }

    /// So many watch from now on. The first who comes is heard, if that was not told just before.
    pub(super) fn watched(&mut self, watchers: u32, now: Instant) {
        let first = self.parts.watchers == 0 && watchers > 0;
        self.parts.watchers = watchers;
        let told = self.parts.chirped.is_some_and(|at| now.saturating_duration_since(at) < CHIRP_EVERY);
        let buzzes = self.device.controller().is_ok_and(|controller| controller.features.buzzer);
        if first && !told && buzzes && self.parts.buzzer.is_none() {
            self.parts.buzzer = Some(CHIRP);
            self.parts.chirped = Some(now);
        }
    }

    /// The cable had no room for head or lamp: they are said again.
    pub(super) fn parts_unsaid(&mut self) {
        self.sent.forget_parts();
    }

    /// The motion loop was late: whoever drives is slowed down for a while.
    pub(super) fn late(&mut self, by: Duration, now: Instant) {
        self.arbiter.late(now);
        self.note("late", json!({"ms": u64::try_from(by.as_millis()).unwrap_or(u64::MAX)}));
        self.changed = true;
    }

    /// Fastest speed and turn: m/s, degrees a second.
    pub(super) fn top_speed(&self) -> (f64, f64) {
        let caps = self.arbiter.caps();
        (caps.linear / 1000.0, (caps.angular / 1000.0).to_degrees().round())
    }

    /// Who asks for the robot.
    pub(super) fn asking(&self) -> Option<&str> {
        self.leases.asking()
    }

    /// Who drives.
    pub(super) fn driver(&self) -> Option<api::Driver> {
        self.leases.driver()
    }

    /// Takes the notes for the black box.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        if self.unnoted > 0 {
            let fields = json!({"count": std::mem::take(&mut self.unnoted), "why": "rules"});
            self.notes.push(Note { kind: "lost", fields });
        }
        std::mem::take(&mut self.notes)
    }

    /// Whether something that people see has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Order, then age, of a message from the present seat.
    fn admit(&mut self, seat: u64, stamp: &api::Stamp, now: Instant) -> Result<Heard, Refusal> {
        let present = self.seat.as_mut().filter(|present| present.id == seat).ok_or(Refusal::LeaseLost)?;
        if stamp.seq <= present.seq {
            return Err(Refusal::OutOfOrder);
        }
        present.seq = stamp.seq;
        let age = present.clock.age(stamp, now)?;
        // A sign of life counts from when it was given, however long it was under way.
        if let Some(number) = self.leases.number()
            && let Some(given) = now.checked_sub(age)
        {
            self.leases.seen(number, given);
        }
        let picture = match stamp.picture_ms {
            None => None,
            Some(ms) if ms.is_finite() && (0.0..=OLDEST_PICTURE_MS).contains(&ms) => {
                Some(Duration::from_secs_f64(ms / 1000.0))
            }
            Some(_) => return Err(Refusal::OutOfRange),
        };
        Ok(Heard { age, picture })
    }

    fn obey(&mut self, command: &Command, heard: Heard, now: Instant) -> Result<(), Refusal> {
        self.judge(command, now, |core| {
            let moves = !matches!(command, Command::Alive | Command::Neutral);
            if moves {
                core.gate()?;
            }
            // A latch lets go of the control: it needs a stop that works without us.
            if matches!(command, Command::Latch { .. }) && !core.device.can_latch_estop() {
                return Err(Refusal::StopUnreachable);
            }
            core.arbiter.command(command, heard, now)
        })
    }

    /// Judges a command, and sees to what its judgement brought about: a refusal spends the press, and may have stopped.
    fn judge(
        &mut self,
        command: &Command,
        now: Instant,
        by: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let (was, told) = (self.arbiter.mode(), self.arbiter.stopped());
        let result = by(self);
        if result.is_err() {
            self.arbiter.spend(command);
        }
        // The driver's own neutral is a command, and noted as one.
        if self.arbiter.mode().is_none() && self.arbiter.stopped() != Some(StopReason::Neutral) {
            self.stopped(was, told);
        }
        self.told(command, result, now)
    }

    /// After the arbiter has judged.
    fn told(&mut self, command: &Command, result: Result<(), Refusal>, now: Instant) -> Result<(), Refusal> {
        match result {
            // A sign of life that feeds nothing is nothing to be told.
            Ok(()) => self.sent.fresh |= *command != Command::Alive || self.arbiter.mode().is_some(),
            Err(refusal) => self.note("refused", json!({"code": refusal})),
        }
        let moving = self.arbiter.mode();
        if self.sent.mode != moving {
            self.changed = true;
            self.sent.mode = moving;
        }
        if result.is_ok() && !matches!(command, Command::Alive) {
            let wanted = self.arbiter.wanted(now);
            if !self.sent.noted.is_some_and(|noted| noted.is_like(&wanted)) {
                self.sent.noted = Some(wanted);
                self.note("command", wanted.to_json(moving));
            }
        }
        result
    }

    /// What keeps the wheels still, whoever asks.
    fn gate(&self) -> Result<(), Refusal> {
        if self.closing {
            return Err(Refusal::RobotAway);
        }
        self.emergency.gate()?;
        self.device.gate()
    }

    fn part(
        &mut self,
        token: &Fingerprint,
        now: Instant,
        has: impl FnOnce(&super::wire::Features) -> bool,
    ) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.seen(number, now);
        let controller = self.device.controller()?;
        if has(&controller.features) { Ok(()) } else { Err(Refusal::NotSupported) }
    }

    /// Ends a lease that nobody keeps.
    fn expire(&mut self, now: Instant) {
        let before = self.leases.number();
        let asked = self.leases.asking().is_some();
        self.leases.expire(now);
        if let Some(number) = before
            && self.leases.number().is_none()
        {
            self.lease_over(number, "stale");
        }
        self.changed |= asked != self.leases.asking().is_some();
    }

    fn lease_over(&mut self, number: u64, what: &str) {
        self.seat = None;
        self.stop_all(StopReason::LeaseEnded);
        self.arbiter.forget_driver();
        self.note("lease", json!({"what": what, "lease": number}));
        self.changed = true;
    }

    /// Every stop goes through here.
    fn stop_all(&mut self, reason: StopReason) {
        let (was, told) = (self.arbiter.mode(), self.arbiter.stopped());
        self.arbiter.stop(reason);
        (self.sent.fresh, self.sent.owed) = (true, true);
        self.stopped(was, told);
    }

    /// Notes that a motion ended, whoever ended it.
    fn stopped(&mut self, was: Option<api::DriveMode>, told: Option<StopReason>) {
        if was != self.arbiter.mode() || told != self.arbiter.stopped() {
            self.sent.mode = self.arbiter.mode();
            self.sent.noted = None;
            // Told at once, however short ago a set-point was.
            (self.sent.fresh, self.sent.owed) = (true, true);
            self.note("stopped", json!({"reason": self.arbiter.stopped(), "mode": was}));
            self.changed = true;
        }
    }

    fn note(&mut self, kind: &'static str, fields: Value) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(Note { kind, fields });
        } else {
            self.unnoted += 1;
        }
    }
}
