//! Finding our own processes by the marks in their environment, and ending them.
//!
//! `/proc/PID/environ` shows what a process was started with; children and their children inherit it,
//! whatever session or group they move to. A process that clears its environment, or a set-user-id
//! program, is beyond this means.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Names the generation: `<scope>.<random>`, one random part for each life of the supervising program.
pub(crate) const GENERATION: &str = "HAVATAR_GENERATION";
/// Names the supervised process within its generation.
pub(crate) const PROCESS: &str = "HAVATAR_PROCESS";

/// Whose processes are meant.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// Everything of one generation.
    Generation(String),
    /// Everything of one supervised process in one generation.
    Process { generation: String, name: String },
    /// Everything of a scope but the one generation that is alive.
    Leftovers { scope: String, alive: String },
}

/// What [`end_all`] did.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Processes that were found and signalled.
    pub(crate) found: BTreeSet<u32>,
    /// Processes that were still there at the end (in an uninterruptible call, most likely).
    pub(crate) left: Vec<u32>,
}

/// Sends SIGKILL to everything with the mark, again and again, until two looks in a row find nothing
/// (a process can be born behind the back of one look) or `looks` are used up. Blocks the thread, about
/// 10 ms a look.
pub(crate) fn end_all(mark: &Mark, looks: u32) -> Ended {
    let mut ended = Ended::default();
    let mut buffer = Vec::new();
    let mut clean = 0;
    for look in 0..looks {
        ended.left = look_once(mark, &mut buffer);
        ended.found.extend(&ended.left);
        clean = if ended.left.is_empty() { clean + 1 } else { 0 };
        if clean == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(if look < 4 { 2 } else { 10 }));
    }
    ended
}

fn look_once(mark: &Mark, buffer: &mut Vec<u8>) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id())
        .filter(|pid| carries(*pid, mark, buffer) && kill(*pid, mark, buffer))
        .collect()
}

/// The pidfd is opened first and the mark read again afterwards: if the number was given to another
/// process meanwhile, the signal goes to the dead one and nobody is hurt.
fn kill(pid: u32, mark: &Mark, buffer: &mut Vec<u8>) -> bool {
    let Some(handle) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    let Ok(pidfd) = pidfd_open(handle, PidfdFlags::empty()) else { return false };
    carries(pid, mark, buffer) && pidfd_send_signal(&pidfd, Signal::KILL).is_ok()
}

fn carries(pid: u32, mark: &Mark, buffer: &mut Vec<u8>) -> bool {
    read_environ(pid, buffer).is_ok() && mark.matches(buffer)
}

fn read_environ(pid: u32, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    fs::File::open(format!("/proc/{pid}/environ"))?.take(MOST).read_to_end(buffer)?;
    Ok(())
}

/// No environment is read beyond this, so that a hostile one costs no more memory.
const MOST: u64 = 4 << 20;

impl Mark {
    fn matches(&self, environ: &[u8]) -> bool {
        let Some(generation) = variable(environ, GENERATION) else { return false };
        match self {
            Self::Generation(wanted) => generation == wanted.as_bytes(),
            Self::Process { generation: wanted, name } => {
                generation == wanted.as_bytes() && variable(environ, PROCESS) == Some(name.as_bytes())
            }
            Self::Leftovers { scope, alive } => {
                generation != alive.as_bytes()
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

    fn leftovers(scope: &str, alive: &str) -> Mark {
        Mark::Leftovers { scope: scope.into(), alive: alive.into() }
    }

    #[test]
    fn only_the_exact_mark_counts() {
        assert!(Mark::Generation("ab.c.12".into()).matches(ENVIRON));
        assert!(!Mark::Generation("ab.c.1".into()).matches(ENVIRON));
        assert!(!Mark::Generation("zz.1".into()).matches(ENVIRON));
        assert!(Mark::Process { generation: "ab.c.12".into(), name: "mic".into() }.matches(ENVIRON));
        assert!(!Mark::Process { generation: "ab.c.12".into(), name: "mi".into() }.matches(ENVIRON));
        assert!(!Mark::Process { generation: "ab.c.13".into(), name: "mic".into() }.matches(ENVIRON));
    }

    #[test]
    fn leftovers_are_of_the_whole_scope_and_not_alive() {
        assert!(leftovers("ab.c", "ab.c.13").matches(ENVIRON));
        assert!(!leftovers("ab.c", "ab.c.12").matches(ENVIRON));
        assert!(!leftovers("ab", "ab.1").matches(ENVIRON), "a scope that is the beginning of another");
        assert!(!leftovers("ab.c", "x").matches(b"A=1\0"), "no mark at all");
        assert!(!leftovers("ab.c", "x").matches(b""));
    }
}
