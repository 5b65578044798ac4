//! The age of a driver's message, bounded from above without trusting the client's clock.
//!
//! The daemon numbers its beats and records when each was sent. The client reports, on its own steady clock, when the
//! newest beat arrived (`beat_t`) and when it made the message (`t`). A beat cannot arrive before it is sent, so at client
//! time `beat_t` the daemon's clock showed at least `sent`; hence at client time `t` it showed at least
//! `t + (sent - beat_t)`, and the message is at most `now - t - (sent - beat_t)` old. Each beat gives such a bound; the
//! largest `sent - beat_t`, that of the fastest beat, gives the tightest. Only the last 30 s count, so that two quartz
//! clocks that drift apart by 200 ppm falsify it by 6 ms at most.

use std::collections::VecDeque;
use std::time::Duration;

use havatar_api::{Refusal, Stamp};
use tokio::time::Instant;

/// Interval of the beats.
pub(super) const BEAT: Duration = Duration::from_millis(100);
/// A command of this age or older is refused.
pub(super) const OLDEST: Duration = Duration::from_millis(300);
/// How long the bound of a beat counts.
const WINDOW: Duration = Duration::from_secs(30);
/// Bounds are stored by the second: the best of each.
const BUCKET: Duration = Duration::from_secs(1);
/// Number of beats whose time is stored; an echo of an older one is ignored.
const BEATS: usize = 64;
/// Tolerated negative age, as clock drift may produce it.
const DRIFT_MS: f64 = 50.0;

/// The bound for one client, that is, one drive socket.
#[derive(Debug)]
pub(super) struct Clock {
    base: Instant,
    sent: VecDeque<Instant>,
    /// Number of the newest beat.
    newest: u64,
    /// Best `sent - beat_t` in ms, with the time until which it was the best of its second.
    best: VecDeque<(Instant, f64)>,
}

impl Clock {
    /// Numbers beats from `after` + 1. No two sockets share a number: a press stamped with another socket's beat would look as
    /// young as the beat of the same number here.
    pub(super) fn new(now: Instant, after: u64) -> Self {
        Self { base: now, sent: VecDeque::new(), newest: after, best: VecDeque::new() }
    }

    /// Records that a beat is being sent, and returns its number.
    pub(super) fn beat(&mut self, now: Instant) -> u64 {
        if self.sent.len() == BEATS {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        self.newest += 1;
        self.newest
    }

    /// The highest possible age of a message that has just arrived.
    pub(super) fn age(&mut self, stamp: &Stamp, now: Instant) -> Result<Duration, Refusal> {
        let times = [stamp.t, stamp.beat_t];
        let sane = times.iter().all(|ms| ms.is_finite() && (0.0..1e13).contains(ms));
        if !sane || stamp.beat_t > stamp.t || stamp.beat > self.newest || stamp.beat == 0 {
            return Err(Refusal::Clock);
        }
        self.forget(now);
        let sample = self.offset(stamp);
        let offset =
            self.best.iter().map(|(_, offset)| *offset).chain(sample).fold(f64::NEG_INFINITY, f64::max);
        let age = self.ms(now) - (stamp.t + offset);
        if !age.is_finite() || age < -DRIFT_MS {
            // An impossible age must not improve the bound.
            return Err(Refusal::Clock);
        }
        if let Some(offset) = sample {
            self.learn(offset, now);
        }
        Ok(Duration::from_secs_f64((age / 1000.0).clamp(0.0, 1e6)))
    }

    fn forget(&mut self, now: Instant) {
        while self.best.front().is_some_and(|(until, _)| now.duration_since(*until) > WINDOW) {
            self.best.pop_front();
        }
    }

    /// The bound that a stamp gives; `None` if its beat is too old, or was another socket's.
    fn offset(&self, stamp: &Stamp) -> Option<f64> {
        let back = usize::try_from(self.newest - stamp.beat).ok()?;
        let sent = self.sent.len().checked_sub(back.checked_add(1)?).and_then(|i| self.sent.get(i))?;
        Some(self.ms(*sent) - stamp.beat_t)
    }

    fn learn(&mut self, offset: f64, now: Instant) {
        match self.best.back_mut() {
            Some((until, best)) if now <= *until => *best = best.max(offset),
            _ => self.best.push_back((now + BUCKET, offset)),
        }
    }

    fn ms(&self, at: Instant) -> f64 {
        at.saturating_duration_since(self.base).as_secs_f64() * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp(t: f64, beat: u64, beat_t: f64) -> Stamp {
        Stamp { seq: 1, t, beat, beat_t, picture_ms: None }
    }

    fn ms(ms: f64) -> Duration {
        Duration::from_secs_f64(ms / 1000.0)
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        let start = Instant::now();
        let mut clock = Clock::new(start, 0);
        assert_eq!(clock.age(&stamp(1.0, 0, 1.0), start), Err(Refusal::Clock), "no beat yet");
        clock.beat(start);
        for (t, beat, beat_t) in [
            (f64::NAN, 1, 0.0),
            (1.0, 1, f64::NAN),
            (f64::INFINITY, 1, 0.0),
            (1.0, 1, -1.0),
            (1.0, 1, 2.0),
            (1.0, 2, 1.0),
            (1e14, 1, 1.0),
            (1000.0, 1, 1.0),
        ] {
            assert_eq!(clock.age(&stamp(t, beat, beat_t), start), Err(Refusal::Clock), "{t} {beat} {beat_t}");
        }
    }

    #[test]
    fn an_echo_too_old_to_be_known_teaches_nothing() {
        let start = Instant::now();
        let mut clock = Clock::new(start, 0);
        for n in 0..200 {
            clock.beat(start + BEAT * n);
        }
        let now = start + BEAT * 200;
        assert_eq!(clock.age(&stamp(5.0, 1, 1.0), now), Err(Refusal::Clock));
        assert!(clock.age(&stamp(5.0, 199, 1.0), now).is_ok());
    }

    /// What the driver's clock shows at our `now`, if it started with ours.
    fn client(start: Instant, now: Instant) -> f64 {
        now.duration_since(start).as_secs_f64() * 1000.0
    }

    #[test]
    fn the_beat_that_was_fastest_counts_for_half_a_minute() {
        let start = Instant::now();
        let mut clock = Clock::new(start, 0);
        let age = |clock: &mut Clock, sent: Instant, way: f64, beat: u64| {
            let now = sent + ms(way);
            clock.age(&stamp(client(start, now), beat, client(start, now)), now).unwrap()
        };
        let close = |age: Duration, millis: f64| (age.as_secs_f64() * 1000.0 - millis).abs() < 0.01;
        // One beat that came at once, then nothing but beats that take 200 ms: within the same second, and after it.
        let beat = clock.beat(start);
        assert!(close(age(&mut clock, start, 0.0, beat), 0.0));
        for tenth in 1..=300_u32 {
            let sent = start + BEAT * tenth;
            let beat = clock.beat(sent);
            let found = age(&mut clock, sent, 200.0, beat);
            assert!(close(found, 0.0), "{tenth}: {found:?}");
        }
        // The best of a second is forgotten half a minute after that second.
        let sent = start + BUCKET + WINDOW;
        let beat = clock.beat(sent);
        let found = age(&mut clock, sent, 200.0, beat);
        assert!(close(found, 200.0), "{found:?}");
    }

    #[test]
    fn the_times_kept_are_few() {
        let start = Instant::now();
        let mut clock = Clock::new(start, 0);
        for tenth in 0..10_000_u32 {
            let now = start + BEAT * tenth;
            let beat = clock.beat(now);
            clock.age(&stamp(client(start, now), beat, client(start, now)), now).unwrap();
        }
        assert!(clock.sent.len() <= BEATS && clock.best.len() <= 33, "{}", clock.best.len());
    }

    proptest! {
        /// Whatever the network does and wherever the client's clock stands, no message is taken for younger than it
        /// is, and on a steady network it is taken for at most one way down older.
        #[test]
        fn never_younger_than_it_is(
            origin in 0.0..1e9f64,
            drift in -0.0002..0.0002f64,
            ways in prop::collection::vec((0.0..2000.0f64, 0.0..2000.0f64, 0.0..50.0f64), 1..200),
        ) {
            let start = Instant::now();
            let mut clock = Clock::new(start, 0);
            let client = |at: f64| origin + at * (1.0 + drift);
            let mut fastest = f64::INFINITY;
            let mut last = 0.0;
            for (i, (down, up, wait)) in ways.iter().enumerate() {
                // Messages arrive in order, as on any TCP connection.
                let sent = f64::from(u32::try_from(i).unwrap()) * 100.0;
                let beat = clock.beat(start + ms(sent));
                let made = sent + down + wait;
                let arrives = f64::max(made + up, last);
                last = arrives;
                if i + 1 < ways.len() && arrives > sent + 100.0 {
                    continue;
                }
                fastest = fastest.min(*down);
                let age = clock.age(&stamp(client(made), beat, client(sent + down)), start + ms(arrives));
                let truth = arrives - made;
                let bound = age.unwrap().as_secs_f64() * 1000.0;
                let slack = 0.0002 * 31_000.0 + 0.01;
                prop_assert!(bound >= truth - slack, "{bound} < {truth}");
                prop_assert!(bound <= truth + fastest + slack, "{bound} > {truth} + {fastest}");
            }
        }
    }
}
