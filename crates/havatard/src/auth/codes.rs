//! One-time sign-in codes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::secrets::{Fingerprint, Secret};

/// The most unused codes; a further one replaces the oldest.
const MOST: usize = 8;

/// One-time sign-in codes, in memory only: a restart voids them.
#[derive(Default)]
pub(super) struct Codes(VecDeque<Code>);

struct Code {
    fingerprint: Fingerprint,
    ends: Instant,
}

impl Codes {
    /// Issues a code that is valid once, for `valid`.
    pub(super) fn issue(&mut self, valid: Duration, now: Instant) -> Secret {
        self.0.retain(|code| now < code.ends);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let secret = Secret::random();
        self.0.push_back(Code { fingerprint: secret.digest(), ends: now + valid });
        secret
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
        let code = codes.issue(VALID, now).digest();
        assert!(!codes.redeem(Fingerprint::of("wrong"), now));
        assert!(codes.redeem(code, now));
        assert!(!codes.redeem(code, now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_lapses_and_the_oldest_of_too_many_goes() {
        let (mut codes, now) = (Codes::default(), Instant::now());
        let lapsed = codes.issue(VALID, now).digest();
        assert!(!codes.redeem(lapsed, now + VALID));
        let all: Vec<_> = (0..=MOST).map(|_| codes.issue(VALID, now).digest()).collect();
        assert!(!codes.redeem(all[0], now));
        assert!(all[1..].iter().all(|code| codes.redeem(*code, now)));
    }
}
