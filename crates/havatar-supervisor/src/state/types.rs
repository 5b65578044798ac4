//! The machine's inputs and outputs: events and actions.

use std::time::Duration;

use rustix::process::Signal;

use crate::types::LaunchError;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Start,
    Stop,
    Restart,
    /// Stop it and start it again, if it is wanted.
    RestartIfWanted,
    /// A missing dependency may be available now.
    Recheck,
    /// A failed dependency is available again.
    DependencyRestored,
    /// The answer to [`Action::Prepare`].
    Prepared(Result<(), LaunchError>),
    /// The answer to [`Action::Spawn`].
    Spawned(Result<u32, String>),
    /// A stage exited, by itself or by a signal of the supervisor; `left` stages still run.
    Exited {
        why: String,
        left: usize,
    },
    /// The process in progress has this long to become ready, counted from its spawn.
    ReadyWithin(Duration),
    /// The answer to [`Action::CleanUp`]: every process is gone.
    CleanedUp,
    ProbeSucceeded,
    ProbeFailed(String),
    /// For that time the process, or this program, was kept from running: it proves nothing.
    Excused(Duration),
    /// The time of `Machine::due` has come, or might have.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the launch for its command.
    Prepare,
    /// Drop the pending question to the launch.
    CancelPrepare,
    /// Spawn the prepared command.
    Spawn,
    /// Signal the group.
    Signal(Signal),
    /// Kill the group and every process with the tag, then reap.
    CleanUp,
    /// Write a line to the log.
    Log(String),
}

/// Whose delays matter for the deadline in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scrutiny {
    /// Nobody's: there is no such deadline.
    None,
    /// This program's: the process answers.
    Program,
    /// This program's and its helper programs'.
    Launch,
    /// This program's and the process's.
    Process,
}
