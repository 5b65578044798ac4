//! One line of the black box.

use std::io::{self, Write};

use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Largest size of a line's own fields, bytes.
const MAX_FIELDS: usize = 2048;
/// Largest size of a whole line, the common fields included, bytes.
pub(super) const MAX_LINE: usize = MAX_FIELDS + 256;

/// A note and its time.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) kind: &'static str,
    t_ms: u64,
    at: Timestamp,
    /// The inside of a JSON object.
    fields: Vec<u8>,
    /// Notes dropped just before it.
    pub(super) lost: u64,
}

impl Note {
    /// A note of an event that happens now.
    pub(super) fn now(kind: &'static str, fields: &impl Serialize) -> Self {
        Self { kind, t_ms: boot_ms(), at: Timestamp::now(), fields: inside(fields), lost: 0 }
    }

    /// A note of the dropped notes that this one reports, at the same time.
    pub(super) fn loss(&self) -> Option<Self> {
        (self.lost > 0).then(|| Self {
            kind: "dropped",
            fields: inside(&serde_json::json!({"count": self.lost, "why": "queue"})),
            lost: 0,
            ..*self
        })
    }

    /// Whether it must be synced before anything else.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self.kind, "estop" | "lease" | "link")
    }

    /// The line for the file.
    pub(super) fn line(&self, n: u64, boot: &str) -> Line {
        let Self { kind, t_ms, at, .. } = self;
        let mut rest =
            format!(r#","boot":"{boot}","t_ms":{t_ms},"at":"{at:.3}","kind":"{kind}""#).into_bytes();
        if !self.fields.is_empty() {
            rest.push(b',');
            rest.extend_from_slice(&self.fields);
        }
        rest.extend_from_slice(b"}\n");
        Line { n, rest, is_kept: matches!(self.kind, "estop" | "lease") }
    }
}

/// A line; its number can still change while it is in memory.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) n: u64,
    rest: Vec<u8>,
    /// It is kept in a room of its own as well.
    pub(super) is_kept: bool,
}

impl Line {
    /// The line, with its newline.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [format!(r#"{{"n":{}"#, self.n).as_bytes(), &self.rest].concat()
    }
}

/// The number of a line, if the line is complete.
pub(super) fn number_of(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        n: u64,
    }
    serde_json::from_slice::<Numbered>(line).ok().map(|line| line.n)
}

/// Milliseconds since the machine booted, suspension included.
fn boot_ms() -> u64 {
    // Linux has had this clock since 2.6.39.
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap_or_else(|_| nix::sys::time::TimeSpec::new(0, 0));
    let (seconds, nanos) = (now.tv_sec(), now.tv_nsec());
    u64::try_from(seconds).unwrap_or(0) * 1000 + u64::try_from(nanos).unwrap_or(0) / 1_000_000
}

/// The fields without their braces.
fn inside(fields: &impl Serialize) -> Vec<u8> {
    let mut json = Limited(Vec::new());
    if let Err(error) = serde_json::to_writer(&mut json, fields) {
        // A line without its fields still tells that an event happened, and when.
        return if error.is_io() {
            br#""fields":"too long""#.to_vec()
        } else {
            br#""fields":"no JSON""#.to_vec()
        };
    }
    match json.0.as_slice() {
        [b'{', inside @ .., b'}'] => inside.to_vec(),
        b"null" => Vec::new(),
        value => [br#""value":"#, value].concat(),
    }
}

/// A buffer limited to the size of a line.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_FIELDS {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(fields: &impl Serialize) -> Value {
        let line = Note::now("test", fields).line(7, "abc").bytes();
        assert!(line.ends_with(b"\n") && line.len() <= MAX_LINE);
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn fields_stand_beside_what_every_line_has() {
        let value = line(&json!({"a": "x\n\"", "b": {"c": [1]}}));
        assert_eq!((&value["n"], &value["boot"], &value["kind"]), (&json!(7), &json!("abc"), &json!("test")));
        assert_eq!((&value["a"], &value["b"]["c"][0]), (&json!("x\n\""), &json!(1)));
        let at: Timestamp = value["at"].as_str().unwrap().parse().unwrap();
        assert!((Timestamp::now() - at).total(jiff::Unit::Second).unwrap() < 60.0);
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        assert!((value["t_ms"].as_f64().unwrap() / 1000.0 - uptime).abs() < 60.0, "{value} {uptime}");
    }

    #[test]
    fn what_is_no_object_or_too_long_still_makes_a_line() {
        assert_eq!(line(&()).as_object().unwrap().len(), 5);
        assert_eq!(line(&json!({})).as_object().unwrap().len(), 5);
        assert_eq!(line(&[1, 2])["value"], json!([1, 2]));
        assert_eq!(line(&"x".repeat(MAX_FIELDS))["fields"], "too long");
        assert_eq!(line(&json!({"x": "y".repeat(MAX_FIELDS - 8)}))["x"].as_str().unwrap().len(), 2040);
        let no_json = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(line(&no_json)["fields"], "no JSON");
    }
}
