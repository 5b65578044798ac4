//! What the machine's actions do, and the work that is under way for it.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::command::Pipeline;
use crate::journal::{Journal, Source};
use crate::lines::{Intake, pump};
use crate::litter::{Litter, Pipes, Run, SpawnError, StageEnd};
use crate::spawner::Spawner;
use crate::state::{Action, Event, LaunchError, State};
use crate::supervised::{BoxFuture, Options, Stdout};

pub(crate) type Prepare = Box<dyn FnMut() -> BoxFuture<'static, Result<Pipeline, LaunchError>> + Send>;

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) journal: Arc<Journal>,
    pub(crate) run: Option<Run>,
    pub(crate) preparing: Option<Work<Result<Pipeline, LaunchError>>>,
    pub(crate) spawning: Option<Work<Result<Litter, SpawnError>>>,
    pub(crate) clearing: Option<Work<()>>,
    pub(crate) probing: Option<Work<Result<(), String>>>,
    name: Arc<str>,
    spawner: Spawner,
    prepare: Prepare,
    prepared: Option<Pipeline>,
    readers: JoinSet<()>,
}

pub(crate) type Work<T> = BoxFuture<'static, T>;

/// Waits for work, if there is any, and takes it away when it is done. May be dropped and called again.
pub(crate) async fn next<T>(work: &mut Option<Work<T>>) -> T {
    match work {
        Some(running) => {
            let answer = running.await;
            *work = None;
            answer
        }
        None => pending().await,
    }
}

/// The same for the end of a program.
pub(crate) async fn next_end(run: &mut Option<Run>) -> StageEnd {
    match run {
        Some(run) => run.next_end().await,
        None => pending().await,
    }
}

/// How long the last lines may take to be read, once everything that could write is gone.
const DRAIN_LIMIT: Duration = Duration::from_millis(150);

impl World {
    pub(crate) fn new(
        options: Options,
        prepare: Prepare,
        spawner: Spawner,
        journal: Arc<Journal>,
        name: Arc<str>,
    ) -> Self {
        Self {
            options,
            journal,
            preparing: None,
            spawning: None,
            clearing: None,
            probing: None,
            name,
            spawner,
            prepare,
            prepared: None,
            run: None,
            readers: JoinSet::new(),
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Prepare => {
                self.preparing = Some(apart((self.prepare)(), "asking for the command", LaunchError::Failed));
            }
            Action::Abandon => self.preparing = None,
            Action::Spawn => self.spawn(),
            Action::Signal(signal) => {
                if let Some(run) = &self.run {
                    run.signal(signal);
                    // A stopped process would not hear it.
                    run.signal(rustix::process::Signal::CONT);
                }
            }
            Action::Clear => self.clear(),
            Action::Remark(text) => {
                let text = self.journal.remark(&text);
                tracing::info!(process.name = %self.name, "{text}");
            }
        }
    }

    pub(crate) fn prepared(&mut self, answer: Result<Pipeline, LaunchError>) -> Event {
        Event::Prepared(answer.map(|pipeline| self.prepared = Some(pipeline)))
    }

    pub(crate) fn spawned(&mut self, answer: Result<Litter, SpawnError>) -> Event {
        let adopted = answer.map_err(|error| error.words()).and_then(|litter| {
            Run::adopt(litter).map_err(|error| format!("cannot watch what was started: {error}"))
        });
        Event::Spawned(adopted.map(|(run, pipes)| {
            let pid = run.pid();
            self.read(pipes);
            self.run = Some(run);
            pid
        }))
    }

    pub(crate) fn probe(&mut self) {
        let Some(probe) = self.options.probe.clone() else { return };
        let limit = self.options.policy.probe_timeout;
        let check = apart(Box::pin(async move { probe.check().await }), "the probe", std::convert::identity);
        self.probing = Some(Box::pin(async move {
            timeout(limit, check)
                .await
                .unwrap_or_else(|_| Err(format!("no answer within {} ms", limit.as_millis())))
        }));
    }

    pub(crate) fn redacted(&self, state: State) -> State {
        match state {
            State::Waiting { why } => State::Waiting { why: self.journal.redacted(&why) },
            State::Backoff { until, failures, why } => {
                State::Backoff { until, failures, why: self.journal.redacted(&why) }
            }
            other => other,
        }
    }

    fn spawn(&mut self) {
        let pipeline = self.prepared.take().unwrap_or_default();
        let keep_stdout = !matches!(self.options.stdout, Stdout::Null);
        let (spawner, name) = (self.spawner.clone(), self.name.to_string());
        self.spawning = Some(Box::pin(async move { spawner.spawn(name, pipeline, keep_stdout, None).await }));
    }

    fn read(&mut self, pipes: Pipes) {
        let stages = pipes.stderr.len();
        for (index, stderr) in pipes.stderr.into_iter().enumerate() {
            let intake = Intake::journal(Arc::clone(&self.journal), Source::Stderr, index + 1);
            self.readers.spawn(pump(stderr, intake));
        }
        if let Some(stdout) = pipes.stdout {
            let intake = match &self.options.stdout {
                Stdout::Lines(sink) => Intake::lines(Arc::clone(sink)),
                Stdout::Log | Stdout::Null => {
                    Intake::journal(Arc::clone(&self.journal), Source::Stdout, stages)
                }
            };
            self.readers.spawn(pump(stdout, intake));
        }
    }

    fn clear(&mut self) {
        let (run, readers) = (self.run.take(), std::mem::take(&mut self.readers));
        let (spawner, name, journal) =
            (self.spawner.clone(), Arc::clone(&self.name), Arc::clone(&self.journal));
        self.clearing = Some(Box::pin(async move {
            let Some(run) = run else { return };
            let left = spawner.clear(&name, run, readers, DRAIN_LIMIT).await;
            if !left.is_empty() {
                journal.remark(&format!("processes {left:?} do not end on SIGKILL"));
            }
        }));
    }
}

/// Runs foreign code on a task of its own, so that its panic is its own failure.
fn apart<T, E>(
    work: BoxFuture<'static, Result<T, E>>,
    what: &'static str,
    fail: fn(String) -> E,
) -> Work<Result<T, E>>
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
