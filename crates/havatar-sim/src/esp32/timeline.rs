//! What happens to the robot, a JSON object a line, on the clock that every process of the machine shares.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// `CLOCK_MONOTONIC`, since the machine's boot.
pub(super) fn now() -> Duration {
    // The clock is always there.
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// Where it is written.
pub(super) struct Timeline(Option<Box<dyn Write>>);

impl Timeline {
    /// To a file, to standard output (`-`), or nowhere.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let out: Option<Box<dyn Write>> = match path {
            None => None,
            Some(path) if path.as_os_str() == "-" => Some(Box::new(io::stdout())),
            Some(path) => Some(Box::new(File::create(path)?)),
        };
        Ok(Self(out))
    }

    /// Whether anybody reads it: what costs more than a line is spared otherwise.
    pub(super) fn wanted(&self) -> bool {
        self.0.is_some()
    }

    /// One line, written at once. `what` is an object.
    pub(super) fn tell(&mut self, at: Duration, event: &str, mut what: Value) {
        let Some(out) = &mut self.0 else { return };
        what["t_ns"] = json!(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX));
        what["event"] = json!(event);
        // A reader that is gone is no reason for a robot to stop.
        if writeln!(out, "{what}").and_then(|()| out.flush()).is_err() {
            self.0 = None;
        }
    }
}
