//! How often something may be asked.

use tokio::time::Instant;

/// A token bucket: so many at once, so many a second.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: f64,
    most: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(rate: f64, most: f64, now: Instant) -> Self {
        Self { rate, most, left: most, at: now }
    }

    /// Whether there is one left, which is then taken.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let gained = now.duration_since(self.at).as_secs_f64() * self.rate;
        (self.left, self.at) = ((self.left + gained).min(self.most), now);
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}
