//! Waiting on conditions, and telling what was measured.

use std::time::Duration;

use tokio::time::Instant;

/// Between two polls of a condition.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Waits are written for a machine that is free. On a busy one, or a slow one, they are longer; where all is well that costs nothing.
const PATIENCE: u32 = 6;

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
    let deadline = Instant::now() + within * PATIENCE;
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

/// Prints how long something took, and asserts its goal, which is one for a free machine: what waits for a processor meanwhile
/// has that much more time. `scripts/bench` measures such times on a free machine.
///
/// # Panics
/// If it took longer.
pub fn goal(name: &str, took: Duration, at_most: Duration) {
    figure(&format!("{name}_ms"), took.as_millis());
    let room = at_most.mul_f64(slack());
    assert!(took <= room, "{name}: {took:?}, although {room:?} were allowed on this machine");
}

/// How much longer things may take now: once on a free machine, ten times where something always waits for a processor
/// (pressure stall information), and where the kernel does not say.
pub(crate) fn slack() -> f64 {
    let share = std::fs::read_to_string("/proc/pressure/cpu").ok().and_then(|text| {
        let waiting = text.strip_prefix("some avg10=")?.split(' ').next()?;
        waiting.parse::<f64>().ok()
    });
    1.0 + 9.0 * share.map_or(1.0, |percent| (percent / 100.0).clamp(0.0, 1.0))
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
