//! One-time sign-in codes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::secrets::{Fingerprint, Secret};

use super::types::Owner;

/// The most unused codes of one issuer; a further one replaces its oldest.
const MOST: usize = 8;
/// The most unused codes of all; a further one replaces the oldest of the issuer that has most.
const MOST_OF_ALL: usize = 64;

/// One-time sign-in codes, in memory only: a restart voids them.
#[derive(Default)]
pub(super) struct Codes(VecDeque<Code>);

struct Code {
    issuer: Owner,
    fingerprint: Fingerprint,
    ends: Instant,
}

impl Codes {
    /// Issues a code that is valid once, for `valid`.
    pub(super) fn issue(&mut self, issuer: Owner, valid: Duration, now: Instant) -> Secret {
        self.0.retain(|code| now < code.ends);
        let giving_way = if self.count(issuer) >= MOST {
            Some(issuer)
        } else if self.0.len() >= MOST_OF_ALL {
            self.0.iter().map(|code| code.issuer).max_by_key(|issuer| self.count(*issuer))
        } else {
            None
        };
        let oldest = giving_way.and_then(|issuer| self.0.iter().position(|code| code.issuer == issuer));
        oldest.and_then(|at| self.0.remove(at));
        let secret = Secret::random();
        self.0.push_back(Code { issuer, fingerprint: secret.digest(), ends: now + valid });
        secret
    }

    fn count(&self, issuer: Owner) -> usize {
        self.0.iter().filter(|code| code.issuer == issuer).count()
    }

    /// Whether `presented` was an unused code; it is used from now on.
    pub(super) fn redeem(&mut self, presented: Fingerprint, now: Instant) -> bool {
        self.0.retain(|code| now < code.ends);
        let mut found = None;
        for (at, code) in self.0.iter().enumerate() {
            if code.fingerprint.matches(&presented) {
                found = Some(at);
            }
        }
        found.is_some_and(|at| self.0.remove(at).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: Duration = Duration::from_mins(10);

    #[tokio::test(start_paused = true)]
    async fn a_code_is_good_once() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let code = codes.issue(Owner::Token, VALID, now).digest();
        assert!(!codes.redeem(Fingerprint::of("wrong"), now));
        assert!(codes.redeem(code, now));
        assert!(!codes.redeem(code, now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_lapses_and_the_oldest_of_too_many_goes() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let lapsed = codes.issue(Owner::Token, VALID, now).digest();
        assert!(!codes.redeem(lapsed, now + VALID));
        let all: Vec<_> = (0..=MOST).map(|_| codes.issue(Owner::Token, VALID, now).digest()).collect();
        assert!(!codes.redeem(all[0], now));
        assert!(all[1..].iter().all(|code| codes.redeem(*code, now)));
    }
    #[tokio::test(start_paused = true)]
    async fn one_issuer_does_not_push_out_anothers_codes() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let owners = codes.issue(Owner::Token, VALID, now).digest();
        for _ in 0..200 {
            codes.issue(Owner::Session(1), VALID, now);
        }
        for session in 2..20 {
            for _ in 0..10 {
                codes.issue(Owner::Session(session), VALID, now);
            }
        }
        assert_eq!(codes.0.len(), MOST_OF_ALL);
        assert!(codes.redeem(owners, now));
    }
}
