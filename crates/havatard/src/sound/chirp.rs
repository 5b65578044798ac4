//! The chirp of a loudspeaker's test: a rising tone, and how it is found again in what a microphone captured.

use std::f64::consts::TAU;
use std::iter;
use std::time::Duration;

use super::RATE;

/// Hertz at its begin and at its end: a small loudspeaker gives all of them, and the reduced rate of the search holds them.
const FROM: f64 = 600.0;
const TO: f64 = 2200.0;
/// How long it is.
pub(crate) const DURATION: Duration = Duration::from_millis(300);
/// The same in samples.
const LENGTH: u32 = 14_400;
/// Samples a second.
const A_SECOND: f64 = 48_000.0;
/// Of full scale: as loud as the attention sound.
const PEAK: f64 = 0.42;
/// Samples of the attack and of the end, which avoid clicks.
const FADE: f64 = 480.0;
/// The search looks at the mean of so many samples.
const REDUCTION: usize = 8;
/// Products that are summed up side by side, as processors do it. The reduced chirp is a multiple of them.
const LANES: usize = 8;
/// A stretch as long as the chirp is silent below this energy: its samples differ by less than their last bit from their mean.
const SILENT: f64 = 1_800.0;
/// The least likeness of a chirp that was heard, 0 to 1: more than noise, a whistle or a falling tone reach, and less than an echo
/// leaves of it.
const HEARD: f64 = 0.25;

/// The chirp, s16, 48 kHz, mono.
pub(crate) fn samples() -> Vec<i16> {
    const { assert!(RATE == 48_000) };
    (0..LENGTH).map(|at| sample(f64::from(at))).collect()
}

/// The place at which the chirp begins in these samples, if it is in them.
pub(crate) fn find(recorded: &[i16]) -> Option<usize> {
    let (chirp, recorded) = (reduced(&samples()), reduced(recorded));
    let of_chirp = correlation(&chirp, &chirp);
    let sums = energies(&recorded);
    // The first of these sums is the energy of all before the window, the last that with the window.
    let windows = recorded.windows(chirp.len()).zip(sums.windows(chirp.len() + 1));
    let likeness = windows.map(|(window, sums)| {
        let energy = sums[chirp.len()] - sums[0];
        // Whatever its sign and loudness.
        if energy < SILENT { 0.0 } else { correlation(&chirp, window).abs() / (of_chirp * energy).sqrt() }
    });
    let (at, best) = likeness.enumerate().max_by(|one, other| one.1.total_cmp(&other.1))?;
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

/// The sum of the products of two signals of one length.
fn correlation(one: &[f32], other: &[f32]) -> f64 {
    let mut sums = [0.0_f32; LANES];
    for (one, other) in one.chunks_exact(LANES).zip(other.chunks_exact(LANES)) {
        for (sum, (one, other)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += one * other;
        }
    }
    sums.into_iter().map(f64::from).sum()
}

/// The energy of what is before each sample, and of all.
fn energies(samples: &[f32]) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = samples.iter().map(|sample| {
        sum += f64::from(*sample).powi(2);
        sum
    });
    iter::once(0.0).chain(sums).collect()
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
        iter::repeat_with(next).take(count).collect()
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
        assert_eq!(DURATION * 10, Duration::from_secs(3));
        assert!(reduced(&chirp).len().is_multiple_of(LANES));
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
    fn it_is_found_between_loud_noise_and_silence() {
        let mut recorded = noise(48_000, 15_000);
        recorded.extend(vec![0; 48_000]);
        let recorded = with_chirp(recorded, 60_000, 20);
        assert!(find(&recorded).is_some_and(|found| found.abs_diff(60_000) <= 2 * REDUCTION));
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
