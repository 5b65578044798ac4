//! Section `media.microphone`: where the sound comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::scalar::string_enum;
use super::{BitRate, SoundDevice};

/// Where the sound comes from. It is sent as Opus, 48 kHz, mono.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Microphone {
    /// Where the sound comes from.
    pub source: MicrophoneSource,
    /// The device: `default`, an ALSA name that `arecord -L` lists, or a source that `pactl list short sources` lists.
    pub device: SoundDevice,
    /// Bit rate of the Opus stream: 6k to 256k.
    #[serde(deserialize_with = "rate")]
    pub bitrate: BitRate,
}

impl Default for Microphone {
    fn default() -> Self {
        Self {
            source: MicrophoneSource::Auto,
            device: SoundDevice::named("default"),
            bitrate: BitRate::from_kbps(64),
        }
    }
}

string_enum! {
    /// Where the sound comes from.
    MicrophoneSource {
        /// PulseAudio or PipeWire if one answers, else ALSA.
        #[default]
        Auto = "auto",
        /// A PulseAudio or PipeWire server. The service reaches one that runs for the whole system, and not that of
        /// a person's desktop.
        Pulse = "pulse",
        /// An ALSA device.
        Alsa = "alsa",
        /// A made tone.
        Test = "test",
        /// No sound.
        Off = "off",
    }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BitRate, D::Error> {
    BitRate::within(deserializer, BitRate::from_kbps(6), BitRate::from_kbps(256))
}
