//! What moves, and until when.

use std::time::Duration;

use havatar_api::{DriveMode, StopReason};
use tokio::time::Instant;

use super::super::clock::OLDEST;
use super::super::wire::StepKind;
use super::DEADMAN;

/// The one motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion {
    pub(super) mode: DriveMode,
    pub(super) going: Going,
    pub(super) press: u64,
    pub(super) began: Instant,
    /// Its driver had a picture as it began: without one it does not go on.
    pub(super) seen: bool,
    /// When the last message that feeds it came, and how old that was.
    pub(super) fed: Instant,
    pub(super) age: Duration,
    /// Its own end.
    pub(super) until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Going {
    /// Shares of the speed.
    Shares {
        linear: f64,
        angular: f64,
    },
    Step {
        id: u16,
        kind: StepKind,
        amount: i32,
        speed: u16,
    },
}

impl Motion {
    /// When it ends unless it is fed.
    pub(super) fn deadline(&self) -> Instant {
        let fed = self.fed + DEADMAN.min(OLDEST.saturating_sub(self.age));
        self.until.map_or(fed, |until| until.min(fed))
    }

    /// Why it has ended by `at`: a step or latch whose time is over, or a driver of whom nothing is heard.
    pub(super) fn reason(&self, at: Instant) -> StopReason {
        let ended = self.until.is_some_and(|until| at >= until);
        if ended { StopReason::Ended } else { StopReason::Silent }
    }
}
