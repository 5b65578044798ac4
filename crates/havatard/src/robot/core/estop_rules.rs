//! Latching and releasing the e-stop, and keeping it in step with the controller.

use havatar_api::{self as api, EstopSource, Refusal, StopReason};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use crate::robot::who::Who;
use crate::robot::wire::Report;
use crate::secrets::Fingerprint;

use super::Core;
use super::estop::{CODE_VALID, Code, Latched};

impl Core {
    /// Latches. Idempotent. Returns the version that must reach the disk.
    pub(crate) fn estop(&mut self, who: &Who, wall: Timestamp) -> u64 {
        let by = Latched { source: EstopSource::Person, by: Some(who.name.clone()), at: Some(wall) };
        self.latch(by);
        self.estop.version
    }

    /// First step of a release: `code` is a new secret that the second step must show.
    pub(crate) fn begin_release(
        &mut self,
        who: &Who,
        code: Fingerprint,
        now: Instant,
    ) -> Result<(), Refusal> {
        if self.estop.button {
            return Err(Refusal::EstopButton);
        }
        let version = self.estop.version;
        self.estop.code =
            Some(Code { print: code, version, for_key: who.key.clone(), until: now + CODE_VALID });
        Ok(())
    }

    /// Second step: releases the latch; driving needs neutral first. Returns the version that must reach the disk.
    pub(crate) fn finish_release(
        &mut self,
        who: &Who,
        code: &Fingerprint,
        now: Instant,
    ) -> Result<u64, Refusal> {
        if self.estop.button {
            return Err(Refusal::EstopButton);
        }
        let estop = &mut self.estop;
        // A code is good once, right or wrong, and never for a later latching.
        let right = estop.code.take().is_some_and(|given| {
            given.print.matches(code)
                && given.for_key == who.key
                && given.version == estop.version
                && now < given.until
        });
        if !right {
            return Err(Refusal::PressAgain);
        }
        if estop.is_latched() {
            estop.open(now);
            self.stop_all(StopReason::Estop);
            self.note("estop", json!({"what": "released", "by": who.name}));
            self.changed = true;
        }
        Ok(self.estop.version)
    }

    /// The version to persist, unless it is persisted already.
    pub(crate) fn to_save(&self) -> Option<(u64, Option<Latched>)> {
        let estop = &self.estop;
        (estop.saved < estop.version).then(|| (estop.version, estop.latched.clone()))
    }

    /// Records that this version is persisted.
    pub(crate) fn saved(&mut self, version: u64) {
        self.estop.saved = self.estop.saved.max(version);
        self.changed = true;
    }

    /// The e-stop, for the published state.
    pub(crate) fn estop_state(&self) -> api::Estop {
        let estop = &self.estop;
        let latched = estop.latched.as_ref();
        // A controller that acknowledges nothing confirms nothing.
        let speaks = self.device.controller().is_ok_and(|controller| controller.features.acknowledges);
        let on_device = self.device.last_report().filter(|_| speaks).map(|report| report.estop_latched);
        api::Estop {
            latched: latched.is_some() || estop.releasing.is_some() || estop.button,
            button: estop.button,
            confirmed: on_device == Some(latched.is_some()),
            source: latched.map(|latched| latched.source),
            by: latched.and_then(|latched| latched.by.clone()),
            at: latched.and_then(|latched| latched.at),
            saved: estop.saved == estop.version,
        }
    }

    /// Follows the controller: its latch latches the daemon's too, except during a release.
    pub(super) fn estop_report(&mut self, report: &Report, now: Instant) {
        // The button stops the wheels by itself, even of a controller that does not latch at once.
        if report.button && !self.estop.button {
            self.stop_all(StopReason::Estop);
        }
        self.estop.button = report.button;
        if !report.estop_latched {
            if self.estop.releasing.take().is_some() {
                self.changed = true;
            }
            return;
        }
        let refused = self.estop.releasing.is_some_and(|until| now >= until);
        let opening = self.estop.is_releasing() && !refused && !report.button;
        if !self.estop.is_latched() && !opening {
            let source = if report.button { EstopSource::Button } else { EstopSource::Robot };
            self.latch(Latched { source, by: None, at: None });
        }
    }

    /// Takes a release back that the controller has not confirmed in time.
    pub(super) fn estop_tick(&mut self, now: Instant) {
        if self.estop.releasing.is_some_and(|until| now >= until) {
            let gone = self.device.controller().is_err();
            self.estop.releasing = None;
            // A controller that is away is commanded again when it is back; one that is connected and silent is not trusted.
            if !gone {
                self.latch(Latched { source: EstopSource::Robot, by: None, at: None });
            }
            self.changed = true;
        }
    }

    fn latch(&mut self, latched: Latched) {
        let (source, by) = (latched.source, latched.by.clone());
        let new = self.estop.latch(latched);
        self.stop_all(StopReason::Estop);
        self.note("estop", json!({"what": "latched", "source": source, "by": by, "new": new}));
        self.changed = true;
    }
}
