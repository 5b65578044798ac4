//! Processes as `/proc` shows them.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process, by what it was started with.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its arguments, the program first.
    pub args: Vec<String>,
    /// The supervised process it belongs to: `camera`, `mediamtx`; empty for others.
    pub belongs_to: String,
}

impl Process {
    /// The file name of the program.
    pub fn program(&self) -> &str {
        self.args.first().map_or("", |path| path.rsplit('/').next().unwrap_or(path))
    }
}

/// Every living process whose environment holds `name=value`.
pub fn with_environment(name: &str, value: &str) -> Vec<Process> {
    let wanted = format!("{name}={value}");
    pids()
        .filter_map(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let mut entries = environment.split(|byte| *byte == 0);
            entries.clone().any(|entry| entry == wanted.as_bytes()).then(|| Process {
                pid,
                args: arguments(pid),
                belongs_to: entries
                    .find_map(|entry| entry.strip_prefix(b"HAVATAR_PROCESS="))
                    .map(|name| String::from_utf8_lossy(name).into_owned())
                    .unwrap_or_default(),
            })
        })
        .collect()
}

/// The arguments of a process, the program first; none if it is gone.
pub fn arguments(pid: i32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&line).into_owned();
    text.trim_end_matches('\0').split('\0').filter(|_| !text.is_empty()).map(str::to_owned).collect()
}

/// The children of a process.
pub fn children(parent: i32) -> Vec<Process> {
    pids()
        .filter(|pid| field(*pid, 1).and_then(|field| field.parse().ok()) == Some(parent))
        .map(|pid| Process { pid, args: arguments(pid), belongs_to: String::new() })
        .collect()
}

/// Alive: there, and more than a zombie that waits to be reaped.
pub fn alive(pid: i32) -> bool {
    field(pid, 0).is_some_and(|state| state != "Z" && state != "X")
}

/// Processor time used so far, in user and system mode.
///
/// # Panics
/// If the process is gone.
pub fn cpu(pid: i32) -> Duration {
    let ticks =
        |index| field(pid, index).and_then(|field| field.parse::<u64>().ok()).expect("a living process");
    // USER_HZ is 100 on every Linux that havatar runs on.
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// Memory that is resident and not mapped from files, in KiB.
///
/// # Panics
/// If the process is gone.
pub fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a living process");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Sends a signal. A process that is gone already is what most signals want.
pub fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// A field of `/proc/PID/stat`, counted from the state.
fn field(pid: i32, index: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets and may hold anything, brackets too.
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(index).map(str::to_owned)
}

fn pids() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
