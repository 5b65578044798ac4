//! Section `robot`: the cable to the motor controller, and how fast it may be driven.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use havatar_link::text::{Dialect, DialectError, Place, Scale, Scales, Settings};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::checks::Checks;
use super::scalar::{Scalar, ValueError, scalar, shown, string_enum, whole};
use super::speed::Speed;

/// The cable to the motor controller, and how fast it may be driven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Robot {
    /// The serial port of the motor controller: none, simulated, or a path, best one below /dev/serial/by-id.
    pub port: RobotPort,
    /// What is spoken over it.
    pub protocol: RobotProtocol,
    /// Bits a second: 9600 to 2000000.
    #[serde(deserialize_with = "baud")]
    #[schemars(range(min = 9600, max = 2_000_000))]
    pub baud: u32,
    /// What is done with the lines DTR and RTS, which reset many boards, after the port has been opened.
    pub lines: RobotLines,
    /// Fastest speed, in m/s: 0.05 to 0.5. Backwards it is half.
    pub max_speed: Speed,
    /// Fastest turn, in degrees a second: 5 to 45.
    #[serde(deserialize_with = "turn")]
    #[schemars(range(min = 5, max = 45))]
    pub max_turn: u32,
    /// MiB on disk for the record of what happened to the robot: 1 to 1024.
    #[serde(deserialize_with = "mebibytes")]
    #[schemars(range(min = 1, max = 1024))]
    pub black_box_mib: u32,
    /// For protocol text: the lines of the firmware that is already on the robot.
    pub text: Option<RobotText>,
}

impl Default for Robot {
    fn default() -> Self {
        Self {
            port: RobotPort::None,
            protocol: RobotProtocol::Havatar,
            baud: 115_200,
            lines: RobotLines::Keep,
            max_speed: Speed::of_mm_s(250),
            max_turn: 45,
            black_box_mib: 32,
            text: None,
        }
    }
}

string_enum! {
    /// What is spoken with the motor controller.
    RobotProtocol {
        /// Havatar's own: framed, checked, acknowledged, with a watchdog at the other end.
        #[default]
        Havatar = "havatar",
        /// Lines of text, for firmware that is already there; described under text.
        Text = "text",
    }
}

string_enum! {
    /// What is done with DTR and RTS.
    RobotLines {
        /// Left as the kernel sets them.
        #[default]
        Keep = "keep",
        /// Both raised, in one step.
        High = "high",
        /// Both lowered, in one step.
        Low = "low",
    }
}

/// The lines of a firmware that is already on the robot. In them, {left} and {right} (or {linear} and {angular}) stand
/// for numbers, {linear:.2} for one with two decimals; \n and \r are written so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a group of keys")]
pub struct RobotText {
    /// Sets the speeds, like "M {left} {right}\n" or "V {linear:.2} {angular:.2}\n".
    pub drive: String,
    /// Stops. Left out, it is drive with zeros.
    #[serde(default)]
    pub stop: Option<String>,
    /// What the e-stop sends. Left out, it is stop.
    #[serde(default)]
    pub estop: Option<String>,
    /// Turns the head: {pan} and {tilt}, in degrees.
    #[serde(default)]
    pub head: Option<String>,
    /// Sets the lamp: {light}, 0 to 255.
    #[serde(default)]
    pub light: Option<String>,
    /// What the firmware may say, like "BAT {battery_mv}"; {_} passes over a word. With any of these, it is driven only
    /// while it says one of them.
    #[serde(default)]
    pub replies: Vec<String>,
    /// Makes a firmware say one of its replies that does not do so by itself; sent twice a second.
    #[serde(default)]
    pub ask: Option<String>,
    /// With replies: how long the firmware may say none of them before it is driven no more, in ms: 300 to 60000.
    #[serde(default = "silence", deserialize_with = "milliseconds")]
    #[schemars(range(min = 300, max = 60_000))]
    pub silence_ms: u32,
    /// Distance between the wheels in mm, 50 to 2000; needed for {left} and {right}.
    #[serde(default, deserialize_with = "track")]
    #[schemars(range(min = 50, max = 2000))]
    pub track_mm: Option<u32>,
    /// Speed of a wheel, in m/s, at the number wheel_full: 0.05 to 5.
    #[serde(default = "full_speed")]
    pub full_speed: Speed,
    /// The firmware's number for that speed.
    #[serde(default = "wheel_full", deserialize_with = "full")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub wheel_full: u32,
}

impl Robot {
    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if let RobotPort::Path(path) = &self.port {
            warn_about_port(path, checks);
        }
        if !(50..=500).contains(&self.max_speed.mm_s()) {
            let message = format!("{} m/s is out of range", self.max_speed);
            checks.error("robot.max_speed", &[], message, "use 0.05 to 0.5");
        }
        match (self.protocol, &self.text) {
            (RobotProtocol::Text, None) => checks.error(
                "robot.text",
                &["robot.protocol"],
                "protocol text needs the lines of the firmware",
                "write text: with at least drive: below robot",
            ),
            (RobotProtocol::Havatar, Some(_)) => checks.warning(
                "robot.text",
                &["robot.protocol"],
                "has no effect with protocol havatar",
                "set robot.protocol to text, or take text out",
            ),
            (RobotProtocol::Text, Some(text)) => text.check(checks),
            (RobotProtocol::Havatar, None) => {}
        }
    }
}

impl RobotText {
    /// The lines, checked.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn dialect(&self) -> Result<Dialect, DialectError> {
        let (speed, full) = (f64::from(self.full_speed.mm_s()), f64::from(self.wheel_full));
        // Both ranges are checked to be sound; if they were not, numbers would be mm/s, mrad/s and degrees as they are.
        let scale = |from: f64, to: f64| Scale::between(-from..=from, -to..=to).unwrap_or_default();
        Dialect::new(&Settings {
            drive: &self.drive,
            stop: self.stop.as_deref(),
            estop: self.estop.as_deref(),
            head: self.head.as_deref(),
            light: self.light.as_deref(),
            ask: self.ask.as_deref(),
            replies: self.replies.iter().map(String::as_str).collect(),
            track: self.track_mm.map(f64::from),
            scales: Scales {
                wheel: scale(speed, full),
                linear: scale(10_000.0, 10.0),
                angular: scale(10_000.0, 10.0),
                pan: scale(9000.0, 90.0),
                tilt: scale(9000.0, 90.0),
                light: Scale::default(),
            },
        })
    }

    /// Each line has an end: without one, a firmware that reads lines waits for it, and takes two for one.
    fn check_ends(&self, checks: &mut Checks<'_>) {
        let lines = [
            ("drive", Some(&self.drive)),
            ("stop", self.stop.as_ref()),
            ("estop", self.estop.as_ref()),
            ("head", self.head.as_ref()),
            ("light", self.light.as_ref()),
            ("ask", self.ask.as_ref()),
        ];
        for (name, line) in lines {
            // A firmware that reads by signs may end an order with one of its own.
            let open = |line: &String| {
                let escaped = line.chars().rev().nth(1) == Some('\\');
                !escaped && line.ends_with(|last: char| last.is_alphanumeric() || " }_.,:=-+".contains(last))
            };
            if line.is_some_and(open) {
                checks.error(
                    &format!("robot.text.{name}"),
                    &["robot.text"],
                    "this line has no end, and a firmware that reads lines would wait for it",
                    "write \\n at its end, within double quotes: \"M {left} {right}\\n\"",
                );
            }
        }
    }

    fn check(&self, checks: &mut Checks<'_>) {
        if !(50..=5000).contains(&self.full_speed.mm_s()) {
            let message = format!("{} m/s is out of range", self.full_speed);
            checks.error("robot.text.full_speed", &[], message, "use 0.05 to 5");
        }
        if self.ask.is_some() && self.replies.is_empty() {
            checks.error(
                "robot.text.ask",
                &["robot.text"],
                "the answer to this is not known",
                "write what the firmware answers as replies:, or take ask out",
            );
            return;
        }
        let Err(error) = self.dialect() else {
            self.check_ends(checks);
            return;
        };
        let (key, message, fix) = match &error {
            DialectError::Line { place: Place::Reply(number), error } => (
                format!("robot.text.replies[{number}]"),
                error.to_string(),
                "write it like BAT {battery_mv}".to_owned(),
            ),
            DialectError::Line { place, error } => {
                (format!("robot.text.{place}"), error.to_string(), "mend that place of the line".to_owned())
            }
            DialectError::Drive => (
                "robot.text.drive".to_owned(),
                "this line cannot express every motion".to_owned(),
                "use {left} and {right}, or {linear} and {angular}".to_owned(),
            ),
            DialectError::Constant(place) => (
                format!("robot.text.{place}"),
                "this line would always be the same".to_owned(),
                "put the placeholder of what it sets into it".to_owned(),
            ),
            DialectError::Track => (
                "robot.text.track_mm".to_owned(),
                "{left} and {right} need the distance between the wheels".to_owned(),
                "write track_mm: below text".to_owned(),
            ),
        };
        checks.error(&key, &["robot.text"], message, fix);
    }
}

/// Names such as ttyUSB0 go round when boards are plugged in another order.
fn warn_about_port(path: &Path, checks: &mut Checks<'_>) {
    let text = path.display().to_string();
    if !(text.starts_with("/dev/ttyUSB") || text.starts_with("/dev/ttyACM")) {
        return;
    }
    let stable: Vec<String> = std::fs::read_dir("/dev/serial/by-id")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect();
    let fix = if stable.is_empty() {
        "name it by its link below /dev/serial/by-id, once it is plugged in".to_owned()
    } else {
        format!("use one of {}", stable.join(", "))
    };
    checks.warning("robot.port", &[], "this name may belong to another device after a restart", fix);
}

/// Where the motor controller is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RobotPort {
    /// No robot.
    #[default]
    None,
    /// A program that behaves like one.
    Simulated,
    /// A serial port.
    Path(PathBuf),
}

impl RobotPort {
    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write none, simulated, or a path like /dev/serial/by-id/usb-...";
        let Scalar::Text(text) = scalar else {
            return Err(ValueError::new(format!("{scalar} is not a serial port"), FORM));
        };
        match text.as_str() {
            "none" => Ok(Self::None),
            "simulated" => Ok(Self::Simulated),
            path if path.starts_with('/') && !path.chars().any(char::is_control) => {
                Ok(Self::Path(PathBuf::from(path)))
            }
            other => Err(ValueError::new(format!("{} is not a serial port", shown(other)), FORM)),
        }
    }
}

impl fmt::Display for RobotPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Simulated => f.write_str("simulated"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

impl JsonSchema for RobotPort {
    fn schema_name() -> Cow<'static, str> {
        "RobotPort".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "none, simulated, or the path of a serial port.",
            "pattern": "^(none|simulated|/[^\\u0000-\\u001f\\u007f]*)$",
        })
    }
}

scalar!(RobotPort);

fn full_speed() -> Speed {
    Speed::of_mm_s(500)
}

fn wheel_full() -> u32 {
    255
}

fn baud<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 9600..=2_000_000, "bits a second")
}

fn turn<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 5..=45, "degrees a second")
}

fn mebibytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 1..=1024, "MiB")
}

fn silence() -> u32 {
    2000
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 300..=60_000, "ms")
}

fn track<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    whole(deserializer, 50..=2000, "mm").map(Some)
}

fn full<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 1..=1_000_000, "as the number for full speed")
}
