//! What the host can know of the device's clock.
//!
//! A message with the device's clock in it was made before it arrived. So from its arrival on, that clock plus the
//! time since then is a lower bound of the device's clock, loose by however long the message was under way. Of several
//! such bounds the highest is the best and still true. Crystals differ, so each bound must give way a little as it ages;
//! and since a crystal may be worse than it should, none is used for long.

use core::time::Duration;

/// How much faster than the device's clock the host's may run, in millionths: crystals of 100 on both sides, and 500 by
/// which the kernel may slew the host's clock.
const DRIFT_PPM: u64 = 700;

/// A bound is used for one to two of these.
const AGE: Duration = Duration::from_secs(1);

/// The best lower bounds of this and the last second.
#[derive(Clone, Debug)]
pub(crate) struct DeviceClock {
    /// When the present second began.
    began: Duration,
    present: Sighting,
    former: Option<Sighting>,
}

/// `clock` was read not later than at `at`.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    clock: u32,
    at: Duration,
}

impl DeviceClock {
    /// From the first message of a session.
    pub(crate) fn new(clock: u32, now: Duration) -> Self {
        Self { began: now, present: Sighting { clock, at: now }, former: None }
    }

    /// Takes the clock of a message that has just arrived.
    pub(crate) fn saw(&mut self, clock: u32, now: Duration) {
        let new = Sighting { clock, at: now };
        let age = now.saturating_sub(self.began);
        if age >= AGE {
            self.former = (age < 2 * AGE).then_some(self.present);
            self.present = new;
            self.began = now;
        } else if is_later(clock, self.present.bound(now)) {
            self.present = new;
        }
    }

    /// The device's clock is at least this, ms modulo 2^32.
    pub(crate) fn bound(&self, now: Duration) -> u32 {
        let present = self.present.bound(now);
        match self.former.map(|former| former.bound(now)) {
            Some(former) if is_later(former, present) => former,
            _ => present,
        }
    }
}

impl Sighting {
    fn bound(self, now: Duration) -> u32 {
        let passed = u64::try_from(now.saturating_sub(self.at).as_micros()).unwrap_or(u64::MAX);
        let doubt = passed.saturating_mul(DRIFT_PPM).div_ceil(1_000_000);
        let sure = passed.saturating_sub(doubt) / 1000;
        #[expect(clippy::cast_possible_truncation, reason = "the clock counts modulo 2^32")]
        let sure = sure as u32;
        self.clock.wrapping_add(sure)
    }
}

/// Clocks are compared modulo 2^32.
fn is_later(clock: u32, than: u32) -> bool {
    clock.wrapping_sub(than).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_late_message_does_not_loosen_the_bound() {
        let mut clock = DeviceClock::new(1000, ms(0));
        // 40 ms under way.
        clock.saw(1060, ms(100));
        assert_eq!(clock.bound(ms(100)), 1099);
        clock.saw(1150, ms(150));
        assert_eq!(clock.bound(ms(150)), 1150);
    }

    #[test]
    fn a_device_whose_crystal_is_worse_than_allowed_is_not_promised_much() {
        // Slower by one in a hundred: after a minute a bound from the beginning would be 600 ms ahead.
        let pace = |now: u64| u32::try_from(now - now / 100).unwrap();
        let mut clock = DeviceClock::new(0, ms(0));
        for now in (0..60_000).step_by(50) {
            clock.saw(pace(now), ms(now));
            assert!(clock.bound(ms(now)) - pace(now) <= 20, "at {now} ms");
        }
    }

    #[test]
    fn it_counts_over_the_end_of_the_number() {
        let mut clock = DeviceClock::new(u32::MAX - 20, ms(0));
        clock.saw(29, ms(50));
        assert_eq!(clock.bound(ms(60)), 38);
    }
}
