//! The queue of speech for the loudspeaker: played whole, at the device's pace, or dropped at once.

use std::collections::VecDeque;

use super::BLOCK;

/// Samples read ahead of the device: enough that a block is available when it is due, few enough that a cancel takes effect
/// at once.
const AHEAD: usize = 4 * BLOCK;

#[derive(Debug, Default)]
pub(crate) struct Speech {
    queue: VecDeque<i16>,
    ended: bool,
}

impl Speech {
    /// The number of samples that may be pushed now.
    pub(crate) fn room(&self) -> usize {
        AHEAD.saturating_sub(self.queue.len())
    }

    /// Stores samples; the caller pushes no more than [`Speech::room`].
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.ended = false;
        self.queue.extend(samples);
    }

    /// Marks the end: the last block may be a short one.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Drops what is left.
    pub(crate) fn cancel(&mut self) {
        self.queue.clear();
        self.ended = false;
    }

    /// Whether every sample was played.
    pub(crate) fn is_over(&self) -> bool {
        self.queue.is_empty()
    }

    /// Fills the next block, of any length; false if there is nothing to play. A slow sender causes a pause without a click: a short block
    /// is played only at the end.
    pub(crate) fn pull(&mut self, block: &mut [i16]) -> bool {
        block.fill(0);
        if self.queue.is_empty() || (self.queue.len() < block.len() && !self.ended) {
            return false;
        }
        let count = self.queue.len().min(block.len());
        for (out, sample) in block.iter_mut().zip(self.queue.drain(..count)) {
            *out = sample;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cancel_leaves_nothing_to_play() {
        let (mut speech, mut block) = (Speech::default(), [0; BLOCK]);
        speech.push(&[1000; AHEAD]);
        assert_eq!(speech.room(), 0);
        assert!(speech.pull(&mut block));
        speech.cancel();
        assert!(!speech.pull(&mut block) && block == [0; BLOCK] && speech.is_over());
    }

    proptest! {
        #[test]
        fn every_sample_is_played_once_and_in_sequence(count in 1_i16..5000, chunk in 1_usize..900) {
            let samples: Vec<i16> = (1..=count).collect();
            let (mut speech, mut block, mut heard) = (Speech::default(), [0; BLOCK], Vec::new());
            let mut rest = samples.as_slice();
            while !(rest.is_empty() && speech.is_over()) {
                let take = speech.room().min(chunk).min(rest.len());
                speech.push(&rest[..take]);
                rest = &rest[take..];
                if rest.is_empty() {
                    speech.end();
                }
                if speech.pull(&mut block) {
                    heard.extend(block.iter().copied().filter(|sample| *sample != 0));
                }
                prop_assert!(speech.queue.len() <= AHEAD);
            }
            prop_assert_eq!(heard, samples);
        }
    }
}
