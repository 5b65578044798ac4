//! What holds for all messages, all bytes and all orders of them.
//!
//! `HAVATAR_ROUNDS` sets how many cases are tried of each, 100 unless given; `PROPTEST_RNG_SEED` repeats a run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod frames;
mod generate;
mod sessions;
mod texts;

use proptest::prelude::ProptestConfig;

fn config() -> ProptestConfig {
    let cases = std::env::var("HAVATAR_ROUNDS").map_or(100, |rounds| rounds.parse().expect("a number"));
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
