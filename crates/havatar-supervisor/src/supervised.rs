//! The handle, and what a caller brings: a launch, a probe, options.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::command::Pipeline;
use crate::journal::{Journal, LogLine, Redact};
use crate::lines::LineSink;
use crate::policy::Policy;
use crate::protocol::{Reply, Request};
use crate::spawner::Spawner;
use crate::state::{LaunchError, State};
use crate::task;
use crate::world::World;

/// A boxed future that may borrow.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Decides what to run, anew before every launch: the place for one-time secrets, files to write, ports to check.
///
/// A closure that returns a future is a launch, and so is a fixed [`Pipeline`]. A launch that panics
/// counts as a failure; one that takes longer than [`Policy::ready_within`] is dropped and counts as one.
pub trait Launch: Send + 'static {
    /// The command for the next launch, or why there is none now.
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

/// Asks a process whether it is well.
///
/// The first `Ok` after a launch makes the process ready, every further one says that it is alive. A probe
/// that judges by what the process wrote must forget that before each launch (in [`Launch::prepare`]).
/// A probe that panics has failed, and so has one that takes longer than [`Policy::probe_timeout`].
pub trait Probe: Send + Sync + 'static {
    /// `Err` says what is wrong, in words.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// Where the last program's stdout goes.
#[derive(Clone)]
pub enum Stdout {
    /// Into the log, beside stderr.
    Log,
    /// Line by line to a function.
    Lines(LineSink),
    /// Nowhere: `/dev/null`.
    Null,
}

/// How one process is supervised.
#[derive(Clone)]
pub struct Options {
    /// The times that rule it.
    pub policy: Policy,
    /// Without a probe, a process is ready as soon as it is spawned, and only its exit is noticed.
    pub probe: Option<Arc<dyn Probe>>,
    /// Where the last program's stdout goes. Stderr always goes into the log.
    pub stdout: Stdout,
    /// Takes secrets out of log lines, reasons and remarks.
    pub redact: Option<Redact>,
    /// Start at once.
    pub wanted: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { policy: Policy::default(), probe: None, stdout: Stdout::Log, redact: None, wanted: true }
    }
}

/// One picture of a supervised process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The name it was given.
    pub name: Arc<str>,
    /// What it is doing.
    pub state: State,
    /// When it came into this state, by the wall clock.
    pub since: SystemTime,
    /// Launches after the first.
    pub restarts: u64,
    /// How it ended last, in words; for example `exited with status 1`, `killed by SIGKILL`,
    /// `stopped answering for 1.5 s (last: connection refused), killed`.
    pub last_exit: Option<String>,
}

/// A supervised process. Clones are handles of the same one.
///
/// When the last handle is dropped, or the token given to [`Supervised::spawn`] is cancelled, the process
/// is stopped and its supervision ends.
#[derive(Clone)]
pub struct Supervised {
    requests: mpsc::Sender<Request>,
    snapshots: watch::Receiver<Snapshot>,
    journal: Arc<Journal>,
}

impl Supervised {
    /// Begins to supervise. Must be called within a Tokio runtime with time and I/O.
    ///
    /// `name` marks the processes in their environment and must be unique within the spawner.
    pub fn spawn<L: Launch>(
        name: impl Into<Arc<str>>,
        options: Options,
        launch: L,
        spawner: &Spawner,
        cancel: CancellationToken,
    ) -> Self {
        let name = name.into();
        let journal = Arc::new(Journal::new(options.redact.clone()));
        let (requests, asked) = mpsc::channel(WAITING_REQUESTS);
        let (state, since) = (State::Stopped, SystemTime::now());
        let snapshot = Snapshot { name: Arc::clone(&name), state, since, restarts: 0, last_exit: None };
        let (published, snapshots) = watch::channel(snapshot);
        let launch = Arc::new(Mutex::new(launch));
        let prepare = Box::new(move || -> BoxFuture<'static, _> {
            let launch = Arc::clone(&launch);
            Box::pin(async move { launch.lock().await.prepare().await })
        });
        let world = World::new(options, prepare, spawner.clone(), Arc::clone(&journal), Arc::clone(&name));
        tokio::spawn(task::run(world, published, asked, cancel));
        Self { requests, snapshots, journal }
    }

    /// Wants the process, and returns when the wish is taken up: the process starts in the background. From
    /// backoff or waiting it is tried at once. Does nothing if it is wanted and under way already.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn start(&self) -> Result<(), RequestError> {
        self.ask(Request::Start).await
    }

    /// Ends the process, and returns when nothing of it is left: SIGINT, then SIGTERM, then SIGKILL to its whole
    /// group and to what left the group. Within 5 s with the default policy. Does nothing if it is stopped.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn stop(&self) -> Result<(), RequestError> {
        self.ask(Request::Stop).await
    }

    /// Ends the process as [`stop`](Self::stop) does and starts it again without a wait; returns when the
    /// old one is gone. Starts what was stopped: it is a person's wish, while [`restart_if_wanted`](Self::restart_if_wanted) is for
    /// the program.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn restart(&self) -> Result<(), RequestError> {
        self.ask(Request::Restart).await
    }

    /// Ends the process and starts it anew, without a wait, if it is wanted; if it is stopped, or being stopped,
    /// it stays so. For a program whose settings changed: the launch is asked again, also when it is just being
    /// asked, and earlier failures are forgotten. Returns when nothing is left of what ran before.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn restart_if_wanted(&self) -> Result<(), RequestError> {
        self.ask(Request::RestartIfWanted).await
    }

    /// Says that what the process depends on had failed and is back. From waiting and from backoff it is tried at
    /// once, with earlier failures forgotten; what runs, is stopped or is being started is left alone. Never blocks.
    pub fn dependency_restored(&self) {
        // With a full channel, the task has something to do anyway and the next try comes soon.
        let _ = self.requests.try_send(Request::DependencyRestored);
    }

    /// Says that what the launch waits for may be there now. Never blocks.
    pub fn recheck(&self) {
        // With a full channel, the task has something to do anyway and the recheck comes soon.
        let _ = self.requests.try_send(Request::Recheck);
    }

    /// Snapshots as they change; the newest is always there.
    pub fn subscribe(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// The last 200 lines, oldest first, and how many lines were dropped in all because they came too fast.
    pub fn logs(&self) -> (Vec<LogLine>, u64) {
        self.journal.lines()
    }

    /// Waits until supervision has ended, which it does only after its token was cancelled.
    pub async fn closed(&self) {
        self.requests.closed().await;
    }

    async fn ask(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), RequestError> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(request(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RequestError::Busy,
            mpsc::error::TrySendError::Closed(_) => RequestError::Ended,
        })?;
        answer.await.unwrap_or(Err(RequestError::Ended))
    }
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

const WAITING_REQUESTS: usize = 16;
