//! Carries out the machine's actions: launches, spawns, signals, cleans up, probes and logs.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command::Pipeline;
use crate::log_ring::{LogRing, Source};
use crate::output::{OutputSink, drain};
use crate::process_group::{Pipes, ProcessGroup, SpawnError, SpawnedGroup, StageExit};
use crate::spawner::Spawner;
use crate::state::{Action, Event};
use crate::types::{BoxFuture, LaunchError, Options, State, Stdout};

pub(crate) type Prepare = Box<dyn FnMut() -> BoxFuture<'static, Result<Pipeline, LaunchError>> + Send>;

/// The process ids of the programs of one launch.
pub(crate) type Pids = Arc<Mutex<Vec<u32>>>;

/// The resources of one supervised process and the operations in progress.
pub(crate) struct Effects {
    pub(crate) options: Options,
    pub(crate) log: Arc<LogRing>,
    pub(crate) group: Option<ProcessGroup>,
    pub(crate) pids: Pids,
    pub(crate) preparing: Option<Operation<Result<Pipeline, LaunchError>>>,
    pub(crate) spawning: Option<Operation<Result<SpawnedGroup, SpawnError>>>,
    pub(crate) cleaning_up: Option<Operation<()>>,
    pub(crate) probing: Option<Operation<Result<(), String>>>,
    pub(crate) spawner: Spawner,
    name: Arc<str>,
    prepare: Prepare,
    prepared: Option<Pipeline>,
    readers: JoinSet<()>,
}

/// An operation in progress.
pub(crate) type Operation<T> = BoxFuture<'static, T>;

/// Waits for an operation, if there is one, and removes it when it is complete. Cancel-safe.
pub(crate) async fn completed<T>(operation: &mut Option<Operation<T>>) -> T {
    match operation {
        Some(running) => {
            let answer = running.await;
            *operation = None;
            answer
        }
        None => pending().await,
    }
}

/// Waits for the next exit of a stage, if there is a group. Cancel-safe.
pub(crate) async fn next_exit(group: &mut Option<ProcessGroup>) -> StageExit {
    match group {
        Some(group) => group.next_exit().await,
        None => pending().await,
    }
}

/// The time to read the last lines, once every process that could write is gone.
const DRAIN_LIMIT: Duration = Duration::from_millis(150);

impl Effects {
    pub(crate) fn new(
        options: Options,
        prepare: Prepare,
        spawner: Spawner,
        log: Arc<LogRing>,
        name: Arc<str>,
    ) -> Self {
        Self {
            options,
            log,
            group: None,
            pids: Pids::default(),
            preparing: None,
            spawning: None,
            cleaning_up: None,
            probing: None,
            spawner,
            name,
            prepare,
            prepared: None,
            readers: JoinSet::new(),
        }
    }

    pub(crate) fn apply(&mut self, action: Action) {
        match action {
            Action::Prepare => {
                self.preparing = Some(on_own_thread((self.prepare)()));
            }
            Action::CancelPrepare => self.preparing = None,
            Action::Spawn => self.spawn(),
            Action::Signal(signal) => {
                if let Some(group) = &self.group {
                    group.signal(signal);
                    // A stopped process handles signals only once it is continued.
                    group.signal(rustix::process::Signal::CONT);
                }
            }
            Action::CleanUp => self.clean_up(),
            Action::Log(text) => {
                let text = self.log.push_supervisor_line(&text);
                tracing::info!(process.name = %self.name, "{text}");
            }
        }
    }

    /// Stores the answer of the launch and turns it into an event.
    pub(crate) fn prepared(&mut self, answer: Result<Pipeline, LaunchError>) -> Event {
        Event::Prepared(answer.map(|pipeline| self.prepared = Some(pipeline)))
    }

    /// Takes over what was spawned and turns it into an event.
    pub(crate) fn spawned(&mut self, answer: Result<SpawnedGroup, SpawnError>) -> Event {
        let registered = answer.map_err(|error| error.describe()).and_then(|spawned| {
            ProcessGroup::register(spawned).map_err(|error| format!("cannot watch what was started: {error}"))
        });
        Event::Spawned(registered.map(|(group, pipes)| {
            let pid = group.pid();
            self.set_pids(group.pids().collect());
            self.read_output(pipes);
            self.group = Some(group);
            pid
        }))
    }

    /// The probe's own limit for the launch in progress.
    pub(crate) fn ready_within(&self) -> Option<Duration> {
        self.options.probe.as_ref()?.ready_within()
    }

    pub(crate) fn start_probe(&mut self) {
        let Some(probe) = self.options.probe.clone() else { return };
        let check = Box::pin(async move { probe.check().await });
        self.probing = Some(isolated(check, "the probe", std::convert::identity));
    }

    /// The state without its secrets.
    pub(crate) fn redacted(&self, state: State) -> State {
        match state {
            State::Waiting { why } => State::Waiting { why: self.log.redacted(&why) },
            State::Backoff { until, failures, why } => {
                State::Backoff { until, failures, why: self.log.redacted(&why) }
            }
            other => other,
        }
    }

    fn spawn(&mut self) {
        let pipeline = self.prepared.take().unwrap_or_default();
        let keep_stdout = !matches!(self.options.stdout, Stdout::Null);
        let (spawner, name) = (self.spawner.clone(), self.name.to_string());
        self.spawning = Some(Box::pin(async move { spawner.spawn(name, pipeline, keep_stdout).await }));
    }

    fn set_pids(&self, pids: Vec<u32>) {
        *self.pids.lock().unwrap_or_else(PoisonError::into_inner) = pids;
    }

    fn read_output(&mut self, pipes: Pipes) {
        let stages = pipes.stderr.len();
        for (index, stderr) in pipes.stderr.into_iter().enumerate() {
            let sink = OutputSink::log(Arc::clone(&self.log), Source::Stderr, index + 1);
            self.readers.spawn(drain(stderr, sink));
        }
        if let Some(stdout) = pipes.stdout {
            let sink = match &self.options.stdout {
                Stdout::Lines(sink) => OutputSink::lines(Arc::clone(sink)),
                Stdout::Log | Stdout::Null => OutputSink::log(Arc::clone(&self.log), Source::Stdout, stages),
            };
            self.readers.spawn(drain(stdout, sink));
        }
    }

    fn clean_up(&mut self) {
        self.set_pids(Vec::new());
        let (group, readers) = (self.group.take(), std::mem::take(&mut self.readers));
        let (spawner, name, log) = (self.spawner.clone(), Arc::clone(&self.name), Arc::clone(&self.log));
        self.cleaning_up = Some(Box::pin(async move {
            let Some(group) = group else { return };
            let left = spawner.clean_up(&name, group, readers, DRAIN_LIMIT).await;
            if !left.is_empty() {
                log.push_supervisor_line(&format!("processes {left:?} do not end on SIGKILL"));
            }
        }));
    }
}

/// Runs a launch on a thread of its own: it looks for programs, files and devices, and a disk may take its time. Once the
/// operation is dropped, the launch is dropped at its next await.
fn on_own_thread<T: Send + 'static>(
    work: BoxFuture<'static, Result<T, LaunchError>>,
) -> Operation<Result<T, LaunchError>> {
    let cancelled = CancellationToken::new();
    let guard = cancelled.clone().drop_guard();
    let runtime = Handle::current();
    let task = tokio::task::spawn_blocking(move || runtime.block_on(cancelled.run_until_cancelled(work)));
    Box::pin(async move {
        let _guard = guard;
        match task.await {
            Ok(Some(answer)) => answer,
            Err(error) if error.is_panic() => {
                Err(LaunchError::Failed("asking for the command panicked".into()))
            }
            Ok(None) | Err(_) => Err(LaunchError::Failed("asking for the command was cancelled".into())),
        }
    })
}

/// Runs the caller's code on a task of its own, so that a panic fails only that operation.
fn isolated<T, E>(
    work: BoxFuture<'static, Result<T, E>>,
    what: &'static str,
    fail: fn(String) -> E,
) -> Operation<Result<T, E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let task = AbortOnDropHandle::new(tokio::spawn(work));
    Box::pin(async move {
        task.await.unwrap_or_else(|error| {
            let how = if error.is_panic() { "panicked" } else { "was cancelled" };
            Err(fail(format!("{what} {how}")))
        })
    })
}
