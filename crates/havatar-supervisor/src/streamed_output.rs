//! Short pipelines whose output is read while it comes.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::PoisonError;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::task::JoinSet;

use crate::command::{Command, Pipeline};
use crate::lines::{Head, Intake, pump};
use crate::litter::{Run, SpawnError};
use crate::run_once::RunError;
use crate::spawner::Spawner;

impl Spawner {
    /// Starts a pipeline whose first program reads `input`, and returns its output to be read while it comes. Output that
    /// nobody reads holds the programs up. They are in a process group of their own, and die with this program.
    ///
    /// Must be called within a Tokio runtime with time and I/O.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub async fn stream_output(&self, pipeline: Pipeline, input: &[u8]) -> Result<StreamedOutput, RunError> {
        let program = pipeline.stages.first().map(|stage| stage.program.clone()).unwrap_or_default();
        let failed = |source| RunError::Io { program: program.clone(), source };
        let title = pipeline.stages.first().map(Command::title).unwrap_or_default();
        // A name that no other process has, since the mark by which the rest is found is made of it.
        let name = format!("{title}#{:016x}", rand::random::<u64>());
        let input = whole(input).map_err(&failed)?;
        let litter =
            self.spawn(name.clone(), pipeline, true, Some(input)).await.map_err(|error| match error {
                SpawnError::Spawn { program, source } => RunError::Io { program, source },
                error @ (SpawnError::Empty | SpawnError::Busy) => failed(io::Error::other(error)),
            })?;
        let failed = |source| RunError::Io { program: name.clone().into(), source };
        let (run, pipes) = Run::adopt(litter).map_err(failed)?;
        let stdout = pipes.stdout.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let stdout = pipe::Receiver::from_owned_fd(stdout).map_err(failed)?;
        let said = Head::default();
        let mut readers = JoinSet::new();
        for pipe in pipes.stderr {
            readers.spawn(pump(pipe, Intake::head(Head::clone(&said), MOST_SAID)));
        }
        Ok(StreamedOutput { spawner: self.clone(), name, stdout, said, life: Some((run, readers)) })
    }
}

/// A pipeline that runs. Dropped, it is ended, with everything that it started.
#[derive(Debug)]
pub struct StreamedOutput {
    spawner: Spawner,
    name: String,
    stdout: pipe::Receiver,
    said: Head,
    life: Option<(Run, JoinSet<()>)>,
}

/// How a pipeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// How the program ended that failed first, in words; `None` if all exited with status 0.
    pub failed: Option<String>,
    /// The beginning of what they wrote to standard error; bytes that are not UTF-8 are shown as U+FFFD.
    pub stderr: String,
}

impl StreamedOutput {
    /// Reads the next bytes of the last program's output; 0 at its end. May be dropped and called again.
    ///
    /// # Errors
    /// What the system says.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdout.read(buffer).await
    }

    /// Waits for all programs to end by themselves, at most `limit`; ends what is left then.
    pub async fn finish(mut self, limit: Duration) -> StreamEnd {
        let mut failed = None;
        if let Some((mut run, readers)) = self.life.take() {
            let all = async {
                loop {
                    let end = run.next_end().await;
                    if !end.success {
                        failed.get_or_insert(end.why);
                    }
                    if end.left == 0 {
                        return;
                    }
                }
            };
            if tokio::time::timeout(limit, all).await.is_err() {
                failed.get_or_insert_with(|| format!("did not end within {limit:?}, killed"));
            }
            self.spawner.clear(&self.name, run, readers, DRAIN_LIMIT).await;
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        StreamEnd { failed, stderr: String::from_utf8_lossy(&said).into_owned() }
    }
}

impl Drop for StreamedOutput {
    fn drop(&mut self) {
        let Some((run, readers)) = self.life.take() else { return };
        // At once; what left the group is looked for behind it. Without a runtime, the run's own end must do.
        run.signal(rustix::process::Signal::KILL);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (spawner, name) = (self.spawner.clone(), std::mem::take(&mut self.name));
            runtime.spawn(async move { spawner.clear(&name, run, readers, DRAIN_LIMIT).await });
        }
    }
}

/// What is kept of standard error, in bytes.
const MOST_SAID: usize = 4 << 10;
/// How long what is still in the pipes of standard error may take to be read.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// A file in memory: a program that does not read it blocks nobody.
fn whole(input: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("input", MemfdFlags::CLOEXEC)?);
    file.write_all(input)?;
    file.rewind()?;
    Ok(file.into())
}
