//! Keeps one external process, or a pipeline of them, alive, watched and stoppable.
//!
//! # Theory of operation
//!
//! **The parts.** A [`Supervised`] is a handle on one task. The task asks a [`Launch`] what to run, has it
//! spawned by the [`Spawner`], asks a [`Probe`] whether it is well, and tells what it sees in a [`Snapshot`]
//! on a watch channel and in a ring of log lines. All decisions are taken by a pure machine
//! (`state.rs`: events and the time in, actions out); the task (`task.rs`) holds the only `select!`; the
//! actions are carried out in `world.rs`. This crate knows no particular program, protocol or config file.
//!
//! **A life.** `Stopped` → (asked to start) → `Starting` while the launch is asked, the programs are spawned
//! and the first probe succeeds → `Running`. A launch may answer that something it needs is away: `Waiting`,
//! which is no failure. A failure of any kind (an exit, even with status 0; a hang; a launch that
//! fails; a program that cannot be started) leads to `Backoff`, 0.2 s at first, doubling to 10 s, and from
//! there to another try: there is no state in which a wanted process is given up. After 30 s of health
//! ([`Policy::healthy_after`]) earlier failures are forgotten.
//!
//! **Who wishes what.** A person starts, stops and restarts. The program itself never changes that wish: it
//! [restarts](Supervised::restart_if_wanted) a process whose settings changed, [rechecks](Supervised::recheck) one that waits for
//! something, and lets those [restored](Supervised::dependency_restored) that failed only because another one was away. All
//! three do nothing to a process that is not wanted.
//!
//! **Watching.** An exit is noticed through a pidfd, without polling. A hang is noticed by the probe: a ready
//! process without a good answer for [`Policy::dead_after`] is killed at once (it would not hear a
//! polite signal) and started again. A probe can also fail because *this* program was kept from running, by
//! load or by SIGSTOP. So the task notes when it should have been woken, and every deadline of a probe
//! moves by as much as it was woken late.
//!
//! **Ending.** All programs of a launch are one process group. The stop ladder sends SIGINT, SIGTERM and SIGKILL
//! to the group, then looks through `/proc` for what left the group (it still carries the mark of its
//! process) and kills that too. Nothing is reaped before the group is dead: the unreaped leader keeps the
//! group's number from being reused, and everything else is signalled through pidfds.
//!
//! **No orphans.** Four means, each for what the one before cannot reach:
//! 1. Every child asks the kernel to be killed when its parent dies. That is bound to the parent's *thread*,
//!    so all children are spawned from one thread that lives as long as the spawner.
//! 2. Every child carries `HAVATAR_GENERATION=<scope>.<random>` and `HAVATAR_PROCESS=<name>` in its
//!    environment, and so does whatever it starts, in any session.
//! 3. The guard, a tiny copy of the supervising program without the mark, sees the end of a socket when the
//!    program is gone, however it went, and kills what carries the generation's mark. If the guard dies it
//!    is started again. See [`guard::run_if_asked`].
//! 4. [`Spawner::sweep`], at the next start, ends what earlier generations of the same scope left.
//!
//! Beyond these means is only a process that cleared its own environment, or a set-user-id one, *and* left
//! its group; under systemd the unit's control group ends those too.
//!
//! **Errands.** A short program that is asked for an answer and then ends ([`Spawner::run_once`]) is born, marked and
//! ended in the same way, though no machine decides over it: its own end, its limit, or the end of the wish
//! for its answer is also the end of everything that it started.
//!
//! **Pipes.** Programs whose output is wanted while it comes ([`Spawner::stream_output`]) are born and marked in the same way; they
//! are given their input whole, and are ended when the reader lets go of them.
//!
//! **Output.** Each pipe is read by a task of its own into a fixed buffer, so a child never waits for us (up to
//! about 250 MB/s; beyond that it is slowed rather than given a whole core). The last 200 lines are kept, at most
//! 2 KiB each, at most 200 a second; the rest is counted, and the last lines of a flood are kept all the same.
//! Secrets are taken out by [`Options::redact`] before anything is kept, and remarks never hold arguments.
//!
//! **What a child inherits.** Descriptors 0 (the stage before, or nothing), 1 and 2; default signal
//! dispositions and an empty signal mask; its own process group, so that Ctrl-C at a terminal does not reach it;
//! the caller's environment less what [`Command`] withholds.

mod birth;
mod command;
pub mod guard;
mod journal;
mod lines;
mod litter;
mod marks;
mod policy;
mod protocol;
mod run_once;
mod spawner;
mod state;
mod streamed_output;
mod supervised;
mod task;
mod world;

pub use command::{Command, Pipeline};
pub use journal::{LogLine, Redact, Source};
pub use lines::LineSink;
pub use litter::SpawnError;
pub use policy::Policy;
pub use run_once::{RunError, RunOutput};
pub use spawner::{Spawner, SpawnerError};
pub use state::{LaunchError, State};
pub use streamed_output::{StreamEnd, StreamedOutput};
pub use supervised::{BoxFuture, Launch, Options, Probe, RequestError, Snapshot, Stdout, Supervised};
