//! A child process with bad manners, for those who must cope with such.
//!
//! Every vice is a flag and they combine. Without any flag it does nothing and ends on the first signal.
//! Signals are blocked, not ignored, which for its parent is the same: they never arrive.

use std::io::{self, Write};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{SigSet, Signal};

/// Which bad manners. Times are in milliseconds.
#[derive(clap::Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a command line")]
pub struct Args {
    /// Do not end on SIGINT.
    #[arg(long)]
    pub ignore_int: bool,

    /// Do not end on SIGTERM.
    #[arg(long)]
    pub ignore_term: bool,

    /// Start a child in the same process group that ignores SIGINT and SIGTERM, and say `grandchild=PID` on stdout.
    #[arg(long)]
    pub grandchild: bool,

    /// The same, in a session and group of its own.
    #[arg(long)]
    pub grandchild_in_own_session: bool,

    /// Go into a session of its own first.
    #[arg(long, hide = true)]
    pub own_session: bool,

    /// Write short lines to stderr, so many bytes a second; 0 is as fast as they are taken.
    #[arg(long, value_name = "BYTES")]
    pub flood: Option<u64>,

    /// Write one line of so many bytes to stderr, and never its end.
    #[arg(long, value_name = "BYTES")]
    pub endless_line: Option<u64>,

    /// Write lines to stderr and stdout that are not UTF-8.
    #[arg(long)]
    pub bad_utf8: bool,

    /// Write `frame=N` and `progress=continue` to stdout, each time after so long.
    #[arg(long, value_name = "MS")]
    pub progress_every: Option<u64>,

    /// Stop the progress, but not the process, after so many.
    #[arg(long, value_name = "COUNT", requires = "progress_every")]
    pub progress_count: Option<u64>,

    /// Live on after so long, but do and write nothing more.
    #[arg(long, value_name = "MS")]
    pub hang_after: Option<u64>,

    /// End after so long; 0 is at once.
    #[arg(long, value_name = "MS")]
    pub exit_after: Option<u64>,

    /// The status to end with.
    #[arg(long, value_name = "STATUS", default_value_t = 1)]
    pub exit_code: u8,
}

/// Misbehaves until killed, or until `exit_after`, which ends the process with `exit_code`.
///
/// # Errors
/// A session, signal mask, grandchild or thread that the system refuses.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.own_session {
        nix::unistd::setsid().context("go into a session of its own")?;
    }
    // Before any thread starts, so that all inherit it.
    block(args).context("block signals")?;
    if args.grandchild {
        start_grandchild(false).context("start a grandchild")?;
    }
    if args.grandchild_in_own_session {
        start_grandchild(true).context("start a grandchild in its own session")?;
    }
    let silent = Arc::new(AtomicBool::new(false));
    let at_work = |work: fn(&Args, &AtomicBool) -> io::Result<()>| -> anyhow::Result<()> {
        let (args, silent) = (args.clone(), Arc::clone(&silent));
        // A reader that has gone away ends the work, not the process: it is stubborn.
        thread::Builder::new().spawn(move || drop(work(&args, &silent))).context("start a thread")?;
        Ok(())
    };
    for work in [flood, write_endless_line, write_bad_utf8, write_progress] {
        at_work(work)?;
    }
    let (hang, exit) = (args.hang_after, args.exit_after);
    if let Some(ms) = hang.filter(|ms| exit.is_none_or(|exit| *ms < exit)) {
        pause(ms);
        silent.store(true, Ordering::Relaxed);
    }
    if let Some(ms) = exit {
        pause(ms.saturating_sub(hang.filter(|hang| *hang < ms).unwrap_or(0)));
        std::process::exit(args.exit_code.into());
    }
    loop {
        thread::park();
    }
}

fn block(args: &Args) -> nix::Result<()> {
    let mut signals = SigSet::empty();
    for signal in [args.ignore_int.then_some(Signal::SIGINT), args.ignore_term.then_some(Signal::SIGTERM)] {
        signals.extend(signal);
    }
    signals.thread_block()
}

/// It ends by itself at last, should nobody find it.
const GRANDCHILD_LIFE_MS: u64 = 600_000;

fn start_grandchild(own_session: bool) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["stubborn", "--ignore-int", "--ignore-term"]);
    command.args(["--exit-after", &GRANDCHILD_LIFE_MS.to_string()]);
    command.args(own_session.then_some("--own-session"));
    let grandchild = command.spawn()?;
    writeln!(io::stdout().lock(), "grandchild={}", grandchild.id())
}

fn flood(args: &Args, silent: &AtomicBool) -> io::Result<()> {
    const LINE: &[u8] = b"[error] something went wrong, and here it is told again and again\n";
    const STEP_MS: u64 = 10;
    let Some(rate) = args.flood else { return Ok(()) };
    let lines = if rate == 0 { 1000 } else { (rate * STEP_MS / 1000).div_ceil(LINE.len() as u64).max(1) };
    let chunk = LINE.repeat(usize::try_from(lines).map_err(io::Error::other)?);
    while !silent.load(Ordering::Relaxed) {
        io::stderr().write_all(&chunk)?;
        if rate > 0 {
            pause(STEP_MS);
        }
    }
    Ok(())
}

fn write_endless_line(args: &Args, silent: &AtomicBool) -> io::Result<()> {
    const CHUNK: u64 = 64 << 10;
    let mut left = args.endless_line.unwrap_or(0);
    while left > 0 && !silent.load(Ordering::Relaxed) {
        let count = left.min(CHUNK);
        io::stderr().write_all(&vec![b'x'; usize::try_from(count).map_err(io::Error::other)?])?;
        left -= count;
    }
    Ok(())
}

fn write_bad_utf8(args: &Args, silent: &AtomicBool) -> io::Result<()> {
    // A lone continuation, an overlong slash, a surrogate, and a sequence that breaks off.
    const LINE: &[u8] = b"bad \x80 \xc0\xaf \xed\xa0\x80 \xff\xfe \xf0\x9f\n";
    while args.bad_utf8 && !silent.load(Ordering::Relaxed) {
        io::stderr().write_all(LINE)?;
        write_out(LINE)?;
        pause(20);
    }
    Ok(())
}

fn write_progress(args: &Args, silent: &AtomicBool) -> io::Result<()> {
    let Some(every) = args.progress_every else { return Ok(()) };
    for frame in 1..=args.progress_count.unwrap_or(u64::MAX) {
        pause(every);
        if silent.load(Ordering::Relaxed) {
            break;
        }
        write_out(format!("frame={frame}\nprogress=continue\n").as_bytes())?;
    }
    Ok(())
}

/// The standard library would keep what follows the last end of a line.
fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}
