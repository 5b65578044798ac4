//! Rate limits by token bucket.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::auth::Owner;

/// Holds up to `burst` tokens and gains `rate` tokens a second.
#[derive(Debug)]
pub(in crate::http) struct TokenBucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(in crate::http) fn new(rate: f64, burst: f64, now: Instant) -> Self {
        Self { rate, burst, tokens: burst, at: now }
    }

    /// Takes one token. False if there is none.
    pub(in crate::http) fn take(&mut self, now: Instant) -> bool {
        let gained = now.duration_since(self.at).as_secs_f64() * self.rate;
        (self.tokens, self.at) = ((self.tokens + gained).min(self.burst), now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    fn is_full(&self, now: Instant) -> bool {
        self.tokens + now.duration_since(self.at).as_secs_f64() * self.rate >= self.burst
    }
}

/// A bucket for each sign-in beneath one for all, so that one client cannot use up everybody's.
#[derive(Debug)]
pub(in crate::http) struct Buckets {
    rate: f64,
    burst: f64,
    all: TokenBucket,
    own: HashMap<Owner, TokenBucket>,
}

/// Buckets that are kept; beyond it, full ones are forgotten.
const BUCKETS: usize = 512;

impl Buckets {
    /// `rate` a second and `burst` at once for each sign-in; `times` that for all together.
    pub(in crate::http) fn new(rate: f64, burst: f64, times: f64, now: Instant) -> Self {
        let all = TokenBucket::new(times * rate, times * burst, now);
        Self { rate, burst, all, own: HashMap::new() }
    }

    /// Takes one token. False if there is none.
    pub(in crate::http) fn take(&mut self, person: Owner, now: Instant) -> bool {
        if self.own.len() >= BUCKETS {
            self.own.retain(|_, bucket| !bucket.is_full(now));
        }
        let own = self.own.entry(person).or_insert_with(|| TokenBucket::new(self.rate, self.burst, now));
        own.take(now) && self.all.take(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_sign_in_does_not_use_up_anothers_and_memory_is_bounded() {
        let now = Instant::now();
        let mut buckets = Buckets::new(10.0, 10.0, 2.0, now);
        let taken = (0..100).filter(|_| buckets.take(Owner::Session(1), now)).count();
        assert_eq!(taken, 10);
        assert!(buckets.take(Owner::Session(2), now));
        assert!(buckets.take(Owner::Session(1), now + Duration::from_millis(100)));
        for n in 0..5000 {
            buckets.take(Owner::Session(n), now + Duration::from_secs(n));
        }
        assert!(buckets.own.len() <= BUCKETS);
    }
}
