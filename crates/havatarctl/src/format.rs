//! Figures and states as text for people.

use havatar_api::{DeviceState, Process, ProcessState, RecordingFormat};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::output::Emphasis;

/// `512 B`, `1.5 KiB`, `12.3 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        // What would be rounded to 1024.0 is one of the larger unit.
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

/// `0 kb/s`, `64 kb/s`, `1.20 Mb/s`.
pub(crate) fn rate(kbps: f64) -> String {
    if kbps < 999.5 { format!("{kbps:.0} kb/s") } else { format!("{:.2} Mb/s", kbps / 1000.0) }
}

/// The two largest units: `45 s`, `3 min 5 s`, `10 min`, `4 d 1 h`. A negative time is zero.
pub(crate) fn duration(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let s = seconds.max(0.0) as u64;
    let (size, unit, smaller, part) = match s {
        0..60 => return format!("{s} s"),
        60..3600 => (60, "min", "s", 1),
        3600..86400 => (3600, "h", "min", 60),
        _ => (86400, "d", "h", 3600),
    };
    match s % size / part {
        0 => format!("{} {unit}", s / size),
        rest => format!("{} {unit} {rest} {smaller}", s / size),
    }
}

/// The time from `from` to `to`.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> String {
    duration((to - from).total(jiff::Unit::Second).unwrap_or(0.0))
}

/// Date and time in `zone`: `2026-11-23 08:53:49`.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Time of day in `zone`: `08:53:49`.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `1 reader`, `2 readers`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Escapes what a terminal would interpret: a log may hold anything.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => clean.push(' '),
            c if c.is_control() => clean.extend(c.escape_default()),
            // Bidirectional controls reorder the text behind them.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                clean.extend(c.escape_unicode());
            }
            c => clean.push(c),
        }
    }
    clean
}

pub(crate) fn process_state(state: ProcessState) -> (&'static str, Emphasis) {
    match state {
        ProcessState::Stopped => ("stopped", Emphasis::Dim),
        ProcessState::Waiting => ("waiting", Emphasis::Warning),
        ProcessState::Starting => ("starting", Emphasis::Warning),
        ProcessState::Running => ("running", Emphasis::Ok),
        ProcessState::Stopping => ("stopping", Emphasis::Warning),
        ProcessState::Backoff => ("backoff", Emphasis::Error),
    }
}

pub(crate) fn device_state(state: DeviceState) -> (&'static str, Emphasis) {
    match state {
        DeviceState::Off => ("off", Emphasis::Dim),
        DeviceState::Away => ("away", Emphasis::Error),
        DeviceState::Silent => ("silent", Emphasis::Warning),
        DeviceState::Live => ("live", Emphasis::Ok),
        DeviceState::Private => ("held off by the switch on the robot", Emphasis::Warning),
    }
}

pub(crate) fn container(format: RecordingFormat) -> &'static str {
    match format {
        RecordingFormat::Fmp4 => "fMP4",
        RecordingFormat::Mpegts => "MPEG-TS",
    }
}

/// The detail of a process's state: the reason, the time until the next attempt and, after a restart, the last exit.
pub(crate) fn detail(process: &Process, now: Timestamp) -> String {
    let mut parts = Vec::new();
    if let Some(why) = &process.why {
        parts.push(clean(why));
    }
    if let Some(at) = process.retry_at {
        parts.push(format!("again in {}", between(now, at)));
    }
    if let Some(exit) = &process.last_exit
        && process.why.as_ref() != Some(exit)
    {
        parts.push(format!("last: {}", clean(exit)));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_524, "1023.9 KiB"),
            (1_048_575, "1.0 MiB"),
            (12_910_592, "12.3 MiB"),
            (5_905_580_032, "5.5 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn rates() {
        let cases = [
            (0.0, "0 kb/s"),
            (64.4, "64 kb/s"),
            (999.4, "999 kb/s"),
            (999.6, "1.00 Mb/s"),
            (1204.0, "1.20 Mb/s"),
        ];
        for (kbps, expected) in cases {
            assert_eq!(rate(kbps), expected);
        }
    }

    #[test]
    fn durations() {
        let cases = [
            (-3.0, "0 s"),
            (f64::NAN, "0 s"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (3_599.0, "59 min 59 s"),
            (7_259.0, "2 h"),
            (7_260.0, "2 h 1 min"),
            (90_000.0, "1 d 1 h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(seconds), expected);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(clean("\u{1b}[2J\u{7}red\u{9b}31m\r\n"), r"\u{1b}[2J\u{7}red\u{9b}31m\r\n");
        assert_eq!(clean("a\tb \u{202e}gpj.exe"), r"a b \u{202e}gpj.exe");
        assert_eq!(clean("Română: ăîșț"), "Română: ăîșț");
    }
}
