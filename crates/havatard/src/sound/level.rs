//! The level meter.

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

#[cfg(test)]
mod tests {
    use super::*;

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
