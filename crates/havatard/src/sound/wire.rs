//! The datagrams between the stages and the daemon: one line of text each, over Unix sockets in the runtime directory. A
//! control message is complete, and reports repeat the applied one, so a lost datagram is noticed and sent again.

use std::fmt;
use std::str::FromStr;

/// Longest datagram, in bytes.
pub const MAX_DATAGRAM: usize = 256;

/// The control message of `play`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayControl {
    /// The volume, in thousandths of full scale.
    pub permille: u16,
    /// A talker's microphone is open: speech is paused.
    pub talking: bool,
}

/// The control message of `capture`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaptureControl {
    /// Duck the microphone.
    pub duck: bool,
}

/// The report of a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Report {
    /// The loudspeaker's.
    Play {
        /// Blocks written to the device since the start of the stage.
        blocks: u64,
        /// Level of the last tenth of a second, dB.
        level_db: f32,
        /// The output is audible in the room.
        audible: bool,
        /// The applied control message.
        control: PlayControl,
    },
    /// The microphone's.
    Capture {
        /// Level of the last tenth of a second, before the ducking, dB.
        level_db: f32,
        /// The applied control message.
        control: CaptureControl,
    },
}

/// A datagram that cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a datagram of the sound stages")]
pub struct ParseError;

impl PlayControl {
    pub(crate) fn gain(self) -> f32 {
        f32::from(self.permille.min(1000)) / 1000.0
    }
}

impl fmt::Display for PlayControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.permille, u8::from(self.talking))
    }
}

impl fmt::Display for CaptureControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", u8::from(self.duck))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Play { blocks, level_db, audible, control } => {
                write!(f, "play {blocks} {level_db:.1} {} {control}", u8::from(*audible))
            }
            Self::Capture { level_db, control } => write!(f, "capture {level_db:.1} {control}"),
        }
    }
}

impl FromStr for PlayControl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut words = Words(text.split(' '));
        let control = Self { permille: words.next()?, talking: words.flag()? };
        words.end(control).and_then(
            |control| {
                if control.permille <= 1000 { Ok(control) } else { Err(ParseError) }
            },
        )
    }
}

impl FromStr for CaptureControl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut words = Words(text.split(' '));
        let control = Self { duck: words.flag()? };
        words.end(control)
    }
}

impl FromStr for Report {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (stage, rest) = text.split_once(' ').ok_or(ParseError)?;
        let mut words = Words(rest.split(' '));
        let report = match stage {
            "play" => Self::Play {
                blocks: words.next()?,
                level_db: words.next()?,
                audible: words.flag()?,
                control: PlayControl { permille: words.next()?, talking: words.flag()? },
            },
            "capture" => {
                Self::Capture { level_db: words.next()?, control: CaptureControl { duck: words.flag()? } }
            }
            _ => return Err(ParseError),
        };
        words.end(report)
    }
}

struct Words<'a>(std::str::Split<'a, char>);

impl Words<'_> {
    fn next<T: FromStr>(&mut self) -> Result<T, ParseError> {
        self.0.next().and_then(|word| word.parse().ok()).ok_or(ParseError)
    }

    fn flag(&mut self) -> Result<bool, ParseError> {
        match self.next()? {
            0_u8 => Ok(false),
            1 => Ok(true),
            _ => Err(ParseError),
        }
    }

    fn end<T>(mut self, whole: T) -> Result<T, ParseError> {
        if self.0.next().is_none() { Ok(whole) } else { Err(ParseError) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_formatted_is_parsed(blocks: u64, tenths in -900_i16..=0, audible: bool, permille in 0_u16..=1000, talking: bool, duck: bool) {
            let (control, level_db) = (PlayControl { permille, talking }, f32::from(tenths) / 10.0);
            prop_assert_eq!(control.to_string().parse(), Ok(control));
            prop_assert_eq!(CaptureControl { duck }.to_string().parse(), Ok(CaptureControl { duck }));
            let play = Report::Play { blocks, level_db, audible, control };
            prop_assert_eq!(play.to_string().parse(), Ok(play));
            prop_assert!(play.to_string().len() <= MAX_DATAGRAM);
            let capture = Report::Capture { level_db, control: CaptureControl { duck } };
            prop_assert_eq!(capture.to_string().parse(), Ok(capture));
        }

        #[test]
        fn any_other_text_is_refused_without_a_panic(text in "(play |capture )?[0-9. -]{0,30}") {
            let _ = text.parse::<Report>();
            let _ = text.parse::<CaptureControl>();
            if let Ok(control) = text.parse::<PlayControl>() {
                prop_assert!(control.permille <= 1000);
            }
        }
    }
}
