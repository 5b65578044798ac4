//! Evens out a sound card's bursts.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::BLOCK;

/// More than this is late: 80 ms.
const MOST: usize = 8 * BLOCK;
/// What is left of it then: two Opus frames.
const KEEP: usize = 2 * BLOCK;
/// Blocks of a burst follow one another a little faster than they are heard.
const PACE: Duration = Duration::from_millis(8);

/// Blocks come out one by one, however the device gave them. The device remains the clock: nothing is made up, so a device
/// that stops is seen to stop.
#[derive(Debug, Default)]
pub(crate) struct Even {
    queue: VecDeque<i16>,
    next: Option<Instant>,
}

impl Even {
    /// Takes what the device gave; the oldest of a backlog is dropped.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.queue.extend(samples);
        if self.queue.len() > MOST {
            self.forget();
        }
    }

    /// Drops what has become late while nobody took it.
    pub(crate) fn forget(&mut self) {
        let late = self.queue.len().saturating_sub(KEEP);
        self.queue.drain(..late);
    }

    /// The next block, if there is one and its time has come.
    pub(crate) fn pull(&mut self, block: &mut [i16; BLOCK], now: Instant) -> bool {
        if self.queue.len() < BLOCK || self.next.is_some_and(|next| now < next) {
            return false;
        }
        for (out, sample) in block.iter_mut().zip(self.queue.drain(..BLOCK)) {
            *out = sample;
        }
        self.next = Some(now + PACE);
        true
    }

    /// How long until there is a block to pull, if no more arrives; `None` if there will be none.
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
        let (mut even, mut block, start) = (Even::default(), [0; BLOCK], Instant::now());
        even.push(&[1; 4 * BLOCK]);
        let mut left = Vec::new();
        for ms in 0..40 {
            if even.pull(&mut block, start + Duration::from_millis(ms)) {
                left.push(ms);
            }
        }
        assert_eq!(left, [0, 8, 16, 24]);
        assert_eq!(even.due_in(start), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_backlog_is_dropped_and_what_is_left_is_the_newest() {
        let (mut even, mut block, now) = (Even::default(), [0; BLOCK], Instant::now());
        even.push(&vec![1; 96_000]);
        even.push(&[2; KEEP]);
        assert!(even.queue.len() <= MOST);
        even.forget();
        assert!(even.pull(&mut block, now) && block == [2; BLOCK]);
    }

    proptest! {
        #[test]
        fn a_device_that_keeps_the_time_loses_nothing(period in 1_usize..=6) {
            let (mut even, mut block) = (Even::default(), [0; BLOCK]);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let start = runtime.block_on(async { Instant::now() });
            let (mut given, mut taken) = (0, 0);
            for ms in 0..6000_u64 {
                if ms % (10 * period as u64) == 0 {
                    even.push(&vec![1; period * BLOCK]);
                    given += period;
                }
                taken += usize::from(even.pull(&mut block, start + Duration::from_millis(ms)));
            }
            prop_assert!(given - taken <= period, "{given} {taken}");
        }
    }
}
