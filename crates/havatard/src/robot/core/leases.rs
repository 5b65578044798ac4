//! The lease, and the drive session that it opens.

use std::time::Duration;

use havatar_api::{self as api, Refusal, StopReason};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use crate::robot::clock::Clock;
use crate::robot::lease::Outcome;
use crate::robot::who::Who;
use crate::secrets::Fingerprint;

use super::{Core, Session};

/// Each socket has this many bits of beat numbers: 14 hours at 20 a second. Later numbers overlap with the next socket's.
const BEAT_NUMBER_BITS: u32 = 20;

impl Core {
    /// Grants the lease, or passes the request on; `token` is a new secret, for the case that it is granted.
    pub(in crate::robot) fn acquire(
        &mut self,
        who: &Who,
        if_held: api::IfHeld,
        token: Fingerprint,
        wall: Timestamp,
        now: Instant,
    ) -> Result<Outcome, Refusal> {
        self.expire(now);
        let before = self.leases.driver();
        let outcome = self.leases.acquire(who, if_held, token, wall, now);
        match &outcome {
            Ok(Outcome::Granted(number)) => {
                self.session = None;
                self.stop_all(StopReason::LeaseEnded);
                self.arbiter.new_driver();
                let from = before.map(|driver| driver.who);
                let (name, account) = (&who.name, &who.account);
                self.note(
                    "lease",
                    json!({"what": "granted", "lease": number, "who": name, "account": account, "from": from}),
                );
            }
            Ok(Outcome::Asked) => {
                self.note("lease", json!({"what": "asked", "who": who.name, "account": who.account}));
            }
            Err(_) => self.note("lease", json!({"what": "refused", "who": who.name, "account": who.account})),
        }
        self.changed = true;
        outcome
    }

    /// The number of the lease that a token belongs to.
    pub(in crate::robot) fn check(&mut self, token: &Fingerprint, now: Instant) -> Result<u64, Refusal> {
        self.expire(now);
        self.leases.check(token, now)
    }

    /// Renews the lease without a socket.
    pub(in crate::robot) fn keep_alive(&mut self, token: &Fingerprint, now: Instant) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.seen(number, now);
        Ok(())
    }

    /// Gives the lease back.
    pub(in crate::robot) fn release(&mut self, token: &Fingerprint, now: Instant) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.release(number);
        self.lease_over(number, "released");
        Ok(())
    }

    /// A sign-in is over: its lease ends with it, and its request for one.
    pub(in crate::robot) fn sign_out(&mut self, key: &str, now: Instant) {
        self.expire(now);
        let published = self.published_lease();
        if let Some(number) = self.leases.sign_out(key) {
            self.lease_over(number, "signed out");
        }
        self.changed |= published != self.published_lease();
    }

    /// The driver's answer to the requester.
    pub(in crate::robot) fn answer(
        &mut self,
        token: &Fingerprint,
        hand_over: bool,
        now: Instant,
    ) -> Result<(), Refusal> {
        let number = self.check(token, now)?;
        self.leases.answer(number, hand_over, now)?;
        if hand_over {
            self.lease_over(number, "handed over");
        }
        self.changed = true;
        Ok(())
    }

    /// Opens a drive session, and ends the one before. Returns the numbers of session and lease.
    pub(in crate::robot) fn open_session(
        &mut self,
        token: &Fingerprint,
        now: Instant,
    ) -> Result<(u64, u64), Refusal> {
        let lease = self.check(token, now)?;
        self.newest_session += 1;
        let id = self.newest_session;
        self.stop_all(StopReason::Disconnected);
        self.arbiter.forget_driver();
        self.leases.open_session(lease, id, now);
        self.session = Some(Session { id, clock: Clock::new(now, id << BEAT_NUMBER_BITS), seq: 0 });
        self.note("lease", json!({"what": "connected", "lease": lease}));
        self.changed = true;
        Ok((id, lease))
    }

    /// Closes a drive session: stops the wheels at once.
    pub(in crate::robot) fn close_session(&mut self, session: u64) {
        if self.session.as_ref().is_some_and(|present| present.id == session) {
            self.session = None;
            self.leases.close_session(session);
            self.stop_all(StopReason::Disconnected);
            self.arbiter.forget_driver();
            self.note("lease", json!({"what": "disconnected", "lease": self.leases.number()}));
            self.changed = true;
        }
    }

    /// Whether this drive session is still the open one.
    pub(in crate::robot) fn is_session_open(&self, session: u64) -> bool {
        self.leases.session() == Some(session)
    }

    /// Draws the number of the next beat.
    pub(in crate::robot) fn beat(&mut self, session: u64, now: Instant) -> Option<u64> {
        self.session.as_mut().filter(|present| present.id == session).map(|present| present.clock.beat(now))
    }

    /// The name of the requester.
    pub(in crate::robot) fn asking(&self) -> Option<&str> {
        self.leases.asking()
    }

    /// Whether this sign-in holds the lease.
    pub(in crate::robot) fn is_driver(&self, key: &str) -> bool {
        self.leases.is_held_by(key)
    }

    /// For whom the lease is reserved while nobody holds it.
    pub(in crate::robot) fn reservation(&self) -> Option<api::LeaseReservation> {
        self.leases.reservation()
    }

    /// How long a request that was refused at `now` would be refused again, where that is known.
    pub(in crate::robot) fn refused_for(&self, who: &Who, now: Instant) -> Option<Duration> {
        self.leases.refused_for(who, now)
    }

    /// The driver.
    pub(in crate::robot) fn driver(&self) -> Option<api::Driver> {
        self.leases.driver()
    }

    /// Ends a lease that is no longer renewed.
    pub(super) fn expire(&mut self, now: Instant) {
        let before = self.leases.number();
        let published = self.published_lease();
        self.leases.expire(now);
        if let Some(number) = before
            && self.leases.number().is_none()
        {
            self.lease_over(number, "stale");
        }
        self.changed |= published != self.published_lease();
    }

    /// What the published state says of requests and reservations.
    fn published_lease(&self) -> (bool, bool) {
        (self.leases.asking().is_some(), self.leases.reservation().is_some())
    }

    fn lease_over(&mut self, number: u64, what: &str) {
        self.session = None;
        self.stop_all(StopReason::LeaseEnded);
        self.arbiter.forget_driver();
        self.note("lease", json!({"what": what, "lease": number}));
        self.changed = true;
    }
}
