//! The e-stop: latched by anybody, here, on disk and in the controller; opened in two deliberate steps.

use std::time::Duration;

use havatar_api::{self as api, EstopSource, Refusal, StopReason};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use crate::secrets::Fingerprint;

use super::super::Who;
use super::super::wire::Report;
use super::Core;

/// How long the code of a release's first step is good: at the slowest scan that the panel has, one round takes half of it.
pub(in super::super) const CODE_VALID: Duration = Duration::from_mins(1);
/// A controller that has not opened its latch by then keeps it, and so do we.
const RELEASE_WITHIN: Duration = Duration::from_secs(1);

/// Who latched it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Latched {
    pub(in super::super) source: EstopSource,
    pub(in super::super) by: Option<String>,
    pub(in super::super) at: Option<Timestamp>,
}

/// The latch.
#[derive(Debug)]
pub(super) struct Emergency {
    latched: Option<Latched>,
    /// Goes up with every change; the disk follows.
    version: u64,
    saved: u64,
    button: bool,
    /// The controller is being told to open its latch, until then.
    releasing: Option<Instant>,
    code: Option<Code>,
}

#[derive(Debug)]
struct Code {
    print: Fingerprint,
    /// Of which latching it is.
    version: u64,
    for_key: String,
    until: Instant,
}

impl Emergency {
    /// What an earlier run left; `saved` if the disk says just that.
    pub(super) fn new(latched: Option<Latched>, saved: bool) -> Self {
        Self { latched, version: 1, saved: u64::from(saved), button: false, releasing: None, code: None }
    }

    pub(super) fn gate(&self) -> Result<(), Refusal> {
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

    /// Whether the controller is to be told to open its latch.
    pub(super) fn is_releasing(&self) -> bool {
        self.latched.is_none() && self.releasing.is_some()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.releasing
    }

    /// A change that is already latched keeps who latched it first.
    fn latch(&mut self, latched: Latched) -> bool {
        (self.releasing, self.code) = (None, None);
        if self.latched.is_some() {
            return false;
        }
        self.latched = Some(latched);
        self.version += 1;
        true
    }

    fn open(&mut self, now: Instant) {
        self.latched = None;
        self.code = None;
        self.releasing = Some(now + RELEASE_WITHIN);
        self.version += 1;
    }
}

impl Core {
    /// Latches. Idempotent. The version that must reach the disk.
    pub(crate) fn estop(&mut self, who: &Who, wall: Timestamp) -> u64 {
        let by = Latched { source: EstopSource::Person, by: Some(who.name.clone()), at: Some(wall) };
        self.latch(by);
        self.emergency.version
    }

    /// First step of a release: `code` is a fresh secret that the second step must show.
    pub(crate) fn begin_release(
        &mut self,
        who: &Who,
        code: Fingerprint,
        now: Instant,
    ) -> Result<(), Refusal> {
        if self.emergency.button {
            return Err(Refusal::EstopButton);
        }
        let version = self.emergency.version;
        self.emergency.code =
            Some(Code { print: code, version, for_key: who.key.clone(), until: now + CODE_VALID });
        Ok(())
    }

    /// Second step: opens the latch. Whoever drives begins with neutral. The version that must reach the disk.
    pub(crate) fn finish_release(
        &mut self,
        who: &Who,
        code: &Fingerprint,
        now: Instant,
    ) -> Result<u64, Refusal> {
        if self.emergency.button {
            return Err(Refusal::EstopButton);
        }
        let emergency = &mut self.emergency;
        // A code is good once, right or wrong, and never for a latching that came after it.
        let right = emergency.code.take().is_some_and(|given| {
            given.print.matches(code)
                && given.for_key == who.key
                && given.version == emergency.version
                && now < given.until
        });
        if !right {
            return Err(Refusal::PressAgain);
        }
        if emergency.is_latched() {
            emergency.open(now);
            self.stop_all(StopReason::Estop);
            self.note("estop", json!({"what": "released", "by": who.name}));
            self.changed = true;
        }
        Ok(self.emergency.version)
    }

    /// What is to be on disk, if it is not there yet.
    pub(crate) fn to_save(&self) -> Option<(u64, Option<Latched>)> {
        let emergency = &self.emergency;
        (emergency.saved < emergency.version).then(|| (emergency.version, emergency.latched.clone()))
    }

    /// This version is on disk.
    pub(crate) fn saved(&mut self, version: u64) {
        self.emergency.saved = self.emergency.saved.max(version);
        self.changed = true;
    }

    /// The e-stop as people see it.
    pub(crate) fn estop_state(&self) -> api::Estop {
        let emergency = &self.emergency;
        let latched = emergency.latched.as_ref();
        // A controller that acknowledges nothing confirms nothing.
        let speaks = self.device.controller().is_ok_and(|controller| controller.features.acknowledges);
        let on_device = self.device.heard().filter(|_| speaks).map(|report| report.estop_latched);
        api::Estop {
            latched: latched.is_some() || emergency.releasing.is_some() || emergency.button,
            button: emergency.button,
            confirmed: on_device == Some(latched.is_some()),
            source: latched.map(|latched| latched.source),
            by: latched.and_then(|latched| latched.by.clone()),
            at: latched.and_then(|latched| latched.at),
            saved: emergency.saved == emergency.version,
        }
    }

    /// A latch that the controller has and we do not is ours too, unless it is just being opened.
    pub(super) fn emergency_heard(&mut self, report: &Report, now: Instant) {
        self.emergency.button = report.button;
        if !report.estop_latched {
            if self.emergency.releasing.take().is_some() {
                self.changed = true;
            }
            return;
        }
        let refused = self.emergency.releasing.is_some_and(|until| now >= until);
        let opening = self.emergency.is_releasing() && !refused && !report.button;
        if !self.emergency.is_latched() && !opening {
            let source = if report.button { EstopSource::Button } else { EstopSource::Robot };
            self.latch(Latched { source, by: None, at: None });
        }
    }

    /// A release that the controller has not confirmed in time is none.
    pub(super) fn emergency_tick(&mut self, now: Instant) {
        if self.emergency.releasing.is_some_and(|until| now >= until) {
            let gone = self.device.controller().is_err();
            self.emergency.releasing = None;
            // A controller that is away is asked again when it is back; one that is there and silent is not trusted.
            if !gone {
                self.latch(Latched { source: EstopSource::Robot, by: None, at: None });
            }
            self.changed = true;
        }
    }

    fn latch(&mut self, latched: Latched) {
        let (source, by) = (latched.source, latched.by.clone());
        let new = self.emergency.latch(latched);
        self.stop_all(StopReason::Estop);
        self.note("estop", json!({"what": "latched", "source": source, "by": by, "new": new}));
        self.changed = true;
    }
}
