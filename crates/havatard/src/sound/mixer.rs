//! What the loudspeaker plays: the talk line, or speech while nobody talks, at the volume that is asked for.

use super::level::Meter;
use super::line::Line;
use super::speech::Speech;
use super::wire::PlayOrders;
use super::{BLOCK, peak};

/// A talk line that is louder than this (-40 dB) is live.
const LIVE: u16 = 328;
/// Speech waits for so long after the last live sound: half a second, a breath.
const BREATH: u32 = 50;
/// What is played louder than this (-50 dB) can be heard in the room.
const AUDIBLE: u16 = 104;
/// Sound between words counts as audible for so long: 50 ms.
const WORD_GAP: u32 = 5;

#[derive(Debug)]
pub(crate) struct Mixer {
    pub(crate) line: Line,
    pub(crate) speech: Speech,
    orders: PlayOrders,
    /// The gain at the end of the last block.
    gain: f32,
    /// The same of speech alone: it fades out when it is held up.
    speech_gain: f32,
    /// Blocks since the talk line was live.
    quiet_for: u32,
    /// Blocks since something audible was played.
    silent_for: u32,
    meter: Meter,
}

impl Mixer {
    pub(crate) fn new(orders: PlayOrders) -> Self {
        Self {
            line: Line::default(),
            speech: Speech::default(),
            orders,
            gain: orders.gain(),
            speech_gain: 1.0,
            quiet_for: BREATH,
            silent_for: WORD_GAP,
            meter: Meter::default(),
        }
    }

    pub(crate) fn obey(&mut self, orders: PlayOrders) {
        self.orders = orders;
    }

    pub(crate) fn orders(&self) -> PlayOrders {
        self.orders
    }

    /// Something that can be heard in the room is being played.
    pub(crate) fn audible(&self) -> bool {
        self.silent_for < WORD_GAP
    }

    /// The level since it was last asked for, dB.
    pub(crate) fn level(&mut self) -> f32 {
        self.meter.take()
    }

    /// The next block.
    pub(crate) fn render(&mut self, block: &mut [i16; BLOCK]) {
        self.line.pull(block);
        self.quiet_for = if peak(block) >= LIVE { 0 } else { self.quiet_for.saturating_add(1) };
        self.mix_speech(block);
        let gain = self.orders.gain();
        ramp(block, self.gain, gain);
        self.gain = gain;
        self.silent_for = if peak(block) >= AUDIBLE { 0 } else { self.silent_for.saturating_add(1) };
        self.meter.add(block);
    }

    fn mix_speech(&mut self, block: &mut [i16; BLOCK]) {
        let held = self.orders.talking || self.quiet_for < BREATH;
        let wanted = if held { 0.0 } else { 1.0 };
        if held && self.speech_gain == 0.0 {
            return;
        }
        let mut words = [0; BLOCK];
        if self.speech.pull(&mut words) {
            ramp(&mut words, self.speech_gain, wanted);
            for (out, word) in block.iter_mut().zip(words) {
                *out = out.saturating_add(word);
            }
        }
        self.speech_gain = wanted;
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

    const LOUD: PlayOrders = PlayOrders { permille: 1000, talking: false };

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
    fn speech_waits_while_somebody_talks_and_goes_on_after_a_breath() {
        let mut mixer = Mixer::new(LOUD);
        speak(&mut mixer);
        assert_eq!(rendered(&mut mixer, 1), [5000]);
        // A live voice: what was being said fades out and waits.
        let mut block = [0; BLOCK];
        for _ in 0..20 {
            mixer.line.push(&[-9000; BLOCK]);
            mixer.render(&mut block);
        }
        assert_eq!(block, [-9000; BLOCK], "the voice alone");
        let waiting = mixer.speech.room();
        let silence = rendered(&mut mixer, BREATH as usize - 5);
        assert!(silence[10..].iter().all(|peak| *peak == 0), "{silence:?}");
        assert_eq!(mixer.speech.room(), waiting, "nothing of it was lost");
        assert!(rendered(&mut mixer, 10).contains(&5000), "it goes on");
    }

    #[test]
    fn an_open_microphone_holds_speech_also_while_it_is_silent() {
        let mut mixer = Mixer::new(PlayOrders { talking: true, ..LOUD });
        speak(&mut mixer);
        // The first block fades out from full gain.
        assert!(rendered(&mut mixer, 200)[1..].iter().all(|peak| *peak == 0));
        mixer.obey(LOUD);
        assert!(rendered(&mut mixer, 2).contains(&5000));
    }

    #[test]
    fn what_cannot_be_heard_is_not_audible() {
        let mut mixer = Mixer::new(PlayOrders { permille: 0, talking: false });
        speak(&mut mixer);
        rendered(&mut mixer, 3);
        assert!(!mixer.audible());
        mixer.obey(LOUD);
        speak(&mut mixer);
        rendered(&mut mixer, 2);
        assert!(mixer.audible() && mixer.level() > -30.0);
        rendered(&mut mixer, 4 + WORD_GAP as usize);
        assert!(!mixer.audible());
    }

    proptest! {
        #[test]
        fn nothing_is_louder_than_the_volume_allows(permille in 0_u16..=1000, voice in any::<i16>(), word in any::<i16>()) {
            let mut mixer = Mixer::new(PlayOrders { permille, talking: false });
            let mut block = [0; BLOCK];
            for _ in 0..30 {
                mixer.line.push(&[voice; BLOCK]);
                let room = mixer.speech.room();
                mixer.speech.push(&vec![word; room]);
                mixer.render(&mut block);
                prop_assert!(u32::from(peak(&block)) * 1000 <= 32_768 * u32::from(permille) + 1000);
            }
        }
    }
}
