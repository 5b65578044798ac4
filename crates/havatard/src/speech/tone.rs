//! The attention sound: two falling notes, as of a door bell.

use std::f32::consts::TAU;

/// Samples a second.
pub(super) const RATE: usize = 48_000;
/// G5 and E flat 5: a major third, the second note begins while the first still rings. Hertz, and seconds from the start.
const NOTES: [(f32, f32); 2] = [(783.99, 0.0), (622.25, 0.28)];
/// In seconds.
const LENGTH: f32 = 1.1;
/// A note is softer by half after this many seconds.
const HALVES: f32 = 0.13;
/// The attack, in seconds, which avoids a click.
const ATTACK: f32 = 0.008;
/// Of full scale: loud enough to be noticed beside a conversation, and no more.
const PEAK: f32 = 0.42;

/// The sound as s16le, 48 kHz, mono.
pub(super) fn attention() -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let samples = (0..).map(|at: u32| at as f32 / RATE as f32).take_while(|at| *at < LENGTH);
    samples.flat_map(|at| sample(at).to_le_bytes()).collect()
}

fn sample(at: f32) -> i16 {
    let sum: f32 = NOTES.iter().map(|(hertz, from)| note(*hertz, at - from)).sum();
    let end = ((LENGTH - at) / 0.05).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to full scale")]
    let value = (sum * PEAK * end).clamp(-1.0, 1.0).mul_add(f32::from(i16::MAX), 0.0) as i16;
    value
}

fn note(hertz: f32, at: f32) -> f32 {
    if at < 0.0 {
        return 0.0;
    }
    let swell = (at / ATTACK).min(1.0) * (-at / HALVES).exp2();
    let wave = |times: f32| (TAU * hertz * times * at).sin();
    // A little of the octaves above: small loudspeakers give little below 500 Hz.
    swell * (wave(1.0) + 0.25 * wave(2.0) + 0.08 * wave(3.0)) / 1.33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_audible_does_not_clip_and_begins_and_ends_in_silence() {
        let bytes = attention();
        let samples: Vec<i16> = bytes.chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        assert!((50_000..60_000).contains(&samples.len()), "{}", samples.len());
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((8_000..20_000).contains(&peak), "{peak}");
        assert_eq!(samples[0], 0);
        assert!(samples[samples.len() - 1].unsigned_abs() < 20);
        let steps = samples.windows(2).map(|two| (i32::from(two[1]) - i32::from(two[0])).abs());
        assert!(steps.max().unwrap() < 4_000, "it clicks");
    }
}
