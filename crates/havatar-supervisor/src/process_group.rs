//! The processes of one launch as one process group: spawned, watched, signalled and reaped.
//!
//! No process is reaped before all have exited. The exited but unreaped first stage keeps its process id, and with it
//! the group's id, from being reused, so a signal to the group never reaches a foreign process.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, pidfd_open, waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::command::{Command, Pipeline};
use crate::confinement::{ConfinementReport, NOT_ASKED, Prepared, Receipt};
use crate::pre_exec::{self, Kind, Share};
use crate::run_queue::within;

/// Freshly spawned processes, not yet registered with a runtime. Dropped, they are killed.
#[derive(Debug)]
pub(crate) struct SpawnedGroup {
    stages: Vec<SpawnedStage>,
    stdout: Option<ChildStdout>,
    reports: Vec<ConfinementReport>,
}

#[derive(Debug)]
struct SpawnedStage {
    child: Child,
    pidfd: OwnedFd,
    title: String,
    stderr: Option<ChildStderr>,
}

impl SpawnedGroup {
    /// Spawns the stages from left to right on the calling thread; the first one reads its input. If one fails, those
    /// before it are killed.
    pub(crate) fn spawn(
        pipeline: &Pipeline,
        tags: [(&str, &str); 2],
        keep_stdout: bool,
        cgroups: Option<&Path>,
    ) -> Result<Self, SpawnError> {
        let mut spawned =
            Self { stages: Vec::with_capacity(pipeline.stages.len()), stdout: None, reports: Vec::new() };
        let last = pipeline.stages.len().checked_sub(1).ok_or(SpawnError::Empty)?;
        for (index, stage) in pipeline.stages.iter().enumerate() {
            let failed = |source| SpawnError::Spawn { program: stage.program.clone(), source };
            let mut command = stage.to_std();
            command.envs(tags).process_group(spawned.group().map_or(0, Pid::as_raw_pid));
            let stdin = match spawned.stdout.take() {
                Some(output) => Some(OwnedFd::from(output)),
                None => stage.input.open().map_err(failed)?,
            };
            command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
            command.stdout(if index < last || keep_stdout { Stdio::piped() } else { Stdio::null() });
            command.stderr(Stdio::piped());
            pre_exec::install(&mut command, Kind::Child(stage.resources.map(|it| Share::new(it, cgroups))));
            let receipt = confine(&mut command, stage);
            let mut child = command.spawn().map_err(failed)?;
            drop(command);
            spawned.reports.push(
                receipt
                    .map_or_else(|| ConfinementReport::unconfined(stage.title(), NOT_ASKED), Receipt::report),
            );
            spawned.stdout = child.stdout.take();
            let stderr = child.stderr.take();
            match open_pidfd(&child) {
                Ok(pidfd) => spawned.stages.push(SpawnedStage { child, pidfd, title: stage.title(), stderr }),
                Err(source) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(source));
                }
            }
        }
        Ok(spawned)
    }

    /// What the stages run under.
    pub(crate) fn reports(&self) -> &[ConfinementReport] {
        &self.reports
    }

    /// The process ids of all stages.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.stages.iter().map(|stage| stage.child.id()).collect()
    }

    fn group(&self) -> Option<Pid> {
        self.stages.first().map(|first| Pid::from_child(&first.child))
    }
}

impl Drop for SpawnedGroup {
    fn drop(&mut self) {
        if let Some(group) = self.group() {
            kill_and_reap_later(group, self.stages.drain(..).map(|stage| stage.child).collect());
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
        /// The system's error.
        source: io::Error,
    },
    /// A pipeline without a stage.
    #[error("there is no program to start")]
    Empty,
    /// The spawner has too many launches waiting, or has ended.
    #[error("too many launches at once")]
    Busy,
}

impl SpawnError {
    /// The error and its source in one sentence.
    pub(crate) fn describe(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), |source| format!("{self}: {source}"))
    }
}

fn confine(command: &mut std::process::Command, stage: &Command) -> Option<Receipt> {
    let confinement = stage.confinement.as_ref()?;
    Some(Prepared::new(confinement, &stage.program, stage.title()).install(command))
}

fn open_pidfd(child: &Child) -> io::Result<OwnedFd> {
    Ok(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
}

/// Kills the group now and reaps in the background, for values that are dropped.
fn kill_and_reap_later(group: Pid, children: Vec<Child>) {
    let _ = kill_process_group(group, Signal::KILL);
    reap_later(children);
}

fn reap_later(children: Vec<Child>) {
    let reaper = std::thread::Builder::new().name("reaper".into());
    // Without a thread they stay zombies until this program ends; a zombie holds no resources but its id.
    let _ = reaper.spawn(move || children.into_iter().for_each(|mut child| drop(child.wait())));
}

/// The processes of one launch, registered with a runtime. Dropped before [`ProcessGroup::reap`], they are killed.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    id: Pid,
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    child: Child,
    pidfd: AsyncFd<OwnedFd>,
    title: String,
    exited: bool,
}

/// The reading ends of the pipes that the stages write to.
pub(crate) struct Pipes {
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: Vec<OwnedFd>,
}

/// The exit of one stage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StageExit {
    /// A description, for example `ffmpeg (stage 2) exited with status 1`.
    pub(crate) why: String,
    /// The stage exited with status 0.
    pub(crate) success: bool,
    /// The number of stages that still run.
    pub(crate) left: usize,
}

/// How long the exit that made another stage exit may take to be told: looks, and the time between them.
const CAUSE_LOOKS: u32 = 5;
const CAUSE_LOOK_EVERY: Duration = Duration::from_millis(10);

/// How likely an exit is what made the others exit, the likeliest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Failed,
    /// A stage that is at the end of its input is done.
    Done,
    /// Killed by SIGPIPE, it lost its reader.
    ReaderLost,
}

impl Cause {
    fn of(status: &WaitIdStatus) -> Self {
        if status.exit_status() == Some(0) {
            Self::Done
        } else if status.terminating_signal() == Some(Signal::PIPE.as_raw()) {
            Self::ReaderLost
        } else {
            Self::Failed
        }
    }
}

impl ProcessGroup {
    /// Registers the processes with the calling runtime.
    pub(crate) fn register(mut spawned: SpawnedGroup) -> io::Result<(Self, Pipes)> {
        let id = spawned.group().ok_or(io::ErrorKind::InvalidInput)?;
        // Fallible steps come first: until they have passed, `spawned` owns its processes and kills them when dropped.
        let watched = spawned
            .stages
            .iter()
            .map(|stage| register_pidfd(&stage.pidfd))
            .collect::<io::Result<Vec<_>>>()?;
        let mut pipes = Pipes { stdout: spawned.stdout.take().map(OwnedFd::from), stderr: Vec::new() };
        let mut group = Self { id, stages: Vec::with_capacity(watched.len()) };
        for (stage, pidfd) in spawned.stages.drain(..).zip(watched) {
            pipes.stderr.extend(stage.stderr.map(OwnedFd::from));
            group.stages.push(Stage { child: stage.child, pidfd, title: stage.title, exited: false });
        }
        Ok((group, pipes))
    }

    /// The process id of the first stage, which is also the group's.
    pub(crate) fn pid(&self) -> u32 {
        self.id.as_raw_pid().unsigned_abs()
    }

    /// The process ids of all stages.
    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> + use<> {
        let pids: Vec<u32> = self.stages.iter().map(|stage| stage.child.id()).collect();
        pids.into_iter()
    }

    /// Waits for the next stage to exit; for ever, if all have. Cancel-safe.
    pub(crate) async fn next_exit(&mut self) -> StageExit {
        let woken = poll_fn(|context| self.poll_woken(context)).await;
        // A program closes its pipes before it is told to have exited, so its reader may be told first: what only follows from
        // the exit of another stage waits for that one.
        for _ in 0..CAUSE_LOOKS {
            let cause = self.exited().map(|(_, status)| Cause::of(&status)).min();
            if matches!(cause, None | Some(Cause::Failed)) || self.exited().count() == self.running().count()
            {
                break;
            }
            tokio::time::sleep(CAUSE_LOOK_EVERY).await;
        }
        self.take_exit(woken)
    }

    fn poll_woken(&self, context: &mut Context<'_>) -> Poll<usize> {
        let mut woken = None;
        for (index, stage) in self.running() {
            if stage.pidfd.poll_read_ready(context).is_ready() {
                woken = woken.or(Some(index));
            }
        }
        woken.map_or(Poll::Pending, Poll::Ready)
    }

    fn running(&self) -> impl Iterator<Item = (usize, &Stage)> {
        self.stages.iter().enumerate().filter(|(_, stage)| !stage.exited)
    }

    fn exited(&self) -> impl Iterator<Item = (usize, WaitIdStatus)> {
        self.running().filter_map(|(index, stage)| Some((index, status(stage.pidfd.get_ref())?)))
    }

    fn take_exit(&mut self, woken: usize) -> StageExit {
        // Stages that exit together may be told of one by one: each is asked, so that the cause is found among them.
        let cause = self.exited().min_by_key(|(index, status)| (Cause::of(status), *index));
        let (index, status) = cause.map_or((woken, None), |(index, status)| (index, Some(status)));
        let several = self.stages.len() > 1;
        let stage = &mut self.stages[index];
        stage.exited = true;
        let success = status.as_ref().and_then(WaitIdStatus::exit_status) == Some(0);
        let status = describe(status.as_ref());
        let why = if several { format!("{} (stage {}) {status}", stage.title, index + 1) } else { status };
        StageExit { why, success, left: self.running().count() }
    }

    /// Sends a signal to the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.id, signal);
    }

    /// Kills the group and waits for the stages to exit, at most `limit` of time in which they could. The first stage is not reaped
    /// yet, so the group's id is not reused.
    pub(crate) async fn kill(&mut self, limit: Duration) {
        self.signal(Signal::KILL);
        let pids = self.pids();
        let all = async {
            while self.stages.iter().any(|stage| !stage.exited) {
                self.next_exit().await;
            }
        };
        let _ = within(limit, 1, pids, |_| (), all).await;
    }

    /// Reaps the exited stages. The others were killed already and are left to a thread that waits for them. The group
    /// is not signalled again, since its id may be reused from here on.
    pub(crate) fn reap(mut self) {
        let mut children: Vec<Child> = self.stages.drain(..).map(|stage| stage.child).collect();
        children.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
        if !children.is_empty() {
            reap_later(children);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if !self.stages.is_empty() {
            kill_and_reap_later(self.id, self.stages.drain(..).map(|stage| stage.child).collect());
        }
    }
}

fn register_pidfd(pidfd: &OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    let pidfd = pidfd.try_clone()?;
    #[expect(unsafe_code, reason = "tokio requires that the descriptor stays open and the same")]
    // SAFETY: an OwnedFd is one open descriptor for its whole lifetime, and nothing here replaces it.
    let registered = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) };
    Ok(registered?)
}

/// The exit status of a process, read without reaping it.
fn status(pidfd: &OwnedFd) -> Option<WaitIdStatus> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    waitid(WaitId::PidFd(pidfd.as_fd()), options).ok().flatten()
}

fn describe(status: Option<&WaitIdStatus>) -> String {
    let Some(status) = status else { return "ended".into() };
    if let Some(code) = status.exit_status() {
        return format!("exited with status {code}");
    }
    let Some(number) = status.terminating_signal() else { return "ended".into() };
    let name = nix::sys::signal::Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned());
    format!("killed by {name}{}", if status.dumped() { " (core dumped)" } else { "" })
}
