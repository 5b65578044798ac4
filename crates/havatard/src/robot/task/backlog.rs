//! How far the cable is behind what was written to it.
//!
//! The kernel takes some thousand bytes at once, and a cable of 9600 bits a second carries less than a byte a
//! millisecond: what is written faster waits there, where nothing can overtake it. A board that reads its own USB may
//! also stop reading; what the kernel still holds then would be heard when it goes on.

use std::time::Duration;

use tokio::time::Instant;

/// A cable that has so much to carry takes no further set-point.
const BEHIND: Duration = Duration::from_millis(20);
/// On the cable a byte is ten bits: one to start, one to stop.
const BITS: u64 = 10;

/// A port that takes nothing of what the kernel holds for so long is stuck.
const STUCK: Duration = Duration::from_millis(500);

/// A cable that carries what it is given, one byte after the other.
#[derive(Debug)]
pub(super) struct Pace {
    baud: u64,
    /// When all of it has been carried, if the port takes what it can.
    done: Instant,
    /// What the kernel holds.
    queued: usize,
    /// The least that it has held since it last held nothing, and since when.
    least: (usize, Instant),
}

impl Pace {
    pub(super) fn of(baud: u32, now: Instant) -> Self {
        Self { baud: u64::from(baud.max(1)), done: now, queued: 0, least: (0, now) }
    }

    /// So many bytes were given to it.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.done = self.done.max(now) + self.takes(bytes);
    }

    /// The kernel holds so many.
    pub(super) fn holds(&mut self, queued: usize, now: Instant) {
        self.queued = queued;
        let (least, _) = self.least;
        if queued == 0 || least == 0 || queued < least {
            self.least = (queued, now);
        }
    }

    /// All that was given to it has been thrown away.
    pub(super) fn discarded(&mut self, now: Instant) {
        (self.done, self.queued) = (now, 0);
    }

    pub(super) fn is_behind(&self, now: Instant) -> bool {
        self.done.saturating_duration_since(now) > BEHIND || self.takes(self.queued) > BEHIND
    }

    /// The port has taken nothing for too long.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        let (least, since) = self.least;
        least > 0 && now.saturating_duration_since(since) >= STUCK
    }

    fn takes(&self, bytes: usize) -> Duration {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(BITS);
        Duration::from_micros(bits.saturating_mul(1_000_000) / self.baud)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_behind(baud: u32, every_ms: u64, bytes: usize) -> (Duration, usize) {
        let start = Instant::now();
        let (mut pace, mut most, mut said) = (Pace::of(baud, start), Duration::ZERO, 0);
        for turn in 0..1000 {
            let now = start + Duration::from_millis(turn * every_ms);
            if !pace.is_behind(now) {
                pace.wrote(bytes, now);
                said += 1;
            }
            most = most.max(pace.done - now);
        }
        (most, said)
    }

    #[test]
    fn a_stop_never_waits_for_more_than_one_set_point_and_a_little() {
        // 28 ms a line, 40 lines a second: more than the cable carries.
        let (most, said) = most_behind(9600, 25, 27);
        assert!(most <= BEHIND + Duration::from_millis(29), "{most:?}");
        assert!((800..1000).contains(&said), "{said} of 1000 were said");
    }

    #[test]
    fn a_fast_cable_is_never_behind() {
        assert_eq!(most_behind(115_200, 16, 27).1, 1000);
    }

    #[test]
    fn what_the_kernel_holds_counts_though_the_cable_should_have_carried_it() {
        let start = Instant::now();
        let mut pace = Pace::of(115_200, start);
        pace.wrote(27, start);
        let later = start + Duration::from_millis(50);
        for (queued, behind) in [(0, false), (27, false), (230, false), (231, true), (4000, true)] {
            pace.holds(queued, later);
            assert_eq!(pace.is_behind(later), behind, "{queued} bytes");
        }
        pace.discarded(later);
        assert!(!pace.is_behind(later));
    }

    #[test]
    fn a_port_that_takes_nothing_is_stuck_and_one_that_takes_little_is_not() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let stuck = |held: &dyn Fn(u64) -> usize| {
            let mut pace = Pace::of(9600, start);
            (0..200).map(|turn| turn * 25).find(|ms| {
                pace.holds(held(*ms), at(*ms));
                pace.is_stuck(at(*ms))
            })
        };
        assert_eq!(stuck(&|_| 6), Some(500));
        assert_eq!(stuck(&|ms| if ms < 1000 { 0 } else { 6 + usize::try_from(ms).unwrap() }), Some(1500));
        assert_eq!(stuck(&|ms| 9000 - usize::try_from(ms).unwrap()), None);
        assert_eq!(stuck(&|ms| usize::from(ms % 400 != 0) * 27), None, "it is empty now and then");
        assert_eq!(stuck(&|_| 0), None);
    }
}
