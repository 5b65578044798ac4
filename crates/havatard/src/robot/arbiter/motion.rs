//! The motion in force, and its deadline.

use std::time::Duration;

use havatar_api::{DriveMode, StopReason};
use tokio::time::Instant;

use crate::robot::clock::OLDEST;
use crate::robot::wire::StepKind;

use super::types::DEADMAN;

/// The one motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion {
    pub(super) mode: DriveMode,
    pub(super) action: Action,
    pub(super) press: u64,
    pub(super) began: Instant,
    /// The driver had video when it started; without video it must not continue.
    pub(super) had_video: bool,
    /// When the last message that fed it arrived, and how old that message was.
    pub(super) fed: Instant,
    pub(super) age: Duration,
    /// The end of a step or latch.
    pub(super) until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    /// Shares of the full speed.
    Speed {
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

    /// Why it has ended by `at`: the end of a step or latch, or a silent driver.
    pub(super) fn reason(&self, at: Instant) -> StopReason {
        let ended = self.until.is_some_and(|until| at >= until);
        if ended { StopReason::Ended } else { StopReason::Silent }
    }
}
