//! How far the cable is behind what was written to it.
//!
//! The kernel takes some thousand bytes at once, and a cable of 9600 bits a second carries less than a byte a
//! millisecond: what is written faster waits there, where nothing can overtake it.

use std::time::Duration;

use tokio::time::Instant;

/// A cable that has so much to carry takes no further set-point.
const BEHIND: Duration = Duration::from_millis(20);
/// On the cable a byte is ten bits: one to start, one to stop.
const BITS: u64 = 10;

/// A cable that carries what it is given, one byte after the other.
#[derive(Debug)]
pub(super) struct Pace {
    baud: u64,
    /// When all of it has been carried.
    done: Instant,
}

impl Pace {
    pub(super) fn of(baud: u32, now: Instant) -> Self {
        Self { baud: u64::from(baud.max(1)), done: now }
    }

    /// So many bytes were given to it.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(BITS);
        let takes = Duration::from_micros(bits.saturating_mul(1_000_000) / self.baud);
        self.done = self.done.max(now) + takes;
    }

    pub(super) fn is_behind(&self, now: Instant) -> bool {
        self.done.saturating_duration_since(now) > BEHIND
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
}
