//! The handle of a supervised process: requests in, snapshots out.

use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::confinement::ConfinementReport;
use crate::effects::{Effects, Pids};
use crate::log_ring::{LogLine, LogRing};
use crate::requests::{Reply, Request};
use crate::spawner::Spawner;
use crate::task;
use crate::types::{BoxFuture, Launch, Options, RequestError, Snapshot, State};

/// A supervised process. Clones are handles of the same one.
///
/// When the last handle is dropped, or the token given to [`Supervised::spawn`] is cancelled, the process
/// is stopped and its supervision ends.
#[derive(Clone)]
pub struct Supervised {
    requests: mpsc::Sender<Request>,
    snapshots: watch::Receiver<Snapshot>,
    log: Arc<LogRing>,
    pids: Pids,
    spawner: Spawner,
}

impl Supervised {
    /// Starts the supervision. Must be called within a Tokio runtime with time and I/O.
    ///
    /// `name` tags the processes in their environment and must be unique within the spawner.
    pub fn spawn<L: Launch>(
        name: impl Into<Arc<str>>,
        options: Options,
        launch: L,
        spawner: &Spawner,
        cancel: CancellationToken,
    ) -> Self {
        let name = name.into();
        let log = Arc::new(LogRing::new(options.redact.clone()));
        let (requests, inbox) = mpsc::channel(MAX_PENDING_REQUESTS);
        let (state, since) = (State::Stopped, SystemTime::now());
        let snapshot = Snapshot { name: Arc::clone(&name), state, since, restarts: 0, last_exit: None };
        let (published, snapshots) = watch::channel(snapshot);
        let launch = Arc::new(Mutex::new(launch));
        let prepare = Box::new(move || -> BoxFuture<'static, _> {
            let launch = Arc::clone(&launch);
            Box::pin(async move { launch.lock().await.prepare().await })
        });
        let effects = Effects::new(options, prepare, spawner.clone(), Arc::clone(&log), Arc::clone(&name));
        let pids = Arc::clone(&effects.pids);
        tokio::spawn(task::run(effects, published, inbox, cancel));
        Self { requests, snapshots, log, pids, spawner: spawner.clone() }
    }

    /// Makes the process wanted, and returns when the request is accepted: the process starts in the background. In
    /// backoff or waiting it is tried at once. Does nothing if it is wanted and starting or running already.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn start(&self) -> Result<(), RequestError> {
        self.request(Request::Start).await
    }

    /// Stops the process, and returns when no process is left: SIGINT, then SIGTERM, then SIGKILL to its whole
    /// group and to the processes that left the group. Within 5 s with the default policy. Does nothing if it is stopped.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn stop(&self) -> Result<(), RequestError> {
        self.request(Request::Stop).await
    }

    /// Stops the process as [`stop`](Self::stop) does and starts it again without a backoff; returns when the old one
    /// is gone. Starts a stopped process: it is for a person's request, while
    /// [`restart_if_wanted`](Self::restart_if_wanted) is for the program's own.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn restart(&self) -> Result<(), RequestError> {
        self.request(Request::Restart).await
    }

    /// Restarts the process without a backoff if it is wanted; a process that is stopped, or being stopped, stays so.
    /// For changed settings: the launch is asked again, also when it is being asked now, and earlier failures are
    /// reset. Returns when no process of before is left.
    ///
    /// # Errors
    /// [`RequestError`]
    pub async fn restart_if_wanted(&self) -> Result<(), RequestError> {
        self.request(Request::RestartIfWanted).await
    }

    /// Reports that a dependency of the process had failed and is available again. In waiting and in backoff it is
    /// tried at once, with earlier failures reset; a process in another state is left alone. Never blocks.
    pub fn dependency_restored(&self) {
        // With a full channel, the task is about to act anyway and the next attempt comes soon.
        let _ = self.requests.try_send(Request::DependencyRestored);
    }

    /// Reports that the dependency that the launch waits for may be available now. Never blocks.
    pub fn recheck(&self) {
        // With a full channel, the task is about to act anyway and the next recheck comes soon.
        let _ = self.requests.try_send(Request::Recheck);
    }

    /// Subscribes to the snapshots; the newest is always available.
    pub fn subscribe(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshots.borrow().clone()
    }

    /// The process ids of all its programs that were started; empty when they are gone.
    pub fn pids(&self) -> Vec<u32> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the programs of the last launch run under; none before the first.
    pub fn confinement(&self) -> Vec<ConfinementReport> {
        self.spawner.confinement(&self.snapshots.borrow().name)
    }

    /// The last 200 lines, oldest first, and the number of lines dropped in all by the rate limit.
    pub fn logs(&self) -> (Vec<LogLine>, u64) {
        self.log.lines()
    }

    /// Waits until supervision has ended, which happens only after its token was cancelled.
    pub async fn closed(&self) {
        self.requests.closed().await;
    }

    async fn request(&self, request: impl FnOnce(Reply) -> Request) -> Result<(), RequestError> {
        let (reply, answer) = oneshot::channel();
        self.requests.try_send(request(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => RequestError::Busy,
            mpsc::error::TrySendError::Closed(_) => RequestError::Ended,
        })?;
        answer.await.unwrap_or(Err(RequestError::Ended))
    }
}

/// Requests beyond this are refused with [`RequestError::Busy`].
const MAX_PENDING_REQUESTS: usize = 16;
