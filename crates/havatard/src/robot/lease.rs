//! Who has the robot: one at a time, by a number that only goes up and a secret that comes with it.

use std::collections::VecDeque;
use std::time::Duration;

use havatar_api::{self as api, Refusal};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::secrets::Fingerprint;

use super::Who;

/// Without a sign of life for this long the lease has ended.
pub(super) const STALE: Duration = Duration::from_secs(2);
/// An ask that is not repeated is forgotten.
const ASK: Duration = Duration::from_secs(5);
/// An answer waits this long for the one who asked to come for it.
const OFFER: Duration = Duration::from_secs(5);
/// Whoever was told no is told so again for this long, instead of asking the driver once more.
const NO: Duration = Duration::from_secs(10);
/// Former tokens that are still known for what they are.
const FORMER: usize = 32;

/// The one lease, and who wants it.
#[derive(Debug, Default)]
pub(super) struct Leases {
    newest: u64,
    held: Option<Held>,
    /// Who asks, and when they last did.
    ask: Option<(Who, Instant)>,
    /// For whom the robot is kept after a hand-over, and until when.
    offer: Option<(Who, Instant)>,
    /// Whose ask the driver has declined, by key, and until when that is their answer.
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
    /// The socket that drives.
    seat: Option<u64>,
}

/// What came of asking for the robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is theirs. Whoever had it before has lost it.
    Granted(u64),
    /// The driver has been asked.
    Asked,
}

impl Leases {
    /// Numbers begin above `newest`.
    pub(super) fn above(newest: u64) -> Self {
        Self { newest, ..Self::default() }
    }

    /// `token` is a fresh secret, for the case that it is granted.
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
                // Whoever asked first stays first, as long as they go on asking.
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
        self.held =
            Some(Held { number: self.newest, token, who: who.clone(), since: wall, seen: now, seat: None });
        Ok(Outcome::Granted(self.newest))
    }

    /// The number of the lease that a token is good for.
    pub(super) fn check(&mut self, token: &Fingerprint, now: Instant) -> Result<u64, Refusal> {
        self.expire(now);
        match &self.held {
            Some(held) if held.token.matches(token) => Ok(held.number),
            _ if self.former.iter().any(|former| former.matches(token)) => Err(Refusal::LeaseLost),
            _ => Err(Refusal::NoLease),
        }
    }

    /// The holder has given a sign of life.
    pub(super) fn seen(&mut self, number: u64, now: Instant) {
        if let Some(held) = self.held.as_mut().filter(|held| held.number == number) {
            held.seen = now;
        }
    }

    /// Ends the lease, if it is still this one.
    pub(super) fn release(&mut self, number: u64) {
        if self.number() == Some(number) {
            self.end();
        }
    }

    /// The driver's answer to whoever asks. Handed over, it is kept for them until they come for it.
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

    /// The socket `seat` is the one that drives from now on.
    pub(super) fn sit(&mut self, number: u64, seat: u64, now: Instant) {
        if let Some(held) = self.held.as_mut().filter(|held| held.number == number) {
            (held.seat, held.seen) = (Some(seat), now);
        }
    }

    /// The socket `seat` is gone.
    pub(super) fn leave(&mut self, seat: u64) {
        if let Some(held) = self.held.as_mut().filter(|held| held.seat == Some(seat)) {
            held.seat = None;
        }
    }

    /// The socket that drives.
    pub(super) fn seat(&self) -> Option<u64> {
        self.held.as_ref()?.seat
    }

    /// The present lease.
    pub(super) fn number(&self) -> Option<u64> {
        self.held.as_ref().map(|held| held.number)
    }

    /// Who asks for the robot.
    pub(super) fn asking(&self) -> Option<&str> {
        self.ask.as_ref().map(|(who, _)| who.name.as_str())
    }

    /// Ends what has gone stale.
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

    /// When something goes stale next.
    pub(super) fn next(&self) -> Option<Instant> {
        let held = self.held.as_ref().map(|held| held.seen + STALE);
        let ask = self.ask.as_ref().map(|(_, at)| *at + ASK);
        held.into_iter().chain(ask).min()
    }

    /// Who drives, for everybody.
    pub(super) fn driver(&self) -> Option<api::Driver> {
        self.held.as_ref().map(|held| api::Driver {
            lease: held.number,
            who: held.who.name.clone(),
            since: held.since,
            connected: held.seat.is_some(),
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
