//! The signal of the test microphone: a soft tone to hear, with a beep every second to measure the delay.

use super::{BLOCK, RATE};

/// The tone: Hz, and share of full scale.
const TONE: (usize, f64) = (440, 0.04);
/// The beep, which lasts for 40 ms.
const BEEP: (usize, f64) = (1760, 0.1);
const BEEP_SAMPLES: usize = RATE / 25;

#[derive(Debug, Default)]
pub(crate) struct Tone {
    /// The sample within the second.
    at: usize,
}

impl Tone {
    pub(crate) fn fill(&mut self, block: &mut [i16; BLOCK]) {
        for sample in block {
            let mut value = wave(TONE, self.at);
            if self.at < BEEP_SAMPLES {
                value += wave(BEEP, self.at);
            }
            #[expect(clippy::cast_possible_truncation, reason = "far within the range")]
            let rounded = (value * 32_767.0) as i16;
            *sample = rounded;
            self.at = (self.at + 1) % RATE;
        }
    }
}

fn wave((hertz, share): (usize, f64), at: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "within a second")]
    let turns = (hertz * at) as f64 / RATE as f64;
    share * (turns * std::f64::consts::TAU).sin()
}

#[cfg(test)]
mod tests {
    use crate::sound::level::Meter;

    use super::*;

    #[test]
    fn a_beep_begins_each_second_and_stands_out() {
        let (mut tone, mut block) = (Tone::default(), [0; BLOCK]);
        let levels: Vec<f32> = (0..200)
            .map(|_| {
                tone.fill(&mut block);
                let mut meter = Meter::default();
                meter.add(&block);
                meter.take()
            })
            .collect();
        for second in levels.chunks(100) {
            assert!(second[..4].iter().all(|level| (-24.0..-22.0).contains(level)), "{:?}", &second[..4]);
            assert!(second[4..].iter().all(|level| (-32.0..-30.0).contains(level)), "{:?}", &second[4..]);
        }
    }
}
