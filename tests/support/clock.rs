//! The clock that all processes of one machine share.

use std::ops::Add;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::Deserialize;

/// A moment on `CLOCK_MONOTONIC`, which the simulator stamps its timeline with, in ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// Before everything.
    pub const START: Self = Self(0);

    /// Now.
    ///
    /// # Panics
    /// Never: Linux has this clock.
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("a monotonic clock");
        Self(u64::try_from(Duration::from(now).as_nanos()).expect("not in this century"))
    }

    /// Since an earlier moment; nothing if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// In ms.
    #[expect(clippy::cast_precision_loss, reason = "exact to a microsecond for centuries")]
    pub fn ms(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }
}
