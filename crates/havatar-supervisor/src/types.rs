//! The types that callers and the parts of this crate share: launch, probe, options, states and snapshots.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::command::Pipeline;
use crate::log_ring::Redact;
use crate::output::LineSink;
use crate::policy::Policy;

/// A boxed future that may borrow.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Returns the command to run, anew before every launch: the place for one-time secrets, files to write, ports to check.
///
/// A closure that returns a future is a launch, and so is a fixed [`Pipeline`]. A launch that panics
/// counts as a failure; one that takes longer than [`Policy::ready_within`] is dropped and counts as one. A launch runs on a
/// thread of its own, so it may block: on files, programs and devices.
pub trait Launch: Send + 'static {
    /// The command for the next launch, or the reason why there is none now.
    fn prepare(&mut self) -> impl Future<Output = Result<Pipeline, LaunchError>> + Send;
}

impl<F, A> Launch for F
where
    F: FnMut() -> A + Send + 'static,
    A: Future<Output = Result<Pipeline, LaunchError>> + Send,
{
    fn prepare(&mut self) -> impl Future<Output = Result<Pipeline, LaunchError>> + Send {
        self()
    }
}

impl Launch for Pipeline {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        Ok(self.clone())
    }
}

/// Why a launch does not happen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchError {
    /// A dependency is not available. The launch is asked again on a recheck and from time to time. Not a failure.
    NotReady(String),
    /// A failure: counted, and tried again after the backoff.
    Failed(String),
}

/// Checks the health of a process.
///
/// The first `Ok` after a launch makes the process ready, every further one proves that it is alive. A probe
/// that judges by the output of the process must reset that before each launch (in [`Launch::prepare`]).
/// A probe that panics has failed, and so has one that takes longer than [`Policy::probe_timeout`].
pub trait Probe: Send + Sync + 'static {
    /// `Err` describes the fault.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;

    /// The time that the launch in progress has to become ready, where that is not [`Policy::ready_within`]: asked once
    /// a launch, when its process has been spawned.
    fn ready_within(&self) -> Option<Duration> {
        None
    }
}

/// The destination of the last program's stdout.
#[derive(Clone)]
pub enum Stdout {
    /// The log, beside stderr.
    Log,
    /// A function that is called for every line.
    Lines(LineSink),
    /// `/dev/null`.
    Null,
}

/// How one process is supervised.
#[derive(Clone)]
pub struct Options {
    /// Its timeouts and intervals.
    pub policy: Policy,
    /// Without a probe, a process is ready as soon as it is spawned, and only its exit is noticed.
    pub probe: Option<Arc<dyn Probe>>,
    /// The destination of the last program's stdout. Stderr always goes into the log.
    pub stdout: Stdout,
    /// Removes secrets from log lines and reasons.
    pub redact: Option<Redact>,
    /// Start at once.
    pub wanted: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { policy: Policy::default(), probe: None, stdout: Stdout::Log, redact: None, wanted: true }
    }
}

/// The state of a supervised process. No state is final: a wanted process is always tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not wanted, and no process is left.
    Stopped,
    /// Wanted, but a dependency is not available. Not a failure.
    Waiting {
        /// The missing dependency, described.
        why: String,
    },
    /// Launched, and not ready yet.
    Starting {
        /// The start of the launch.
        since: Instant,
        /// The first program's process id, once it is spawned.
        pid: Option<u32>,
    },
    /// Ready, and answering its probe, if it has one.
    Running {
        /// The first program's process id.
        pid: u32,
        /// The time at which it was spawned.
        since: Instant,
        /// The time of the first successful probe; without a probe, when it was spawned.
        ready_at: Instant,
    },
    /// Being stopped.
    Stopping {
        /// The first program's process id, if it was known.
        pid: Option<u32>,
        /// The time at which every process is gone at the latest.
        deadline: Instant,
        /// It is started again afterwards.
        restart: bool,
    },
    /// It failed and is tried again.
    Backoff {
        /// The time of the next attempt.
        until: Instant,
        /// Failures in a row, at least 1.
        failures: u32,
        /// The last failure, described.
        why: String,
    },
}

/// The published state of a supervised process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: Arc<str>,
    /// Its state.
    pub state: State,
    /// The time at which it entered this state, by the wall clock.
    pub since: SystemTime,
    /// Launches after the first.
    pub restarts: u64,
    /// Its last exit, described; for example `exited with status 1`, `killed by SIGKILL`,
    /// `stopped answering for 1.5 s (last: connection refused), killed`.
    pub last_exit: Option<String>,
}

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Too many requests are waiting.
    #[error("too many requests are waiting for this process")]
    Busy,
    /// Supervision has ended.
    #[error("this process is not supervised any more")]
    Ended,
}
