//! The spawner: where every child is born, marked and, at the end, accounted for.

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::birth::{self, Kind};
use crate::command::Pipeline;
use crate::guard;
use crate::litter::{Litter, Run, SpawnError};
use crate::marks::{self, Mark};

/// Gives birth to every supervised process of this program and sees to it that none outlives it.
///
/// Make one for the whole program, keep it as long as the program lives, and hand clones around. When
/// the last clone is dropped, the children that still run are killed.
#[derive(Clone, Debug)]
pub struct Spawner {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    scope: String,
    generation: String,
    births: SyncSender<Birth>,
    lifeline: Arc<Mutex<Lifeline>>,
}

impl Spawner {
    /// Starts the thread that spawns, and the guard, and waits until the guard watches (some ms; at most 5 s).
    ///
    /// `scope` tells this installation from others on the same machine, for example a hash of its state
    /// folder. `guard_exe` is the calling program itself, which must call [`guard::run_if_asked`] first
    /// thing in `main`; `/proc/self/exe` stays right even after the file was replaced by an update.
    ///
    /// # Errors
    /// An empty scope, one with a NUL byte, a thread that cannot be started, a guard that does not start.
    pub fn new(scope: &str, guard_exe: PathBuf) -> Result<Self, SpawnerError> {
        if scope.is_empty() || scope.contains('\0') {
            return Err(SpawnerError::Scope(scope.into()));
        }
        let generation = format!("{scope}.{:032x}", rand::random::<u128>());
        let (births, born) = sync_channel(WAITING_BIRTHS);
        let lifeline = Arc::new(Mutex::new(Lifeline::Idle));
        let first = start_guard(&guard_exe, &generation, &lifeline)?;
        {
            let (generation, lifeline) = (generation.clone(), Arc::clone(&lifeline));
            start_thread("guard-keeper", move || keep_guard(first, &guard_exe, &generation, &lifeline))?;
        }
        {
            let generation = generation.clone();
            start_thread("spawner", move || deliver(&born, &generation))?;
        }
        Ok(Self { inner: Arc::new(Inner { scope: scope.into(), generation, births, lifeline }) })
    }

    /// The mark of this life of the program: `<scope>.<random>`. Not a secret.
    pub fn generation(&self) -> &str {
        &self.inner.generation
    }

    /// The guard's process id; `None` while it is being started again.
    pub fn guard_pid(&self) -> Option<u32> {
        match *lock(&self.inner.lifeline) {
            Lifeline::Held { pid, .. } => Some(pid),
            Lifeline::Idle | Lifeline::Closed => None,
        }
    }

    /// Ends what earlier lives of the same scope left behind, and tells how many processes that were.
    ///
    /// Call it once, before the first process is spawned, and only while holding a lock that proves that
    /// no other program of this scope is alive: its children would count as leftovers.
    ///
    /// # Errors
    /// Processes that are still there after about 2 s of SIGKILL.
    pub async fn sweep(&self) -> Result<usize, SpawnerError> {
        let mark = Mark::Leftovers { scope: self.inner.scope.clone(), alive: self.inner.generation.clone() };
        end_marked(mark).await
    }

    /// Ends every process of this generation that is still there; for the end of the program, after the
    /// supervised processes were stopped. Tells how many processes that were.
    ///
    /// # Errors
    /// Processes that are still there after about 2 s of SIGKILL.
    pub async fn end(&self) -> Result<usize, SpawnerError> {
        end_marked(Mark::Generation(self.inner.generation.clone())).await
    }

    /// Ends a run and what left its group, wherever it went; reaps it, and lets its last words be read for at most
    /// `drain`. Returns the processes that are still there after about a second of SIGKILL.
    pub(crate) async fn clear(
        &self,
        name: &str,
        mut run: Run,
        mut readers: JoinSet<()>,
        drain: Duration,
    ) -> Vec<u32> {
        run.kill(KILL_LIMIT).await;
        let mark = Mark::Process { generation: self.inner.generation.clone(), name: name.into() };
        let search = tokio::task::spawn_blocking(move || marks::end_all(&mark, LOOKS_STOP));
        let left = search.await.unwrap_or_default().left;
        run.reap();
        if !left.is_empty() {
            tracing::error!(process.name = %name, ?left, "processes do not end on SIGKILL");
        }
        let drained = async { while readers.join_next().await.is_some() {} };
        let _ = timeout(drain, drained).await;
        left
    }

    /// Spawns all stages of a pipeline, or none.
    pub(crate) async fn spawn(
        &self,
        name: String,
        pipeline: Pipeline,
        keep_stdout: bool,
        input: Option<OwnedFd>,
    ) -> Result<Litter, SpawnError> {
        let (reply, answer) = oneshot::channel();
        let birth = Birth { name, pipeline, keep_stdout, input, reply };
        self.inner.births.try_send(birth).map_err(|_| SpawnError::Busy)?;
        answer.await.unwrap_or(Err(SpawnError::Busy))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        *lock(&self.lifeline) = Lifeline::Closed;
    }
}

/// Why the spawner could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum SpawnerError {
    /// A scope that cannot mark a process.
    #[error("the scope {0:?} cannot mark processes: it must not be empty or hold a NUL byte")]
    Scope(String),
    /// A thread that the system refused.
    #[error("cannot start the thread {name}")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The guard was not started, or did not say that it watches.
    #[error("the guard {} does not start", exe.display())]
    Guard {
        /// The program that was to be the guard.
        exe: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Processes that SIGKILL does not end.
    #[error("processes {0:?} do not end on SIGKILL")]
    Stuck(Vec<u32>),
}

/// More launches than this at one time are refused, not queued.
const WAITING_BIRTHS: usize = 64;
/// How long the programs of a killed group may take to vanish.
const KILL_LIMIT: Duration = Duration::from_millis(500);
const LOOKS_STOP: u32 = 50;
const LOOKS_SWEEP: u32 = 200;
const GUARD_READY: Duration = Duration::from_secs(5);

struct Birth {
    name: String,
    pipeline: Pipeline,
    keep_stdout: bool,
    input: Option<OwnedFd>,
    reply: oneshot::Sender<Result<Litter, SpawnError>>,
}

/// The only place where children are forked. The kernel binds their death signal to this very thread,
/// so it ends with the program, or when the last handle of the spawner is gone.
fn deliver(births: &Receiver<Birth>, generation: &str) {
    while let Ok(Birth { name, pipeline, keep_stdout, input, reply }) = births.recv() {
        let marks = [(marks::GENERATION, generation), (marks::PROCESS, name.as_str())];
        // Nobody waiting any more drops the litter, and dropping it ends its processes.
        let _ = reply.send(Litter::spawn(&pipeline, marks, keep_stdout, input));
    }
}

async fn end_marked(mark: Mark) -> Result<usize, SpawnerError> {
    let ended =
        tokio::task::spawn_blocking(move || marks::end_all(&mark, LOOKS_SWEEP)).await.unwrap_or_default();
    if ended.left.is_empty() { Ok(ended.found.len()) } else { Err(SpawnerError::Stuck(ended.left)) }
}

/// This program's end of the socket pair. The guard acts when it closes.
#[derive(Debug)]
enum Lifeline {
    Idle,
    Held { pid: u32, _end: UnixStream },
    Closed,
}

fn start_guard(exe: &Path, generation: &str, lifeline: &Mutex<Lifeline>) -> Result<Child, SpawnerError> {
    let failed = |source| SpawnerError::Guard { exe: exe.into(), source };
    let (mut ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = std::process::Command::new(exe);
    // An empty environment: the guard must not carry the mark that it looks for, nor any secret.
    command.arg(guard::ARGUMENT).arg(generation).env_clear();
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    birth::arrange(&mut command, Kind::Guard);
    let mut child = command.spawn().map_err(failed)?;
    drop(command);
    let mut answer = [0];
    let ready = ours.set_read_timeout(Some(GUARD_READY)).and_then(|()| ours.read_exact(&mut answer));
    if let Err(source) = ready {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(source));
    }
    let mut lifeline = lock(lifeline);
    if !matches!(*lifeline, Lifeline::Closed) {
        *lifeline = Lifeline::Held { pid: child.id(), _end: ours };
    }
    Ok(child)
}

/// Starts the guard again whenever it dies before its time.
fn keep_guard(mut child: Child, exe: &Path, generation: &str, lifeline: &Mutex<Lifeline>) {
    let mut pause = PAUSE_MIN;
    loop {
        let ended = child.wait();
        {
            let mut lifeline = lock(lifeline);
            if matches!(*lifeline, Lifeline::Closed) {
                return;
            }
            *lifeline = Lifeline::Idle;
        }
        tracing::warn!(?ended, "the guard died and is started again");
        child = loop {
            thread::sleep(pause);
            if matches!(*lock(lifeline), Lifeline::Closed) {
                return;
            }
            match start_guard(exe, generation, lifeline) {
                Ok(child) => break child,
                Err(error) => {
                    pause = (pause * 2).min(PAUSE_MAX);
                    tracing::error!(%error, source = ?std::error::Error::source(&error), "no guard for now");
                }
            }
        };
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(10);

fn start_thread(name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), SpawnerError> {
    let started = thread::Builder::new().name(name.into()).stack_size(STACK).spawn(work);
    started.map(drop).map_err(|source| SpawnerError::Thread { name, source })
}

const STACK: usize = 256 << 10;

/// The guarded values are replaced whole, so a panic elsewhere cannot leave them half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
