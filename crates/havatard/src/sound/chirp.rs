//! The chirp of a loudspeaker's test: a rising tone, and how it is found again in what a microphone captured.

use std::f64::consts::TAU;

use super::RATE;

/// Hertz at its begin and at its end: a small loudspeaker gives all of them, and the reduced rate of the search holds them.
const FROM: f64 = 600.0;
const TO: f64 = 2200.0;
/// Samples: 0.3 s.
const LENGTH: u32 = 14_400;
/// Samples a second.
const A_SECOND: f64 = 48_000.0;
/// Of full scale: as loud as the attention sound.
const PEAK: f64 = 0.42;
/// Samples of the attack and of the end, which avoid clicks.
const FADE: f64 = 480.0;
/// The search looks at the mean of so many samples.
const REDUCTION: usize = 8;
/// The least likeness of a chirp that was heard, 0 to 1: more than noise, a whistle or a falling tone reach, and less than an echo
/// leaves of it.
const HEARD: f32 = 0.25;

/// The chirp, s16, 48 kHz, mono.
pub(crate) fn samples() -> Vec<i16> {
    const { assert!(RATE == 48_000) };
    (0..LENGTH).map(|at| sample(f64::from(at))).collect()
}

/// The place at which the chirp begins in these samples, if it is in them.
pub(crate) fn find(recorded: &[i16]) -> Option<usize> {
    let (chirp, recorded) = (reduced(&samples()), reduced(recorded));
    let likeness = recorded.windows(chirp.len()).map(|window| likeness(&chirp, window)).enumerate();
    let (at, best) = likeness.max_by(|one, other| one.1.total_cmp(&other.1))?;
    (best >= HEARD).then_some(at * REDUCTION)
}

fn sample(at: f64) -> i16 {
    let seconds = at / A_SECOND;
    let length = f64::from(LENGTH) / A_SECOND;
    let phase = TAU * (FROM * seconds + (TO - FROM) * seconds * seconds / (2.0 * length));
    let fade = (at / FADE).min((f64::from(LENGTH) - 1.0 - at) / FADE).min(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "less than full scale")]
    let value = (phase.sin() * PEAK * fade * f64::from(i16::MAX)) as i16;
    value
}

/// Fewer samples, without the constant part that cheap microphones add.
fn reduced(samples: &[i16]) -> Vec<f32> {
    let mut means: Vec<f32> = samples
        .chunks_exact(REDUCTION)
        .map(|part| part.iter().map(|sample| f32::from(*sample)).sum::<f32>())
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
    let constant = means.iter().sum::<f32>() / means.len().max(1) as f32;
    for mean in &mut means {
        *mean -= constant;
    }
    means
}

/// The correlation of two signals of one length, whatever their sign and loudness.
fn likeness(one: &[f32], other: &[f32]) -> f32 {
    let (mut both, mut of_one, mut of_other) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (one, other) in one.iter().zip(other) {
        both += one * other;
        of_one += one * one;
        of_other += other * other;
    }
    let most = (of_one * of_other).sqrt();
    if most > 0.0 { both.abs() / most } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::peak;
    use super::*;

    /// Noise of this loudness, the same each time.
    fn noise(count: usize, loudness: i32) -> Vec<i16> {
        let mut state = 1_u32;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(i32::try_from(state >> 16).unwrap() * loudness / 32_768 - loudness).unwrap()
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn with_chirp(mut recorded: Vec<i16>, at: usize, divided: i16) -> Vec<i16> {
        for (sample, chirp) in recorded[at..].iter_mut().zip(samples()) {
            *sample = sample.saturating_add(chirp / divided);
        }
        recorded
    }

    #[test]
    fn it_neither_clips_nor_clicks() {
        let chirp = samples();
        assert_eq!(chirp.len(), RATE * 3 / 10);
        assert!((13_000..14_000).contains(&peak(&chirp)), "{}", peak(&chirp));
        assert_eq!((chirp[0], chirp[chirp.len() - 1]), (0, 0));
        let steps = chirp.windows(2).map(|two| (i32::from(two[1]) - i32::from(two[0])).abs());
        assert!(steps.max().unwrap() < 4_200);
    }

    #[test]
    fn it_is_found_in_noise_as_soft_as_it_is_far_away() {
        for divided in [1, 20, 100] {
            let recorded = with_chirp(noise(48_000, 150), 20_000, divided);
            let found = find(&recorded).expect("it is in there");
            assert!(found.abs_diff(20_000) <= 2 * REDUCTION, "{divided}: {found}");
        }
        let echoed = with_chirp(with_chirp(vec![900; 48_000], 9_600, 30), 12_000, 45);
        assert!(find(&echoed).is_some_and(|found| found.abs_diff(9_600) <= 2 * REDUCTION));
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        assert_eq!(find(&[]), None);
        assert_eq!(find(&samples()[1..]), None, "less than a chirp");
        assert_eq!(find(&vec![0; 48_000]), None);
        assert_eq!(find(&vec![5_000; 48_000]), None, "a constant");
        assert_eq!(find(&noise(48_000, 5_000)), None);
        let falling: Vec<i16> = samples().into_iter().rev().cycle().take(48_000).collect();
        assert_eq!(find(&falling), None, "a falling tone");
        let tone = |at: u32| {
            #[expect(clippy::cast_possible_truncation, reason = "within the range")]
            let value = ((f64::from(at) / A_SECOND * 1_000.0 * TAU).sin() * 8_000.0) as i16;
            value
        };
        assert_eq!(find(&(0..48_000).map(tone).collect::<Vec<i16>>()), None, "a whistle");
    }
}
