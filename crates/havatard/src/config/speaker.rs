//! Section `media.speaker`: where a talker and the robot's own words are heard.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::scalar::{string_enum, whole};
use super::{Duration, SoundDevice};

/// Where a talker and the robot's own words are heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Speaker {
    /// Where the sound goes.
    pub output: SpeakerOutput,
    /// The device: `default`, an ALSA name that `aplay -L` lists, or a sink that `pactl list short sinks` lists.
    pub device: SoundDevice,
    /// What the loudest setting means, in percent of full scale: 1 to 100.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 1, max = 100))]
    pub max_volume: u32,
    /// The microphone is held back while the loudspeaker is heard, so that nothing howls. Switch it off only for
    /// a device that cancels its own echo.
    pub duck: bool,
    /// How long it is held back after the last sound: 0ms to 2s.
    #[serde(deserialize_with = "guard")]
    pub guard: Duration,
}

impl Default for Speaker {
    fn default() -> Self {
        Self {
            output: SpeakerOutput::Auto,
            device: SoundDevice::named("default"),
            max_volume: 100,
            duck: true,
            guard: Duration::from_millis(300),
        }
    }
}

string_enum! {
    /// Where the sound goes.
    SpeakerOutput {
        /// To PulseAudio or PipeWire if one answers, else to ALSA.
        #[default]
        Auto = "auto",
        /// To a PulseAudio or PipeWire server. The service reaches one that runs for the whole system, and not that of
        /// a person's desktop.
        Pulse = "pulse",
        /// To an ALSA device.
        Alsa = "alsa",
        /// To nobody, at the pace of a loudspeaker.
        Test = "test",
        /// There is no loudspeaker.
        Off = "off",
    }
}

fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 1..=100, "percent")
}

fn guard<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::within(deserializer, Duration::from_millis(0), Duration::from_secs(2))
}
