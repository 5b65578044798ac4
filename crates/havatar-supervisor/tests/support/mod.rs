//! Helpers of the tests: waiting on conditions, and reading the state of processes from `/proc`.

#![allow(dead_code, reason = "every test program uses its own part")]
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use havatar_supervisor::{Command, Options, Pipeline, Policy, Snapshot, Spawner, State, Supervised};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub const HELPER: &str = env!("CARGO_BIN_EXE_havatar-supervisor-helper");

pub const FAMILY: &str = include_str!("family.sh");

/// Longer than anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A scope that no other test and no other run of the tests uses.
pub fn scope(test: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-{test}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn spawner(test: &str) -> Spawner {
    Spawner::new(&scope(test), PathBuf::from(HELPER)).expect("a spawner")
}

pub fn sh(script: &str) -> Command {
    Command::new("/bin/sh").arg("-c").arg(script)
}

pub fn start(spawner: &Spawner, options: Options, pipeline: impl Into<Pipeline>) -> Supervised {
    Supervised::spawn("it", options, pipeline.into(), spawner, CancellationToken::new())
}

pub fn sleeper() -> Command {
    Command::new("sleep").arg("1000")
}

/// Options with a negligible backoff.
pub fn eager() -> Options {
    let wait = Duration::from_millis(10);
    let policy = Policy { backoff_min: wait, backoff_max: wait, ..Policy::default() };
    Options { policy, ..Options::default() }
}

pub async fn nothing_left(spawner: &Spawner) {
    assert_eq!(tagged(spawner.generation()), [] as [u32; 0]);
    assert_eq!(spawner.end().await.expect("ended"), 0);
}

/// Asserts a goal that is one for a free machine: what waits for a processor meanwhile has that much more time, up to ten times
/// (pressure stall information).
#[track_caller]
pub fn within(took: Duration, at_most: Duration) {
    let waiting = std::fs::read_to_string("/proc/pressure/cpu")
        .ok()
        .and_then(|text| text.strip_prefix("some avg10=")?.split(' ').next()?.parse::<f64>().ok());
    let room = at_most.mul_f64(1.0 + 9.0 * waiting.map_or(1.0, |percent| (percent / 100.0).clamp(0.0, 1.0)));
    assert!(took <= room, "{took:?}, although {room:?} were allowed on this machine");
}

/// Waits until the condition holds; panics with `what` after [`PATIENCE`].
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

/// Waits for a snapshot.
pub async fn snapshot(process: &Supervised, what: &str, wanted: impl FnMut(&Snapshot) -> bool) -> Snapshot {
    let mut snapshots = process.subscribe();
    let Ok(found) = timeout(PATIENCE, snapshots.wait_for(wanted)).await else {
        panic!("not within {PATIENCE:?}: {what}; it is {:?}; log {:#?}", process.snapshot(), texts(process));
    };
    found.expect("supervision goes on").clone()
}

/// Waits until it runs, and returns its process id.
pub async fn running(process: &Supervised) -> u32 {
    let found =
        snapshot(process, "running", |snapshot| matches!(snapshot.state, State::Running { .. })).await;
    let State::Running { pid, .. } = found.state else { unreachable!() };
    pid
}

/// Waits until it runs as another process than `old`.
pub async fn running_anew(process: &Supervised, old: u32) -> u32 {
    let anew = |snapshot: &Snapshot| matches!(snapshot.state, State::Running { pid, .. } if pid != old);
    let State::Running { pid, .. } = snapshot(process, "running anew", anew).await.state else {
        unreachable!()
    };
    pid
}

pub fn texts(process: &Supervised) -> Vec<String> {
    process.logs().0.into_iter().map(|line| line.text).collect()
}

/// The processes whose generation tag begins with the text.
pub fn tagged(generation: &str) -> Vec<u32> {
    let tag = format!("HAVATAR_GENERATION={generation}");
    let entries = fs::read_dir("/proc").expect("/proc");
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|entry| entry.starts_with(tag.as_bytes()))
        })
        .collect()
}

pub fn kill(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    // It may have ended since it was looked up.
    let _ = kill_process(pid, signal);
}

pub fn alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| fields[0] != "Z")
}

/// `/proc/PID/stat` from the state on: state, parent, group, session.
pub fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// A field of `/proc/PID/status`.
pub fn status(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.expect("such a field").trim().to_owned()
}
