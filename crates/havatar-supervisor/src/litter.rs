//! The processes of one launch: how they are born, watched, signalled and reaped.
//!
//! Nothing here is reaped before everything has ended. An ended but unreaped first stage keeps its
//! process id, and with it the number of the group, from being given to anybody else, so a signal to the
//! group can never reach a stranger.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, pidfd_open, waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::birth::{self, Kind};
use crate::command::Pipeline;

/// Freshly born processes, not yet watched.
#[derive(Debug)]
pub(crate) struct Litter {
    stages: Vec<Born>,
    stdout: Option<ChildStdout>,
}

#[derive(Debug)]
struct Born {
    child: Child,
    pidfd: OwnedFd,
    title: String,
    stderr: Option<ChildStderr>,
}

impl Litter {
    /// Spawns the stages from left to right on the calling thread; the first one reads `input`, or nothing. If one fails, the others are ended.
    pub(crate) fn spawn(
        pipeline: &Pipeline,
        marks: [(&str, &str); 2],
        keep_stdout: bool,
        mut input: Option<OwnedFd>,
    ) -> Result<Self, SpawnError> {
        let mut litter = Self { stages: Vec::with_capacity(pipeline.stages.len()), stdout: None };
        let last = pipeline.stages.len().checked_sub(1).ok_or(SpawnError::Empty)?;
        for (index, stage) in pipeline.stages.iter().enumerate() {
            let failed = |source| SpawnError::Spawn { program: stage.program.clone(), source };
            let mut command = stage.to_std();
            command.envs(marks).process_group(litter.group().map_or(0, Pid::as_raw_pid));
            let before = litter.stdout.take().map(OwnedFd::from).or_else(|| input.take());
            command.stdin(before.map_or_else(Stdio::null, Stdio::from));
            command.stdout(if index < last || keep_stdout { Stdio::piped() } else { Stdio::null() });
            command.stderr(Stdio::piped());
            birth::arrange(&mut command, Kind::Child);
            let mut child = command.spawn().map_err(failed)?;
            litter.stdout = child.stdout.take();
            let stderr = child.stderr.take();
            match watch(&child) {
                Ok(pidfd) => litter.stages.push(Born { child, pidfd, title: stage.title(), stderr }),
                Err(source) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(source));
                }
            }
        }
        Ok(litter)
    }

    fn group(&self) -> Option<Pid> {
        self.stages.first().map(|first| Pid::from_child(&first.child))
    }
}

impl Drop for Litter {
    fn drop(&mut self) {
        if let Some(group) = self.group() {
            abandon(group, self.stages.drain(..).map(|born| born.child).collect());
        }
    }
}

/// Why a command was not started. Arguments are never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The system refused to start the program.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The program as it was asked for.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pipeline without a stage.
    #[error("there is no program to start")]
    Empty,
    /// The spawner has too many launches waiting, or is gone.
    #[error("too many launches at once")]
    Busy,
}

impl SpawnError {
    /// The whole story in one sentence.
    pub(crate) fn words(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), |source| format!("{self}: {source}"))
    }
}

fn watch(child: &Child) -> io::Result<OwnedFd> {
    Ok(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
}

/// Last resort when nobody is left to wait: kill the group now, reap in the background.
fn abandon(group: Pid, children: Vec<Child>) {
    let _ = kill_process_group(group, Signal::KILL);
    reap_later(children);
}

fn reap_later(children: Vec<Child>) {
    let reaper = std::thread::Builder::new().name("reaper".into());
    // Without a thread they stay zombies until this program ends, which is harmless.
    let _ = reaper.spawn(move || children.into_iter().for_each(|mut child| drop(child.wait())));
}

/// The processes of one launch, watched.
#[derive(Debug)]
pub(crate) struct Run {
    group: Pid,
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    child: Child,
    pidfd: AsyncFd<OwnedFd>,
    title: String,
    ended: bool,
}

/// The ends of the pipes that a run writes to.
pub(crate) struct Pipes {
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Vec<OwnedFd>,
}

/// One stage has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StageEnd {
    /// In words, for example `ffmpeg (stage 2) exited with status 1`.
    pub(crate) why: String,
    /// It exited with status 0.
    pub(crate) success: bool,
    /// How many stages are still there.
    pub(crate) left: usize,
}

impl Run {
    /// Takes a litter into the calling runtime.
    pub(crate) fn adopt(mut litter: Litter) -> io::Result<(Self, Pipes)> {
        let group = litter.group().ok_or(io::ErrorKind::InvalidInput)?;
        // Whatever may fail comes first: until then the litter owns its processes and ends them when dropped.
        let watched =
            litter.stages.iter().map(|born| register(&born.pidfd)).collect::<io::Result<Vec<_>>>()?;
        let mut pipes = Pipes { stdout: litter.stdout.take().map(OwnedFd::from), stderr: Vec::new() };
        let mut run = Self { group, stages: Vec::with_capacity(watched.len()) };
        for (born, pidfd) in litter.stages.drain(..).zip(watched) {
            pipes.stderr.extend(born.stderr.map(OwnedFd::from));
            run.stages.push(Stage { child: born.child, pidfd, title: born.title, ended: false });
        }
        Ok((run, pipes))
    }

    /// The process id of the first stage, which is also the group's.
    pub(crate) fn pid(&self) -> u32 {
        self.group.as_raw_pid().unsigned_abs()
    }

    /// Waits for the next stage to end; for ever, if all have. May be dropped and called again.
    pub(crate) async fn next_end(&mut self) -> StageEnd {
        poll_fn(|context| self.poll_end(context)).await
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<StageEnd> {
        let mut first = None;
        for (index, stage) in self.stages.iter().enumerate() {
            if stage.ended || stage.pidfd.poll_read_ready(context).is_pending() {
                continue;
            }
            let status = status(stage.pidfd.get_ref());
            // Whoever has lost its reader tells nothing, if the reader's own end can be told.
            let consequence =
                status.as_ref().and_then(WaitIdStatus::terminating_signal) == Some(Signal::PIPE.as_raw());
            if first.is_none() || !consequence {
                first = Some((index, status));
            }
            if !consequence {
                break;
            }
        }
        let Some((index, status)) = first else { return Poll::Pending };
        let several = self.stages.len() > 1;
        let stage = &mut self.stages[index];
        stage.ended = true;
        let success = status.as_ref().and_then(WaitIdStatus::exit_status) == Some(0);
        let status = words(status.as_ref());
        let why = if several { format!("{} (stage {}) {status}", stage.title, index + 1) } else { status };
        Poll::Ready(StageEnd { why, success, left: self.stages.iter().filter(|stage| !stage.ended).count() })
    }

    /// Sends a signal to the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
    }

    /// Kills the group and waits for the stages to end, at most `limit`. The first stage is not reaped
    /// yet, so the group's number stays ours.
    pub(crate) async fn kill(&mut self, limit: Duration) {
        self.signal(Signal::KILL);
        let all = async {
            while self.stages.iter().any(|stage| !stage.ended) {
                self.next_end().await;
            }
        };
        let _ = tokio::time::timeout(limit, all).await;
    }

    /// Reaps what has ended. What has not is left to a thread that waits for it; it was killed already,
    /// and the group is not signalled again, since its number may be free from here on.
    pub(crate) fn reap(mut self) {
        let mut children: Vec<Child> = self.stages.drain(..).map(|stage| stage.child).collect();
        children.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
        if !children.is_empty() {
            reap_later(children);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.stages.is_empty() {
            abandon(self.group, self.stages.drain(..).map(|stage| stage.child).collect());
        }
    }
}

fn register(pidfd: &OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    let pidfd = pidfd.try_clone()?;
    #[expect(unsafe_code, reason = "tokio asks for the promise that the descriptor stays open and the same")]
    // SAFETY: an OwnedFd is one open descriptor for all its life, and nothing here ever replaces it.
    let registered = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) };
    Ok(registered?)
}

/// How a process ended, without reaping it.
fn status(pidfd: &OwnedFd) -> Option<WaitIdStatus> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    waitid(WaitId::PidFd(pidfd.as_fd()), options).ok().flatten()
}

fn words(status: Option<&WaitIdStatus>) -> String {
    let Some(status) = status else { return "ended".into() };
    if let Some(code) = status.exit_status() {
        return format!("exited with status {code}");
    }
    let Some(number) = status.terminating_signal() else { return "ended".into() };
    let name = nix::sys::signal::Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned());
    format!("killed by {name}{}", if status.dumped() { " (core dumped)" } else { "" })
}
