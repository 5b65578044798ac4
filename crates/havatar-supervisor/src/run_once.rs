//! Short programs that run to their end, as well guarded as those that are kept alive.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::command::Command;
use crate::lines::{Head, Intake, pump};
use crate::litter::{Pipes, Run, SpawnError};
use crate::spawner::Spawner;

impl Spawner {
    /// Runs a short program to its end and returns what it said. It reads nothing (`/dev/null`), is in a
    /// process group of its own, and dies with this program.
    ///
    /// When the program ends, or at `limit` (counted from the call, so spawning is part of it), or when the
    /// returned future is dropped, everything that it started is killed, wherever it went: no process that holds
    /// on to its output can delay the answer by more than about two seconds. At most the first `most_output`
    /// bytes of each output are kept; the rest is read and forgotten.
    ///
    /// Must be called within a Tokio runtime with time and I/O.
    ///
    /// # Errors
    /// A program that cannot be started, or is too slow. One that fails is no error: see [`RunOutput::success`].
    pub async fn run_once(
        &self,
        command: Command,
        limit: Duration,
        most_output: usize,
    ) -> Result<RunOutput, RunError> {
        let program = command.program.clone();
        let (reply, answer) = oneshot::channel();
        // On a task of its own, which has the time to clear away also when the caller is gone.
        tokio::spawn(carry_out(self.clone(), command, limit, most_output, reply));
        answer.await.unwrap_or_else(|_| {
            Err(RunError::Io { program, source: io::Error::other("the runtime is shutting down") })
        })
    }
}

/// How a short program ended, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    /// It exited with status 0.
    pub success: bool,
    /// The beginning of its standard output; bytes that are not UTF-8 are shown as U+FFFD.
    pub stdout: String,
    /// The same of its standard error.
    pub stderr: String,
}

/// Why a short program gave no answer. Arguments are never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started or watched.
    #[error("cannot run {}", program.display())]
    Io {
        /// The program as it was asked for.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long and was killed, with everything that it had started.
    #[error("{} did not finish within {limit:?}, killed", program.display())]
    TimedOut {
        /// The program as it was asked for.
        program: PathBuf,
        /// The time that it had.
        limit: Duration,
    },
}

/// How long what is still in the pipes may take to be read. It is at most 64 KiB each and it is the answer, so there is
/// time for a busy machine; only a process that escaped, with the pipe in hand, uses it up.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Answers once nothing of the program is left.
async fn carry_out(
    spawner: Spawner,
    command: Command,
    limit: Duration,
    most_output: usize,
    mut reply: oneshot::Sender<Result<RunOutput, RunError>>,
) {
    let mut over = pin!(sleep(limit));
    let program = command.program.clone();
    // A name that no other process has, since the mark by which the rest is found is made of it.
    let name = format!("{}#{:016x}", command.title(), rand::random::<u64>());
    let (mut run, pipes) = match begin(&spawner, &name, command).await {
        Ok(begun) => begun,
        Err(source) => {
            let _ = reply.send(Err(RunError::Io { program, source }));
            return;
        }
    };
    let (stdout, stderr) = (Head::default(), Head::default());
    let mut readers = JoinSet::new();
    let mut read =
        |pipe, head: &Head| readers.spawn(pump(pipe, Intake::head(Head::clone(head), most_output)));
    pipes.stdout.into_iter().for_each(|pipe| drop(read(pipe, &stdout)));
    pipes.stderr.into_iter().for_each(|pipe| drop(read(pipe, &stderr)));
    let success = tokio::select! {
        biased;
        end = run.next_end() => Some(end.success),
        () = reply.closed() => None,
        () = &mut over => None,
    };
    spawner.clear(&name, run, readers, DRAIN_LIMIT).await;
    let _ = reply.send(match success {
        Some(success) => Ok(RunOutput { success, stdout: text(&stdout), stderr: text(&stderr) }),
        None => Err(RunError::TimedOut { program, limit }),
    });
}

async fn begin(spawner: &Spawner, name: &str, command: Command) -> io::Result<(Run, Pipes)> {
    let litter = spawner.spawn(name.into(), command.into(), true, None).await;
    Run::adopt(litter.map_err(|error| match error {
        SpawnError::Spawn { source, .. } => source,
        error @ (SpawnError::Empty | SpawnError::Busy) => io::Error::other(error),
    })?)
}

fn text(head: &Head) -> String {
    let bytes = head.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}
