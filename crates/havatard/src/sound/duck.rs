//! Ducks the microphone while the loudspeaker is audible: the decision, and the gain.

use std::time::Duration;

use tokio::time::Instant;

use super::BLOCK;
use super::mixer::ramp;

/// How long a report of audible sound is valid: the next one is due after a tenth of a second and may be late.
const REPORT_GOOD_FOR: Duration = Duration::from_millis(300);
/// The microphone's gain while it is ducked: -40 dB.
const DUCKED_GAIN: f32 = 0.01;
/// The release takes so many blocks; the attack takes one.
const RELEASE_BLOCKS: f32 = 5.0;

/// Decides from the reports of the loudspeaker's stage.
#[derive(Debug, Default)]
pub struct Ducker {
    until: Option<Instant>,
}

impl Ducker {
    /// Takes a report: the loudspeaker is audible, or not any more.
    pub fn report(&mut self, audible: bool, guard: Duration, now: Instant) {
        if audible {
            self.until = Some(now + REPORT_GOOD_FOR + guard);
        } else if let Some(until) = self.until {
            // The sound has ended: only its echo in the room is left.
            self.until = Some(until.min(now + guard));
        }
    }

    /// Whether the microphone is to be ducked.
    pub fn ducked(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// The end of the ducking, without a further report.
    pub fn due(&self) -> Option<Instant> {
        self.until
    }

    /// Clears an end that has passed.
    pub fn clear_expired(&mut self, now: Instant) {
        self.until = self.until.filter(|until| now < *until);
    }
}

/// The microphone's gain, block by block.
#[derive(Debug)]
pub(crate) struct Gain {
    gain: f32,
}

impl Default for Gain {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Gain {
    /// Attack within a block, slow release: the end of an echo is softer than a click.
    pub(crate) fn apply(&mut self, block: &mut [i16; BLOCK], ducked: bool) {
        let next =
            if ducked { DUCKED_GAIN } else { (self.gain + (1.0 - DUCKED_GAIN) / RELEASE_BLOCKS).min(1.0) };
        ramp(block, self.gain, next);
        self.gain = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::sound::peak;

    use super::*;

    const GUARD: Duration = Duration::from_millis(300);

    #[tokio::test(start_paused = true)]
    async fn it_is_ducked_from_the_first_sound_to_the_guard_time_after_the_last() {
        let mut ducker = Ducker::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        ducker.report(false, GUARD, start);
        assert!(!ducker.ducked(start) && ducker.due().is_none());
        ducker.report(true, GUARD, at(10));
        assert!(ducker.ducked(at(10)));
        ducker.report(true, GUARD, at(110));
        ducker.report(false, GUARD, at(150));
        ducker.report(false, GUARD, at(250));
        assert!(ducker.ducked(at(449)) && !ducker.ducked(at(450)));
        ducker.clear_expired(at(450));
        assert_eq!(ducker.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stage_that_ends_while_audible_does_not_duck_for_ever() {
        let mut ducker = Ducker::default();
        let start = Instant::now();
        ducker.report(true, GUARD, start);
        assert!(ducker.ducked(start + GUARD));
        assert!(!ducker.ducked(start + GUARD + REPORT_GOOD_FOR));
    }

    proptest! {
        #[test]
        fn a_gain_never_jumps(ducks in prop::collection::vec(any::<bool>(), 1..60)) {
            let (mut gain, mut last) = (Gain::default(), 20_000_i32);
            for ducked in ducks {
                let mut block = [20_000; BLOCK];
                gain.apply(&mut block, ducked);
                for sample in block {
                    prop_assert!((i32::from(sample) - last).abs() <= 100);
                    last = i32::from(sample);
                }
            }
        }

        #[test]
        fn ducked_is_forty_decibels_down_after_a_block(sample in any::<i16>()) {
            let mut gain = Gain::default();
            gain.apply(&mut [sample; BLOCK], true);
            let mut block = [sample; BLOCK];
            gain.apply(&mut block, true);
            prop_assert!(u32::from(peak(&block)) * 100 <= u32::from(sample.unsigned_abs()));
        }
    }
}
