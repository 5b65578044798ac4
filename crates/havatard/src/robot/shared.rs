//! What the handle, the driver's seat and the motion loop share: the rules behind their lock, and where news goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use havatar_api as api;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::blackbox::{BlackBox, Scribe};
use super::core::{Core, Note};
use super::wire::{LinkNews, Order};

/// People are told of what merely moves this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The rules, and where news goes.
#[derive(Debug)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// Ends the motion loop, and with it the daemon.
    pub(super) stop: CancellationToken,
    /// Of the motion loop alone; never waited for.
    scribe: Mutex<Scribe>,
    pub(super) black_box: BlackBox,
    /// Wakes the motion loop.
    pub(super) wake: Notify,
    /// Wakes whoever keeps the e-stop on disk, once for each version; a disk that fails is tried again at its own pace.
    pub(super) to_save: Notify,
    asked: AtomicU64,
    /// The newest version of the e-stop that the disk has been given, in vain or not.
    pub(super) tried: watch::Sender<u64>,
    pub(super) state: watch::Sender<Arc<api::RobotState>>,
}

#[derive(Debug)]
struct Inner {
    core: Core,
    /// Seats that are open, with what tells them that they are over.
    seats: Vec<(u64, CancellationToken)>,
    told: Instant,
}

impl Shared {
    pub(super) fn new(mut core: Core, black_box: BlackBox, now: Instant) -> Self {
        let state = watch::Sender::new(Arc::new(core.state(now)));
        let inner = Mutex::new(Inner { core, seats: Vec::new(), told: now });
        Self {
            inner,
            stop: CancellationToken::new(),
            scribe: Mutex::new(Scribe::new(black_box.clone())),
            black_box,
            wake: Notify::new(),
            to_save: Notify::new(),
            asked: AtomicU64::new(u64::MAX),
            tried: watch::Sender::new(0),
            state,
        }
    }

    /// Asks or tells the rules something, and wakes the motion loop to act on it at once.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Core, Instant) -> T) -> T {
        let (result, save) = {
            let mut inner = self.lock();
            let result = act(&mut inner.core, Instant::now());
            inner.unseat();
            (result, inner.core.to_save().map(|(version, _)| version))
        };
        // Not by the motion loop, which may be waiting for a port that does not open.
        self.save(save);
        self.wake.notify_one();
        result
    }

    /// Asks the rules something that changes nothing.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut Core) -> T) -> T {
        look(&mut self.lock().core)
    }

    /// A seat has been taken: cancelled when it is over.
    pub(super) fn seat(&self, id: u64) -> CancellationToken {
        let ended = CancellationToken::new();
        let mut inner = self.lock();
        inner.seats.push((id, ended.clone()));
        inner.unseat();
        ended
    }

    /// What the motion loop is to write, and when it is to ask again.
    pub(super) fn orders(&self, now: Instant, orders: &mut Vec<Order>) -> Instant {
        let (next, notes, state, save) = {
            let mut inner = self.lock();
            let next = inner.core.orders(now, orders);
            inner.unseat();
            let state = inner.news(now);
            let save = inner.core.to_save().map(|(version, _)| version);
            (next, inner.core.take_notes(), state, save)
        };
        self.publish(notes, state, save, orders, now);
        next
    }

    /// What the link has to say.
    pub(super) fn link(&self, news: LinkNews, now: Instant) {
        self.lock().core.link(news, now);
    }

    /// The cable had no room for what turns the head or lights the lamp.
    pub(super) fn parts_unsaid(&self) {
        self.lock().core.parts_unsaid();
    }

    /// The motion loop came so much too late.
    pub(super) fn late(&self, by: Duration, now: Instant) {
        self.lock().core.late(by, now);
    }

    fn publish(
        &self,
        notes: Vec<Note>,
        state: Option<api::RobotState>,
        save: Option<u64>,
        orders: &[Order],
        now: Instant,
    ) {
        self.save(save);
        let mut scribe = self.scribe.lock().unwrap_or_else(PoisonError::into_inner);
        for note in notes {
            scribe.note(note.kind, note.fields, now);
        }
        scribe.sent(orders, now);
        if let Some(mut state) = state {
            state.black_box_fault = self.black_box.failing();
            scribe.state(&state, now);
            self.state.send_replace(Arc::new(state));
        }
    }

    /// Wakes the keeper for a version that it has not been woken for.
    fn save(&self, version: Option<u64>) {
        if let Some(version) = version
            && self.asked.swap(version, Ordering::Relaxed) != version
        {
            self.to_save.notify_one();
        }
    }

    /// A panic elsewhere has left the rules in an unknown state: unknown means stopped, and only a new daemon knows better.
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
    fn unseat(&mut self) {
        let core = &self.core;
        self.seats.retain(|(id, ended)| {
            let seated = core.is_seated(*id);
            if !seated {
                ended.cancel();
            }
            seated
        });
    }

    /// A new state for everybody, if there is something new in it or it is time.
    fn news(&mut self, now: Instant) -> Option<api::RobotState> {
        let due = now.saturating_duration_since(self.told) >= TELL_EVERY;
        (self.core.take_changed() || (due && self.core.has_report())).then(|| {
            self.told = now;
            self.core.state(now)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crate::robot::{Robot, Who};

    #[test]
    fn a_panic_among_the_rules_stops_for_good_and_ends_the_motion_loop() {
        let robot = Robot::for_tests();
        let who = Who { name: "Ana".to_owned(), key: "1".to_owned(), admin: true };
        robot.acquire(&who, &havatar_api::LeaseRequest::default()).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| robot.0.with(|_, _| panic!("on purpose"))));
        assert!(panicked.is_err());
        robot.stop(&who);
        assert!(robot.0.stop.is_cancelled());
        let motion = robot.0.look(|core| core.state(tokio::time::Instant::now()).motion);
        assert_eq!(motion.refusal, Some(havatar_api::Refusal::RobotAway), "{motion:?}");
    }
}
