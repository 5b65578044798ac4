//! The talk line: live sound on its way to the loudspeaker, kept as short as the network allows.
//!
//! It is a jitter buffer with one aim: what is heard is young. The depth that was never needed within half a second is
//! given up, by leaving out silence where there is some, else by playing 2.5 % faster. A gap makes it wait for a
//! little sound before it goes on, and remember for a while that there are gaps. Beyond a tenth of a second the older half
//! is dropped at once: in one cut, and not in one with every packet that follows.

use std::collections::VecDeque;

use super::BLOCK;

/// No more than this waits, whatever happens.
const MOST: usize = 10 * BLOCK;
/// What has to be there before it goes on after a gap: one Opus frame as most browsers send it, two of our page's.
const START: usize = 2 * BLOCK;
/// What is left when it became too much.
const KEPT: usize = MOST / 2;
/// What is to be left at the shallowest moment: packets and blocks each come a little late.
const SPARE: usize = BLOCK;
/// By how much a gap deepens it, and to what at most.
const GAP: usize = BLOCK;
const DEEPEST: usize = 4 * BLOCK;
/// The depth is judged over so many blocks.
const WINDOW: u32 = 50;
/// How much of that is given back after each window without a gap: half a second of each ten.
const CALM: usize = BLOCK / 20;
/// At most so many samples more than a block are played within one.
const FASTER: usize = BLOCK / 40;
/// Quieter than this may be left out.
const SILENT: u16 = 16;

#[derive(Debug, Default)]
pub(crate) struct Line {
    queue: VecDeque<i16>,
    flowing: bool,
    /// The shallowest moment of this window.
    shallowest: usize,
    pulled: u32,
    gap: bool,
    /// Depth that was not needed in the last window and is to be given up.
    surplus: usize,
    /// Depth that recent gaps called for.
    margin: usize,
}

impl Line {
    /// Takes what arrived. If that is more than may wait, the older part is dropped.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.queue.extend(samples);
        if self.queue.len() > MOST {
            // No less than it would wait for to begin.
            let keep = KEPT.max(START + self.margin);
            self.queue.drain(..self.queue.len() - keep);
            self.begin_window();
        }
    }

    /// Forgets what waits: the connection it came by is gone.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.flowing = false;
    }

    /// Fills the next block; false if there is nothing to hear.
    pub(crate) fn pull(&mut self, block: &mut [i16; BLOCK]) -> bool {
        block.fill(0);
        if !self.flowing {
            if self.queue.len() < START + self.margin {
                return false;
            }
            self.flowing = true;
            self.begin_window();
        }
        if self.queue.len() < BLOCK {
            self.run_dry(block);
            return true;
        }
        let spare = self.surplus.min(BLOCK).min(self.queue.len() - BLOCK);
        if self.silent(spare) {
            self.queue.drain(..spare);
            self.surplus -= spare;
            self.take(block, BLOCK);
        } else {
            let faster = spare.min(FASTER);
            self.take(block, BLOCK + faster);
            self.surplus -= faster;
        }
        self.judge();
        true
    }

    /// The end of what there is fades out instead of breaking off.
    fn run_dry(&mut self, block: &mut [i16; BLOCK]) {
        let count = self.queue.len();
        for (at, sample) in self.queue.drain(..).enumerate() {
            block[at] = scale(sample, count - at, count);
        }
        self.flowing = false;
        self.gap = true;
        self.margin = (self.margin + GAP).min(DEEPEST);
    }

    /// Plays `count` samples, a block or a little more, within one block.
    fn take(&mut self, block: &mut [i16; BLOCK], count: usize) {
        for (at, out) in block.iter_mut().enumerate() {
            // Where this sample lies among those that are taken, in parts of a block.
            let place = at * count;
            let (whole, part) = (place / BLOCK, place % BLOCK);
            let here = self.queue.get(whole).copied().unwrap_or(0);
            let next = self.queue.get(whole + 1).copied().unwrap_or(here);
            *out = between(here, next, part);
        }
        self.queue.drain(..count);
    }

    fn judge(&mut self) {
        self.shallowest = self.shallowest.min(self.queue.len());
        self.pulled += 1;
        if self.pulled < WINDOW {
            return;
        }
        if !self.gap {
            self.margin = self.margin.saturating_sub(CALM);
        }
        self.surplus = self.shallowest.saturating_sub(SPARE + self.margin);
        (self.pulled, self.gap, self.shallowest) = (0, false, usize::MAX);
    }

    fn begin_window(&mut self) {
        (self.pulled, self.surplus, self.shallowest) = (0, 0, usize::MAX);
    }

    fn silent(&self, count: usize) -> bool {
        self.queue.iter().take(count).all(|sample| sample.unsigned_abs() < SILENT)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "it lies between two samples, and a block is short"
)]
fn between(here: i16, next: i16, part: usize) -> i16 {
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
    use proptest::prelude::*;

    use super::*;
    use crate::sound::peak;

    const FRAME: usize = 2 * BLOCK;

    fn tone(from: usize, count: usize) -> Vec<i16> {
        // 1 kHz, -10 dB.
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test tone")]
        (from..from + count)
            .map(|at| (10_000.0 * (at as f64 / 48.0 * std::f64::consts::TAU).sin()) as i16)
            .collect()
    }

    #[test]
    fn a_steady_stream_is_played_unchanged_and_at_once() {
        let (mut line, mut block, mut out) = (Line::default(), [0; BLOCK], Vec::new());
        for frame in 0..20 {
            line.push(&tone(frame * FRAME, FRAME));
            for _ in 0..2 {
                assert!(line.pull(&mut block), "frame {frame}");
                out.extend(block);
            }
        }
        assert_eq!(out, tone(0, 20 * FRAME));
    }

    #[test]
    fn what_comes_too_fast_for_ever_does_not_make_it_late() {
        // 1.6 % too many samples, as measured on an always-available path.
        let (mut line, mut block) = (Line::default(), [0; BLOCK]);
        let (mut sent, mut deepest) = (0, 0);
        for second in 0..600 {
            for _ in 0..50 {
                let count = FRAME * 1016 / 1000;
                line.push(&tone(sent, count));
                sent += count;
                assert!(line.pull(&mut block) && line.pull(&mut block));
                if second > 2 {
                    deepest = deepest.max(line.queue.len());
                }
            }
        }
        assert!(deepest <= 3 * BLOCK, "{deepest} samples");
    }

    #[test]
    fn a_burst_after_a_gap_is_not_played_late() {
        let (mut line, mut block) = (Line::default(), [0; BLOCK]);
        line.push(&tone(0, FRAME));
        for _ in 0..20 {
            line.pull(&mut block);
        }
        // Two seconds arrive at once.
        line.push(&tone(0, 96_000));
        assert!(line.queue.len() <= KEPT, "{}", line.queue.len());
        assert!(line.pull(&mut block) && peak(&block) > 5000);
    }

    #[test]
    fn too_much_is_cut_once_and_not_with_every_packet() {
        let (mut line, mut cuts) = (Line::default(), 0);
        line.push(&tone(0, MOST));
        // The device takes nothing for a moment.
        for _ in 0..4 {
            let before = line.queue.len();
            line.push(&tone(0, BLOCK));
            cuts += usize::from(line.queue.len() <= before);
        }
        assert_eq!((cuts, line.queue.len()), (1, KEPT + 3 * BLOCK));
    }

    #[test]
    fn less_than_a_block_is_left_out_of_silence_too() {
        let (mut line, mut block) = (Line::default(), [0; BLOCK]);
        line.push(&[0; 3 * BLOCK]);
        line.flowing = true;
        line.surplus = BLOCK / 2;
        assert!(line.pull(&mut block));
        assert_eq!((line.queue.len(), line.surplus), (2 * BLOCK - BLOCK / 2, 0));
    }

    #[test]
    fn jitter_that_leaves_gaps_deepens_it_for_a_while_and_calm_makes_it_shallow_again() {
        let (mut line, mut block) = (Line::default(), [0; BLOCK]);
        let mut gaps = Vec::new();
        for round in 0..60 {
            // Three frames at once, every 60 ms: 40 ms of jitter.
            line.push(&tone(0, 3 * FRAME));
            for _ in 0..6 {
                if !line.pull(&mut block) || !line.flowing {
                    gaps.push(round);
                }
            }
        }
        assert!(gaps.iter().all(|round| *round < 12), "{gaps:?}");
        let mut depth = usize::MAX;
        for _ in 0..6000 {
            line.push(&tone(0, BLOCK));
            assert!(line.pull(&mut block));
            depth = line.queue.len();
        }
        assert!(depth <= 2 * BLOCK, "{depth}");
    }

    #[test]
    fn silence_is_left_out_before_anything_is_played_faster() {
        let (mut line, mut block) = (Line::default(), [0; BLOCK]);
        line.push(&[0; 8 * BLOCK]);
        let mut left_out = 0;
        for _ in 0..2 * WINDOW {
            line.push(&[0; BLOCK]);
            let before = line.queue.len();
            assert!(line.pull(&mut block));
            left_out += usize::from(before - line.queue.len() == 2 * BLOCK);
        }
        assert!(left_out >= 5, "{left_out}");
        assert!(line.queue.len() <= 3 * BLOCK, "{}", line.queue.len());
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_a_tenth_of_a_second_nor_gets_louder(
            steps in prop::collection::vec((0_usize..6000, 0_usize..12), 1..200),
        ) {
            let (mut line, mut block, mut sent) = (Line::default(), [0; BLOCK], 0);
            for (arrive, pulls) in steps {
                line.push(&tone(sent, arrive));
                sent += arrive;
                prop_assert!(line.queue.len() <= MOST);
                for _ in 0..pulls {
                    line.pull(&mut block);
                    prop_assert!(peak(&block) <= 10_000);
                }
            }
        }

        #[test]
        fn after_any_history_live_sound_is_heard_within_a_tenth_of_a_second(
            steps in prop::collection::vec((0_usize..6000, 0_usize..12), 0..60),
        ) {
            let (mut line, mut block) = (Line::default(), [0; BLOCK]);
            for (arrive, pulls) in steps {
                line.push(&vec![0; arrive]);
                for _ in 0..pulls {
                    line.pull(&mut block);
                }
            }
            let mut after = 0;
            loop {
                line.push(&tone(after * BLOCK, BLOCK));
                line.pull(&mut block);
                if peak(&block) > 5000 {
                    break;
                }
                after += 1;
                prop_assert!(after <= MOST / BLOCK, "not heard after {after} blocks");
            }
        }
    }
}
