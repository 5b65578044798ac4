//! What the handle, the drive session and the motion loop share: the rules behind their lock, and the published state.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use havatar_api as api;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::blackbox::{BlackBox, EventRecorder};
use super::core::{Core, Note};
use super::wire::{DeviceCommand, LinkEvent};

/// Interval at which a state without important changes is published.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The rules, and what follows from them.
#[derive(Debug)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// Ends the motion loop, and with it the daemon.
    pub(super) stop: CancellationToken,
    /// Used by the motion loop, and in its place while it hangs; never held while anything blocks.
    recorder: Mutex<EventRecorder>,
    pub(super) black_box: BlackBox,
    /// Wakes the motion loop.
    pub(super) wake: Notify,
    /// Wakes the e-stop's persistence, once for each version; a failing disk is retried at its own interval.
    pub(super) to_save: Notify,
    asked: AtomicU64,
    /// The last turn of the motion loop, in ms since `begun`.
    turned: AtomicU64,
    begun: Instant,
    /// The motion loop does not run, so others publish the state.
    hung: AtomicBool,
    /// The newest version of the e-stop that was written, successfully or not.
    pub(super) tried: watch::Sender<u64>,
    pub(super) state: watch::Sender<Arc<api::RobotState>>,
}

#[derive(Debug)]
struct Inner {
    core: Core,
    /// Open drive sessions, with the token that tells them that they have ended.
    sessions: Vec<(u64, CancellationToken)>,
    told: Instant,
}

impl Shared {
    pub(super) fn new(mut core: Core, black_box: BlackBox, now: Instant) -> Self {
        let state = watch::Sender::new(Arc::new(core.state(now)));
        let inner = Mutex::new(Inner { core, sessions: Vec::new(), told: now });
        Self {
            inner,
            stop: CancellationToken::new(),
            recorder: Mutex::new(EventRecorder::new(black_box.clone())),
            black_box,
            wake: Notify::new(),
            to_save: Notify::new(),
            asked: AtomicU64::new(u64::MAX),
            turned: AtomicU64::new(0),
            begun: now,
            hung: AtomicBool::new(false),
            tried: watch::Sender::new(0),
            state,
        }
    }

    /// Changes the rules, and wakes the motion loop to act on it at once.
    pub(super) fn update<T>(&self, act: impl FnOnce(&mut Core, Instant) -> T) -> T {
        let (result, save) = {
            let mut inner = self.lock();
            let result = act(&mut inner.core, Instant::now());
            inner.end_closed_sessions();
            (result, inner.core.to_save().map(|(version, _)| version))
        };
        // Not left to the motion loop, which may be waiting for a port that does not open.
        self.save(save);
        self.wake.notify_one();
        if self.hung.load(Ordering::Acquire) {
            self.publish_changes(Instant::now());
        }
        result
    }

    /// How long ago the motion loop took its last turn. It takes one several times a second.
    pub(super) fn loop_age(&self, now: Instant) -> Duration {
        let turned = self.begun + Duration::from_millis(self.turned.load(Ordering::Acquire));
        now.saturating_duration_since(turned)
    }

    /// The motion loop does not run, or runs again.
    pub(super) fn set_hung(&self, hung: bool) {
        if self.hung.swap(hung, Ordering::AcqRel) != hung {
            self.lock().core.set_hung(hung);
            self.publish_changes(Instant::now());
        }
    }

    /// Publishes in the motion loop's place.
    fn publish_changes(&self, now: Instant) {
        let (notes, state) = {
            let mut inner = self.lock();
            (inner.core.take_notes(), inner.take_state(now))
        };
        self.publish(notes, state, None, &[], now);
    }

    /// Reads the rules without a change.
    pub(super) fn read<T>(&self, read: impl FnOnce(&mut Core) -> T) -> T {
        read(&mut self.lock().core)
    }

    /// Registers a drive session. The token is cancelled when it ends.
    pub(super) fn register_session(&self, id: u64) -> CancellationToken {
        let ended = CancellationToken::new();
        let mut inner = self.lock();
        inner.sessions.push((id, ended.clone()));
        inner.end_closed_sessions();
        ended
    }

    /// The commands that the motion loop is to send, and when it is to ask again.
    pub(super) fn device_commands(&self, now: Instant, commands: &mut Vec<DeviceCommand>) -> Instant {
        let turned = now.saturating_duration_since(self.begun).as_millis();
        self.turned.store(u64::try_from(turned).unwrap_or(u64::MAX), Ordering::Release);
        let (next, notes, state, save) = {
            let mut inner = self.lock();
            let next = inner.core.device_commands(now, commands);
            inner.end_closed_sessions();
            let state = inner.take_state(now);
            let save = inner.core.to_save().map(|(version, _)| version);
            (next, inner.core.take_notes(), state, save)
        };
        self.publish(notes, state, save, commands, now);
        next
    }

    /// Passes an event of the link to the rules.
    pub(super) fn on_link_event(&self, event: LinkEvent, now: Instant) {
        self.lock().core.on_link_event(event, now);
    }

    /// The transmit buffer had no room for head or lamp.
    pub(super) fn parts_unsent(&self) {
        self.lock().core.parts_unsent();
    }

    /// The motion loop was late by this much.
    pub(super) fn late(&self, by: Duration, now: Instant) {
        self.lock().core.late(by, now);
    }

    fn publish(
        &self,
        notes: Vec<Note>,
        state: Option<api::RobotState>,
        save: Option<u64>,
        commands: &[DeviceCommand],
        now: Instant,
    ) {
        self.save(save);
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        for note in notes {
            log(&note);
            recorder.note(note.kind, note.fields, note.times, now);
        }
        recorder.sent(commands, now);
        if let Some(mut state) = state {
            state.black_box_fault = self.black_box.failing();
            recorder.state(&state, now);
            self.state.send_replace(Arc::new(state));
        }
    }

    /// Wakes the persistence for a version that it has not been woken for.
    fn save(&self, version: Option<u64>) {
        if let Some(version) = version
            && self.asked.swap(version, Ordering::Relaxed) != version
        {
            self.to_save.notify_one();
        }
    }

    /// A panic has left the rules in an unknown state: unknown means stopped, until the daemon restarts.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| {
            let mut inner = PoisonError::into_inner(poisoned);
            inner.core.close();
            self.stop.cancel();
            inner
        })
    }
}

impl Inner {
    fn end_closed_sessions(&mut self) {
        let core = &self.core;
        self.sessions.retain(|(id, ended)| {
            let open = core.is_session_open(*id);
            if !open {
                ended.cancel();
            }
            open
        });
    }

    /// The state to publish, if it has changed or is due.
    fn take_state(&mut self, now: Instant) -> Option<api::RobotState> {
        let due = now.saturating_duration_since(self.told) >= TELL_EVERY;
        (self.core.take_changed() || (due && self.core.has_report())).then(|| {
            self.told = now;
            self.core.state(now)
        })
    }
}

/// What an owner looks for in the journal: the cable and what is at its end. All else is the black box's.
fn log(note: &Note) {
    if note.kind == "link" {
        let field = |name: &str| {
            note.fields.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        tracing::info!(link = field("state"), why = field("why"), "the link to the motor controller changed");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crate::robot::{Robot, Who};

    #[test]
    fn a_panic_among_the_rules_stops_for_good_and_ends_the_motion_loop() {
        let robot = Robot::for_tests();
        let who =
            Who { name: "Ana".to_owned(), account: "admin".to_owned(), key: "1".to_owned(), admin: true };
        robot.acquire(&who, &havatar_api::LeaseRequest::default()).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| robot.0.update(|_, _| panic!("on purpose"))));
        assert!(panicked.is_err());
        robot.stop(&who);
        assert!(robot.0.stop.is_cancelled());
        let motion = robot.0.read(|core| core.state(tokio::time::Instant::now()).motion);
        assert_eq!(motion.refusal, Some(havatar_api::Refusal::RobotAway), "{motion:?}");
    }
}
