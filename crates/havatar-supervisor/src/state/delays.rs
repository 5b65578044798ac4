//! The machine's view of delays: time in which the process, or this program, was kept from running proves nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::Machine;
use super::phase::Phase;
use super::types::{Action, Scrutiny};

impl Machine {
    /// How closely the time since the last event is to be looked at.
    pub(crate) fn scrutiny(&self, now: Instant) -> Scrutiny {
        match &self.phase {
            Phase::Preparing { .. } => Scrutiny::Launch,
            Phase::Starting { .. } => Scrutiny::Process,
            Phase::Running { last_ok, last_error, .. } if self.has_probe => {
                // A probe that is merely due is not overdue; but what is declared dead must have been looked at before.
                let overdue = (self.policy.probe_every * 3 / 2).min(self.policy.dead_after / 2);
                let overdue = now.saturating_duration_since(*last_ok) > overdue;
                if last_error.is_some() || overdue { Scrutiny::Process } else { Scrutiny::Program }
            }
            _ => Scrutiny::None,
        }
    }

    /// The process is looked at from now on. Whatever it waited before is not known, so it gets time to be seen.
    pub(crate) fn begin_scrutiny(&mut self, now: Instant) {
        if let Phase::Running { deadline, .. } = &mut self.phase {
            *deadline = (*deadline).max(now + self.policy.dead_after / 2);
        }
    }

    /// Moves the deadline. A stop is never put off: a person waits for it.
    pub(super) fn excuse(&mut self, time: Duration) -> Vec<Action> {
        match &mut self.phase {
            Phase::Preparing { deadline, .. } => *deadline += time,
            Phase::Starting { deadline, excused, .. } | Phase::Running { deadline, excused, .. } => {
                *deadline += time;
                *excused += time;
            }
            Phase::Stopped
            | Phase::Waiting { .. }
            | Phase::Spawning { .. }
            | Phase::Stopping { .. }
            | Phase::Backoff { .. } => {}
        }
        vec![]
    }
}
