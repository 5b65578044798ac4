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
/// A lease that expired is reserved for the sign-in that held it for this long: a page that is reloaded, or whose network
/// comes back, goes on driving without another client in between.
pub(super) const RETURN: Duration = Duration::from_secs(20);
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
    /// For whom the lease is reserved while nobody holds it.
    reserved: Option<Reserved>,
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

/// Who may acquire the lease before others: the requester after a hand-over, or the sign-in whose lease has expired.
#[derive(Debug)]
struct Reserved {
    /// The lease that has ended.
    lease: u64,
    who: Who,
    until: Instant,
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
        let for_other = self.reserved.as_ref().is_some_and(|reserved| reserved.who.key != who.key);
        let free = self.held.is_none() && !for_other;
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
        self.reserved = None;
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
            self.reserved = Some(Reserved { lease: number, who: heir, until: now + OFFER });
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

    /// Whether this sign-in holds the lease.
    pub(super) fn is_held_by(&self, key: &str) -> bool {
        self.held.as_ref().is_some_and(|held| held.who.key == key)
    }

    /// Ends what belongs to a sign-in that is over. Returns the number of its lease, if it held it.
    pub(super) fn sign_out(&mut self, key: &str) -> Option<u64> {
        self.ask.take_if(|(who, _)| who.key == key);
        self.reserved.take_if(|reserved| reserved.who.key == key);
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
        if let Some(held) = self.held.as_ref().filter(|held| now.duration_since(held.seen) >= STALE) {
            let (lease, who, until) = (held.number, held.who.clone(), held.seen + STALE + RETURN);
            self.end();
            self.reserved = Some(Reserved { lease, who, until });
        }
        if self.ask.as_ref().is_some_and(|(_, at)| now.duration_since(*at) >= ASK) {
            self.ask = None;
        }
        self.reserved.take_if(|reserved| now >= reserved.until);
        if self.declined.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.declined = None;
        }
    }

    /// When the lease, the request or the reservation expires next.
    pub(super) fn next(&self) -> Option<Instant> {
        let held = self.held.as_ref().map(|held| held.seen + STALE);
        let ask = self.ask.as_ref().map(|(_, at)| *at + ASK);
        let reserved = self.reserved.as_ref().map(|reserved| reserved.until);
        held.into_iter().chain(ask).chain(reserved).min()
    }

    /// How long a request that was refused at `now` would be refused again, where that is known.
    pub(super) fn refused_for(&self, who: &Who, now: Instant) -> Option<Duration> {
        let declined = self.declined.as_ref().filter(|(key, _)| *key == who.key).map(|(_, until)| *until);
        let until = declined.or(self.reserved.as_ref().map(|reserved| reserved.until))?;
        Some(until.saturating_duration_since(now))
    }

    /// The reservation, for the published state.
    pub(super) fn reservation(&self) -> Option<api::LeaseReservation> {
        self.reserved
            .as_ref()
            .map(|reserved| api::LeaseReservation { lease: reserved.lease, who: reserved.who.name.clone() })
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
