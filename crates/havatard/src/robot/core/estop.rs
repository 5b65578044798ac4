//! The e-stop latch: set by anybody, here, on disk and in the controller; released in two deliberate steps.

use std::time::Duration;

use havatar_api::{EstopSource, Refusal};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::secrets::Fingerprint;

/// Validity of the code of a release's first step: twice the time of one round at the panel's slowest scan.
pub(in crate::robot) const CODE_VALID: Duration = Duration::from_mins(1);
/// If the controller has not released its latch by then, the e-stop is latched again.
const RELEASE_WITHIN: Duration = Duration::from_secs(1);

/// Who latched it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::robot) struct Latched {
    pub(in crate::robot) source: EstopSource,
    pub(in crate::robot) by: Option<String>,
    pub(in crate::robot) at: Option<Timestamp>,
}

/// The latch.
#[derive(Debug)]
pub(super) struct EstopLatch {
    pub(super) latched: Option<Latched>,
    /// Rises with every change; the version on disk follows.
    pub(super) version: u64,
    pub(super) saved: u64,
    pub(super) button: bool,
    /// The controller is being commanded to release its latch, until then.
    pub(super) releasing: Option<Instant>,
    pub(super) code: Option<Code>,
}

#[derive(Debug)]
pub(super) struct Code {
    pub(super) print: Fingerprint,
    /// The version of the latch that it releases.
    pub(super) version: u64,
    pub(super) for_key: String,
    pub(super) until: Instant,
}

impl EstopLatch {
    /// The latch that an earlier run left; `saved` if the disk agrees.
    pub(super) fn new(latched: Option<Latched>, saved: bool) -> Self {
        Self { latched, version: 1, saved: u64::from(saved), button: false, releasing: None, code: None }
    }

    pub(super) fn check_ready(&self) -> Result<(), Refusal> {
        match (&self.latched, self.button) {
            (_, true) => Err(Refusal::EstopButton),
            (Some(_), _) => Err(Refusal::EstopLatched),
            (None, false) if self.releasing.is_some() => Err(Refusal::EstopLatched),
            (None, false) => Ok(()),
        }
    }

    pub(super) fn is_latched(&self) -> bool {
        self.latched.is_some()
    }

    /// Whether the controller is to be commanded to release its latch.
    pub(super) fn is_releasing(&self) -> bool {
        self.latched.is_none() && self.releasing.is_some()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.releasing
    }

    /// Latches. An earlier latching keeps its author.
    pub(super) fn latch(&mut self, latched: Latched) -> bool {
        (self.releasing, self.code) = (None, None);
        if self.latched.is_some() {
            return false;
        }
        self.latched = Some(latched);
        self.version += 1;
        true
    }

    pub(super) fn open(&mut self, now: Instant) {
        self.latched = None;
        self.code = None;
        self.releasing = Some(now + RELEASE_WITHIN);
        self.version += 1;
    }
}
