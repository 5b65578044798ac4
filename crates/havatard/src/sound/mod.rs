//! Audio stages at the robot's sound card: two processes between ffmpeg and the players and recorders of the card.
//!
//! # Theory of operation
//!
//! The usual players never catch up with audio that queued while a device opened or a network stalled: it stays late.
//! So two small stages are part of the pipelines, each a process of the daemon's own program (`havatard sound play`,
//! `havatard sound capture`), supervised like all others:
//!
//! ```text
//! ffmpeg (talk line) ──talk.sock──▶ ┌──────┐
//!                                   │ play │──pipe──▶ pacat | aplay
//! speech ────────────speech.sock──▶ └──────┘
//! parec | arecord ──pipe──▶ capture ──pipe──▶ ffmpeg (Opus)
//!                              └──monitor.sock──▶ a test of the microphone
//! ```
//!
//! **The device is the clock.** `play` renders a slice only when the pipe to the player is empty. Nothing queues
//! for a device that does not read: of the talk line ([`JitterBuffer`]) the oldest samples are dropped, and speech
//! ([`Speech`]) is not read, so its sender blocks.
//!
//! **Live goes first.** While the talk line is audible, or a talker's microphone is open, speech is paused ([`Mixer`]).
//!
//! **No howl.** Each stage reports to the daemon what it plays or captures, and receives its volume or whether to duck the
//! microphone ([`wire`]); the daemon decides ([`Ducker`]). The stages do not know each other.
//!
//! The parts named here are pure: no thread, no clock, no socket. `play` and `capture` are thin threads around them.

mod burst_smoother;
mod capture;
pub(crate) mod chirp;
mod duck;
mod jitter_buffer;
mod level;
mod mixer;
mod monitor;
mod pace;
mod play;
mod speech;
mod stage_socket;
mod tone;
pub mod wire;

pub use capture::{Source, capture};
pub use duck::Ducker;
pub(crate) use level::{Loudness, measure};
pub use play::{Sink, play};

/// Samples a second.
pub(crate) const RATE: usize = 48_000;
/// Samples in a block of 10 ms.
pub(crate) const BLOCK: usize = RATE / 100;
/// Samples in a slice of 2.5 ms: what `play` hands to the player at a time. Whatever is handed over is late by its length.
pub(crate) const SLICE: usize = BLOCK / 4;
/// Bytes in a block.
pub(crate) const BLOCK_BYTES: usize = 2 * BLOCK;
/// The size of a pipe between two programs, in bytes: the least that the kernel allows.
pub(crate) const PIPE: usize = 4096;
/// How often a stage sends a report.
pub(crate) const REPORT_EVERY: std::time::Duration = std::time::Duration::from_millis(100);

/// The socket on which `play` receives the talk line, in the runtime directory.
pub const TALK_SOCKET: &str = "talk.sock";
/// The socket on which `play` receives speech, in the runtime directory.
pub const SPEECH_SOCKET: &str = "speech.sock";
/// The socket on which the daemon receives the reports of both stages, in the runtime directory.
pub const REPORT_SOCKET: &str = "sound.sock";
/// The socket on which `play` receives control messages, in the runtime directory.
pub const PLAY_SOCKET: &str = "play.sock";
/// The socket on which `capture` receives control messages, in the runtime directory.
pub const CAPTURE_SOCKET: &str = "capture.sock";
/// The socket on which `capture` gives its samples to the daemon, in the runtime directory.
pub const MONITOR_SOCKET: &str = "monitor.sock";

/// Decodes samples from chunks of bytes of any length.
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
        fn samples_survive_any_chunking(samples in prop::collection::vec(any::<i16>(), 0..200), cut in 1_usize..50) {
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
