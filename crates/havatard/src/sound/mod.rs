//! Sound at the robot, block by block: what stands between ffmpeg and the sound card's own programs.
//!
//! # Theory of operation
//!
//! Sound that piles up while a device opens, or while a network stutters, is never caught up by the usual players: it is
//! late for ever. So two small stages of ours sit in the pipelines, each a process of the daemon's own program
//! (`havatard sound play`, `havatard sound capture`), supervised like all others:
//!
//! ```text
//! ffmpeg (talk line) ──talk.sock──▶ ┌──────┐
//!                                   │ play │──pipe──▶ pacat | aplay
//! speech ────────────speech.sock──▶ └──────┘
//! parec | arecord ──pipe──▶ capture ──pipe──▶ ffmpeg (Opus)
//! ```
//!
//! **The device is the clock.** `play` writes a block when the pipe to the player is nearly empty, and only then decides
//! what is in it. Nothing waits in front of a device that does not read: of the talk line ([`Line`]) the oldest is
//! dropped, speech ([`Speech`]) is not read, so its sender waits.
//!
//! **Live goes first.** While the talk line is heard, or a talker's microphone is open, speech is held ([`Mixer`]).
//!
//! **No howl.** Each stage tells the daemon what it plays and hears, and is told how loud to be and whether to hold the
//! microphone back ([`wire`]); the daemon decides ([`Ducker`]). The stages know nothing of each other.
//!
//! The parts named here are pure: no thread, no clock, no socket. `play` and `capture` are thin threads around them.

mod capture;
mod desk;
mod duck;
mod even;
mod level;
mod line;
mod mixer;
mod play;
mod speech;
mod tone;
pub mod wire;

pub use capture::{Source, capture};
pub use duck::Ducker;
pub use play::{Sink, play};

/// Samples a second.
pub(crate) const RATE: usize = 48_000;
/// Samples in a block of 10 ms.
pub(crate) const BLOCK: usize = RATE / 100;
/// Bytes in a block.
pub(crate) const BLOCK_BYTES: usize = 2 * BLOCK;
/// What a pipe between two stages may hold, in bytes: the least that the kernel allows.
pub(crate) const PIPE: usize = 4096;
/// How often a stage tells the daemon how it is.
pub(crate) const REPORT_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// Where `play` takes the talk line, in the runtime directory.
pub const TALK_SOCKET: &str = "talk.sock";
/// Where `play` takes speech, in the runtime directory.
pub const SPEECH_SOCKET: &str = "speech.sock";
/// Where the daemon hears from both stages, in the runtime directory.
pub const DESK_SOCKET: &str = "sound.sock";
/// Where `play` is told what to do, in the runtime directory.
pub const PLAY_SOCKET: &str = "play.sock";
/// Where `capture` is told what to do, in the runtime directory.
pub const CAPTURE_SOCKET: &str = "capture.sock";

/// Takes whole samples out of bytes that may be cut anywhere.
#[derive(Default)]
pub(crate) struct Samples {
    half: Option<u8>,
}

impl Samples {
    /// The samples of these bytes, little-endian; an odd one at the end waits for its other half.
    pub(crate) fn decode(&mut self, bytes: &[u8], into: &mut Vec<i16>) {
        let mut bytes = bytes.iter().copied();
        while let Some(low) = self.half.take().or_else(|| bytes.next()) {
            let Some(high) = bytes.next() else {
                self.half = Some(low);
                return;
            };
            into.push(i16::from_le_bytes([low, high]));
        }
    }
}

/// The bytes of a block.
pub(crate) fn encode(block: &[i16], into: &mut Vec<u8>) {
    into.clear();
    into.extend(block.iter().flat_map(|sample| sample.to_le_bytes()));
}

/// The loudest of these samples.
pub(crate) fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn samples_survive_any_cut(samples in prop::collection::vec(any::<i16>(), 0..200), cut in 1_usize..50) {
            let mut bytes = Vec::new();
            encode(&samples, &mut bytes);
            let (mut decoder, mut got) = (Samples::default(), Vec::new());
            for part in bytes.chunks(cut) {
                decoder.decode(part, &mut got);
            }
            prop_assert_eq!(got, samples);
        }
    }
}
