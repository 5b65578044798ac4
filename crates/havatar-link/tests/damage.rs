//! Damage in great numbers: what a check sum alone decides.
//!
//! `HAVATAR_ROUNDS` sets how many frames are damaged; `scripts/bench safety` asks for a hundred million.

use havatar_link::frame::{BODY_MAX, BODY_MIN, Decoder, Frame};
use havatar_link::message::{FromDevice, ToDevice};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// One damaged frame after the other through one decoder, which takes whole frames in between.
#[test]
fn no_damaged_frame_is_taken_for_a_whole_one() {
    let rounds = std::env::var("HAVATAR_ROUNDS").map_or(200_000, |rounds| rounds.parse().unwrap());
    let mut dice = SmallRng::seed_from_u64(0x0BAD_F00D);
    let mut decoder = Decoder::new();
    let (mut body, mut bytes) = ([0; BODY_MAX], Vec::new());
    let (mut accepted, mut bodies) = (0_u64, 0_u64);
    for round in 0..rounds {
        let length = dice.random_range(BODY_MIN..=BODY_MAX);
        dice.fill(&mut body[..length]);
        bytes.clear();
        bytes.extend_from_slice(Frame::new(&body[..length]).unwrap().as_bytes());
        hurt(&mut bytes, &mut dice);
        // Cut off from what follows, as the next frame's own delimiter would.
        bytes.push(0);
        decoder.push_all(&bytes, |found| {
            bodies += 1;
            if found != &body[..length] {
                accepted += 1;
                // Whatever it is: it is read, or refused, without a panic.
                let _ = (FromDevice::decode(found).is_ok(), ToDevice::decode(found).is_ok());
            }
        });
        if round % 1000 == 0 {
            let whole = Frame::new(&body[..length]).unwrap();
            let mut seen = 0;
            decoder.push_all(whole.as_bytes(), |found| seen += u32::from(found == &body[..length]));
            assert_eq!(seen, 1, "round {round}: in step again at once");
        }
    }
    println!("{rounds} damaged frames: {accepted} taken for whole ones, {bodies} undone by their damage");
    assert_eq!(accepted, 0);
}

/// Flipped bits, lost and doubled bytes, a burst, a cut end: what cables do.
fn hurt(bytes: &mut Vec<u8>, dice: &mut SmallRng) {
    let at = dice.random_range(0..bytes.len());
    match dice.random_range(0..6_u8) {
        0 | 1 => {
            for _ in 0..dice.random_range(1..=8_u8) {
                let at = dice.random_range(0..bytes.len());
                bytes[at] ^= 1 << dice.random_range(0..8_u8);
            }
        }
        2 => {
            bytes.remove(at);
        }
        3 => bytes.insert(at, bytes[at]),
        4 => {
            let end = (at + dice.random_range(1..=16)).min(bytes.len());
            dice.fill(&mut bytes[at..end]);
        }
        _ => bytes.truncate(at),
    }
}
