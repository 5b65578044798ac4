//! Damages frames by the million and counts what is accepted although it should not be.
//!
//! `cargo run -p havatar-link --release --example flip -- <frames> [seed]`
//!
//! Each frame carries a random body and is then damaged in one of the ways of a cable: some bits flipped, a burst
//! overwritten, bytes lost, doubled or swapped, or cut and joined with the next. It goes through one decoder for all, with
//! sound frames between, so that resynchronization is tried as well. The exit status is 1 if a body was accepted that nobody
//! sent, or if a sound frame after a `00` was lost.

#![expect(clippy::print_stdout, reason = "an example that tells what it counted")]

use std::process::ExitCode;

use havatar_link::frame::{BODY_MAX, BODY_MIN, Decoder, Frame};
use havatar_link::message::{FromDevice, ToDevice};

/// How often the count so far is told.
const TELL_EVERY: u64 = 10_000_000;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A body like those of the protocol: zeros are frequent in them, but the type is none (see [`havatar_link::frame`]).
    fn body(&mut self) -> Vec<u8> {
        let length = BODY_MIN + self.below(BODY_MAX - BODY_MIN + 1);
        let mut body: Vec<u8> =
            (0..length).map(|_| if self.below(3) == 0 { 0 } else { self.byte() }).collect();
        body[0] = body[0].max(1);
        body
    }
}

#[derive(Default)]
struct Tally {
    /// Frames damaged and shown to the decoder.
    damaged: u64,
    /// Bodies that nobody sent.
    wrong: u64,
    /// Of these, how many a host or a device could even have read as a message.
    readable: u64,
    /// Sound frames behind a `00` that were not found.
    lost: u64,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Ok(frames), Ok(seed)) =
        (arguments.next().unwrap_or(Ok(1_000_000)), arguments.next().unwrap_or(Ok(1)))
    else {
        println!("usage: flip [frames] [seed]");
        return ExitCode::from(2);
    };
    let mut dice = Dice(seed);
    let mut decoder = Decoder::new();
    let mut tally = Tally::default();
    while tally.damaged < frames {
        round(&mut dice, &mut decoder, &mut tally);
        if tally.damaged % TELL_EVERY == 0 {
            println!("{} damaged, {} wrong, {} lost", tally.damaged, tally.wrong, tally.lost);
        }
    }
    let Tally { damaged, wrong, readable, lost } = tally;
    println!(
        "seed {seed}: {damaged} damaged frames; {wrong} wrong bodies accepted ({readable} readable as messages), \
         {lost} sound frames lost"
    );
    if wrong == 0 && lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn round(dice: &mut Dice, decoder: &mut Decoder, tally: &mut Tally) {
    let (first, second, sound) = (dice.body(), dice.body(), dice.body());
    let (Ok(one), Ok(two), Ok(good)) = (Frame::new(&first), Frame::new(&second), Frame::after_noise(&sound))
    else {
        return;
    };
    let mut bytes = one.as_bytes().to_vec();
    spoil(dice, &mut bytes, two.as_bytes());
    bytes.extend(good.as_bytes());
    let mut last_is_sound = false;
    decoder.push_all(&bytes, |body| {
        last_is_sound = body == sound;
        if body != first && body != second && body != sound {
            tally.wrong += 1;
            tally.readable += u64::from(ToDevice::decode(body).is_ok() || FromDevice::decode(body).is_ok());
        }
    });
    tally.damaged += 1;
    tally.lost += u64::from(!last_is_sound);
}

fn spoil(dice: &mut Dice, bytes: &mut Vec<u8>, next: &[u8]) {
    let at = dice.below(bytes.len());
    match dice.below(7) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => {
            for _ in 0..2 + dice.below(8) {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
        2 => {
            let end = bytes.len().min(at + 1 + dice.below(16));
            bytes[at..end].fill_with(|| dice.byte());
        }
        3 => {
            bytes.drain(at..bytes.len().min(at + 1 + dice.below(4)));
        }
        4 => bytes.insert(at, bytes[at]),
        5 => {
            let with = dice.below(bytes.len());
            bytes.swap(at, with);
        }
        _ => {
            bytes.truncate(at);
            bytes.extend(&next[dice.below(next.len())..]);
        }
    }
}
