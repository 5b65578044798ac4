//! The jitter buffer's rules, on lines that are punctual, late, fast, slow and away.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::sound::{BLOCK, SLICE, peak};

use super::*;

const FRAME: usize = 2 * BLOCK;
/// Slices in a block.
const SLICES: usize = BLOCK / SLICE;

/// 1 kHz, -10 dB: 48 samples that repeat themselves.
static WAVE: LazyLock<[i16; 48]> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test tone")]
    std::array::from_fn(|at| (10_000.0 * (at as f64 / 48.0 * std::f64::consts::TAU).sin()) as i16)
});

fn tone(from: usize, count: usize) -> Vec<i16> {
    WAVE.iter().copied().cycle().skip(from % WAVE.len()).take(count).collect()
}

/// A connection on which packets of 10 ms arrive: one each 10 ms, each later by what `late` says of it, in slices.
struct Connection {
    buffer: JitterBuffer,
    open: bool,
    sent: usize,
    /// Slices since the beginning, and when each packet that has not arrived does.
    now: usize,
    coming: Vec<usize>,
    gaps: usize,
}

impl Connection {
    fn new() -> Self {
        let buffer = JitterBuffer::default();
        Self { buffer, open: true, sent: 0, now: 0, coming: Vec::new(), gaps: 0 }
    }

    /// Plays for `blocks` blocks. Returns the depth right before a packet that is in time, the least of all.
    fn run(&mut self, blocks: usize, late: impl Fn(usize) -> usize) -> usize {
        let (mut slice, mut least) = ([0; SLICE], usize::MAX);
        for block in 0..blocks {
            self.coming.push(self.now + late(block));
            for at in 0..SLICES {
                // Packets of one connection do not overtake each other.
                while self.coming.first().is_some_and(|due| *due <= self.now) {
                    self.coming.remove(0);
                    if at == 0 {
                        least = least.min(self.buffer.queue.len());
                    }
                    self.buffer.push(&tone(self.sent, BLOCK));
                    self.sent += BLOCK;
                }
                let played = self.buffer.pull(&mut slice, self.open) && self.buffer.playing;
                self.gaps += usize::from(!played);
                self.now += 1;
            }
        }
        least
    }
}

#[test]
fn a_steady_stream_is_played_at_once_and_loses_nothing() {
    let (mut buffer, mut slice, mut played) = (JitterBuffer::default(), [0; SLICE], 0);
    for block in 0..400 {
        buffer.push(&tone(block * BLOCK, BLOCK));
        for _ in 0..SLICES {
            assert!(buffer.pull(&mut slice, true), "block {block}");
            played += 1;
        }
        // Within the first window nothing is stretched yet.
        assert!(block > 40 || buffer.queue.is_empty(), "block {block}");
        assert!(buffer.queue.len() <= MARGIN + SLICE, "{}", buffer.queue.len());
    }
    assert_eq!(played, 400 * SLICES);
}

#[test]
fn a_steady_stream_is_played_unchanged() {
    let (mut buffer, mut slice, mut out) = (JitterBuffer::default(), [0; SLICE], Vec::new());
    for frame in 0..20 {
        buffer.push(&tone(frame * FRAME, FRAME));
        for _ in 0..2 * SLICES {
            assert!(buffer.pull(&mut slice, true), "frame {frame}");
            out.extend(slice);
        }
    }
    assert_eq!(out, tone(0, 20 * FRAME));
}

#[test]
fn a_sender_that_is_too_fast_or_too_slow_adds_no_delay_and_leaves_no_gap() {
    // 1.6 % too many samples, as measured on an always-available path; and too few by ten times the error of a poor clock.
    for permille in [1016, 997] {
        let (mut buffer, mut slice) = (JitterBuffer::default(), [0; SLICE]);
        let (mut sent, mut deepest) = (0, 0);
        for second in 0..20 {
            for _ in 0..50 {
                let count = FRAME * permille / 1000;
                buffer.push(&tone(sent, count));
                sent += count;
                for _ in 0..2 * SLICES {
                    buffer.pull(&mut slice, true);
                    assert!(second < 4 || buffer.playing, "{permille}: a gap in second {second}");
                }
                if second > 2 {
                    deepest = deepest.max(buffer.queue.len());
                }
            }
        }
        assert!(deepest <= 3 * BLOCK, "{permille}: {deepest} samples");
    }
}

#[test]
fn a_burst_after_a_gap_adds_no_delay() {
    let (mut buffer, mut slice) = (JitterBuffer::default(), [0; SLICE]);
    buffer.push(&tone(0, FRAME));
    for _ in 0..20 * SLICES {
        buffer.pull(&mut slice, true);
    }
    // Two seconds arrive at once.
    buffer.push(&tone(0, 96_000));
    assert!(buffer.queue.len() <= DEPTH_AFTER_DROP, "{}", buffer.queue.len());
    assert!(buffer.pull(&mut slice, true) && peak(&slice) > 5000);
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
fn an_overflow_drops_silence_before_words() {
    let mut buffer = JitterBuffer::default();
    let word = tone(12, 3 * BLOCK);
    buffer.push(&[0; 4 * BLOCK]);
    buffer.push(&word);
    buffer.push(&[0; 4 * BLOCK]);
    let left: Vec<i16> = buffer.queue.iter().copied().filter(|sample| *sample != 0).collect();
    assert_eq!(left, word.iter().copied().filter(|sample| *sample != 0).collect::<Vec<_>>());
    assert!(buffer.queue.len() <= DEPTH_AFTER_DROP + SILENT_PIECE, "{}", buffer.queue.len());
}

#[test]
fn a_late_packet_costs_one_gap_and_the_next_is_in_time() {
    let mut talk = Connection::new();
    talk.run(200, |_| 0);
    assert_eq!(talk.gaps, 0);
    // Every tenth packet is 20 ms late, and the two after it with it.
    talk.run(100, |block| [8, 4, 0].get(block % 10).copied().unwrap_or(0));
    let first = talk.gaps;
    assert!((1..=8).contains(&first), "{first} slices");
    talk.run(500, |block| [8, 4, 0].get(block % 10).copied().unwrap_or(0));
    assert_eq!(talk.gaps, first, "learnt");
}

#[test]
fn what_was_learnt_is_forgotten_slowly_and_with_a_closed_microphone_fast() {
    let learn = |talk: &mut Connection| {
        talk.run(600, |block| [8, 4, 0].get(block % 10).copied().unwrap_or(0));
        assert!(talk.run(100, |_| 0) >= 3 * BLOCK / 2, "20 ms are kept");
    };
    let mut talk = Connection::new();
    learn(&mut talk);
    talk.run(3000, |_| 0);
    let left = talk.run(100, |_| 0);
    assert!(left <= MARGIN + SLICE, "{left} after half a minute");
    talk.open = false;
    learn(&mut talk);
    talk.run(400, |_| 0);
    let left = talk.run(100, |_| 0);
    assert!(left <= MARGIN + BLOCK / 2, "{left} after four seconds");
}

#[test]
fn silence_is_skipped_before_the_speed_up() {
    let (mut buffer, mut slice) = (JitterBuffer::default(), [0; SLICE]);
    buffer.push(&[0; 8 * BLOCK]);
    let mut slowest = usize::MAX;
    for block in 0..60 {
        buffer.push(&[0; BLOCK]);
        for _ in 0..SLICES {
            assert!(buffer.pull(&mut slice, true));
        }
        if block >= 52 {
            slowest = slowest.min(buffer.queue.len());
        }
    }
    assert!(slowest <= BLOCK, "{slowest}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_never_holds_more_than_a_tenth_of_a_second_nor_gets_louder(
        steps in prop::collection::vec((0_usize..6000, 0_usize..48, any::<bool>()), 1..200),
    ) {
        let (mut buffer, mut slice, mut sent) = (JitterBuffer::default(), [0; SLICE], 0);
        for (arrive, pulls, open) in steps {
            buffer.push(&tone(sent, arrive));
            sent += arrive;
            prop_assert!(buffer.queue.len() <= MAX_DEPTH);
            for _ in 0..pulls {
                buffer.pull(&mut slice, open);
                prop_assert!(peak(&slice) <= 10_000);
            }
        }
    }

    #[test]
    fn after_any_history_live_sound_is_heard_within_a_tenth_of_a_second(
        steps in prop::collection::vec((0_usize..6000, 0_usize..48, any::<bool>()), 0..60),
    ) {
        let (mut buffer, mut slice) = (JitterBuffer::default(), [0; SLICE]);
        for (arrive, pulls, open) in steps {
            buffer.push(&vec![0; arrive]);
            for _ in 0..pulls {
                buffer.pull(&mut slice, open);
            }
        }
        for after in 0.. {
            buffer.push(&tone(after * BLOCK, BLOCK));
            let heard = (0..SLICES).any(|_| buffer.pull(&mut slice, true) && peak(&slice) > 5000);
            if heard {
                break;
            }
            prop_assert!(after <= MAX_DEPTH / BLOCK, "not heard after {after} blocks");
        }
    }

    #[test]
    fn jitter_below_what_is_learnt_stops_to_leave_gaps(
        late in prop::collection::vec(0_usize..=16, 1..40),
    ) {
        // Up to 40 ms late, over and over again.
        let mut talk = Connection::new();
        let packet = |block: usize| late[block % late.len()];
        talk.run(1000, packet);
        let before = talk.gaps;
        talk.run(1000, packet);
        prop_assert_eq!(talk.gaps, before);
    }
}
