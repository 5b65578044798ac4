//! The machine's reactions to requests: of a person, or of the program when settings or dependencies changed.

use rustix::process::Signal;
use tokio::time::Instant;

use super::phase::{AfterSpawn, Phase, StopStage};
use super::types::Action;
use super::{CLEANUP_LIMIT, Machine};

impl Machine {
    pub(super) fn start(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopped | Phase::Waiting { .. } => self.prepare(now),
            Phase::Stopping { restart, .. } => {
                *restart = true;
                vec![]
            }
            Phase::Spawning { then: then @ AfterSpawn::Stop, .. } => {
                *then = AfterSpawn::Restart;
                vec![]
            }
            // A person who starts it has seen the failures: reset them.
            Phase::Backoff { .. } => self.retry_now(now),
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
                *then = AfterSpawn::Restart;
                vec![]
            }
            _ => self.start(now),
        }
    }

    /// Restarts without changing whether the process is wanted. Resets the failures: they belong to the old launch.
    pub(super) fn restart_if_wanted(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            // Not wanted; or stopped and prepared anew already.
            Phase::Stopped
            | Phase::Stopping { .. }
            | Phase::Spawning { then: AfterSpawn::Stop | AfterSpawn::Restart, .. } => vec![],
            Phase::Spawning { then: then @ AfterSpawn::Run, .. } => {
                *then = AfterSpawn::Restart;
                self.failures = 0;
                vec![]
            }
            Phase::Preparing { .. } => {
                self.failures = 0;
                let mut actions = vec![Action::CancelPrepare];
                actions.extend(self.prepare(now));
                actions
            }
            Phase::Waiting { .. } | Phase::Backoff { .. } => self.retry_now(now),
            Phase::Starting { .. } | Phase::Running { .. } => {
                self.failures = 0;
                self.stop(now, true)
            }
        }
    }

    pub(super) fn stop(&mut self, now: Instant, restart: bool) -> Vec<Action> {
        match &mut self.phase {
            Phase::Stopped => vec![],
            Phase::Waiting { .. } | Phase::Backoff { cleaning_up: false, .. } => {
                self.set_stopped();
                vec![]
            }
            Phase::Preparing { .. } => {
                self.set_stopped();
                vec![Action::CancelPrepare]
            }
            Phase::Spawning { then, .. } => {
                *then = AfterSpawn::Stop;
                vec![]
            }
            Phase::Backoff { cleaning_up: true, .. } => self.stop_after_cleanup(now, restart),
            Phase::Stopping { restart: again, .. } => {
                *again = restart;
                vec![]
            }
            Phase::Starting { pid, .. } | Phase::Running { pid, .. } => {
                let (pid, stage) = (Some(*pid), StopStage::Interrupt);
                let next = now + self.policy.stop_int;
                let deadline = next + self.policy.stop_term + CLEANUP_LIMIT;
                self.phase = Phase::Stopping { pid, stage, next, deadline, restart, why: None };
                vec![Action::Signal(Signal::INT)]
            }
        }
    }

    pub(super) fn recheck(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Waiting { .. } => self.prepare(now),
            Phase::Preparing { recheck_again, .. } => {
                // The pending answer may be older than this request.
                *recheck_again = true;
                vec![]
            }
            _ => vec![],
        }
    }

    /// Resets the failures: the dependency caused them, not the process.
    pub(super) fn dependency_restored(&mut self, now: Instant) -> Vec<Action> {
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Backoff { .. } => self.retry_now(now),
            Phase::Preparing { .. } => {
                self.failures = 0;
                self.recheck(now)
            }
            _ => vec![],
        }
    }

    /// Ends the wait and tries again; the cleanup of a failed process completes first.
    fn retry_now(&mut self, now: Instant) -> Vec<Action> {
        self.failures = 0;
        if matches!(self.phase, Phase::Backoff { cleaning_up: true, .. }) {
            self.stop_after_cleanup(now, true)
        } else {
            self.prepare(now)
        }
    }
}
