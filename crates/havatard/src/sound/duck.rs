//! Holding the microphone back while the loudspeaker is heard: who decides, and how it sounds.

use std::time::Duration;

use tokio::time::Instant;

use super::BLOCK;
use super::mixer::ramp;

/// How long a report of audible sound is good: the next one is due after a tenth of a second and may be late.
const REPORT_GOOD_FOR: Duration = Duration::from_millis(300);
/// The microphone's gain while it is held back: -40 dB.
const HELD_BACK: f32 = 0.01;
/// It comes back within so many blocks; it goes within one.
const BACK_WITHIN: f32 = 5.0;

/// Decides, from what the loudspeaker's stage says.
#[derive(Debug, Default)]
pub struct Ducker {
    until: Option<Instant>,
}

impl Ducker {
    /// The loudspeaker is heard, or not any more.
    pub fn heard(&mut self, audible: bool, guard: Duration, now: Instant) {
        if audible {
            self.until = Some(now + REPORT_GOOD_FOR + guard);
        } else if let Some(until) = self.until {
            // The sound itself has ended: what is left is its way through the air.
            self.until = Some(until.min(now + guard));
        }
    }

    /// The microphone is to be held back.
    pub fn ducked(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// When that ends, if nothing more is heard.
    pub fn due(&self) -> Option<Instant> {
        self.until
    }

    /// Forgets an end that has passed.
    pub fn settle(&mut self, now: Instant) {
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
    /// Down within a block, up slowly: the end of an echo is softer than a click.
    pub(crate) fn apply(&mut self, block: &mut [i16; BLOCK], held_back: bool) {
        let next = if held_back { HELD_BACK } else { (self.gain + (1.0 - HELD_BACK) / BACK_WITHIN).min(1.0) };
        ramp(block, self.gain, next);
        self.gain = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sound::peak;

    const GUARD: Duration = Duration::from_millis(300);

    #[tokio::test(start_paused = true)]
    async fn it_is_held_back_from_the_first_sound_to_the_guard_time_after_the_last() {
        let mut ducker = Ducker::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        ducker.heard(false, GUARD, start);
        assert!(!ducker.ducked(start) && ducker.due().is_none());
        ducker.heard(true, GUARD, at(10));
        assert!(ducker.ducked(at(10)));
        ducker.heard(true, GUARD, at(110));
        ducker.heard(false, GUARD, at(150));
        ducker.heard(false, GUARD, at(250));
        assert!(ducker.ducked(at(449)) && !ducker.ducked(at(450)));
        ducker.settle(at(450));
        assert_eq!(ducker.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stage_that_dies_while_it_is_heard_does_not_hold_it_for_ever() {
        let mut ducker = Ducker::default();
        let start = Instant::now();
        ducker.heard(true, GUARD, start);
        assert!(ducker.ducked(start + GUARD));
        assert!(!ducker.ducked(start + GUARD + REPORT_GOOD_FOR));
    }

    proptest! {
        #[test]
        fn a_gain_never_jumps(holds in prop::collection::vec(any::<bool>(), 1..60)) {
            let (mut gain, mut last) = (Gain::default(), 20_000_i32);
            for held in holds {
                let mut block = [20_000; BLOCK];
                gain.apply(&mut block, held);
                for sample in block {
                    prop_assert!((i32::from(sample) - last).abs() <= 100);
                    last = i32::from(sample);
                }
            }
        }

        #[test]
        fn held_back_is_forty_decibels_down_after_a_block(sample in any::<i16>()) {
            let mut gain = Gain::default();
            gain.apply(&mut [sample; BLOCK], true);
            let mut block = [sample; BLOCK];
            gain.apply(&mut block, true);
            prop_assert!(u32::from(peak(&block)) * 100 <= u32::from(sample.unsigned_abs()));
        }
    }
}
