//! Chance that can be repeated.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::wait;

/// Draws what a story leaves to chance. `HAVATAR_SEED` repeats a run whose seed was printed.
#[derive(Debug)]
pub struct Dice(StdRng);

impl Dice {
    /// Says its seed under the story's name.
    ///
    /// # Panics
    /// If `HAVATAR_SEED` is no number.
    pub fn new(story: &str) -> Self {
        let wanted =
            std::env::var("HAVATAR_SEED").ok().map(|text| text.parse().expect("HAVATAR_SEED: a number"));
        let seed = wanted.unwrap_or_else(|| rand::random::<u32>().into());
        wait::figure(&format!("{story}_seed"), seed);
        Self(StdRng::seed_from_u64(seed))
    }

    /// One of `0..below`.
    pub fn below(&mut self, below: usize) -> usize {
        self.0.random_range(0..below)
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A time between the two, in ms.
    pub fn between(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least) + Duration::from_micros(self.0.random_range(0..=(most - least) * 1000))
    }

    /// Waits for a random part of that many ms, so that clocks that tick alike are not always met at the same point.
    pub async fn phase(&mut self, most: u64) {
        wait::pause(self.between(0, most)).await;
    }
}
