//! The timeouts and intervals of one supervised process.

use std::time::Duration;

/// When a process counts as ready, as hung, and how long to wait before and while ending it.
///
/// All timeouts are times in which the process and this program could run: what they were kept from running is added. Only
/// the stages of a stop are not put off, for a person waits for a stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Pause between two probes of a ready process, measured from start to start.
    pub probe_every: Duration,
    /// The same while the process is starting: short, since a user waits for it.
    pub probe_starting_every: Duration,
    /// The timeout of one probe.
    pub probe_timeout: Duration,
    /// The time to answer for the launch. Long: what is asked meanwhile has limits of its own, and what is cut off begins anew.
    pub prepare_within: Duration,
    /// The time to become ready.
    pub ready_within: Duration,
    /// A ready process without a good probe for this long is hung: killed at once and started again.
    pub dead_after: Duration,
    /// Wait after the first failure; doubled by each further one.
    pub backoff_min: Duration,
    /// Longest wait between two launches, before jitter.
    pub backoff_max: Duration,
    /// Shortest wait while the machine is short of processor time: each launch costs some of it.
    pub backoff_rationed: Duration,
    /// Share by which a wait is made longer or shorter at random, 0 to 1.
    pub jitter: f64,
    /// A process that was ready (not merely started) for this long resets its failures: its next one is the first, and
    /// it is tried again after `backoff_min`. A process that fails earlier waits longer each time. This separates a
    /// process that is killed now and then from a crash loop; it must be longer than `dead_after`, or a process
    /// that hangs as soon as it is ready counts as healthy.
    pub healthy_after: Duration,
    /// The time between SIGINT and SIGTERM.
    pub stop_int: Duration,
    /// The time between SIGTERM and SIGKILL.
    pub stop_term: Duration,
    /// How often a launch that is not ready is asked again, besides the rechecks on request.
    pub recheck_every: Duration,
}

impl Policy {
    /// The wait after that number of failures in a row (from 1). `random` is 0 to 1.
    pub(crate) fn backoff(&self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let base = self.backoff_min.saturating_mul(1 << doublings).min(self.backoff_max);
        base.mul_f64((1.0 + self.jitter * (2.0 * random - 1.0)).max(0.0))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            probe_every: Duration::from_millis(250),
            probe_starting_every: Duration::from_millis(50),
            probe_timeout: Duration::from_secs(1),
            prepare_within: Duration::from_mins(2),
            ready_within: Duration::from_secs(10),
            dead_after: Duration::from_millis(1500),
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(10),
            backoff_rationed: Duration::from_secs(1),
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
