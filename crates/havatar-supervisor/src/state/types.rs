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
    /// This program itself was kept from running for that time.
    Delayed(Duration),
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
