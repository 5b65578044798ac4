//! The words of the machine: its states as the world sees them, what it hears and what it asks for.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

/// What a supervised process is doing. There is no state to be stuck in: one that is wanted is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not wanted, and nothing of it is left.
    Stopped,
    /// Wanted, but something it needs is away. Not a failure.
    Waiting {
        /// What is missing, in words.
        why: String,
    },
    /// Asked for, and not ready yet.
    Starting {
        /// Since when.
        since: Instant,
        /// The first program's process id, once it is there.
        pid: Option<u32>,
    },
    /// Ready, and answering its probe, if it has one.
    Running {
        /// The first program's process id.
        pid: u32,
        /// When it was spawned.
        since: Instant,
        /// When the first probe succeeded; without a probe, when it was spawned.
        ready_at: Instant,
    },
    /// Being ended.
    Stopping {
        /// The first program's process id, if it was known.
        pid: Option<u32>,
        /// When everything is gone at the latest.
        deadline: Instant,
        /// It is started again afterwards.
        restart: bool,
    },
    /// It failed and is tried again.
    Backoff {
        /// When.
        until: Instant,
        /// Failures in a row, at least 1.
        failures: u32,
        /// The last failure, in words.
        why: String,
    },
}

/// Why a launch does not happen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchError {
    /// Something it needs is away: asked again on a nudge and from time to time. Not a failure.
    NotReady(String),
    /// A failure: counted, and tried again after the backoff.
    Failed(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Start,
    Stop,
    Restart,
    /// End it and start it anew, if it is wanted.
    RestartIfWanted,
    /// What was waited for may be there.
    Recheck,
    /// What it depends on failed and is back.
    DependencyRestored,
    /// The answer to [`Action::Prepare`].
    Prepared(Result<(), LaunchError>),
    /// The answer to [`Action::Spawn`].
    Spawned(Result<u32, String>),
    /// A program ended by itself, or on a signal of ours; so many are left.
    Ended {
        why: String,
        left: usize,
    },
    /// The answer to [`Action::Clear`]: everything is gone.
    Cleared,
    /// A probe succeeded.
    Alive,
    /// A probe failed.
    Ailing(String),
    /// This program itself was kept from running for so long.
    Late(Duration),
    /// The time of [`Machine::due`] has come, or might have.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the launch for its command.
    Prepare,
    /// Forget the question.
    Abandon,
    /// Spawn what was prepared.
    Spawn,
    /// Signal the group.
    Signal(Signal),
    /// Kill the group and everything with the mark, then reap.
    Clear,
    /// Something worth a line in the log.
    Remark(String),
}
