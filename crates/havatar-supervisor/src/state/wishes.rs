//! What the machine is asked for: by a person, or by the program when the world has changed.

use rustix::process::Signal;
use tokio::time::Instant;

use super::{Action, CLEAR_LIMIT, Machine, Phase, Rung, Then};

impl Machine {
    pub(super) fn start(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopped | Phase::Waiting { .. } => self.prepare(now),
            Phase::Stopping { restart, .. } => {
                *restart = true;
                vec![]
            }
            Phase::Spawning { then: then @ Then::Stop, .. } => {
                *then = Then::Restart;
                vec![]
            }
            // Whoever starts it by hand has seen the failures.
            Phase::Backoff { .. } => self.try_afresh(now),
            Phase::Preparing { .. }
            | Phase::Spawning { .. }
            | Phase::Starting { .. }
            | Phase::Running { .. } => vec![],
        }
    }

    pub(super) fn restart(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.failures = 0;
                self.stop(now, true)
            }
            Phase::Spawning { then, .. } => {
                *then = Then::Restart;
                vec![]
            }
            _ => self.start(now),
        }
    }

    /// A restart that changes nobody's wish. What failed before was another launch than the one to come.
    pub(super) fn restart_if_wanted(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            // Not wanted; or ended and prepared anew as it is.
            Phase::Stopped
            | Phase::Stopping { .. }
            | Phase::Spawning { then: Then::Stop | Then::Restart, .. } => vec![],
            Phase::Spawning { then: then @ Then::Run, .. } => {
                *then = Then::Restart;
                self.failures = 0;
                vec![]
            }
            Phase::Preparing { .. } => {
                self.failures = 0;
                let mut actions = vec![Action::Abandon];
                actions.extend(self.prepare(now));
                actions
            }
            Phase::Waiting { .. } | Phase::Backoff { .. } => self.try_afresh(now),
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.failures = 0;
                self.stop(now, true)
            }
        }
    }

    pub(super) fn stop(&mut self, now: Instant, restart: bool) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopped => vec![],
            Phase::Waiting { .. } | Phase::Backoff { clearing: false, .. } => {
                self.rest();
                vec![]
            }
            Phase::Preparing { .. } => {
                self.rest();
                vec![Action::Abandon]
            }
            Phase::Spawning { then, .. } => {
                *then = Then::Stop;
                vec![]
            }
            Phase::Backoff { clearing: true, .. } => self.await_clear(now, restart),
            Phase::Stopping { restart: again, .. } => {
                *again = restart;
                vec![]
            }
            Phase::Starting { pid, .. } | Phase::Running { pid, .. } => {
                let pid = Some(*pid);
                let next = now + self.policy.stop_int;
                let deadline = next + self.policy.stop_term + CLEAR_LIMIT;
                self.phase = Phase::Stopping { pid, rung: Rung::Int, next, deadline, restart, why: None };
                vec![Action::Signal(Signal::INT)]
            }
        }
    }

    pub(super) fn recheck(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Waiting { .. } => self.prepare(now),
            Phase::Preparing { recheck_again, .. } => {
                // The answer under way may be older than the news.
                *recheck_again = true;
                vec![]
            }
            _ => vec![],
        }
    }

    /// It failed because of something that is back: the failures say nothing about itself.
    pub(super) fn dependency_restored(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Backoff { .. } => self.try_afresh(now),
            Phase::Preparing { .. } => {
                self.failures = 0;
                self.recheck(now)
            }
            _ => vec![],
        }
    }

    /// Ends the wait for a better moment; but what has failed is cleared away first.
    fn try_afresh(&mut self, now: Instant) -> Vec<Action> {
        self.failures = 0;
        if matches!(self.phase, Phase::Backoff { clearing: true, .. }) {
            self.await_clear(now, true)
        } else {
            self.prepare(now)
        }
    }
}
