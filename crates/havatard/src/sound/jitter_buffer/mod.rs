//! The jitter buffer of the talk line: live audio on its way to the loudspeaker, as short as the network allows.
//!
//! It begins to play with the first samples that arrive. A packet that comes too late leaves a gap, and whatever follows is
//! played later by the length of that gap: from then on, a packet that is as late is in time. So the depth is learnt, and
//! nothing is held back for lateness that does not occur. What occurs is measured as the spread between the deepest and the
//! shallowest that the buffer becomes within half a second. Depth beyond the largest recent spread and a margin is removed, by
//! skipping silence where there is some, else by playing 2.5 % faster; what lacks of it is gained by playing as much slower.
//! The largest spread is forgotten slowly. While the microphone is closed it is forgotten fast: a gap is not audible then, and
//! what it teaches is known again before the next word.
//!
//! Beyond a tenth of a second silence is dropped at once, and if that is not enough the older half: one cut instead of one with
//! every packet.

use std::collections::VecDeque;

use super::RATE;

/// The most samples in the buffer: a tenth of a second.
const MAX_DEPTH: usize = RATE / 10;
/// The depth after an overflow.
const DEPTH_AFTER_DROP: usize = MAX_DEPTH / 2;
/// The depth to keep beyond the spread: 2.5 ms.
const MARGIN: usize = RATE / 400;
/// The largest spread that is learnt: 60 ms. What is longer is rare, and costs a gap each time instead of a delay all the time.
const MAX_SPREAD: usize = RATE * 6 / 100;
/// The samples played, half a second, over which a spread is measured.
const WINDOW: usize = RATE / 2;
/// What is forgotten of the largest spread after each window: half a millisecond.
const FORGET: usize = RATE / 2000;
/// The same while the microphone is closed: a quarter of it.
const FORGET_CLOSED: usize = 4;
/// One sample in so many is added or left out to become slower or faster.
const STRETCH: usize = 40;
/// Samples below this are silence, which may be skipped.
const SILENCE_THRESHOLD: u16 = 16;
/// The length of a piece of silence that is dropped on an overflow: 2.5 ms.
const SILENT_PIECE: usize = RATE / 400;

#[derive(Debug, Default)]
pub(crate) struct JitterBuffer {
    queue: VecDeque<i16>,
    playing: bool,
    /// Samples that were due since it last played: the length of the gap.
    missed: usize,
    window: Window,
    /// The largest recent spread.
    spread: usize,
    /// Depth to be removed, and depth that lacks; one of them is 0.
    surplus: usize,
    deficit: usize,
}

/// How deep the buffer was within half a second, each time after samples were taken.
#[derive(Debug, Default)]
struct Window {
    deepest: usize,
    /// `None` before the first measurement.
    shallowest: Option<usize>,
    played: usize,
}

impl JitterBuffer {
    /// Stores received samples. On an overflow silence is dropped, or the older part.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        self.queue.extend(samples);
        if self.queue.len() > MAX_DEPTH {
            self.drop_late();
        }
    }

    /// Drops all samples: the connection is closed.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Fills the next block, of any length; false if there is nothing to play. `open`: a talker's microphone is open.
    pub(crate) fn pull(&mut self, block: &mut [i16], open: bool) -> bool {
        block.fill(0);
        let count = block.len();
        if self.queue.len() < count {
            self.missed = self.missed.saturating_add(count);
            return std::mem::take(&mut self.playing) && self.fade_out_rest(block);
        }
        if !std::mem::replace(&mut self.playing, true) {
            self.resume();
        }
        let spare = self.surplus.min(count).min(self.queue.len() - count);
        if spare > 0 && self.is_silent(spare) {
            self.queue.drain(..spare);
            self.removed(spare);
            self.take(block, count);
        } else if spare > 0 {
            let faster = spare.min(count / STRETCH);
            self.take(block, count + faster);
            self.removed(faster);
        } else {
            let slower = self.deficit.min(count / STRETCH);
            self.take(block, count - slower);
            self.deficit -= slower;
            self.window.deepest += slower;
            self.window.shallowest = self.window.shallowest.map(|depth| depth + slower);
        }
        self.measure(block, open);
        true
    }

    /// Fades out the rest instead of cutting it off.
    fn fade_out_rest(&mut self, block: &mut [i16]) -> bool {
        let count = self.queue.len();
        self.missed -= count;
        for (at, sample) in self.queue.drain(..).enumerate() {
            block[at] = scale(sample, count - at, count);
        }
        true
    }

    /// It plays on after a gap, from now on later by that: the window is seen as if it had been so from its beginning. Beyond what
    /// is learnt it was no gap, but a line that was away; and the first samples of all follow on none.
    fn resume(&mut self) {
        let missed = std::mem::take(&mut self.missed);
        if missed == 0 || missed > MAX_SPREAD {
            self.begin_window();
        } else {
            self.window.deepest += missed;
            self.window.shallowest = Some(0);
        }
    }

    /// Takes `count` samples and plays them within the block.
    fn take(&mut self, block: &mut [i16], count: usize) {
        let length = block.len();
        for (at, out) in block.iter_mut().enumerate() {
            // The position of this sample among those that are taken, in parts of a block.
            let position = at * count;
            let (whole, part) = (position / length, position % length);
            let here = self.queue.get(whole).copied().unwrap_or(0);
            let next = self.queue.get(whole + 1).copied().unwrap_or(here);
            *out = interpolate(here, next, part, length);
        }
        self.queue.drain(..count);
    }

    /// Depth was removed: the window is seen as if it had been so from its beginning.
    fn removed(&mut self, count: usize) {
        self.surplus -= count;
        self.window.deepest = self.window.deepest.saturating_sub(count);
        self.window.shallowest = self.window.shallowest.map(|depth| depth.saturating_sub(count));
    }

    fn measure(&mut self, block: &[i16], open: bool) {
        let depth = self.queue.len();
        let window = &mut self.window;
        window.deepest = window.deepest.max(depth);
        let shallowest = window.shallowest.map_or(depth, |least| least.min(depth));
        window.shallowest = Some(shallowest);
        window.played += block.len();
        if window.played < WINDOW {
            return;
        }
        let forget = if open { FORGET } else { FORGET.max(self.spread / FORGET_CLOSED) };
        let spread = (window.deepest - shallowest).min(MAX_SPREAD);
        self.spread = spread.max(self.spread.saturating_sub(forget));
        let wanted = self.spread + MARGIN;
        self.surplus = window.deepest.saturating_sub(wanted);
        self.deficit = wanted.saturating_sub(window.deepest);
        self.window = Window::default();
    }

    fn begin_window(&mut self) {
        (self.window, self.surplus, self.deficit) = (Window::default(), 0, 0);
    }

    /// Makes room: silence goes first, and what a listener would miss only where there is no other way.
    fn drop_late(&mut self) {
        // At least what is kept on purpose.
        let keep = DEPTH_AFTER_DROP.max(self.spread + MARGIN);
        let mut late = self.queue.len() - keep;
        let mut kept = VecDeque::with_capacity(keep);
        for piece in self.queue.make_contiguous().chunks(SILENT_PIECE) {
            if late >= piece.len() && is_silent(piece) {
                late -= piece.len();
            } else {
                kept.extend(piece);
            }
        }
        if kept.len() > MAX_DEPTH {
            kept.drain(..kept.len() - keep);
        }
        self.queue = kept;
        self.begin_window();
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
fn interpolate(here: i16, next: i16, part: usize, of: usize) -> i16 {
    let (here, next) = (i32::from(here), i32::from(next));
    (here + (next - here) * part as i32 / of.max(1) as i32) as i16
}

fn is_silent(samples: &[i16]) -> bool {
    samples.iter().all(|sample| sample.unsigned_abs() < SILENCE_THRESHOLD)
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
mod tests;
