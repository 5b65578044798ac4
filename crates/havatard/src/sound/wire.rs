//! What the stages and the daemon tell each other: one datagram of a few words each, over Unix sockets in the runtime
//! directory. Orders are told whole and reports repeat the orders they follow, so a lost datagram is noticed.

use std::fmt;
use std::str::FromStr;

/// Longest datagram, in bytes.
pub const LONGEST: usize = 256;

/// What `play` is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayOrders {
    /// How loud, in thousandths of full scale.
    pub permille: u16,
    /// A talker's microphone is open: speech waits.
    pub talking: bool,
}

/// What `capture` is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaptureOrders {
    /// Hold the microphone back.
    pub duck: bool,
}

/// What a stage says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Report {
    /// The loudspeaker's.
    Play {
        /// Blocks that the device has taken since the stage began.
        blocks: u64,
        /// Level of the last tenth of a second, dB.
        level_db: f32,
        /// Something that can be heard is being played.
        audible: bool,
        /// What it follows.
        orders: PlayOrders,
    },
    /// The microphone's.
    Capture {
        /// Level of the last tenth of a second, before it is held back, dB.
        level_db: f32,
        /// What it follows.
        orders: CaptureOrders,
    },
}

/// Text that is none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a word of the sound stages")]
pub struct NotUnderstood;

impl PlayOrders {
    pub(crate) fn gain(self) -> f32 {
        f32::from(self.permille.min(1000)) / 1000.0
    }
}

impl fmt::Display for PlayOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.permille, u8::from(self.talking))
    }
}

impl fmt::Display for CaptureOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", u8::from(self.duck))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Play { blocks, level_db, audible, orders } => {
                write!(f, "play {blocks} {level_db:.1} {} {orders}", u8::from(*audible))
            }
            Self::Capture { level_db, orders } => write!(f, "capture {level_db:.1} {orders}"),
        }
    }
}

impl FromStr for PlayOrders {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let mut words = Words(text.split(' '));
        let orders = Self { permille: words.next()?, talking: words.flag()? };
        words.end(orders).and_then(
            |orders| {
                if orders.permille <= 1000 { Ok(orders) } else { Err(NotUnderstood) }
            },
        )
    }
}

impl FromStr for CaptureOrders {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let mut words = Words(text.split(' '));
        let orders = Self { duck: words.flag()? };
        words.end(orders)
    }
}

impl FromStr for Report {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, NotUnderstood> {
        let (stage, rest) = text.split_once(' ').ok_or(NotUnderstood)?;
        let mut words = Words(rest.split(' '));
        let report = match stage {
            "play" => Self::Play {
                blocks: words.next()?,
                level_db: words.next()?,
                audible: words.flag()?,
                orders: PlayOrders { permille: words.next()?, talking: words.flag()? },
            },
            "capture" => {
                Self::Capture { level_db: words.next()?, orders: CaptureOrders { duck: words.flag()? } }
            }
            _ => return Err(NotUnderstood),
        };
        words.end(report)
    }
}

struct Words<'a>(std::str::Split<'a, char>);

impl Words<'_> {
    fn next<T: FromStr>(&mut self) -> Result<T, NotUnderstood> {
        self.0.next().and_then(|word| word.parse().ok()).ok_or(NotUnderstood)
    }

    fn flag(&mut self) -> Result<bool, NotUnderstood> {
        match self.next()? {
            0_u8 => Ok(false),
            1 => Ok(true),
            _ => Err(NotUnderstood),
        }
    }

    fn end<T>(mut self, whole: T) -> Result<T, NotUnderstood> {
        if self.0.next().is_none() { Ok(whole) } else { Err(NotUnderstood) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_said_is_understood(blocks: u64, tenths in -900_i16..=0, audible: bool, permille in 0_u16..=1000, talking: bool, duck: bool) {
            let (orders, level_db) = (PlayOrders { permille, talking }, f32::from(tenths) / 10.0);
            prop_assert_eq!(orders.to_string().parse(), Ok(orders));
            prop_assert_eq!(CaptureOrders { duck }.to_string().parse(), Ok(CaptureOrders { duck }));
            let play = Report::Play { blocks, level_db, audible, orders };
            prop_assert_eq!(play.to_string().parse(), Ok(play));
            prop_assert!(play.to_string().len() <= LONGEST);
            let capture = Report::Capture { level_db, orders: CaptureOrders { duck } };
            prop_assert_eq!(capture.to_string().parse(), Ok(capture));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in "(play |capture )?[0-9. -]{0,30}") {
            let _ = text.parse::<Report>();
            let _ = text.parse::<CaptureOrders>();
            if let Ok(orders) = text.parse::<PlayOrders>() {
                prop_assert!(orders.permille <= 1000);
            }
        }
    }
}
