//! The machine's internal phases, finer than the published states.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
pub(super) enum Phase {
    Stopped,
    /// The launch is asked for its command.
    Preparing {
        since: Instant,
        deadline: Instant,
        /// The reason of the wait before this attempt: the published state stays `Waiting` until the answer.
        waiting: Option<String>,
        /// A recheck was requested meanwhile: the pending answer may be older.
        recheck_again: bool,
    },
    Waiting {
        why: String,
        recheck_at: Instant,
    },
    Spawning {
        since: Instant,
        deadline: Instant,
        then: AfterSpawn,
    },
    /// Spawned, and not ready yet.
    Starting {
        since: Instant,
        pid: u32,
        deadline: Instant,
        /// The error of the last probe.
        last_error: Option<String>,
        /// The part of the time that is excused.
        excused: Duration,
    },
    Running {
        since: Instant,
        pid: u32,
        ready_at: Instant,
        /// The time of the last successful probe.
        last_ok: Instant,
        deadline: Instant,
        last_error: Option<String>,
        /// The part of the time since the last successful probe that is excused.
        excused: Duration,
    },
    Stopping {
        pid: Option<u32>,
        stage: StopStage,
        /// The time of the next stage.
        next: Instant,
        deadline: Instant,
        restart: bool,
        why: Option<String>,
    },
    Backoff {
        until: Instant,
        why: String,
        /// The failed process is still being cleaned up.
        cleaning_up: bool,
    },
}

/// The step after a spawn in progress, which cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterSpawn {
    Run,
    Stop,
    Restart,
}

/// The stages of a stop: SIGINT, SIGTERM, then SIGKILL with the cleanup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopStage {
    Interrupt,
    Terminate,
    CleanUp,
}
