//! Lines of text, for a robot whose firmware is already there.
//!
//! Such firmware takes commands like `M 120 -80` and may answer with lines like `BAT 7400`. Its words come from the
//! configuration: [`Settings`] is checked once and becomes a [`Dialect`], which then cannot fail: every value that it is
//! given has a place in its range, and a stop holds no value at all.
//!
//! What firmware of this kind cannot promise is not made up here: there is no session, no acknowledgement and no age of a
//! command. The host must repeat, and must send the stop.
//!
//! ```
//! use havatar_link::text::{Dialect, Scale, Scales, Settings};
//!
//! let dialect = Dialect::new(&Settings {
//!     drive: r"M {left} {right}\n",
//!     stop: Some(r"M 0 0\n"),
//!     replies: vec!["BAT {battery_mv}"],
//!     track: Some(200.0),
//!     scales: Scales { wheel: Scale::between(-500.0..=500.0, -255.0..=255.0)?, ..Scales::default() },
//!     ..Settings::default()
//! })?;
//! assert_eq!(dialect.drive(250, 0), "M 128 128\n");
//! // Both wheels slow down together, so that the curve stays the same: the outer one is at its limit.
//! assert_eq!(dialect.drive(500, 1000), "M 170 255\n");
//! assert_eq!(dialect.read("BAT 7400").and_then(|reading| reading.battery_mv), Some(7400));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod lines;
mod notation;
mod reply;
mod scale;
mod template;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use lines::{LINE_MAX, Lines};
pub use notation::{Fault, SOURCE_MAX, TextError};
pub use reply::Reading;
pub use scale::{Scale, ScaleError, Scales};

use crate::message::Features;

use reply::Reply;
use template::{Template, Value};

/// The widest track that is believed, mm.
const TRACK_MAX: f64 = 5000.0;

/// The text protocol of a firmware, as configured.
///
/// Lines hold `{placeholders}` for numbers, `{linear:.2}` with two decimals, whole ones unless said otherwise. `\n`, `\r`, `\t`
/// and `\\` are as everywhere, `{{` and `}}` are braces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings<'a> {
    /// Sets the speeds: with `{left}` and `{right}`, or with `{linear}` and `{angular}`.
    pub drive: &'a str,
    /// Stops; no placeholders. Unless given, `drive` with zeros.
    pub stop: Option<&'a str>,
    /// Latches an e-stop; no placeholders. Unless given, as `stop`.
    pub estop: Option<&'a str>,
    /// Turns the head: `{pan}`, `{tilt}` or both.
    pub head: Option<&'a str>,
    /// Sets the light: `{light}`.
    pub light: Option<&'a str>,
    /// Asks for an answer; no placeholders.
    pub ask: Option<&'a str>,
    /// What the firmware may answer, with a placeholder for each number, of the names and units of [`Reading`].
    /// `{battery_mv*1000}` multiplies, `{_}` passes over a word, a blank stands for any number of them.
    pub replies: Vec<&'a str>,
    /// From the units of this crate to those of the firmware.
    pub scales: Scales,
    /// Distance between the wheels, mm; needed for `{left}` and `{right}`.
    pub track: Option<f64>,
}

/// A text protocol that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialect {
    drive: Template,
    stop: String,
    estop: String,
    head: Option<Template>,
    light: Option<Template>,
    ask: Option<String>,
    replies: Vec<Reply>,
    scales: Scales,
    track: f64,
}

/// A line of [`Settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// [`Settings::drive`].
    Drive,
    /// [`Settings::stop`].
    Stop,
    /// [`Settings::estop`].
    Estop,
    /// [`Settings::head`].
    Head,
    /// [`Settings::light`].
    Light,
    /// [`Settings::ask`].
    Ask,
    /// One of [`Settings::replies`], counted from 0.
    Reply(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drive => f.write_str("drive"),
            Self::Stop => f.write_str("stop"),
            Self::Estop => f.write_str("estop"),
            Self::Head => f.write_str("head"),
            Self::Light => f.write_str("light"),
            Self::Ask => f.write_str("ask"),
            Self::Reply(number) => write!(f, "replies[{number}]"),
        }
    }
}

/// Why [`Settings`] make no [`Dialect`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DialectError {
    /// A line cannot be read.
    #[error("{place}: {error}")]
    Line {
        /// Which.
        place: Place,
        /// Why.
        error: TextError,
    },
    /// The line cannot express every motion.
    #[error("drive: it needs {{left}} and {{right}}, or {{linear}} and {{angular}}")]
    Drive,
    /// The line would always be the same.
    #[error("{0}: it needs a placeholder for what it sets")]
    Constant(Place),
    /// Wheel speeds cannot be worked out.
    #[error(
        "{{left}} and {{right}} need the track, the distance between the wheels: above 0, at most 5000 mm"
    )]
    Track,
}

impl Dialect {
    /// Checks what was written down.
    pub fn new(settings: &Settings<'_>) -> Result<Self, DialectError> {
        let at = |place| move |error| DialectError::Line { place, error };
        let drive = Template::parse(settings.drive, Value::DRIVE).map_err(at(Place::Drive))?;
        let has = |value| drive.has(value);
        let drives = has(Value::Left) && has(Value::Right) || has(Value::Linear) && has(Value::Angular);
        if !drives {
            return Err(DialectError::Drive);
        }
        let track = match settings.track {
            Some(track) if track > 0.0 && track <= TRACK_MAX => track,
            None if !has(Value::Left) && !has(Value::Right) => 0.0,
            _ => return Err(DialectError::Track),
        };
        let line = |place, source, values: &'static [Value]| {
            let template = Template::parse(source, values).map_err(at(place))?;
            if template.is_constant() { Err(DialectError::Constant(place)) } else { Ok(template) }
        };
        let words = |place, source| notation::words(source).map_err(at(place));
        let stop = match settings.stop {
            Some(source) => words(Place::Stop, source)?,
            None => drive_line(&drive, &settings.scales, track, 0, 0),
        };
        let reply = |(number, source): (usize, &&str)| Reply::parse(source).map_err(at(Place::Reply(number)));
        Ok(Self {
            estop: settings.estop.map_or(Ok(stop.clone()), |source| words(Place::Estop, source))?,
            stop,
            head: settings.head.map(|source| line(Place::Head, source, Value::HEAD)).transpose()?,
            light: settings.light.map(|source| line(Place::Light, source, Value::LIGHT)).transpose()?,
            ask: settings.ask.map(|source| words(Place::Ask, source)).transpose()?,
            replies: settings.replies.iter().enumerate().map(reply).collect::<Result<_, _>>()?,
            scales: settings.scales.clone(),
            track,
            drive,
        })
    }

    /// The line for a speed: mm/s, forward positive, and mrad/s, counter-clockwise positive. What is faster than a scale
    /// allows is slowed down as a whole, so that the robot takes the same curve.
    pub fn drive(&self, linear: i16, angular: i16) -> String {
        drive_line(&self.drive, &self.scales, self.track, linear, angular)
    }

    /// The line that stops.
    pub fn stop(&self) -> &str {
        &self.stop
    }

    /// The line for an e-stop. Firmware that has none is stopped.
    pub fn estop(&self) -> &str {
        &self.estop
    }

    /// The line that turns the head, if there is one: hundredths of a degree, left and up positive.
    pub fn head(&self, pan: i16, tilt: i16) -> Option<String> {
        let head = self.head.as_ref()?;
        Some(head.render(|value| match value {
            Value::Pan => self.scales.pan.apply(pan.into()),
            _ => self.scales.tilt.apply(tilt.into()),
        }))
    }

    /// The line that sets the light, if there is one: 0 off to 255.
    pub fn light(&self, light: u8) -> Option<String> {
        Some(self.light.as_ref()?.render(|_| self.scales.light.apply(light.into())))
    }

    /// The line that asks the firmware for one of its replies, if there is one.
    pub fn ask(&self) -> Option<&str> {
        self.ask.as_deref()
    }

    /// Whether anything that the firmware says is known.
    pub fn answers(&self) -> bool {
        !self.replies.is_empty()
    }

    /// What a line from the firmware says, by the first reply that fits. `None` if none does, or if a number is out of the
    /// range of what it is said to be.
    pub fn read(&self, line: &str) -> Option<Reading> {
        self.replies.iter().find_map(|reply| reply.read(line))
    }

    /// What the firmware can be asked for and what it may tell, as far as its lines show.
    pub fn features(&self) -> Features {
        let tells = |name| self.replies.iter().any(|reply| reply.tells(name));
        let features = [
            tells("x") && tells("y") && tells("heading"),
            tells("battery_mv") || tells("battery_percent"),
            self.head.is_some(),
            self.light.is_some(),
        ];
        Features((0..).zip(features).map(|(bit, has)| u16::from(has) << bit).sum())
    }
}

fn drive_line(drive: &Template, scales: &Scales, track: f64, linear: i16, angular: i16) -> String {
    let (linear, angular) = (f64::from(linear), f64::from(angular));
    // mrad/s times mm is a thousandth of mm/s.
    let aside = angular / 1000.0 * track / 2.0;
    let speed = |value| match value {
        Value::Left => linear - aside,
        Value::Right => linear + aside,
        Value::Linear => linear,
        _ => angular,
    };
    let scale = |value| match value {
        Value::Left | Value::Right => &scales.wheel,
        Value::Linear => &scales.linear,
        _ => &scales.angular,
    };
    let share = drive.values().map(|value| scale(value).share(speed(value))).fold(1.0, f64::min);
    drive.render(|value| scale(value).apply(speed(value) * share))
}

#[cfg(test)]
mod tests;
