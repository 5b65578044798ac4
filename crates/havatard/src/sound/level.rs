//! The level meter, and the levels of a whole recording.

use super::peak;

/// Silence, in dB under full scale: below the smallest sample of 16 bits.
pub(crate) const SILENCE_DB: f32 = -90.0;

/// Measures the mean power since the last reading.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    power: f64,
    samples: u32,
}

impl Meter {
    pub(crate) fn add(&mut self, samples: &[i16]) {
        for sample in samples {
            let value = f64::from(*sample) / 32_768.0;
            self.power += value * value;
        }
        self.samples = self.samples.saturating_add(u32::try_from(samples.len()).unwrap_or(u32::MAX));
    }

    /// Returns the level in dB, [`SILENCE_DB`] to 0, and resets the meter. A full-scale sine is -3 dB.
    pub(crate) fn take(&mut self) -> f32 {
        let Self { power, samples } = std::mem::take(self);
        if samples == 0 || power == 0.0 {
            return SILENCE_DB;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a level of two digits")]
        let db = (10.0 * (power / f64::from(samples)).log10()) as f32;
        db.clamp(SILENCE_DB, 0.0)
    }
}

/// A sample from here on has reached full scale.
const FULL_SCALE: u16 = 32_760;

/// The levels of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Loudness {
    /// The loudest sample, dB, [`SILENCE_DB`] to 0.
    pub(crate) peak_db: f32,
    /// The mean power, dB, [`SILENCE_DB`] to 0.
    pub(crate) rms_db: f32,
    /// The share of samples at full scale, percent.
    pub(crate) clipped_percent: f32,
}

/// Measures samples.
pub(crate) fn measure(samples: &[i16]) -> Loudness {
    let mut meter = Meter::default();
    meter.add(samples);
    let peak_db = match peak(samples) {
        0 => SILENCE_DB,
        peak => (20.0 * (f32::from(peak) / 32_768.0).log10()).clamp(SILENCE_DB, 0.0),
    };
    let clipped = samples.iter().filter(|sample| sample.unsigned_abs() >= FULL_SCALE).count();
    #[expect(clippy::cast_precision_loss, reason = "a share of two digits")]
    let clipped_percent = clipped as f32 * 100.0 / samples.len().max(1) as f32;
    Loudness { peak_db, rms_db: meter.take(), clipped_percent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_measured_as_a_whole() {
        let silent = Loudness { peak_db: SILENCE_DB, rms_db: SILENCE_DB, clipped_percent: 0.0 };
        assert_eq!(measure(&[]), silent);
        assert_eq!(measure(&vec![0; 96_000]), silent);
        let mut soft = vec![0; 96_000];
        soft[500] = 328;
        let soft = measure(&soft);
        assert!((soft.peak_db + 40.0).abs() < 0.02, "{soft:?}");
        assert!(soft.rms_db < -85.0 && soft.clipped_percent == 0.0, "{soft:?}");
        let square = measure(&[i16::MAX, i16::MIN].repeat(100));
        assert!(square.peak_db > -0.01 && square.rms_db > -0.01, "{square:?}");
        assert!((square.clipped_percent - 100.0).abs() < 0.01, "{square:?}");
        let mut half = vec![100; 1000];
        half[..5].fill(i16::MIN);
        assert!((measure(&half).clipped_percent - 0.5).abs() < 0.001);
    }

    #[test]
    fn levels_of_known_signals() {
        let mut meter = Meter::default();
        assert!(meter.take() <= SILENCE_DB);
        meter.add(&[0; 480]);
        assert!(meter.take() <= SILENCE_DB);
        meter.add(&[i16::MIN; 480]);
        assert!(meter.take() >= 0.0);
        meter.add(&[16_384, -16_384].repeat(240));
        assert!((meter.take() + 6.02).abs() < 0.01);
        assert!(meter.take() <= SILENCE_DB, "reading resets it");
    }
}
