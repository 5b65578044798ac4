//! The mixer of the loudspeaker: the talk line, or speech while the talk line is quiet, at the requested volume.

use super::jitter_buffer::JitterBuffer;
use super::level::Meter;
use super::speech::Speech;
use super::wire::PlayControl;
use super::{BLOCK, RATE, peak};

/// A talk line that is louder than this (-40 dB) is live.
const LIVE: u16 = 328;
/// Samples for which speech stays paused after the last live audio: half a second.
const SPEECH_RESUME_AFTER: usize = RATE / 2;
/// Output louder than this (-50 dB) is audible in the room.
const AUDIBLE: u16 = 104;
/// Samples of silence that still count as audible, between words: 50 ms.
const WORD_GAP: usize = RATE / 20;
/// The longest block that is rendered at once.
const LONGEST_BLOCK: usize = BLOCK;

#[derive(Debug)]
pub(crate) struct Mixer {
    pub(crate) talk: JitterBuffer,
    pub(crate) speech: Speech,
    control: PlayControl,
    /// The gain at the end of the last block.
    gain: f32,
    /// The gain of speech alone: it fades out when it is paused.
    speech_gain: f32,
    /// Samples since the talk line was live.
    quiet_for: usize,
    /// Samples since something audible was played.
    silent_for: usize,
    meter: Meter,
}

impl Mixer {
    pub(crate) fn new(control: PlayControl) -> Self {
        Self {
            talk: JitterBuffer::default(),
            speech: Speech::default(),
            control,
            gain: control.gain(),
            speech_gain: 1.0,
            quiet_for: SPEECH_RESUME_AFTER,
            silent_for: WORD_GAP,
            meter: Meter::default(),
        }
    }

    pub(crate) fn set_control(&mut self, control: PlayControl) {
        self.control = control;
    }

    pub(crate) fn control(&self) -> PlayControl {
        self.control
    }

    /// Whether the output is audible in the room.
    pub(crate) fn audible(&self) -> bool {
        self.silent_for < WORD_GAP
    }

    /// The level in dB since the last call.
    pub(crate) fn level(&mut self) -> f32 {
        self.meter.take()
    }

    /// Renders the next samples: a block, or less.
    pub(crate) fn render(&mut self, block: &mut [i16]) {
        self.talk.pull(block, self.control.talking);
        self.quiet_for = if peak(block) >= LIVE { 0 } else { self.quiet_for.saturating_add(block.len()) };
        self.mix_speech(block);
        let gain = self.control.gain();
        ramp(block, self.gain, gain);
        self.gain = gain;
        self.silent_for =
            if peak(block) >= AUDIBLE { 0 } else { self.silent_for.saturating_add(block.len()) };
        self.meter.add(block);
    }

    fn mix_speech(&mut self, block: &mut [i16]) {
        let paused = self.control.talking || self.quiet_for < SPEECH_RESUME_AFTER;
        let target = if paused { 0.0 } else { 1.0 };
        if paused && self.speech_gain == 0.0 {
            return;
        }
        let mut words = [0; LONGEST_BLOCK];
        let words = &mut words[..block.len()];
        if self.speech.pull(words) {
            ramp(words, self.speech_gain, target);
            for (out, word) in block.iter_mut().zip(words) {
                *out = out.saturating_add(*word);
            }
        }
        self.speech_gain = target;
    }
}

/// Multiplies a block by a gain that changes evenly from one value to another, so that no change clicks.
pub(crate) fn ramp(block: &mut [i16], from: f32, to: f32) {
    #[expect(clippy::cast_precision_loss, reason = "a block is short")]
    let step = (to - from) / block.len().max(1) as f32;
    let mut gain = from;
    for sample in block {
        gain += step;
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let scaled = (f32::from(*sample) * gain) as i16;
        *sample = scaled;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOUD: PlayControl = PlayControl { permille: 1000, talking: false };

    fn rendered(mixer: &mut Mixer, blocks: usize) -> Vec<u16> {
        let mut block = [0; BLOCK];
        (0..blocks)
            .map(|_| {
                mixer.render(&mut block);
                peak(&block)
            })
            .collect()
    }

    fn speak(mixer: &mut Mixer) {
        let room = mixer.speech.room();
        mixer.speech.push(&vec![5000; room]);
    }

    #[test]
    fn speech_is_paused_while_a_talker_is_live_and_resumes_after() {
        let mut mixer = Mixer::new(LOUD);
        speak(&mut mixer);
        assert_eq!(rendered(&mut mixer, 1), [5000]);
        // Live audio: speech fades out and is paused.
        let mut block = [0; BLOCK];
        for _ in 0..20 {
            mixer.talk.push(&[-9000; BLOCK]);
            mixer.render(&mut block);
        }
        assert_eq!(block, [-9000; BLOCK], "the voice alone");
        let waiting = mixer.speech.room();
        let silence = rendered(&mut mixer, SPEECH_RESUME_AFTER / BLOCK - 5);
        assert!(silence[10..].iter().all(|peak| *peak == 0), "{silence:?}");
        assert_eq!(mixer.speech.room(), waiting, "nothing of it was lost");
        assert!(rendered(&mut mixer, 10).contains(&5000), "it goes on");
    }

    #[test]
    fn an_open_microphone_pauses_speech_also_while_it_is_silent() {
        let mut mixer = Mixer::new(PlayControl { talking: true, ..LOUD });
        speak(&mut mixer);
        // The first block fades out from full gain.
        assert!(rendered(&mut mixer, 200)[1..].iter().all(|peak| *peak == 0));
        mixer.set_control(LOUD);
        assert!(rendered(&mut mixer, 2).contains(&5000));
    }

    #[test]
    fn output_below_the_threshold_is_not_audible() {
        let mut mixer = Mixer::new(PlayControl { permille: 0, talking: false });
        speak(&mut mixer);
        rendered(&mut mixer, 3);
        assert!(!mixer.audible());
        mixer.set_control(LOUD);
        speak(&mut mixer);
        rendered(&mut mixer, 2);
        assert!(mixer.audible() && mixer.level() > -30.0);
        rendered(&mut mixer, 4 + WORD_GAP / BLOCK);
        assert!(!mixer.audible());
    }

    proptest! {
        #[test]
        fn nothing_is_louder_than_the_volume_allows(permille in 0_u16..=1000, voice in any::<i16>(), word in any::<i16>()) {
            let mut mixer = Mixer::new(PlayControl { permille, talking: false });
            let mut block = [0; BLOCK];
            for _ in 0..30 {
                mixer.talk.push(&[voice; BLOCK]);
                let room = mixer.speech.room();
                mixer.speech.push(&vec![word; room]);
                mixer.render(&mut block);
                prop_assert!(u32::from(peak(&block)) * 1000 <= 32_768 * u32::from(permille) + 1000);
            }
        }
    }
}
