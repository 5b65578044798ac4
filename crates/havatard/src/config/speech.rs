//! Section `speech`: what the robot says aloud, with which voice, and when not.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Time;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::scalar::{Scalar, ValueError, scalar, shown, string_enum, text};

/// What the robot says aloud, with which voice, and when not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Speech {
    /// What turns words into sound.
    pub engine: SpeechEngine,
    /// Engine command: the program and its arguments. It reads the text on standard input and writes a WAV file to standard
    /// output. {language} in an argument stands for ro or en; the text itself is never part of an argument.
    pub command: Vec<String>,
    /// Engine espeak: its voice for each language, by a name that espeak-ng --voices lists.
    pub voices: Voices,
    /// From when to when the loudspeaker is for live talkers alone, like 22:00-07:00, by the robot's own clock. By default never. The
    /// controller's buzzer is not meant: it tells of a watcher at night too.
    pub quiet_hours: Option<QuietHours>,
}

string_enum! {
    /// What turns words into sound.
    SpeechEngine {
        /// The program espeak-ng.
        #[default]
        Espeak = "espeak",
        /// The program named in command: Piper, RHVoice or another.
        Command = "command",
        /// Nothing.
        Off = "off",
    }
}

/// The voice of each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Voices {
    /// Romanian.
    pub ro: VoiceName,
    /// English.
    pub en: VoiceName,
}

impl Default for Voices {
    fn default() -> Self {
        Self { ro: VoiceName("ro".to_owned()), en: VoiceName("en".to_owned()) }
    }
}

impl Speech {
    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        match (self.engine, self.command.first()) {
            (SpeechEngine::Command, None) => checks.error(
                "speech.command",
                &["speech.engine"],
                "engine command needs a program",
                "write command: with the program and its arguments",
            ),
            (SpeechEngine::Espeak | SpeechEngine::Off, Some(_)) => checks.warning(
                "speech.command",
                &["speech.engine"],
                format!("has no effect with engine {}", self.engine),
                "set speech.engine to command, or take command out",
            ),
            _ => {}
        }
        if self.command.iter().any(|part| part.chars().any(char::is_control)) {
            let message = "an argument holds a control character";
            checks.error("speech.command", &[], message, "write it without");
        }
        if self.command.first().is_some_and(String::is_empty) {
            checks.error("speech.command", &[], "the program's name is empty", "name the program first");
        }
    }
}

/// The name of a voice: letters, digits and `+_-`, at most 40 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceName(String);

impl VoiceName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write a name that espeak-ng --voices lists, like ro or en-gb";
        let text = scalar.text(FORM)?;
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_');
        // Named first, a dash would make it an option.
        let plain = text.bytes().all(known) && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
        if plain && text.len() <= 40 {
            Ok(Self(text))
        } else {
            Err(ValueError::new(format!("{} is not the name of a voice", shown(&text)), FORM))
        }
    }
}

impl JsonSchema for VoiceName {
    fn schema_name() -> Cow<'static, str> {
        "VoiceName".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The name of a voice.",
            "pattern": "^[A-Za-z][A-Za-z0-9+_-]{0,39}$",
        })
    }
}

text!(VoiceName);

/// A part of each day, by the clock on the wall: the first minute is in it, the last is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

impl QuietHours {
    /// Whether it is this time of the day.
    pub fn contains(self, time: Time) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }

    /// When they end.
    pub fn end(self) -> Time {
        self.to
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write two times of the day, like 22:00-07:00";
        let text = scalar.text(FORM)?;
        let wrong = || ValueError::new(format!("{} is no part of a day", shown(&text)), FORM);
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = (time(from).ok_or_else(wrong)?, time(to).ok_or_else(wrong)?);
        if from == to {
            return Err(ValueError::new("these hours have no length", "for never, leave the key out"));
        }
        Ok(Self { from, to })
    }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i8>().ok()).flatten()
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from.hour(), from.minute(), to.hour(), to.minute())
    }
}

impl JsonSchema for QuietHours {
    fn schema_name() -> Cow<'static, str> {
        "QuietHours".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Two times of the day, like 22:00-07:00.",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
        })
    }
}

scalar!(QuietHours);

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Option<QuietHours> {
        QuietHours::from_scalar(Scalar::Text(text.to_owned())).ok()
    }

    #[test]
    fn a_part_of_a_day_over_midnight_and_within_one() {
        let at = |hour, minute| Time::new(hour, minute, 0, 0).unwrap();
        let night = hours("22:00-07:00").unwrap();
        assert_eq!(night.to_string(), "22:00-07:00");
        let cases = [((21, 59), false), ((22, 0), true), ((23, 59), true), ((0, 0), true), ((6, 59), true)];
        for ((hour, minute), quiet) in cases.into_iter().chain([((7, 0), false), ((12, 0), false)]) {
            assert_eq!(night.contains(at(hour, minute)), quiet, "{hour}:{minute}");
        }
        let rest = hours("13:00-15:30").unwrap();
        assert!(rest.contains(at(13, 0)) && rest.contains(at(15, 29)));
        assert!(!rest.contains(at(15, 30)) && !rest.contains(at(1, 0)));
    }

    #[test]
    fn what_is_no_part_of_a_day() {
        for text in [
            "",
            "22:00",
            "22:00-22:00",
            "24:00-07:00",
            "22-07",
            "2:00-07:00",
            "22:60-07:00",
            "-",
            "+1:00-07:00",
        ] {
            assert!(hours(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_voice_is_an_option() {
        for (text, good) in
            [("ro", true), ("en-gb+f3", true), ("-v", false), ("", false), ("a b", false), ("../x", false)]
        {
            assert_eq!(VoiceName::from_scalar(Scalar::Text(text.to_owned())).is_ok(), good, "{text}");
        }
    }
}
