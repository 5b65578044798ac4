//! The lease: one holder at a time, identified by a number that only rises and by a secret token.

use std::collections::VecDeque;
use std::time::Duration;

use havatar_api::{self as api, Refusal};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::secrets::Fingerprint;

use super::who::Who;

/// The lease expires after this long without a sign of life from its holder.
pub(super) const STALE: Duration = Duration::from_secs(2);
/// A request for a held lease expires unless it is repeated within this time.
const ASK: Duration = Duration::from_secs(5);
/// After a hand-over the lease is reserved for the requester for this long.
const OFFER: Duration = Duration::from_secs(5);
/// How long the driver's "no" is repeated to the requester before the driver is asked again.
const NO: Duration = Duration::from_secs(10);
/// Number of former tokens that are still recognized, to answer `lease_lost` instead of `no_lease`.
const FORMER: usize = 32;

/// The lease, and who requests it.
#[derive(Debug, Default)]
pub(super) struct Leases {
    newest: u64,
    held: Option<Held>,
    /// The requester, and the time of the last request.
    ask: Option<(Who, Instant)>,
    /// For whom the lease is reserved after a hand-over, and until when.
    offer: Option<(Who, Instant)>,
    /// The key of the requester whom the driver has declined, and until when that holds.
    declined: Option<(String, Instant)>,
    former: VecDeque<Fingerprint>,
}

#[derive(Debug)]
struct Held {
    number: u64,
    token: Fingerprint,
    who: Who,
    since: Timestamp,
    seen: Instant,
    /// The drive session.
    session: Option<u64>,
}

/// The result of a request for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Granted under this number. A former holder has lost it.
    Granted(u64),
    /// Passed on to the driver.
    Asked,
}

impl Leases {
    /// Grants numbers above `newest`.
    pub(super) fn above(newest: u64) -> Self {
        Self { newest, ..Self::default() }
    }

    /// `token` is a new secret, for the case that the lease is granted.
    pub(super) fn acquire(
        &mut self,
        who: &Who,
        if_held: api::IfHeld,
        token: Fingerprint,
        wall: Timestamp,
        now: Instant,
    ) -> Result<Outcome, Refusal> {
        self.expire(now);
        // The same person in another tab, or after a reload that lost the token: the newer one wins.
        let own = self.held.as_ref().is_some_and(|held| held.who.key == who.key);
        let kept_for_other = self.offer.as_ref().is_some_and(|(heir, _)| heir.key != who.key);
        let free = self.held.is_none() && !kept_for_other;
        match if_held {
            _ if own || free => {}
            api::IfHeld::Take if who.admin => {}
            api::IfHeld::Ask if self.declined.as_ref().is_some_and(|(key, _)| *key == who.key) => {
                return Err(Refusal::LeaseHeld);
            }
            api::IfHeld::Ask => {
                // The first requester stays first for as long as the request is repeated.
                if self.ask.as_ref().is_none_or(|(asking, _)| asking.key == who.key) {
                    self.ask = Some((who.clone(), now));
                }
                return Ok(Outcome::Asked);
            }
            api::IfHeld::Refuse | api::IfHeld::Take => return Err(Refusal::LeaseHeld),
        }
        self.end();
        self.offer = None;
        if self.ask.as_ref().is_some_and(|(asking, _)| asking.key == who.key) {
            self.ask = None;
        }
        self.newest += 1;
        self.held = Some(Held {
            number: self.newest,
            token,
            who: who.clone(),
            since: wall,
            seen: now,
            session: None,
        });
        Ok(Outcome::Granted(self.newest))
    }

    /// The number of the lease that a token belongs to.
    pub(super) fn check(&mut self, token: &Fingerprint, now: Instant) -> Result<u64, Refusal> {
        self.expire(now);
        match &self.held {
            Some(held) if held.token.matches(token) => Ok(held.number),
            _ if self.former.iter().any(|former| former.matches(token)) => Err(Refusal::LeaseLost),
            _ => Err(Refusal::NoLease),
        }
    }

    /// Records a sign of life of the holder.
    pub(super) fn seen(&mut self, number: u64, now: Instant) {
        if let Some(held) = self.held.as_mut().filter(|held| held.number == number) {
            held.seen = now;
        }
    }

    /// Ends the lease, if it still has this number.
    pub(super) fn release(&mut self, number: u64) {
        if self.number() == Some(number) {
            self.end();
        }
    }

    /// The driver's answer to the requester. After a hand-over the lease is reserved for the requester.
    pub(super) fn answer(&mut self, number: u64, hand_over: bool, now: Instant) -> Result<(), Refusal> {
        if self.number() != Some(number) {
            return Err(Refusal::LeaseLost);
        }
        let asked = self.ask.take();
        if hand_over {
            let (heir, _) = asked.ok_or(Refusal::NoLease)?;
            self.end();
            self.offer = Some((heir, now + OFFER));
        } else if let Some((asked, _)) = asked {
            self.declined = Some((asked.key, now + NO));
        }
        Ok(())
    }

    /// Attaches a drive session to the lease.
    pub(super) fn open_session(&mut self, number: u64, session: u64, now: Instant) {
        if let Some(held) = self.held.as_mut().filter(|held| held.number == number) {
            (held.session, held.seen) = (Some(session), now);
        }
    }

    /// Detaches a drive session that is closed.
    pub(super) fn close_session(&mut self, session: u64) {
        if let Some(held) = self.held.as_mut().filter(|held| held.session == Some(session)) {
            held.session = None;
        }
    }

    /// The drive session of the lease.
    pub(super) fn session(&self) -> Option<u64> {
        self.held.as_ref()?.session
    }

    /// The number of the present lease.
    pub(super) fn number(&self) -> Option<u64> {
        self.held.as_ref().map(|held| held.number)
    }

    /// Ends what belongs to a sign-in that is over. Returns the number of its lease, if it held it.
    pub(super) fn sign_out(&mut self, key: &str) -> Option<u64> {
        self.ask.take_if(|(who, _)| who.key == key);
        self.offer.take_if(|(who, _)| who.key == key);
        let number = self.held.as_ref().filter(|held| held.who.key == key).map(|held| held.number)?;
        self.end();
        Some(number)
    }

    /// The name of the requester.
    pub(super) fn asking(&self) -> Option<&str> {
        self.ask.as_ref().map(|(who, _)| who.name.as_str())
    }

    /// Ends what has expired.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.held.as_ref().is_some_and(|held| now.duration_since(held.seen) >= STALE) {
            self.end();
        }
        if self.ask.as_ref().is_some_and(|(_, at)| now.duration_since(*at) >= ASK) {
            self.ask = None;
        }
        if self.offer.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.offer = None;
        }
        if self.declined.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.declined = None;
        }
    }

    /// When the lease or the request expires next.
    pub(super) fn next(&self) -> Option<Instant> {
        let held = self.held.as_ref().map(|held| held.seen + STALE);
        let ask = self.ask.as_ref().map(|(_, at)| *at + ASK);
        held.into_iter().chain(ask).min()
    }

    /// The driver, for the published state.
    pub(super) fn driver(&self) -> Option<api::Driver> {
        self.held.as_ref().map(|held| api::Driver {
            lease: held.number,
            who: held.who.name.clone(),
            account: held.who.account.clone(),
            since: held.since,
            connected: held.session.is_some(),
            asked_by: self.asking().map(str::to_owned),
        })
    }

    fn end(&mut self) {
        if let Some(held) = self.held.take() {
            if self.former.len() == FORMER {
                self.former.pop_front();
            }
            self.former.push_back(held.token);
        }
    }
}
