//! Recognizes a device without a clock, and gives it one.
//!
//! The device is the clock of a stage. ALSA's `null` device, and a file in a device's place, have none: they take and give
//! samples as fast as the processor makes them, which is all of it. A device that has exchanged two seconds more than
//! half as much again as time allows is one of those, and gets samples at their nominal rate from then on.

use std::time::Duration;

use tokio::time::Instant;

use super::RATE;

/// Samples a second.
#[expect(clippy::cast_precision_loss, reason = "48000")]
const NOMINAL: f64 = RATE as f64;

/// Samples that a device may be ahead: its own buffer, filled at once when it opens.
const AHEAD: f64 = 2.0 * NOMINAL;
/// No device's clock is faster than this, compared with its nominal rate.
const FASTEST: f64 = 1.5;
/// What a device without a clock may be ahead.
const AHEAD_WITHOUT_CLOCK: f64 = 0.02 * NOMINAL;
/// The longest wait, so that reports and control messages are not late.
const LONGEST: Duration = Duration::from_millis(10);

/// The pace of one device.
#[derive(Debug)]
pub(super) struct Pace {
    /// Samples that it may exchange at once.
    allowed: f64,
    at: Instant,
    without_clock: bool,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { allowed: AHEAD, at: now, without_clock: false }
    }

    /// The device has exchanged so many samples.
    pub(super) fn exchanged(&mut self, samples: usize) {
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        let samples = samples as f64;
        self.allowed -= samples;
    }

    /// How long to wait before the next exchange; `None` for a device that keeps time by itself.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        let (rate, most) = if self.without_clock { (1.0, AHEAD_WITHOUT_CLOCK) } else { (FASTEST, AHEAD) };
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        // A stage that was kept from running finds all that the device took or gave meanwhile.
        let backlog = if self.without_clock { 0.0 } else { passed * NOMINAL };
        let most = (most + backlog).max(self.allowed);
        self.allowed = (self.allowed + passed * rate * NOMINAL).min(most);
        if self.allowed > 0.0 {
            return None;
        }
        self.without_clock = true;
        Some(Duration::from_secs_f64(-self.allowed / NOMINAL).clamp(Duration::from_millis(1), LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::super::BLOCK;
    use super::*;

    /// Blocks that a device exchanges within so many seconds, if it takes one each `block_us`.
    fn exchanged(seconds: f64, block_us: u64) -> usize {
        let start = Instant::now();
        let (mut pace, mut now, mut blocks) = (Pace::new(start), start, 0);
        while now.duration_since(start).as_secs_f64() < seconds {
            if let Some(wait) = pace.wait(now) {
                now += wait;
            } else {
                pace.exchanged(BLOCK);
                blocks += 1;
                now += Duration::from_micros(block_us);
            }
        }
        blocks
    }

    #[test]
    fn a_device_without_a_clock_gets_the_nominal_one() {
        // Ten thousand blocks a second, if it were left alone.
        let blocks = exchanged(60.0, 100);
        assert!((6000..6250).contains(&blocks), "{blocks}");
    }

    #[test]
    fn what_has_piled_up_while_nothing_ran_is_taken_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut now = start;
        for _ in 0..100 {
            assert_eq!(pace.wait(now), None);
            pace.exchanged(BLOCK);
            now += Duration::from_millis(10);
        }
        now += Duration::from_secs(30);
        for block in 0..3000 {
            assert_eq!(pace.wait(now), None, "block {block}");
            pace.exchanged(BLOCK);
            now += Duration::from_micros(50);
        }
    }

    #[test]
    fn a_device_with_a_clock_is_never_held_up() {
        // A clock that is off by a percent either way, for half an hour.
        for block_us in [9_900, 10_000, 10_100] {
            let blocks = u64::try_from(exchanged(1800.0, block_us)).unwrap();
            assert!(blocks.abs_diff(1_800_000_000 / block_us) <= 1, "{block_us}: {blocks}");
        }
    }
}
