//! The burst smoother: forwards the blocks of a sound card at an even pace.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::BLOCK;

/// More than this is late: 80 ms.
const MAX_QUEUE: usize = 8 * BLOCK;
/// The length after a drop: two Opus frames.
const KEEP_AFTER_DROP: usize = 2 * BLOCK;
/// The interval between the blocks of a burst: a little shorter than a block.
const BLOCK_INTERVAL: Duration = Duration::from_millis(8);

/// Returns blocks one by one, whatever the bursts of the device. The device remains the clock: no block is made up, so
/// the loss of the device shows.
#[derive(Debug, Default)]
pub(crate) struct BurstSmoother {
    queue: VecDeque<i16>,
    next: Option<Instant>,
}

impl BurstSmoother {
    /// Stores captured samples; the oldest of a backlog are dropped.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.queue.extend(samples);
        if self.queue.len() > MAX_QUEUE {
            self.drop_late();
        }
    }

    /// Drops the samples that are late.
    pub(crate) fn drop_late(&mut self) {
        let late = self.queue.len().saturating_sub(KEEP_AFTER_DROP);
        self.queue.drain(..late);
    }

    /// Fills the next block, if there is one and it is due.
    pub(crate) fn pull(&mut self, block: &mut [i16; BLOCK], now: Instant) -> bool {
        if self.queue.len() < BLOCK || self.next.is_some_and(|next| now < next) {
            return false;
        }
        for (out, sample) in block.iter_mut().zip(self.queue.drain(..BLOCK)) {
            *out = sample;
        }
        self.next = Some(now + BLOCK_INTERVAL);
        true
    }

    /// The time until the next block is due; `None` if there is no whole block.
    pub(crate) fn due_in(&self, now: Instant) -> Option<Duration> {
        (self.queue.len() >= BLOCK)
            .then(|| self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_leaves_block_by_block() {
        let (mut smoother, mut block, start) = (BurstSmoother::default(), [0; BLOCK], Instant::now());
        smoother.push(&[1; 4 * BLOCK]);
        let mut left = Vec::new();
        for ms in 0..40 {
            if smoother.pull(&mut block, start + Duration::from_millis(ms)) {
                left.push(ms);
            }
        }
        assert_eq!(left, [0, 8, 16, 24]);
        assert_eq!(smoother.due_in(start), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_backlog_is_dropped_and_the_newest_is_left() {
        let (mut smoother, mut block, now) = (BurstSmoother::default(), [0; BLOCK], Instant::now());
        smoother.push(&vec![1; 96_000]);
        smoother.push(&[2; KEEP_AFTER_DROP]);
        assert!(smoother.queue.len() <= MAX_QUEUE);
        smoother.drop_late();
        assert!(smoother.pull(&mut block, now) && block == [2; BLOCK]);
    }

    proptest! {
        #[test]
        fn a_device_in_time_loses_no_block(period in 1_usize..=6) {
            let (mut smoother, mut block) = (BurstSmoother::default(), [0; BLOCK]);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let start = runtime.block_on(async { Instant::now() });
            let (mut given, mut taken) = (0, 0);
            for ms in 0..6000_u64 {
                if ms % (10 * period as u64) == 0 {
                    smoother.push(&vec![1; period * BLOCK]);
                    given += period;
                }
                taken += usize::from(smoother.pull(&mut block, start + Duration::from_millis(ms)));
            }
            prop_assert!(given - taken <= period, "{given} {taken}");
        }
    }
}
