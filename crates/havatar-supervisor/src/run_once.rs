//! Runs a short program once to its end, tagged and cleaned up like a supervised one.

use std::io;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::command::Command;
use crate::output::{OutputSink, Prefix, drain};
use crate::process_group::{Pipes, ProcessGroup, SpawnError};
use crate::run_queue::{DILIGENCE, within};
use crate::spawner::Spawner;

impl Spawner {
    /// Runs a short program to its end and returns its output. It reads its [`Command::input`], has a process group of its
    /// own, and dies with this program.
    ///
    /// When the program ends, or at `limit` (of time in which it and this program could run, counted from its start; while it
    /// works, time counts an eighth, so that a slow machine is no reason), or when the returned future is dropped, every process
    /// that it started is killed: one that holds its output open delays the answer by at most about two seconds. The first
    /// `max_output` bytes of each output are returned; the rest is read and discarded.
    ///
    /// Must be called within a Tokio runtime with time and I/O.
    ///
    /// # Errors
    /// A program that cannot be started, or exceeds the limit. An exit with another status than 0 is no error: see
    /// [`RunOutput::success`].
    pub async fn run_once(
        &self,
        command: Command,
        limit: Duration,
        max_output: usize,
    ) -> Result<RunOutput, RunError> {
        let program = command.program.clone();
        let (reply, answer) = oneshot::channel();
        // On a task of its own: the cleanup completes also when the caller is gone.
        tokio::spawn(execute(self.clone(), command, limit, max_output, reply));
        answer.await.unwrap_or_else(|_| {
            Err(RunError::Io { program, source: io::Error::other("the runtime is shutting down") })
        })
    }
}

/// How a short program ended, and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    /// It exited with status 0.
    pub success: bool,
    /// The beginning of its standard output; bytes that are not UTF-8 are shown as U+FFFD.
    pub stdout: String,
    /// The same for its standard error.
    pub stderr: String,
}

/// Why a short program has no result. Arguments are never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started or watched.
    #[error("cannot run {}", program.display())]
    Io {
        /// The program as it was asked for.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It exceeded the limit and was killed, with every process that it had started.
    #[error("{} did not finish within {limit:?}, killed", program.display())]
    TimedOut {
        /// The program as it was asked for.
        program: PathBuf,
        /// The limit.
        limit: Duration,
    },
}

/// The time to read the rest of the pipes: at most 64 KiB each, and part of the answer, so it leaves room for a busy
/// machine. Only an escaped process that holds the pipe uses it up.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Replies once no process of the program is left.
async fn execute(
    spawner: Spawner,
    command: Command,
    limit: Duration,
    max_output: usize,
    mut reply: oneshot::Sender<Result<RunOutput, RunError>>,
) {
    let program = command.program.clone();
    // A unique name: the cleanup finds the processes by the tag made of it.
    let name = format!("{}#{:016x}", command.title(), rand::random::<u64>());
    let (mut group, pipes) = match spawn(&spawner, &name, command).await {
        Ok(started) => started,
        Err(source) => {
            let _ = reply.send(Err(RunError::Io { program, source }));
            return;
        }
    };
    let (stdout, stderr) = (Prefix::default(), Prefix::default());
    let mut readers = JoinSet::new();
    let mut read = |pipe, prefix: &Prefix| {
        readers.spawn(drain(pipe, OutputSink::prefix(Prefix::clone(prefix), max_output)))
    };
    pipes.stdout.into_iter().for_each(|pipe| drop(read(pipe, &stdout)));
    pipes.stderr.into_iter().for_each(|pipe| drop(read(pipe, &stderr)));
    let pids = group.pids();
    let exit = async {
        tokio::select! {
            biased;
            exit = group.next_exit() => Some(exit.success),
            () = reply.closed() => None,
        }
    };
    let success = within(limit, DILIGENCE, pids, |time| spawner.excuse_helper(time), exit).await.flatten();
    spawner.clean_up(&name, group, readers, DRAIN_LIMIT).await;
    let _ = reply.send(match success {
        Some(success) => Ok(RunOutput { success, stdout: text(&stdout), stderr: text(&stderr) }),
        None => Err(RunError::TimedOut { program, limit }),
    });
}

async fn spawn(spawner: &Spawner, name: &str, command: Command) -> io::Result<(ProcessGroup, Pipes)> {
    let started = spawner.spawn(name.into(), command.into(), true).await;
    ProcessGroup::register(started.map_err(|error| match error {
        SpawnError::Spawn { source, .. } => source,
        error @ (SpawnError::Empty | SpawnError::Busy) => io::Error::other(error),
    })?)
}

fn text(prefix: &Prefix) -> String {
    let bytes = prefix.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}
