//! A robot's motor controller: the firmware that ships, on a pseudo-terminal, in a simulated body.
//!
//! The firmware core is compiled into this program and told what its pins would tell it; bytes go to it as they come,
//! and its loop turns every two milliseconds. Its outputs move a small physical model (`physics`), whose encoders it reads
//! back. What happens is written down on the machine's monotonic clock, so that another process can say how long after
//! a fault of its own the wheels stood still. Faults of the cable and the board come by commands on standard input
//! (`faults`). With `--text` a foreign firmware takes the core's place (`foreign`).

mod faults;
mod firmware;
mod foreign;
mod physics;
mod pty;
mod robot;
mod timeline;

use std::io::{self, BufRead as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde_json::json;

use faults::Command;
use robot::Robot;
use timeline::Timeline;

/// The simulated motor controller.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Where its port is found: a link, like those below /dev/serial/by-id
    #[arg(long, value_name = "PATH")]
    link: PathBuf,

    /// Write what happens, as JSON lines on CLOCK_MONOTONIC; - is standard output
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,

    /// Of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// A foreign firmware that takes lines of text and has no watchdog
    #[arg(long)]
    text: bool,
}

/// Between two turns of the firmware's loop.
const TURN_MS: u8 = 2;

/// Runs it until SIGTERM, SIGINT or `quit`.
///
/// # Errors
/// If the port, the link or the timeline cannot be made.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    // Before any thread begins: each inherits the mask.
    signals.thread_block().context("block signals")?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK).context("watch signals")?;
    let timeline = Timeline::open(args.timeline.as_deref()).context("open the timeline")?;
    let mut robot = Robot::new(&args.link, args.seed, args.text, timeline).context("make the port")?;
    say(&json!({"event": "ready", "link": args.link, "pts": robot.port()}));
    let commands = commands();
    loop {
        for line in commands.try_iter() {
            match Command::parse(&line) {
                Ok(Command::Quit) => return Ok(()),
                Ok(command) => {
                    let mut answer = robot.obey(&command)?;
                    answer["event"] = json!("done");
                    answer["command"] = json!(line);
                    say(&answer);
                }
                Err(why) => say(&json!({"event": "error", "command": line, "why": why})),
            }
        }
        let mut fds = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(robot.cable().map(|cable| PollFd::new(cable, PollFlags::POLLIN)));
        poll(&mut fds, PollTimeout::from(TURN_MS)).or_else(interrupted).context("wait for bytes")?;
        if fds[0].revents().is_some_and(|events| !events.is_empty()) {
            return Ok(());
        }
        robot.turn().context("use the port")?;
    }
}

fn interrupted(error: nix::Error) -> nix::Result<i32> {
    if error == nix::Error::EINTR { Ok(0) } else { Err(error) }
}

/// Lines of standard input. Its end is no end of the robot: a demo has none.
fn commands() -> mpsc::Receiver<String> {
    // As many as anybody types ahead; a flood waits in the pipe.
    let (sender, lines) = mpsc::sync_channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn say(what: &serde_json::Value) {
    let mut out = io::stdout().lock();
    // Nobody may listen.
    let _ = writeln!(out, "{what}").and_then(|()| out.flush());
}
