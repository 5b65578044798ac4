//! The spawner: spawns and tags every child process, and kills what is left of it at the end.

use std::collections::HashMap;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::command::Pipeline;
use crate::confinement::{ConfinementReport, NOT_ASKED};
use crate::env_tags::{self, TagFilter};
use crate::pre_exec::{self, Kind};
use crate::process_group::{ProcessGroup, SpawnError, SpawnedGroup};
use crate::{guard, sockets};

/// Spawns every child process of this program and ensures that none outlives it.
///
/// Create one for the whole program, hold it until the program ends, and pass clones. When the last clone is dropped,
/// the children that still run are killed.
#[derive(Clone, Debug)]
pub struct Spawner {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    scope: String,
    generation: String,
    requests: SyncSender<SpawnRequest>,
    liveness: Arc<Mutex<LivenessPipe>>,
    rationed: AtomicBool,
    /// Microseconds for which helper programs were kept from running.
    excused_of_helpers: AtomicU64,
    running: Arc<Mutex<Running>>,
    cgroups: Arc<OnceLock<PathBuf>>,
}

/// What is known of launches, by the name of their process.
#[derive(Debug, Default)]
struct Running {
    /// The process ids of the programs that run.
    pids: HashMap<String, Vec<u32>>,
    /// What the programs of the last launch run under. Short programs share the name of their first one.
    reports: HashMap<String, Vec<ConfinementReport>>,
}

impl Spawner {
    /// Starts the spawning thread and the guard, and waits until the guard is ready (some ms; at most 20 s).
    ///
    /// `scope` distinguishes this installation from others on the same machine, for example a hash of its state
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
        let (requests, inbox) = sync_channel(MAX_PENDING_SPAWNS);
        let liveness = Arc::new(Mutex::new(LivenessPipe::NoGuard));
        let first = start_guard(&guard_exe, &generation, &liveness)?;
        {
            let (generation, liveness) = (generation.clone(), Arc::clone(&liveness));
            start_thread("guard-monitor", move || {
                supervise_guard(first, &guard_exe, &generation, &liveness);
            })?;
        }
        let running = Arc::default();
        let cgroups = Arc::default();
        {
            let (generation, running) = (generation.clone(), Arc::clone(&running));
            let cgroups = Arc::clone(&cgroups);
            start_thread("spawner", move || run_spawn_thread(&inbox, &generation, &running, &cgroups))?;
        }
        Ok(Self {
            inner: Arc::new(Inner {
                scope: scope.into(),
                generation,
                requests,
                liveness,
                rationed: AtomicBool::new(false),
                excused_of_helpers: AtomicU64::new(0),
                running,
                cgroups,
            }),
        })
    }

    /// The tag of this run of the program: `<scope>.<random>`. Not a secret.
    pub fn generation(&self) -> &str {
        &self.inner.generation
    }

    /// The guard's process id; `None` while it is being started again.
    pub fn guard_pid(&self) -> Option<u32> {
        match *lock(&self.inner.liveness) {
            LivenessPipe::Open { pid, .. } => Some(pid),
            LivenessPipe::NoGuard | LivenessPipe::Closed => None,
        }
    }

    /// The folder of the control group below which programs join theirs ([`crate::Resources::cgroup`]); without it, they stay
    /// in the caller's. Once, before the first program.
    pub fn set_cgroups(&self, folder: PathBuf) {
        let _ = self.inner.cgroups.set(folder);
    }

    /// Whether the machine is short of processor time, as the caller judges it: launches after a failure are then rationed
    /// ([`crate::Policy::backoff_rationed`]).
    pub fn set_rationed(&self, rationed: bool) {
        self.inner.rationed.store(rationed, Ordering::Relaxed);
    }

    pub(crate) fn is_rationed(&self) -> bool {
        self.inner.rationed.load(Ordering::Relaxed)
    }

    /// Notes that a helper program was kept from running for that time: so was the launch that waits for it.
    pub(crate) fn excuse_helper(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.inner.excused_of_helpers.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn excused_of_helpers(&self) -> Duration {
        Duration::from_micros(self.inner.excused_of_helpers.load(Ordering::Relaxed))
    }

    /// Whether the socket with this inode belongs to the process of that name: to a program of its pipeline, or to a
    /// descendant of one. Reads `/proc`, and waits for a launch that is under way, some ms.
    pub fn owns_socket(&self, name: &str, inode: u64) -> bool {
        let roots = lock(&self.inner.running).pids.get(name).cloned().unwrap_or_default();
        sockets::is_held_by(&roots, inode)
    }

    /// The same for the programs that [`Spawner::stream_output_as`] has started under that name and that still run.
    pub fn helper_owns_socket(&self, name: &str, inode: u64) -> bool {
        let named = |known: &str| known.split_once('#').is_some_and(|(known, _)| known == name);
        let roots: Vec<u32> = {
            let running = lock(&self.inner.running);
            let of_helper = running.pids.iter().filter(|(known, _)| named(known.as_str()));
            of_helper.flat_map(|(_, pids)| pids.iter().copied()).collect()
        };
        sockets::is_held_by(&roots, inode)
    }

    /// What the programs of the last launch of that process run under; none before the first. Short programs are known by
    /// the file name of their first one.
    pub fn confinement(&self, name: &str) -> Vec<ConfinementReport> {
        lock(&self.inner.running).reports.get(name).cloned().unwrap_or_default()
    }

    /// Kills the processes that earlier runs of the same scope left, and returns their number.
    ///
    /// Call it once, before the first process is spawned, and only while holding a lock that proves that
    /// no other program of this scope is running: its children would count as leftovers.
    ///
    /// # Errors
    /// Processes that still exist after about 2 s of SIGKILL.
    pub async fn sweep(&self) -> Result<usize, SpawnerError> {
        let (scope, current) = (self.inner.scope.clone(), self.inner.generation.clone());
        kill_all(TagFilter::Leftovers { scope, current }).await
    }

    /// Kills every process left of this generation, and returns their number. For the end of the program, after the
    /// supervised processes were stopped.
    ///
    /// # Errors
    /// Processes that still exist after about 2 s of SIGKILL.
    pub async fn end(&self) -> Result<usize, SpawnerError> {
        kill_all(TagFilter::Generation(self.inner.generation.clone())).await
    }

    /// Kills a process group and the tagged processes that left it, reaps it, and waits at most `drain` for its readers.
    /// Returns the processes that still exist after about a second of SIGKILL.
    pub(crate) async fn clean_up(
        &self,
        name: &str,
        mut group: ProcessGroup,
        mut readers: JoinSet<()>,
        drain: Duration,
    ) -> Vec<u32> {
        group.kill(KILL_LIMIT).await;
        let filter = TagFilter::Process { generation: self.inner.generation.clone(), name: name.into() };
        let killing = tokio::task::spawn_blocking(move || env_tags::kill_tagged(&filter, STOP_SCANS));
        let left = killing.await.unwrap_or_default().left;
        // Before they are reaped: from then on their ids may belong to others.
        lock(&self.inner.running).pids.remove(name);
        group.reap();
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
    ) -> Result<SpawnedGroup, SpawnError> {
        let (reply, answer) = oneshot::channel();
        let request = SpawnRequest { name, pipeline, keep_stdout, reply };
        self.inner.requests.try_send(request).map_err(|_| SpawnError::Busy)?;
        answer.await.unwrap_or(Err(SpawnError::Busy))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        *lock(&self.liveness) = LivenessPipe::Closed;
    }
}

/// Why the spawner failed.
#[derive(Debug, thiserror::Error)]
pub enum SpawnerError {
    /// A scope that cannot be part of a tag.
    #[error("the scope {0:?} cannot tag processes: it must not be empty or hold a NUL byte")]
    Scope(String),
    /// The system refused a thread.
    #[error("cannot start the thread {name}")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The guard was not started, or did not report that it is ready.
    #[error("the guard {} does not start", exe.display())]
    Guard {
        /// The program that was to be the guard.
        exe: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Processes that still exist after SIGKILL.
    #[error("processes {0:?} do not end on SIGKILL")]
    Stuck(Vec<u32>),
}

/// Spawns beyond this are refused with [`SpawnError::Busy`].
const MAX_PENDING_SPAWNS: usize = 64;
/// The time for the stages of a killed group to exit.
const KILL_LIMIT: Duration = Duration::from_millis(500);
/// Scans, some 10 ms each, that the killed processes have to disappear; two without any end it.
const STOP_SCANS: u32 = 300;
const SWEEP_SCANS: u32 = 200;
/// A machine that is short of processor time may take long to start the guard, and without one there is no daemon.
const GUARD_READY: Duration = Duration::from_secs(20);

struct SpawnRequest {
    name: String,
    pipeline: Pipeline,
    keep_stdout: bool,
    reply: oneshot::Sender<Result<SpawnedGroup, SpawnError>>,
}

/// The only thread that forks children. The kernel binds their death signal to it, so it ends with the program, or when
/// the last handle of the spawner is dropped.
fn run_spawn_thread(
    requests: &Receiver<SpawnRequest>,
    generation: &str,
    running: &Mutex<Running>,
    cgroups: &OnceLock<PathBuf>,
) {
    while let Ok(SpawnRequest { name, pipeline, keep_stdout, reply }) = requests.recv() {
        let tags = [(env_tags::GENERATION, generation), (env_tags::PROCESS, name.as_str())];
        // Held from before the fork: a program that already acts is never unknown here.
        let mut running = lock(running);
        let spawned = SpawnedGroup::spawn(&pipeline, tags, keep_stdout, cgroups.get().map(PathBuf::as_path));
        if let Ok(group) = &spawned {
            running.note(name, group);
        }
        drop(running);
        // Without a receiver the group is dropped, which kills its processes.
        let _ = reply.send(spawned);
    }
}

impl Running {
    fn note(&mut self, name: String, group: &SpawnedGroup) {
        // Behind the hash sign is what makes the name of a short program's process unique.
        let process = name.split('#').next().unwrap_or_default().to_owned();
        let before = self.reports.insert(process.clone(), group.reports().to_owned());
        for report in group.reports() {
            let known = before.as_ref().is_some_and(|before| before.contains(report));
            if let (Some(missing), false) = (report.missing.as_deref().filter(|why| *why != NOT_ASKED), known)
            {
                tracing::warn!(process.name = %process, program = report.program, missing, "a program is not fully confined");
            }
        }
        self.pids.insert(name, group.pids());
    }
}

async fn kill_all(filter: TagFilter) -> Result<usize, SpawnerError> {
    let killing = tokio::task::spawn_blocking(move || env_tags::kill_tagged(&filter, SWEEP_SCANS));
    let killed = killing.await.unwrap_or_default();
    if killed.left.is_empty() { Ok(killed.found.len()) } else { Err(SpawnerError::Stuck(killed.left)) }
}

/// This program's end of the socket pair to the guard. The guard acts when it closes.
#[derive(Debug)]
enum LivenessPipe {
    /// The guard is being started.
    NoGuard,
    Open {
        pid: u32,
        _end: UnixStream,
    },
    /// The spawner is dropped.
    Closed,
}

fn start_guard(exe: &Path, generation: &str, liveness: &Mutex<LivenessPipe>) -> Result<Child, SpawnerError> {
    let failed = |source| SpawnerError::Guard { exe: exe.into(), source };
    let (mut ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = std::process::Command::new(exe);
    // An empty environment: the guard must not carry the tag that it searches for, nor any secret.
    command.arg(guard::ARGUMENT).arg(generation).env_clear();
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    pre_exec::install(&mut command, Kind::Guard);
    let mut child = command.spawn().map_err(failed)?;
    drop(command);
    let mut answer = [0];
    let ready = ours.set_read_timeout(Some(GUARD_READY)).and_then(|()| ours.read_exact(&mut answer));
    if let Err(source) = ready {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(source));
    }
    let mut liveness = lock(liveness);
    if !matches!(*liveness, LivenessPipe::Closed) {
        *liveness = LivenessPipe::Open { pid: child.id(), _end: ours };
    }
    Ok(child)
}

/// Starts the guard again whenever it ends before the spawner.
fn supervise_guard(mut child: Child, exe: &Path, generation: &str, liveness: &Mutex<LivenessPipe>) {
    let mut pause = PAUSE_MIN;
    loop {
        let exit = child.wait();
        {
            let mut liveness = lock(liveness);
            if matches!(*liveness, LivenessPipe::Closed) {
                return;
            }
            *liveness = LivenessPipe::NoGuard;
        }
        tracing::warn!(?exit, "the guard ended and is started again");
        child = loop {
            thread::sleep(pause);
            if matches!(*lock(liveness), LivenessPipe::Closed) {
                return;
            }
            match start_guard(exe, generation, liveness) {
                Ok(child) => break child,
                Err(error) => {
                    pause = (pause * 2).min(PAUSE_MAX);
                    tracing::error!(%error, source = ?std::error::Error::source(&error), "cannot start the guard; it is tried again");
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

/// The values are replaced whole, so a panic elsewhere cannot leave them half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
