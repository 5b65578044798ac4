//! When the next frame is due, and which ones are dropped.
//!
//! Slot `n` is due at `n / fps` seconds after the start, always counted from the start: a sleep that ends late
//! moves no later slot, so there is no drift. A reader that holds a frame back makes the next one late. Late by
//! less than a period it is still sent, at once; late by a period or more, the slots that passed are dropped and
//! the one we are in is sent. So what a slow reader gets is always younger than one period, and it never has a
//! queue of old frames to work off.

use std::time::Duration;

const NANOS: u64 = 1_000_000_000;

/// The schedule of one run. Times are counted from the start of the run.
#[derive(Debug, Clone)]
pub struct Pace {
    fps: u64,
    next: u64,
    dropped: u64,
}

/// One place in the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Number of the slot, 0 at the start; dropped slots are counted.
    pub index: u64,
    /// When the frame is due, from the start. It may already have passed.
    pub due: Duration,
}

impl Pace {
    /// A schedule of `fps` frames a second, at least 1.
    pub fn new(fps: u32) -> Self {
        Self { fps: u64::from(fps.max(1)), next: 0, dropped: 0 }
    }

    /// The slot to send next, given the time since the start.
    pub fn next_slot(&mut self, now: Duration) -> Slot {
        if now >= self.due(self.next + 1) {
            let current = self.slot_at(now);
            self.dropped += current - self.next;
            self.next = current;
        }
        let slot = Slot { index: self.next, due: self.due(self.next) };
        self.next += 1;
        slot
    }

    /// How many slots passed without a frame because the reader was slow.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn due(&self, index: u64) -> Duration {
        let (seconds, rest) = (index / self.fps, index % self.fps);
        // Rounded up, so that the slot at its own due time is this one and not the one before.
        Duration::from_secs(seconds) + Duration::from_nanos((rest * NANOS).div_ceil(self.fps))
    }

    fn slot_at(&self, now: Duration) -> u64 {
        now.as_secs() * self.fps + u64::from(now.subsec_nanos()) * self.fps / NANOS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_reader_gets_every_slot_without_drift() {
        for fps in [1, 7, 15, 24, 25, 30, 50, 60, 120] {
            let mut pace = Pace::new(fps);
            let mut now = Duration::ZERO;
            for index in 0..u64::from(fps) * 600 {
                let slot = pace.next_slot(now);
                assert_eq!(slot.index, index);
                // Every sleep ends 3 ms late, or a third of a period where that is less.
                now = slot.due + Duration::from_millis(3).min(Duration::from_secs(1) / fps / 3);
            }
            assert_eq!(pace.next_slot(now).due, Duration::from_mins(10));
            assert_eq!(pace.dropped(), 0);
        }
    }

    #[test]
    fn late_by_less_than_a_period_is_sent_at_once() {
        let mut pace = Pace::new(10);
        pace.next_slot(Duration::ZERO);
        let late = pace.next_slot(Duration::from_millis(199));
        assert_eq!((late.index, late.due), (1, Duration::from_millis(100)));
        assert_eq!(pace.dropped(), 0);
    }

    #[test]
    fn a_stall_drops_the_slots_that_passed() {
        let mut pace = Pace::new(10);
        pace.next_slot(Duration::ZERO);
        let after = pace.next_slot(Duration::from_millis(1_050));
        assert_eq!((after.index, after.due), (10, Duration::from_secs(1)));
        assert_eq!(pace.dropped(), 9);
        assert_eq!(pace.next_slot(Duration::from_millis(1_051)).due, Duration::from_millis(1_100));
    }

    #[test]
    fn a_reader_slower_than_the_pace_is_never_more_than_a_period_behind() {
        let mut pace = Pace::new(30);
        let period = Duration::from_secs(1) / 30;
        let mut now = Duration::ZERO;
        for _ in 0..10_000 {
            let slot = pace.next_slot(now);
            assert!(now.saturating_sub(slot.due) < period);
            now = now.max(slot.due) + Duration::from_millis(47);
        }
        assert!(pace.dropped() > 0);
    }

    #[test]
    fn a_zero_rate_counts_as_one() {
        assert_eq!(Pace::new(0).due(3), Duration::from_secs(3));
    }
}
