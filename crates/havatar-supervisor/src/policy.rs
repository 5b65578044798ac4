//! The times that rule one process.

use std::time::Duration;

/// When a process counts as ready, as hung, and how long to wait before and while ending it.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Pause between two probes of a ready process, measured from start to start.
    pub probe_every: Duration,
    /// The same while the process is starting: short, since somebody waits for it.
    pub probe_starting_every: Duration,
    /// How long one probe may take before it counts as failed.
    pub probe_timeout: Duration,
    /// How long asking for the command, and then becoming ready, may take; each on its own.
    pub ready_within: Duration,
    /// A ready process without a good probe for this long is hung: killed at once and started again.
    pub dead_after: Duration,
    /// Wait after the first failure; doubled by each further one.
    pub backoff_min: Duration,
    /// Longest wait between two launches, before jitter.
    pub backoff_max: Duration,
    /// Share by which a wait is made longer or shorter at random, 0 to 1.
    pub jitter: f64,
    /// A process that was ready (not merely started) for this long has a clean sheet: when it fails, that is its
    /// first failure, and it is tried again after `backoff_min`. One that fails earlier waits longer each time. So
    /// this is the line between a process that something kills now and then, and a crash loop; it must be longer
    /// than `dead_after`, or a process that hangs as soon as it is ready counts as healthy.
    pub healthy_after: Duration,
    /// How long SIGINT may take before SIGTERM follows.
    pub stop_int: Duration,
    /// How long SIGTERM may take before SIGKILL follows.
    pub stop_term: Duration,
    /// How often a launch that waits for something is asked again, without a call of [`Supervised::recheck`](crate::Supervised::recheck).
    pub recheck_every: Duration,
}

impl Policy {
    /// The wait after the given number of failures in a row (counted from 1). `dice` is 0 to 1.
    pub(crate) fn backoff(&self, failures: u32, dice: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let plain = self.backoff_min.saturating_mul(1 << doublings).min(self.backoff_max);
        plain.mul_f64((1.0 + self.jitter * (2.0 * dice - 1.0)).max(0.0))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            probe_every: Duration::from_millis(250),
            probe_starting_every: Duration::from_millis(50),
            probe_timeout: Duration::from_secs(1),
            ready_within: Duration::from_secs(10),
            dead_after: Duration::from_millis(1500),
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(10),
            jitter: 0.2,
            healthy_after: Duration::from_secs(30),
            stop_int: Duration::from_secs(2),
            stop_term: Duration::from_millis(1500),
            recheck_every: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_a_fifth_of_a_second_to_ten() {
        let policy = Policy::default();
        let plain: Vec<u128> = (1..=9).map(|n| policy.backoff(n, 0.5).as_millis()).collect();
        assert_eq!(plain, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
        assert_eq!(policy.backoff(u32::MAX, 0.5).as_secs(), 10);
        assert_eq!(policy.backoff(1, 0.0).as_millis(), 160);
        assert_eq!(policy.backoff(1, 1.0).as_millis(), 240);
    }
}
