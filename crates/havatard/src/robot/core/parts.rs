//! Head, lamp and buzzer, and the number of watchers.

use std::time::Duration;

use havatar_api::Refusal;
use tokio::time::Instant;

use crate::robot::wire::Features;
use crate::secrets::Fingerprint;

use super::Core;

/// The chirp that announces the first watcher: Hz, ms.
const CHIRP: (u16, u16) = (1760, 90);
/// Shortest interval of two chirps.
const CHIRP_EVERY: Duration = Duration::from_secs(30);

impl Core {
    /// Turns the head, in hundredths of a degree.
    pub(in crate::robot) fn head(
        &mut self,
        token: &Fingerprint,
        pan: i16,
        tilt: i16,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.check_part(token, now, |features| features.head)?;
        self.parts.head = Some((pan, tilt));
        Ok(())
    }

    /// Sets the lamp.
    pub(in crate::robot) fn lights(
        &mut self,
        token: &Fingerprint,
        light: u8,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.check_part(token, now, |features| features.light)?;
        self.parts.light = Some(light);
        Ok(())
    }

    /// Sounds the buzzer.
    pub(in crate::robot) fn buzzer(
        &mut self,
        token: &Fingerprint,
        hz: u16,
        ms: u16,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.check_part(token, now, |features| features.buzzer)?;
        if (hz != 0 && !(100..=5000).contains(&hz)) || ms > 2000 {
            return Err(Refusal::OutOfRange);
        }
        self.parts.buzzer = Some((hz, ms));
        Ok(())
    }

    /// The number of watchers.
    pub(in crate::robot) fn watchers(&self) -> u32 {
        self.parts.watchers
    }

    /// Sets the number of watchers. The first one is announced by a chirp, unless there was one just before.
    pub(in crate::robot) fn set_watchers(&mut self, watchers: u32, now: Instant) {
        let first = self.parts.watchers == 0 && watchers > 0;
        self.parts.watchers = watchers;
        let recently =
            self.parts.chirped_at.is_some_and(|at| now.saturating_duration_since(at) < CHIRP_EVERY);
        let buzzes = self.device.controller().is_ok_and(|controller| controller.features.buzzer);
        if first && !recently && buzzes && self.parts.buzzer.is_none() {
            self.parts.buzzer = Some(CHIRP);
            self.parts.chirped_at = Some(now);
        }
    }

    /// The transmit buffer had no room for head or lamp: sends them again.
    pub(in crate::robot) fn parts_unsent(&mut self) {
        self.sent.forget_parts();
    }

    fn check_part(
        &mut self,
        token: &Fingerprint,
        now: Instant,
        has: impl FnOnce(&Features) -> bool,
    ) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.seen(number, now);
        let controller = self.device.controller()?;
        if has(&controller.features) { Ok(()) } else { Err(Refusal::NotSupported) }
    }
}
