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

use std::os::fd::AsFd as _;
use std::path::PathBuf;

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use serde_json::json;

use crate::console::{self, print};

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
    print(&json!({"event": "ready", "link": args.link, "pts": robot.port()}));
    let mut commands = console::commands();
    loop {
        while let Ok(line) = commands.try_recv() {
            match Command::parse(&line) {
                Ok(Command::Quit) => return Ok(()),
                Ok(command) => {
                    let mut answer = robot.obey(&command)?;
                    answer["event"] = json!("done");
                    answer["command"] = json!(line);
                    print(&answer);
                }
                Err(why) => print(&json!({"event": "error", "command": line, "why": why})),
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
