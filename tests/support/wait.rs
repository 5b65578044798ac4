//! Waiting on conditions, and telling what was measured.

use std::time::Duration;

use tokio::time::Instant;

/// Between two polls of a condition.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Polls until `probe` gives a value, and returns it.
///
/// # Panics
/// When it has given nothing within the time; `what` is the sentence that did not come true.
pub async fn eventually<T>(within: Duration, what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    match in_time(within, probe).await {
        Some(value) => value,
        None => panic!("not within {within:?}: {what}"),
    }
}

/// The same, without an opinion on what it means if the time passes.
pub(crate) async fn in_time<T>(within: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        // A probe that hangs is one that gives nothing.
        if let Ok(Some(value)) = tokio::time::timeout_at(deadline, probe()).await {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Lets time pass: for watching that something does *not* happen, never for waiting until something does.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Rounds of a test that repeats itself: one in the suite, more where `HAVATAR_ROUNDS` asks for them (`scripts/bench`).
///
/// # Panics
/// If that is no number.
pub fn rounds() -> u32 {
    std::env::var("HAVATAR_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"))
}

/// Prints a measured figure, for people and for `grep '^figure:'`.
#[expect(clippy::print_stdout, reason = "figures are for the reader of the test's output")]
pub fn figure(name: &str, value: impl std::fmt::Display) {
    println!("figure: {name} {value}");
}

/// Says that something could not be shown on this machine, and why.
#[expect(clippy::print_stdout, reason = "what is not shown is for the reader of the test's output")]
pub fn not_shown(what: &str, why: &str) {
    println!("NOT SHOWN: {what}: {why}");
}
