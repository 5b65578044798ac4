//! The pure state machine: events and the time in, actions out. No I/O, no clock, no await.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::Signal;
use tokio::time::Instant;

use crate::policy::Policy;
use crate::types::{LaunchError, State};

mod delays;
mod phase;
mod requests;
mod types;
mod wording;

pub(crate) use types::{Action, Event, Scrutiny};

use phase::{AfterSpawn, Phase, StopStage};
use wording::{describe_silence, format_duration};

/// How long the cleanup may take before it counts as complete.
pub(crate) const CLEANUP_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct Machine {
    policy: Policy,
    has_probe: bool,
    phase: Phase,
    failures: u32,
    launches: u64,
    last_exit: Option<String>,
    /// The machine is short of processor time: restarts are rationed.
    rationed: bool,
    rng: SmallRng,
}

impl Machine {
    /// A stopped machine. Without a probe, a process is ready as soon as it is spawned.
    pub(crate) fn new(policy: Policy, has_probe: bool, seed: u64) -> Self {
        let rng = SmallRng::seed_from_u64(seed);
        Self {
            policy,
            has_probe,
            phase: Phase::Stopped,
            failures: 0,
            launches: 0,
            last_exit: None,
            rationed: false,
            rng,
        }
    }

    pub(crate) fn state(&self) -> State {
        match &self.phase {
            Phase::Stopped => State::Stopped,
            Phase::Preparing { waiting: Some(why), .. } | Phase::Waiting { why, .. } => {
                State::Waiting { why: why.clone() }
            }
            Phase::Preparing { since, .. } | Phase::Spawning { since, then: AfterSpawn::Run, .. } => {
                State::Starting { since: *since, pid: None }
            }
            Phase::Spawning { deadline, then, .. } => {
                State::Stopping { pid: None, deadline: *deadline, restart: *then == AfterSpawn::Restart }
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

    /// The time at which [`Event::Tick`] is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Stopped | Phase::Spawning { .. } => None,
            Phase::Preparing { deadline, .. } | Phase::Starting { deadline, .. } => Some(*deadline),
            Phase::Running { deadline, .. } => self.has_probe.then_some(*deadline),
            Phase::Waiting { recheck_at, .. } => Some(*recheck_at),
            Phase::Stopping { stage, next, .. } => (*stage != StopStage::CleanUp).then_some(*next),
            Phase::Backoff { until, cleaning_up, .. } => (!cleaning_up).then_some(*until),
        }
    }

    /// `Some` if a process is judged by its probe; the value says whether it is ready.
    pub(crate) fn probing(&self) -> Option<bool> {
        match self.phase {
            Phase::Starting { .. } => Some(false),
            Phase::Running { .. } if self.has_probe => Some(true),
            _ => None,
        }
    }

    /// Whether the machine is short of processor time.
    pub(crate) fn set_rationed(&mut self, rationed: bool) {
        self.rationed = rationed;
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
            Event::ReadyWithin(limit) => self.ready_within(limit),
            Event::Exited { why, left } => self.exited(why, left, now),
            Event::CleanedUp => self.cleaned_up(now),
            Event::ProbeSucceeded => self.probe_succeeded(now),
            Event::ProbeFailed(why) => self.probe_failed(why),
            Event::Excused(time) => self.excuse(time),
            Event::Tick => self.tick(now),
        }
    }

    fn prepared(&mut self, answer: Result<(), LaunchError>, now: Instant) -> Vec<Action> {
        let Phase::Preparing { since, recheck_again, .. } = self.phase else { return vec![] };
        match answer {
            Ok(()) => {
                self.phase = Phase::Spawning {
                    since,
                    deadline: now + self.policy.ready_within,
                    then: AfterSpawn::Run,
                };
                vec![Action::Spawn]
            }
            Err(LaunchError::NotReady(why)) => {
                let recheck_at = now + self.policy.recheck_every;
                let line = Action::Log(format!("waiting: {why}"));
                let known =
                    matches!(&self.phase, Phase::Preparing { waiting: Some(known), .. } if *known == why);
                self.phase = Phase::Waiting { why, recheck_at };
                let mut actions = if recheck_again { self.prepare(now) } else { vec![] };
                if !known {
                    actions.push(line);
                }
                actions
            }
            Err(LaunchError::Failed(why)) => vec![self.back_off(why, false, now)],
        }
    }

    fn spawned(&mut self, answer: Result<u32, String>, now: Instant) -> Vec<Action> {
        let Phase::Spawning { then, .. } = self.phase else { return vec![] };
        match (answer, then) {
            (Ok(pid), AfterSpawn::Run) => {
                self.launches += 1;
                let deadline = now + self.policy.ready_within;
                self.phase =
                    Phase::Starting { since: now, pid, deadline, last_error: None, excused: Duration::ZERO };
                let mut actions = vec![Action::Log(format!("started, pid {pid}"))];
                if !self.has_probe {
                    actions.extend(self.probe_succeeded(now));
                }
                actions
            }
            (Ok(pid), AfterSpawn::Stop | AfterSpawn::Restart) => {
                self.launches += 1;
                self.phase = Phase::Stopping {
                    pid: Some(pid),
                    stage: StopStage::CleanUp,
                    next: now,
                    deadline: now + CLEANUP_LIMIT,
                    restart: then == AfterSpawn::Restart,
                    why: Some("killed before it had begun".into()),
                };
                vec![Action::CleanUp]
            }
            (Err(why), AfterSpawn::Run) => vec![self.back_off(why, false, now)],
            (Err(why), AfterSpawn::Stop) => {
                self.set_stopped();
                vec![Action::Log(why)]
            }
            (Err(why), AfterSpawn::Restart) => {
                let mut actions = self.prepare(now);
                actions.push(Action::Log(why));
                actions
            }
        }
    }

    fn ready_within(&mut self, limit: Duration) -> Vec<Action> {
        if let Phase::Starting { since, deadline, .. } = &mut self.phase {
            *deadline = *since + limit;
        }
        vec![]
    }

    fn exited(&mut self, why: String, left: usize, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.last_exit = Some(why.clone());
                vec![Action::CleanUp, self.back_off(why, true, now)]
            }
            Phase::Stopping { stage, why: first, .. } if *stage != StopStage::CleanUp => {
                first.get_or_insert(why);
                // Every stage of a pipeline has the whole time to finish.
                if left > 0 {
                    return vec![];
                }
                *stage = StopStage::CleanUp;
                vec![Action::CleanUp]
            }
            _ => vec![],
        }
    }

    fn cleaned_up(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopping { restart, why, .. } => {
                let (restart, why) = (*restart, why.take());
                if let Some(why) = why {
                    self.last_exit = Some(format!("{why}, as asked"));
                }
                let mut actions =
                    vec![Action::Log(format!("ended: {}", self.last_exit.as_deref().unwrap_or("gone")))];
                if restart {
                    actions.extend(self.prepare(now));
                } else {
                    self.set_stopped();
                }
                actions
            }
            Phase::Backoff { cleaning_up, until, .. } => {
                *cleaning_up = false;
                if now >= *until { self.prepare(now) } else { vec![] }
            }
            _ => vec![],
        }
    }

    fn probe_succeeded(&mut self, now: Instant) -> Vec<Action> {
        let dead = now + self.policy.dead_after;
        match &mut self.phase {
            Phase::Starting { since, pid, .. } => {
                let (since, pid) = (*since, *pid);
                self.phase = Phase::Running {
                    since,
                    pid,
                    ready_at: now,
                    last_ok: now,
                    deadline: dead,
                    last_error: None,
                    excused: Duration::ZERO,
                };
                if self.has_probe {
                    vec![Action::Log(format!("ready after {}", format_duration(now - since)))]
                } else {
                    vec![]
                }
            }
            Phase::Running { last_ok, deadline, last_error, excused, .. } => {
                (*last_ok, *deadline, *last_error, *excused) = (now, dead, None, Duration::ZERO);
                vec![]
            }
            _ => vec![],
        }
    }

    fn probe_failed(&mut self, why: String) -> Vec<Action> {
        if let Phase::Starting { last_error, .. } | Phase::Running { last_error, .. } = &mut self.phase {
            *last_error = Some(why);
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
                let why =
                    format!("asking for the command took longer than {}", format_duration(now - *since));
                vec![Action::CancelPrepare, self.back_off(why, false, now)]
            }
            Phase::Starting { since, last_error, excused, .. } => {
                let why = format!(
                    "not ready for {}{}, killed",
                    describe_silence(now - *since, *excused),
                    describe_last_error(last_error.as_deref())
                );
                self.last_exit = Some(why.clone());
                vec![Action::CleanUp, self.back_off(why, true, now)]
            }
            Phase::Running { last_ok, last_error, excused, .. } => {
                let why = format!(
                    "stopped answering for {}{}, killed",
                    describe_silence(now - *last_ok, *excused),
                    describe_last_error(last_error.as_deref())
                );
                self.last_exit = Some(why.clone());
                vec![Action::CleanUp, self.back_off(why, true, now)]
            }
            Phase::Stopping { stage: stage @ StopStage::Interrupt, next, .. } => {
                *stage = StopStage::Terminate;
                *next = now + self.policy.stop_term;
                vec![Action::Log("ignored SIGINT".into()), Action::Signal(Signal::TERM)]
            }
            Phase::Stopping { stage: stage @ StopStage::Terminate, why, .. } => {
                *stage = StopStage::CleanUp;
                *why = Some("ignored SIGINT and SIGTERM, killed".into());
                vec![Action::CleanUp]
            }
            Phase::Stopped | Phase::Spawning { .. } | Phase::Stopping { stage: StopStage::CleanUp, .. } => {
                vec![]
            }
        }
    }

    /// Asks the launch. The published state stays `Waiting` during a recheck.
    fn prepare(&mut self, now: Instant) -> Vec<Action> {
        let waiting = match &mut self.phase {
            Phase::Waiting { why, .. } => Some(std::mem::take(why)),
            Phase::Preparing { waiting, .. } => waiting.take(),
            _ => None,
        };
        let deadline = now + self.policy.prepare_within;
        self.phase = Phase::Preparing { since: now, deadline, waiting, recheck_again: false };
        vec![Action::Prepare]
    }

    /// Waits for the cleanup of a process that has failed already.
    fn stop_after_cleanup(&mut self, now: Instant, restart: bool) -> Vec<Action> {
        let (stage, deadline) = (StopStage::CleanUp, now + CLEANUP_LIMIT);
        self.phase = Phase::Stopping { pid: None, stage, next: now, deadline, restart, why: None };
        vec![]
    }

    fn set_stopped(&mut self) {
        self.phase = Phase::Stopped;
        self.failures = 0;
    }

    /// Counts a failure and schedules the next attempt.
    fn back_off(&mut self, why: String, cleaning_up: bool, now: Instant) -> Action {
        if let Phase::Running { ready_at, .. } = self.phase
            && now.saturating_duration_since(ready_at) >= self.policy.healthy_after
        {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let mut wait = self.policy.backoff(self.failures, self.rng.random());
        if self.rationed {
            wait = wait.max(self.policy.backoff_rationed);
        }
        let line = Action::Log(format!("{why}; next try in {}", format_duration(wait)));
        self.phase = Phase::Backoff { until: now + wait, why, cleaning_up };
        line
    }
}

fn describe_last_error(error: Option<&str>) -> String {
    error.map(|error| format!(" (last: {error})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
