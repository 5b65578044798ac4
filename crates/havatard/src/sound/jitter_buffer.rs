//! The jitter buffer of the talk line: live audio on its way to the loudspeaker, as short as the network allows.
//!
//! Its aim is low delay. Depth that was not needed within half a second is removed, by skipping silence where there is
//! some, else by playing 2.5 % faster. After a gap it waits for a minimum depth before it plays on, and adds a margin that
//! decays. Beyond a tenth of a second the older half is dropped at once: one cut instead of one with every packet.

use std::collections::VecDeque;

use super::BLOCK;

/// The most samples in the buffer.
const MAX_DEPTH: usize = 10 * BLOCK;
/// The depth at which it starts to play: one Opus frame as most browsers send it, two as the panel does.
const START_DEPTH: usize = 2 * BLOCK;
/// The depth after an overflow.
const DEPTH_AFTER_DROP: usize = MAX_DEPTH / 2;
/// The depth to keep at the minimum: packets and blocks each arrive a little late.
const TARGET_MARGIN: usize = BLOCK;
/// The margin added by a gap, and its maximum.
const GAP_MARGIN: usize = BLOCK;
const MAX_GAP_MARGIN: usize = 4 * BLOCK;
/// The window, in blocks, over which the minimum depth is measured.
const WINDOW: u32 = 50;
/// The decay of the margin after each window without a gap: half a second of each ten.
const MARGIN_DECAY: usize = BLOCK / 20;
/// The most samples that one block plays beyond its length.
const MAX_SPEEDUP: usize = BLOCK / 40;
/// Samples below this are silence, which may be skipped.
const SILENCE_THRESHOLD: u16 = 16;

#[derive(Debug, Default)]
pub(crate) struct JitterBuffer {
    queue: VecDeque<i16>,
    playing: bool,
    /// The minimum depth of this window.
    min_depth: usize,
    pulled: u32,
    gap: bool,
    /// Depth that was not needed in the last window, to be removed.
    surplus: usize,
    /// Depth added by recent gaps.
    margin: usize,
}

impl JitterBuffer {
    /// Stores received samples. On an overflow the older part is dropped.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.queue.extend(samples);
        if self.queue.len() > MAX_DEPTH {
            // At least the depth at which it starts to play.
            let keep = DEPTH_AFTER_DROP.max(START_DEPTH + self.margin);
            self.queue.drain(..self.queue.len() - keep);
            self.begin_window();
        }
    }

    /// Drops all samples: the connection is closed.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.playing = false;
    }

    /// Fills the next block; false if there is nothing to play.
    pub(crate) fn pull(&mut self, block: &mut [i16; BLOCK]) -> bool {
        block.fill(0);
        if !self.playing {
            if self.queue.len() < START_DEPTH + self.margin {
                return false;
            }
            self.playing = true;
            self.begin_window();
        }
        if self.queue.len() < BLOCK {
            self.fade_out_rest(block);
            return true;
        }
        let spare = self.surplus.min(BLOCK).min(self.queue.len() - BLOCK);
        if self.is_silent(spare) {
            self.queue.drain(..spare);
            self.surplus -= spare;
            self.take(block, BLOCK);
        } else {
            let speedup = spare.min(MAX_SPEEDUP);
            self.take(block, BLOCK + speedup);
            self.surplus -= speedup;
        }
        self.update_window();
        true
    }

    /// Fades out the rest instead of cutting it off.
    fn fade_out_rest(&mut self, block: &mut [i16; BLOCK]) {
        let count = self.queue.len();
        for (at, sample) in self.queue.drain(..).enumerate() {
            block[at] = scale(sample, count - at, count);
        }
        self.playing = false;
        self.gap = true;
        self.margin = (self.margin + GAP_MARGIN).min(MAX_GAP_MARGIN);
    }

    /// Plays `count` samples, a block or a little more, within one block.
    fn take(&mut self, block: &mut [i16; BLOCK], count: usize) {
        for (at, out) in block.iter_mut().enumerate() {
            // The position of this sample among those that are taken, in parts of a block.
            let position = at * count;
            let (whole, part) = (position / BLOCK, position % BLOCK);
            let here = self.queue.get(whole).copied().unwrap_or(0);
            let next = self.queue.get(whole + 1).copied().unwrap_or(here);
            *out = interpolate(here, next, part);
        }
        self.queue.drain(..count);
    }

    fn update_window(&mut self) {
        self.min_depth = self.min_depth.min(self.queue.len());
        self.pulled += 1;
        if self.pulled < WINDOW {
            return;
        }
        if !self.gap {
            self.margin = self.margin.saturating_sub(MARGIN_DECAY);
        }
        self.surplus = self.min_depth.saturating_sub(TARGET_MARGIN + self.margin);
        (self.pulled, self.gap, self.min_depth) = (0, false, usize::MAX);
    }

    fn begin_window(&mut self) {
        (self.pulled, self.surplus, self.min_depth) = (0, 0, usize::MAX);
    }

    fn is_silent(&self, count: usize) -> bool {
        self.queue.iter().take(count).all(|sample| sample.unsigned_abs() < SILENCE_THRESHOLD)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "it lies between two samples, and a block is short"
)]
fn interpolate(here: i16, next: i16, part: usize) -> i16 {
    let (here, next) = (i32::from(here), i32::from(next));
    (here + (next - here) * part as i32 / BLOCK as i32) as i16
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a share of a sample, and a block is short"
)]
fn scale(sample: i16, share: usize, of: usize) -> i16 {
    (i32::from(sample) * share as i32 / of.max(1) as i32) as i16
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use crate::sound::peak;

    use super::*;

    const FRAME: usize = 2 * BLOCK;

    /// 1 kHz, -10 dB: 48 samples that repeat themselves.
    static WAVE: LazyLock<[i16; 48]> = LazyLock::new(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test tone")]
        std::array::from_fn(|at| (10_000.0 * (at as f64 / 48.0 * std::f64::consts::TAU).sin()) as i16)
    });

    fn tone(from: usize, count: usize) -> Vec<i16> {
        WAVE.iter().copied().cycle().skip(from % WAVE.len()).take(count).collect()
    }

    #[test]
    fn a_steady_stream_is_played_unchanged_and_at_once() {
        let (mut buffer, mut block, mut out) = (JitterBuffer::default(), [0; BLOCK], Vec::new());
        for frame in 0..20 {
            buffer.push(&tone(frame * FRAME, FRAME));
            for _ in 0..2 {
                assert!(buffer.pull(&mut block), "frame {frame}");
                out.extend(block);
            }
        }
        assert_eq!(out, tone(0, 20 * FRAME));
    }

    #[test]
    fn a_sender_that_is_too_fast_adds_no_delay() {
        // 1.6 % too many samples, as measured on an always-available path.
        let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
        let (mut sent, mut deepest) = (0, 0);
        for second in 0..600 {
            for _ in 0..50 {
                let count = FRAME * 1016 / 1000;
                buffer.push(&tone(sent, count));
                sent += count;
                assert!(buffer.pull(&mut block) && buffer.pull(&mut block));
                if second > 2 {
                    deepest = deepest.max(buffer.queue.len());
                }
            }
        }
        assert!(deepest <= 3 * BLOCK, "{deepest} samples");
    }

    #[test]
    fn a_burst_after_a_gap_adds_no_delay() {
        let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
        buffer.push(&tone(0, FRAME));
        for _ in 0..20 {
            buffer.pull(&mut block);
        }
        // Two seconds arrive at once.
        buffer.push(&tone(0, 96_000));
        assert!(buffer.queue.len() <= DEPTH_AFTER_DROP, "{}", buffer.queue.len());
        assert!(buffer.pull(&mut block) && peak(&block) > 5000);
    }

    #[test]
    fn an_overflow_drops_once_and_not_with_every_packet() {
        let (mut buffer, mut cuts) = (JitterBuffer::default(), 0);
        buffer.push(&tone(0, MAX_DEPTH));
        // The device takes nothing for a moment.
        for _ in 0..4 {
            let before = buffer.queue.len();
            buffer.push(&tone(0, BLOCK));
            cuts += usize::from(buffer.queue.len() <= before);
        }
        assert_eq!((cuts, buffer.queue.len()), (1, DEPTH_AFTER_DROP + 3 * BLOCK));
    }

    #[test]
    fn less_than_a_block_of_silence_is_skipped_too() {
        let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
        buffer.push(&[0; 3 * BLOCK]);
        buffer.playing = true;
        buffer.surplus = BLOCK / 2;
        assert!(buffer.pull(&mut block));
        assert_eq!((buffer.queue.len(), buffer.surplus), (2 * BLOCK - BLOCK / 2, 0));
    }

    #[test]
    fn gaps_add_a_margin_that_decays() {
        let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
        let mut gaps = Vec::new();
        for round in 0..60 {
            // Three frames at once, every 60 ms: 40 ms of jitter.
            buffer.push(&tone(0, 3 * FRAME));
            for _ in 0..6 {
                if !buffer.pull(&mut block) || !buffer.playing {
                    gaps.push(round);
                }
            }
        }
        assert!(gaps.iter().all(|round| *round < 12), "{gaps:?}");
        let mut depth = usize::MAX;
        for _ in 0..6000 {
            buffer.push(&tone(0, BLOCK));
            assert!(buffer.pull(&mut block));
            depth = buffer.queue.len();
        }
        assert!(depth <= 2 * BLOCK, "{depth}");
    }

    #[test]
    fn silence_is_skipped_before_the_speed_up() {
        let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
        buffer.push(&[0; 8 * BLOCK]);
        let mut left_out = 0;
        for _ in 0..2 * WINDOW {
            buffer.push(&[0; BLOCK]);
            let before = buffer.queue.len();
            assert!(buffer.pull(&mut block));
            left_out += usize::from(before - buffer.queue.len() == 2 * BLOCK);
        }
        assert!(left_out >= 5, "{left_out}");
        assert!(buffer.queue.len() <= 3 * BLOCK, "{}", buffer.queue.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_never_holds_more_than_a_tenth_of_a_second_nor_gets_louder(
            steps in prop::collection::vec((0_usize..6000, 0_usize..12), 1..100),
        ) {
            let (mut buffer, mut block, mut sent) = (JitterBuffer::default(), [0; BLOCK], 0);
            for (arrive, pulls) in steps {
                buffer.push(&tone(sent, arrive));
                sent += arrive;
                prop_assert!(buffer.queue.len() <= MAX_DEPTH);
                for _ in 0..pulls {
                    buffer.pull(&mut block);
                    prop_assert!(peak(&block) <= 10_000);
                }
            }
        }

        #[test]
        fn after_any_history_live_sound_is_heard_within_a_tenth_of_a_second(
            steps in prop::collection::vec((0_usize..6000, 0_usize..12), 0..60),
        ) {
            let (mut buffer, mut block) = (JitterBuffer::default(), [0; BLOCK]);
            for (arrive, pulls) in steps {
                buffer.push(&vec![0; arrive]);
                for _ in 0..pulls {
                    buffer.pull(&mut block);
                }
            }
            let mut after = 0;
            loop {
                buffer.push(&tone(after * BLOCK, BLOCK));
                buffer.pull(&mut block);
                if peak(&block) > 5000 {
                    break;
                }
                after += 1;
                prop_assert!(after <= MAX_DEPTH / BLOCK, "not heard after {after} blocks");
            }
        }
    }
}
