//! The pure machine: events and the time in, actions out. No I/O, no clock, no await.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::Signal;
use tokio::time::Instant;

use crate::policy::Policy;

mod terms;
mod wishes;

pub(crate) use terms::{Action, Event};
pub use terms::{LaunchError, State};

/// How long clearing may take before it counts as over.
pub(crate) const CLEAR_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct Machine {
    policy: Policy,
    probed: bool,
    phase: Phase,
    failures: u32,
    launches: u64,
    last_exit: Option<String>,
    dice: SmallRng,
}

#[derive(Debug)]
enum Phase {
    Stopped,
    Preparing {
        since: Instant,
        by: Instant,
        waiting: Option<String>,
        recheck_again: bool,
    },
    Waiting {
        why: String,
        recheck_at: Instant,
    },
    Spawning {
        since: Instant,
        by: Instant,
        then: Then,
    },
    Starting {
        since: Instant,
        pid: u32,
        by: Instant,
        fault: Option<String>,
    },
    Running {
        since: Instant,
        pid: u32,
        ready_at: Instant,
        last: Instant,
        by: Instant,
        fault: Option<String>,
    },
    Stopping {
        pid: Option<u32>,
        rung: Rung,
        next: Instant,
        deadline: Instant,
        restart: bool,
        why: Option<String>,
    },
    Backoff {
        until: Instant,
        why: String,
        clearing: bool,
    },
}

/// What follows a spawn that cannot be called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Run,
    Stop,
    Restart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    Int,
    Term,
    Clearing,
}

impl Machine {
    /// A machine at rest. Without a probe, a process is ready as soon as it is spawned.
    pub(crate) fn new(policy: Policy, probed: bool, seed: u64) -> Self {
        let dice = SmallRng::seed_from_u64(seed);
        Self { policy, probed, phase: Phase::Stopped, failures: 0, launches: 0, last_exit: None, dice }
    }

    pub(crate) fn state(&self) -> State {
        match &self.phase {
            Phase::Stopped => State::Stopped,
            Phase::Preparing { waiting: Some(why), .. } | Phase::Waiting { why, .. } => {
                State::Waiting { why: why.clone() }
            }
            Phase::Preparing { since, .. } | Phase::Spawning { since, then: Then::Run, .. } => {
                State::Starting { since: *since, pid: None }
            }
            Phase::Spawning { by, then, .. } => {
                State::Stopping { pid: None, deadline: *by, restart: *then == Then::Restart }
            }
            Phase::Starting { since, pid, .. } => State::Starting { since: *since, pid: Some(*pid) },
            Phase::Running { since, pid, ready_at, .. } => {
                State::Running { pid: *pid, since: *since, ready_at: *ready_at }
            }
            Phase::Stopping { pid, deadline, restart, .. } => {
                State::Stopping { pid: *pid, deadline: *deadline, restart: *restart }
            }
            Phase::Backoff { until, why, .. } => {
                State::Backoff { until: *until, failures: self.failures, why: why.clone() }
            }
        }
    }

    /// When [`Event::Tick`] is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Stopped | Phase::Spawning { .. } => None,
            Phase::Preparing { by, .. } | Phase::Starting { by, .. } => Some(*by),
            Phase::Running { by, .. } => self.probed.then_some(*by),
            Phase::Waiting { recheck_at, .. } => Some(*recheck_at),
            Phase::Stopping { rung, next, .. } => (*rung != Rung::Clearing).then_some(*next),
            Phase::Backoff { until, clearing, .. } => (!clearing).then_some(*until),
        }
    }

    /// Whether a process is there that should answer probes; and whether it is ready already.
    pub(crate) fn probing(&self) -> Option<bool> {
        match self.phase {
            Phase::Starting { .. } => Some(false),
            Phase::Running { .. } if self.probed => Some(true),
            _ => None,
        }
    }

    /// Launches after the first.
    pub(crate) fn restarts(&self) -> u64 {
        self.launches.saturating_sub(1)
    }

    pub(crate) fn last_exit(&self) -> Option<&str> {
        self.last_exit.as_deref()
    }

    pub(crate) fn on_event(&mut self, event: Event, now: Instant) -> Vec<Action> {
        match event {
            Event::Start => self.start(now),
            Event::Stop => self.stop(now, false),
            Event::Restart => self.restart(now),
            Event::RestartIfWanted => self.restart_if_wanted(now),
            Event::Recheck => self.recheck(now),
            Event::DependencyRestored => self.dependency_restored(now),
            Event::Prepared(answer) => self.prepared(answer, now),
            Event::Spawned(answer) => self.spawned(answer, now),
            Event::Ended { why, left } => self.ended(why, left, now),
            Event::Cleared => self.cleared(now),
            Event::Alive => self.alive(now),
            Event::Ailing(why) => self.ailing(why),
            Event::Late(by) => self.late(by),
            Event::Tick => self.tick(now),
        }
    }

    fn prepared(&mut self, answer: Result<(), LaunchError>, now: Instant) -> Vec<Action> {
        let Phase::Preparing { since, recheck_again, .. } = self.phase else { return vec![] };
        match answer {
            Ok(()) => {
                self.phase = Phase::Spawning { since, by: now + self.policy.ready_within, then: Then::Run };
                vec![Action::Spawn]
            }
            Err(LaunchError::NotReady(why)) => {
                let recheck_at = now + self.policy.recheck_every;
                let remark = Action::Remark(format!("waiting: {why}"));
                let known =
                    matches!(&self.phase, Phase::Preparing { waiting: Some(known), .. } if *known == why);
                self.phase = Phase::Waiting { why, recheck_at };
                let mut actions = if recheck_again { self.prepare(now) } else { vec![] };
                if !known {
                    actions.push(remark);
                }
                actions
            }
            Err(LaunchError::Failed(why)) => vec![self.fail(why, false, now)],
        }
    }

    fn spawned(&mut self, answer: Result<u32, String>, now: Instant) -> Vec<Action> {
        let Phase::Spawning { then, .. } = self.phase else { return vec![] };
        match (answer, then) {
            (Ok(pid), Then::Run) => {
                self.launches += 1;
                let by = now + self.policy.ready_within;
                self.phase = Phase::Starting { since: now, pid, by, fault: None };
                let mut actions = vec![Action::Remark(format!("started, pid {pid}"))];
                if !self.probed {
                    actions.extend(self.alive(now));
                }
                actions
            }
            (Ok(pid), Then::Stop | Then::Restart) => {
                self.launches += 1;
                self.phase = Phase::Stopping {
                    pid: Some(pid),
                    rung: Rung::Clearing,
                    next: now,
                    deadline: now + CLEAR_LIMIT,
                    restart: then == Then::Restart,
                    why: Some("killed before it had begun".into()),
                };
                vec![Action::Clear]
            }
            (Err(why), Then::Run) => vec![self.fail(why, false, now)],
            (Err(why), Then::Stop) => {
                self.rest();
                vec![Action::Remark(why)]
            }
            (Err(why), Then::Restart) => {
                let mut actions = self.prepare(now);
                actions.push(Action::Remark(why));
                actions
            }
        }
    }

    fn ended(&mut self, why: String, left: usize, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.last_exit = Some(why.clone());
                vec![Action::Clear, self.fail(why, true, now)]
            }
            Phase::Stopping { rung, why: first, .. } if *rung != Rung::Clearing => {
                first.get_or_insert(why);
                // Every program of a pipeline gets its time to finish.
                if left > 0 {
                    return vec![];
                }
                *rung = Rung::Clearing;
                vec![Action::Clear]
            }
            _ => vec![],
        }
    }

    fn cleared(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopping { restart, why, .. } => {
                let (restart, why) = (*restart, why.take());
                if let Some(why) = why {
                    self.last_exit = Some(format!("{why}, as asked"));
                }
                let mut actions =
                    vec![Action::Remark(format!("ended: {}", self.last_exit.as_deref().unwrap_or("gone")))];
                if restart {
                    actions.extend(self.prepare(now));
                } else {
                    self.rest();
                }
                actions
            }
            Phase::Backoff { clearing, until, .. } => {
                *clearing = false;
                if now >= *until { self.prepare(now) } else { vec![] }
            }
            _ => vec![],
        }
    }

    fn alive(&mut self, now: Instant) -> Vec<Action> {
        let dead = now + self.policy.dead_after;
        match &mut self.phase {
            Phase::Starting { since, pid, .. } => {
                let (since, pid) = (*since, *pid);
                self.phase = Phase::Running { since, pid, ready_at: now, last: now, by: dead, fault: None };
                if self.probed {
                    vec![Action::Remark(format!("ready after {}", words(now - since)))]
                } else {
                    vec![]
                }
            }
            Phase::Running { last, by, fault, .. } => {
                (*last, *by, *fault) = (now, dead, None);
                vec![]
            }
            _ => vec![],
        }
    }

    fn ailing(&mut self, why: String) -> Vec<Action> {
        if let Phase::Starting { fault, .. } | Phase::Running { fault, .. } = &mut self.phase {
            *fault = Some(why);
        }
        vec![]
    }

    /// Time in which this program did not run proves nothing against the process.
    fn late(&mut self, lateness: Duration) -> Vec<Action> {
        if let Phase::Starting { by, .. } | Phase::Running { by, .. } = &mut self.phase {
            *by += lateness;
        }
        vec![]
    }

    fn tick(&mut self, now: Instant) -> Vec<Action> {
        if self.due().is_none_or(|due| now < due) {
            return vec![];
        }
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Backoff { .. } => self.prepare(now),
            Phase::Preparing { since, .. } => {
                let why = format!("asking for the command took longer than {}", words(now - *since));
                vec![Action::Abandon, self.fail(why, false, now)]
            }
            Phase::Starting { since, fault, .. } => {
                let why = format!("not ready for {}{}, killed", words(now - *since), last(fault.as_deref()));
                self.last_exit = Some(why.clone());
                vec![Action::Clear, self.fail(why, true, now)]
            }
            Phase::Running { last: answered, fault, .. } => {
                let silent = words(now - *answered);
                let why = format!("stopped answering for {silent}{}, killed", last(fault.as_deref()));
                self.last_exit = Some(why.clone());
                vec![Action::Clear, self.fail(why, true, now)]
            }
            Phase::Stopping { rung: rung @ Rung::Int, next, .. } => {
                *rung = Rung::Term;
                *next = now + self.policy.stop_term;
                vec![Action::Remark("ignored SIGINT".into()), Action::Signal(Signal::TERM)]
            }
            Phase::Stopping { rung: rung @ Rung::Term, why, .. } => {
                *rung = Rung::Clearing;
                *why = Some("ignored SIGINT and SIGTERM, killed".into());
                vec![Action::Clear]
            }
            Phase::Stopped | Phase::Spawning { .. } | Phase::Stopping { rung: Rung::Clearing, .. } => vec![],
        }
    }

    fn prepare(&mut self, now: Instant) -> Vec<Action> {
        let waiting = match &mut self.phase {
            Phase::Waiting { why, .. } => Some(std::mem::take(why)),
            Phase::Preparing { waiting, .. } => waiting.take(),
            _ => None,
        };
        let by = now + self.policy.ready_within;
        self.phase = Phase::Preparing { since: now, by, waiting, recheck_again: false };
        vec![Action::Prepare]
    }

    /// It has failed already and is being cleared away.
    fn await_clear(&mut self, now: Instant, restart: bool) -> Vec<Action> {
        let (rung, deadline) = (Rung::Clearing, now + CLEAR_LIMIT);
        self.phase = Phase::Stopping { pid: None, rung, next: now, deadline, restart, why: None };
        vec![]
    }

    fn rest(&mut self) {
        self.phase = Phase::Stopped;
        self.failures = 0;
    }

    fn fail(&mut self, why: String, clearing: bool, now: Instant) -> Action {
        if let Phase::Running { ready_at, .. } = self.phase
            && now.saturating_duration_since(ready_at) >= self.policy.healthy_after
        {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = self.policy.backoff(self.failures, self.dice.random());
        let remark = Action::Remark(format!("{why}; next try in {}", words(wait)));
        self.phase = Phase::Backoff { until: now + wait, why, clearing };
        remark
    }
}

fn last(fault: Option<&str>) -> String {
    fault.map(|fault| format!(" (last: {fault})")).unwrap_or_default()
}

/// A duration as people write it: `200 ms`, `1.5 s`.
fn words(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
