//! Runs a pipeline whose output is streamed to the caller.

use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::task::JoinSet;

use crate::command::{Command, Input, Pipeline};
use crate::confinement::ConfinementReport;
use crate::output::{OutputSink, Prefix, drain};
use crate::process_group::{ProcessGroup, SpawnError};
use crate::run_once::RunError;
use crate::run_queue::{DILIGENCE, within};
use crate::spawner::Spawner;

impl Spawner {
    /// Starts a pipeline whose first program reads `input`, and returns its output as a stream. Unread output blocks the
    /// programs. They have a process group of their own, and die with this program.
    ///
    /// Must be called within a Tokio runtime with time and I/O.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub async fn stream_output(&self, pipeline: Pipeline, input: &[u8]) -> Result<StreamedOutput, RunError> {
        let title = pipeline.stages.first().map(Command::title).unwrap_or_default();
        self.stream_output_as(&title, pipeline, input).await
    }

    /// The same under a name by which [`Spawner::helper_owns_socket`] knows the programs. One with a slash is no program's
    /// own.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub async fn stream_output_as(
        &self,
        name: &str,
        mut pipeline: Pipeline,
        input: &[u8],
    ) -> Result<StreamedOutput, RunError> {
        if let Some(first) = pipeline.stages.first_mut() {
            first.input = Input::Bytes(Arc::from(input));
        }
        let program = pipeline.stages.first().map(|stage| stage.program.clone()).unwrap_or_default();
        let failed = |source| RunError::Io { program: program.clone(), source };
        // A unique name: the cleanup finds the processes by the tag made of it.
        let name = format!("{name}#{:016x}", rand::random::<u64>());
        let spawned = self.spawn(name.clone(), pipeline, true).await.map_err(|error| match error {
            SpawnError::Spawn { program, source } => RunError::Io { program, source },
            error @ (SpawnError::Empty | SpawnError::Busy) => failed(io::Error::other(error)),
        })?;
        let failed = |source| RunError::Io { program: name.clone().into(), source };
        let (group, pipes) = ProcessGroup::register(spawned).map_err(failed)?;
        let stdout = pipes.stdout.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let stdout = pipe::Receiver::from_owned_fd(stdout).map_err(failed)?;
        let errors = Prefix::default();
        let mut readers = JoinSet::new();
        for pipe in pipes.stderr {
            readers.spawn(drain(pipe, OutputSink::prefix(Prefix::clone(&errors), MAX_ERRORS)));
        }
        Ok(StreamedOutput { spawner: self.clone(), name, stdout, errors, running: Some((group, readers)) })
    }
}

/// A running pipeline. Dropped, it is killed, with every process that it started.
#[derive(Debug)]
pub struct StreamedOutput {
    spawner: Spawner,
    name: String,
    stdout: pipe::Receiver,
    errors: Prefix,
    running: Option<(ProcessGroup, JoinSet<()>)>,
}

/// How a pipeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// The exit of the first program that failed, described; `None` if all exited with status 0.
    pub failed: Option<String>,
    /// The beginning of their standard error; bytes that are not UTF-8 are shown as U+FFFD.
    pub stderr: String,
}

impl StreamedOutput {
    /// Reads the next bytes of the last program's output; 0 at its end. Cancel-safe.
    ///
    /// # Errors
    /// The system's error.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdout.read(buffer).await
    }

    /// The same, waiting at most `limit` of time in which the programs could run; `None` if nothing came. Cancel-safe.
    pub async fn read_within(&mut self, buffer: &mut [u8], limit: Duration) -> Option<io::Result<usize>> {
        let pids: Vec<u32> = self.running.iter().flat_map(|(group, _)| group.pids()).collect();
        within(limit, DILIGENCE, pids, |_| (), self.stdout.read(buffer)).await
    }

    /// What the programs run under.
    pub fn confinement(&self) -> Vec<ConfinementReport> {
        self.spawner.confinement(self.name.split('#').next().unwrap_or_default())
    }

    /// Waits at most `limit`, of time in which they could run, for all programs to exit by themselves, then kills those that
    /// are left.
    pub async fn finish(mut self, limit: Duration) -> StreamEnd {
        let mut failed = None;
        if let Some((mut group, readers)) = self.running.take() {
            let pids = group.pids();
            let all = async {
                loop {
                    let exit = group.next_exit().await;
                    if !exit.success {
                        failed.get_or_insert(exit.why);
                    }
                    if exit.left == 0 {
                        return;
                    }
                }
            };
            if within(limit, DILIGENCE, pids, |_| (), all).await.is_none() {
                failed.get_or_insert_with(|| format!("did not end within {limit:?}, killed"));
            }
            self.spawner.clean_up(&self.name, group, readers, DRAIN_LIMIT).await;
        }
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        StreamEnd { failed, stderr: String::from_utf8_lossy(&errors).into_owned() }
    }
}

impl Drop for StreamedOutput {
    fn drop(&mut self) {
        let Some((group, readers)) = self.running.take() else { return };
        // At once; the cleanup then finds the processes that left the group. Without a runtime only the group is killed.
        group.signal(rustix::process::Signal::KILL);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (spawner, name) = (self.spawner.clone(), std::mem::take(&mut self.name));
            runtime.spawn(async move { spawner.clean_up(&name, group, readers, DRAIN_LIMIT).await });
        }
    }
}

/// Bytes returned of standard error.
const MAX_ERRORS: usize = 4 << 10;
/// The time to read the rest of standard error.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);
