//! The rules in one place: who drives, what is allowed, what the controller reports, what it is sent.
//!
//! Pure: no I/O, no disk, no clock. The rules stand behind a lock that is held for microseconds; the task that receives a
//! driver's message also has it judged, so the refusal answers the same call, and no queue exists in which a command could
//! wait. The motion loop then asks for the [`device_commands`](Core::device_commands).

mod device;
mod device_commands;
mod driver_commands;
mod estop;
mod estop_rules;
mod leases;
mod link_events;
mod parts;
mod sent;
mod state;
#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_api::{self as api, Refusal, StopReason};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::robot::arbiter::{Arbiter, SpeedLimits};
use crate::robot::clock::Clock;
use crate::robot::lease::Leases;

use self::device::Device;
use self::estop::EstopLatch;
use self::sent::Sent;

pub(super) use self::device_commands::REPEAT;
pub(super) use self::estop::{CODE_VALID, Latched};

/// Notes for the black box that wait until the lock is released.
const MAX_NOTES: usize = 64;
/// Places beyond them for e-stops alone.
const ESTOP_NOTES: usize = 16;

/// The state of all rules.
#[derive(Debug)]
pub(super) struct Core {
    arbiter: Arbiter,
    limits: SpeedLimits,
    leases: Leases,
    session: Option<Session>,
    newest_session: u64,
    estop: EstopLatch,
    device: Device,
    parts: Parts,
    sent: Sent,
    notes: Vec<Note>,
    /// Notes dropped for lack of room.
    lost_notes: u64,
    /// A part of the published state has changed.
    changed: bool,
    closing: bool,
}

/// A line for the black box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    pub(super) fields: Value,
    /// How often it came since the notes were taken last.
    pub(super) times: u64,
}

/// The open drive session.
#[derive(Debug)]
struct Session {
    id: u64,
    clock: Clock,
    seq: u64,
}

/// The latest values requested of head, lamp and buzzer.
#[derive(Debug, Default)]
struct Parts {
    head: Option<(i16, i16)>,
    light: Option<u8>,
    buzzer: Option<(u16, u16)>,
    watchers: u32,
    /// When the last chirp announced a watcher.
    chirped_at: Option<Instant>,
}

impl Core {
    /// `lease` is the highest number that an earlier run may have granted. The pair holds the e-stop that it left, and whether
    /// the disk agrees.
    pub(super) fn new(
        port: &str,
        limits: SpeedLimits,
        lease: u64,
        (latched, saved): (Option<Latched>, bool),
        now: Instant,
    ) -> Self {
        Self {
            arbiter: Arbiter::new(limits),
            limits,
            leases: Leases::above(lease),
            session: None,
            newest_session: 0,
            estop: EstopLatch::new(latched, saved),
            device: Device::new(port),
            parts: Parts::default(),
            sent: Sent::new(now),
            notes: Vec::new(),
            lost_notes: 0,
            changed: true,
            closing: false,
        }
    }

    /// Applies another port or other speed limits, and stops any motion: the link begins anew. Nobody has pressed STOP.
    pub(super) fn configure(&mut self, port: &str, limits: SpeedLimits) {
        self.limits = limits;
        // The reason for which the wheels already stand remains.
        let standing = self.arbiter.stopped().filter(|_| self.arbiter.mode().is_none());
        self.stop_all(standing.unwrap_or(StopReason::LinkLost));
        self.device = Device::new(port);
        self.arbiter.configure(limits);
        self.changed = true;
    }

    /// The daemon shuts down: stops the wheels, and refuses all further motion.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.stop_all(StopReason::Shutdown);
    }

    /// The motion loop was late: slows the driver down for a while.
    pub(super) fn late(&mut self, by: Duration, now: Instant) {
        self.arbiter.late(now);
        self.note("late", json!({"ms": u64::try_from(by.as_millis()).unwrap_or(u64::MAX)}));
        self.changed = true;
    }

    /// The top speeds, in m/s and degrees a second.
    pub(super) fn top_speed(&self) -> (f64, f64) {
        let limits = self.arbiter.speed_limits();
        (limits.linear / 1000.0, (limits.angular / 1000.0).to_degrees().round())
    }

    /// Takes the notes for the black box.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        if self.lost_notes > 0 {
            let fields = json!({"count": std::mem::take(&mut self.lost_notes), "why": "rules"});
            self.notes.push(Note { kind: "lost", fields, times: 1 });
        }
        std::mem::take(&mut self.notes)
    }

    /// Whether the published state has changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Whether the wheels may move at all.
    fn check_ready(&self) -> Result<(), Refusal> {
        if self.closing {
            return Err(Refusal::RobotAway);
        }
        self.estop.check_ready()?;
        self.device.check_ready()
    }

    /// Stops the wheels at once. Every stop that is asked for goes through here; what the arbiter ends by itself is noted by
    /// [`note_if_stopped`](Self::note_if_stopped).
    fn stop_all(&mut self, reason: StopReason) {
        let (mode, stopped) = (self.arbiter.mode(), self.arbiter.stopped());
        self.arbiter.stop(reason);
        (self.sent.dirty, self.sent.stop_pending) = (true, true);
        self.note_if_stopped(mode, stopped);
    }

    /// Ends a motion whose time is over.
    fn expire_motion(&mut self, now: Instant) {
        let (mode, stopped) = (self.arbiter.mode(), self.arbiter.stopped());
        self.arbiter.tick(now);
        self.note_if_stopped(mode, stopped);
    }

    /// Notes the end of a motion, whatever ended it.
    fn note_if_stopped(&mut self, mode: Option<api::DriveMode>, stopped: Option<StopReason>) {
        if mode != self.arbiter.mode() || stopped != self.arbiter.stopped() {
            self.sent.mode = self.arbiter.mode();
            self.sent.noted = None;
            // Send it at once, however recently a set-point was sent.
            (self.sent.dirty, self.sent.stop_pending) = (true, true);
            self.note("stopped", json!({"reason": self.arbiter.stopped(), "mode": mode}));
            self.changed = true;
        }
    }

    fn note(&mut self, kind: &'static str, fields: Value) {
        // One more of the same takes no place of another. The newest are looked at: a flood repeats itself.
        let merges = !matches!(kind, "command" | "stopped" | "late" | "link");
        let mut newest = self.notes.iter_mut().rev().take(8);
        if merges && let Some(same) = newest.find(|note| note.kind == kind && note.fields == fields) {
            same.times += 1;
            return;
        }
        // An e-stop is never left out for harmless notes.
        let most = if kind == "estop" { MAX_NOTES + ESTOP_NOTES } else { MAX_NOTES };
        if self.notes.len() < most {
            self.notes.push(Note { kind, fields, times: 1 });
        } else {
            self.lost_notes += 1;
        }
    }
}
