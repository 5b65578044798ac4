//! Runs one external process, or a pipeline of several, and restarts it until it is stopped.
//!
//! # Theory of operation
//!
//! **Structure.** [`Supervised`] is the handle of one task: requests go in by a bounded channel, [`Snapshot`]s come out
//! by a watch channel, log lines by a ring. The task asks a [`Launch`] for the command, has it spawned by the
//! [`Spawner`], and checks it by a [`Probe`]. All decisions are made by a pure state machine (`state/`: events and the
//! time in, actions out); the task (`task.rs`) holds the only `select!`; `effects.rs` carries out the actions. This
//! crate knows no particular program, protocol or config file.
//!
//! **States.** `Stopped` → (start) → `Starting` while the launch is asked, the programs are spawned and the first probe
//! succeeds → `Running`. A launch that answers [`LaunchError::NotReady`] leads to `Waiting`, which is no failure. A
//! failure of any kind (an exit, even with status 0; a hang; a launch that fails; a program that cannot be started)
//! leads to `Backoff`, 0.2 s at first, doubling to 10 s, and from there to another attempt: a wanted process is never
//! given up. After 30 s of health ([`Policy::healthy_after`]) earlier failures are reset.
//!
//! **Requests.** A person starts, stops and restarts, and thereby decides whether the process is wanted. The program
//! itself never changes that: it restarts a process whose settings changed ([`Supervised::restart_if_wanted`]), asks a
//! launch that is not ready again ([`Supervised::recheck`]), and retries one that failed because of another process
//! ([`Supervised::dependency_restored`]). All three leave a process alone that is not wanted.
//!
//! **Health.** An exit is noticed through a pidfd, without polling. A hang is detected by the probe: a ready process
//! without a successful probe for [`Policy::dead_after`] is killed at once, since it would not handle SIGINT, and
//! started again.
//!
//! **Starved is not hung.** A probe can also fail because the process, or *this* program, was kept from running, by load or by
//! SIGSTOP. All timeouts are therefore moved by such delays: the task measures how late it runs, and once a process
//! is overdue, how long its threads and this program's waited for a processor ([`RunQueue`]). A process that
//! sleeps, or that runs without a result, is excused nothing. While the machine is short of processor time
//! ([`Spawner::set_rationed`]), the wait before another launch is longer: each launch costs some of it.
//!
//! **Stopping.** All programs of a launch are one process group. The stop sends SIGINT, SIGTERM and SIGKILL to the
//! group, then scans `/proc` for processes that left the group (they still carry the tag of their process) and kills
//! those too. No process is reaped before the group is dead: the unreaped leader keeps the group's id from being
//! reused. All other processes are signalled through pidfds.
//!
//! **No orphans.** Four mechanisms, each for the cases that the one before cannot cover:
//! 1. Every child has a parent-death signal. It is bound to the parent's *thread*, so all children are spawned from
//!    one thread that lives as long as the spawner.
//! 2. Every child carries the environment tags `HAVATAR_GENERATION=<scope>.<random>` and `HAVATAR_PROCESS=<name>`, and
//!    so do its own children, in any session.
//! 3. The guard, a small copy of the supervising program without the tags, reads the end of its liveness pipe when the
//!    program ends for any reason, and kills every process with the generation's tag. If the guard ends it is
//!    started again. See [`guard::run_if_asked`].
//! 4. [`Spawner::sweep`], at the next start, kills what earlier generations of the same scope left.
//!
//! Not covered is a process that cleared its own environment, or a set-user-id one, *and* left its group; under
//! systemd the unit's control group ends those too.
//!
//! **Short programs.** [`Spawner::run_once`] runs a program to its end and returns its output. It is tagged and cleaned
//! up in the same way, without a state machine: its exit, its limit, or the drop of the returned future also
//! kills every process that it started. [`Spawner::stream_output`] does the same for a pipeline whose output is
//! streamed to the caller; its input is passed as a whole.
//!
//! **Output.** Each pipe is read by a task of its own into a fixed buffer, so a child never blocks on its output (up to
//! about 250 MB/s; beyond that it is throttled). The log ring stores the last 200 lines, at most 2 KiB each, at most
//! 200 a second; excess lines are counted, and the last of them are stored all the same. Secrets are removed by
//! [`Options::redact`] before a line is stored, and the supervisor's own lines never hold arguments.
//!
//! **Confinement.** A [`Command`] may carry a [`Confinement`]: what it may read, write and reach. It is put in force
//! between fork and exec by means of the kernel that nothing takes off again, as far as the kernel has them
//! ([`Spawner::confinement`] says how far).
//!
//! **Resources.** A [`Command`] may carry [`Resources`]: its niceness, how readily the kernel ends it when memory runs out, and the
//! control group that it joins below the one given to [`Spawner::set_cgroups`]. It takes them before it executes its program.
//!
//! **Inheritance.** A child inherits descriptors 0 (the stage before, or its [`Command::input`]), 1 and 2; default signal
//! dispositions and an empty signal mask; the caller's environment without the variables that [`Command`]
//! withholds. It has its own process group, so Ctrl-C at a terminal does not reach it.

mod command;
mod confinement;
mod effects;
mod env_tags;
pub mod guard;
mod log_ring;
mod output;
mod policy;
mod pre_exec;
mod process_group;
mod requests;
mod run_once;
mod run_queue;
mod sockets;
mod spawner;
mod state;
mod streamed_output;
mod supervised;
mod task;
mod types;

pub use command::{Command, Input, Niceness, Pipeline, Resources};
pub use confinement::{Confinement, ConfinementReport, Network};
pub use log_ring::{LogLine, Redact, Source};
pub use output::LineSink;
pub use policy::Policy;
pub use process_group::SpawnError;
pub use run_once::{RunError, RunOutput};
pub use run_queue::{Patience, RunQueue};
pub use spawner::{Spawner, SpawnerError};
pub use streamed_output::{StreamEnd, StreamedOutput};
pub use supervised::Supervised;
pub use types::{BoxFuture, Launch, LaunchError, Options, Probe, RequestError, Snapshot, State, Stdout};
