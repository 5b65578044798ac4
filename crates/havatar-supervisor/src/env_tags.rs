//! Finds the processes of this program by the tags in their environment, and kills them.
//!
//! `/proc/PID/environ` shows the environment a process was started with. Children inherit it through any change of
//! session or group. A process that clears its environment, or a set-user-id program, cannot be found this way.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::time::Duration;
use std::{fs, io};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The generation: `<scope>.<random>`, one random part for each run of the supervising program.
pub(crate) const GENERATION: &str = "HAVATAR_GENERATION";
/// The supervised process within its generation.
pub(crate) const PROCESS: &str = "HAVATAR_PROCESS";

/// Selects processes by their tags.
#[derive(Clone, Debug)]
pub(crate) enum TagFilter {
    /// All processes of one generation.
    Generation(String),
    /// All processes of one supervised process in one generation.
    Process { generation: String, name: String },
    /// All processes of a scope except those of the current generation.
    Leftovers { scope: String, current: String },
}

/// The result of [`kill_tagged`].
#[derive(Debug, Default)]
pub(crate) struct Killed {
    /// Processes that were found and signalled.
    pub(crate) found: BTreeSet<u32>,
    /// Processes that still existed after the last scan (in an uninterruptible call, most likely).
    pub(crate) left: Vec<u32>,
}

/// Sends SIGKILL to every matching process until two scans in a row find none (one scan can miss a process that
/// forks meanwhile) or `scans` are used up. Blocks the thread, about 10 ms a scan.
pub(crate) fn kill_tagged(filter: &TagFilter, scans: u32) -> Killed {
    let mut killed = Killed::default();
    let mut buffer = Vec::new();
    let mut clean = 0;
    for scan in 0..scans {
        killed.left = scan_once(filter, &mut buffer);
        killed.found.extend(&killed.left);
        clean = if killed.left.is_empty() { clean + 1 } else { 0 };
        if clean == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(if scan < 4 { 2 } else { 10 }));
    }
    killed
}

fn scan_once(filter: &TagFilter, buffer: &mut Vec<u8>) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id())
        .filter(|pid| has_tag(*pid, filter, buffer) && kill(*pid, filter, buffer))
        .collect()
}

/// Opens the pidfd first and reads the tag again afterwards: if the pid was reused meanwhile, the signal goes to
/// the process that has ended and hits no other.
fn kill(pid: u32, filter: &TagFilter, buffer: &mut Vec<u8>) -> bool {
    let Some(handle) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    let Ok(pidfd) = pidfd_open(handle, PidfdFlags::empty()) else { return false };
    has_tag(pid, filter, buffer) && pidfd_send_signal(&pidfd, Signal::KILL).is_ok()
}

fn has_tag(pid: u32, filter: &TagFilter, buffer: &mut Vec<u8>) -> bool {
    read_environ(pid, buffer).is_ok() && filter.matches(buffer)
}

fn read_environ(pid: u32, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    fs::File::open(format!("/proc/{pid}/environ"))?.take(MAX_ENVIRON).read_to_end(buffer)?;
    Ok(())
}

/// Bytes read of one environment, so that a hostile one costs no more memory.
const MAX_ENVIRON: u64 = 4 << 20;

impl TagFilter {
    fn matches(&self, environ: &[u8]) -> bool {
        let Some(generation) = variable(environ, GENERATION) else { return false };
        match self {
            Self::Generation(wanted) => generation == wanted.as_bytes(),
            Self::Process { generation: wanted, name } => {
                generation == wanted.as_bytes() && variable(environ, PROCESS) == Some(name.as_bytes())
            }
            Self::Leftovers { scope, current } => {
                generation != current.as_bytes()
                    && generation.iter().rposition(|byte| *byte == b'.').map(|dot| &generation[..dot])
                        == Some(scope.as_bytes())
            }
        }
    }
}

/// The first value of a variable, as `getenv` would give it.
fn variable<'a>(environ: &'a [u8], name: &str) -> Option<&'a [u8]> {
    environ.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVIRON: &[u8] =
        b"A=1\0HAVATAR_GENERATION=ab.c.12\0HAVATAR_PROCESS=mic\0B=HAVATAR_GENERATION=zz.1\0";

    fn leftovers(scope: &str, current: &str) -> TagFilter {
        TagFilter::Leftovers { scope: scope.into(), current: current.into() }
    }

    #[test]
    fn only_the_exact_tag_matches() {
        assert!(TagFilter::Generation("ab.c.12".into()).matches(ENVIRON));
        assert!(!TagFilter::Generation("ab.c.1".into()).matches(ENVIRON));
        assert!(!TagFilter::Generation("zz.1".into()).matches(ENVIRON));
        assert!(TagFilter::Process { generation: "ab.c.12".into(), name: "mic".into() }.matches(ENVIRON));
        assert!(!TagFilter::Process { generation: "ab.c.12".into(), name: "mi".into() }.matches(ENVIRON));
        assert!(!TagFilter::Process { generation: "ab.c.13".into(), name: "mic".into() }.matches(ENVIRON));
    }

    #[test]
    fn leftovers_are_of_the_whole_scope_and_not_of_the_current_generation() {
        assert!(leftovers("ab.c", "ab.c.13").matches(ENVIRON));
        assert!(!leftovers("ab.c", "ab.c.12").matches(ENVIRON));
        assert!(!leftovers("ab", "ab.1").matches(ENVIRON), "a scope that is a prefix of another");
        assert!(!leftovers("ab.c", "x").matches(b"A=1\0"), "no tag at all");
        assert!(!leftovers("ab.c", "x").matches(b""));
    }
}
