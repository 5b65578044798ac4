//! The transmit backlog: how far the port is behind the bytes written to it.
//!
//! The kernel accepts some thousand bytes at once, and a port of 9600 bits a second transmits less than a byte a
//! millisecond: bytes written faster wait there, and nothing can overtake them. A board with its own USB may also stop
//! reading; what the kernel still holds then would be received when it resumes.

use std::time::Duration;

use tokio::time::Instant;

/// With a backlog above this the port accepts no further set-point.
const BEHIND: Duration = Duration::from_millis(20);
/// A byte is ten bits on the line: a start bit and a stop bit included.
const BITS: u64 = 10;

/// A port that transmits nothing for this long is stuck.
const STUCK: Duration = Duration::from_millis(500);

/// A port that transmits one byte after the other.
#[derive(Debug)]
pub(super) struct TransmitBacklog {
    baud: u64,
    /// When all bytes are transmitted, if the port keeps its speed.
    drained_at: Instant,
    /// Bytes in the kernel's buffer.
    queued: usize,
    /// The lowest count since the buffer was last empty, and since when.
    least: (usize, Instant),
}

impl TransmitBacklog {
    pub(super) fn new(baud: u32, now: Instant) -> Self {
        Self { baud: u64::from(baud.max(1)), drained_at: now, queued: 0, least: (0, now) }
    }

    /// Records bytes that were written.
    pub(super) fn wrote(&mut self, bytes: usize, now: Instant) {
        self.drained_at = self.drained_at.max(now) + self.transmit_time(bytes);
    }

    /// Updates the number of bytes in the kernel's buffer.
    pub(super) fn set_queued(&mut self, queued: usize, now: Instant) {
        self.queued = queued;
        let (least, _) = self.least;
        if queued == 0 || least == 0 || queued < least {
            self.least = (queued, now);
        }
    }

    /// All pending bytes were discarded.
    pub(super) fn discarded(&mut self, now: Instant) {
        (self.drained_at, self.queued) = (now, 0);
    }

    pub(super) fn is_behind(&self, now: Instant) -> bool {
        self.drained_at.saturating_duration_since(now) > BEHIND || self.transmit_time(self.queued) > BEHIND
    }

    /// Whether the port has transmitted nothing for too long.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        let (least, since) = self.least;
        least > 0 && now.saturating_duration_since(since) >= STUCK
    }

    fn transmit_time(&self, bytes: usize) -> Duration {
        let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(BITS);
        Duration::from_micros(bits.saturating_mul(1_000_000) / self.baud)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_behind(baud: u32, every_ms: u64, bytes: usize) -> (Duration, usize) {
        let start = Instant::now();
        let (mut backlog, mut most, mut said) = (TransmitBacklog::new(baud, start), Duration::ZERO, 0);
        for turn in 0..1000 {
            let now = start + Duration::from_millis(turn * every_ms);
            if !backlog.is_behind(now) {
                backlog.wrote(bytes, now);
                said += 1;
            }
            most = most.max(backlog.drained_at - now);
        }
        (most, said)
    }

    #[test]
    fn a_stop_never_waits_for_more_than_one_set_point_and_a_little() {
        // 28 ms a line, 40 lines a second: more than the port transmits.
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
        let mut backlog = TransmitBacklog::new(115_200, start);
        backlog.wrote(27, start);
        let later = start + Duration::from_millis(50);
        for (queued, behind) in [(0, false), (27, false), (230, false), (231, true), (4000, true)] {
            backlog.set_queued(queued, later);
            assert_eq!(backlog.is_behind(later), behind, "{queued} bytes");
        }
        backlog.discarded(later);
        assert!(!backlog.is_behind(later));
    }

    #[test]
    fn a_port_that_takes_nothing_is_stuck_and_one_that_takes_little_is_not() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let stuck = |held: &dyn Fn(u64) -> usize| {
            let mut backlog = TransmitBacklog::new(9600, start);
            (0..200).map(|turn| turn * 25).find(|ms| {
                backlog.set_queued(held(*ms), at(*ms));
                backlog.is_stuck(at(*ms))
            })
        };
        assert_eq!(stuck(&|_| 6), Some(500));
        assert_eq!(stuck(&|ms| if ms < 1000 { 0 } else { 6 + usize::try_from(ms).unwrap() }), Some(1500));
        assert_eq!(stuck(&|ms| 9000 - usize::try_from(ms).unwrap()), None);
        assert_eq!(stuck(&|ms| usize::from(ms % 400 != 0) * 27), None, "it is empty now and then");
        assert_eq!(stuck(&|_| 0), None);
    }
}
