//! Any configuration of a text protocol, and any answer of a firmware.
//!
//! The first eight bytes are values, the rest is cut at zeros: drive, stop, head, light, reply, and what the firmware sends.

#![no_main]

use std::str;

use havatar_link::text::{Dialect, LINE_MAX, Lines, SOURCE_MAX, Scale, Scales, Settings};
use libfuzzer_sys::fuzz_target;

/// No number is longer: sign, ten digits, point, six decimals.
const NUMBER_MAX: usize = 18;

fuzz_target!(|data: &[u8]| {
    let Some((values, rest)) = data.split_first_chunk::<8>() else {
        return;
    };
    let value = |at: usize| i16::from_le_bytes([values[at], values[at + 1]]);
    let mut texts = rest.split(|byte| *byte == 0).map(|text| str::from_utf8(text).unwrap_or("{"));
    let mut text = || texts.next().filter(|text| !text.is_empty());

    let wheel = Scale::between(-500.0..=f64::from(value(4)), f64::from(value(6))..=255.0).unwrap_or_default();
    let (drive, stop) = (text().unwrap_or("{linear} {angular}"), text());
    let settings = Settings {
        drive,
        stop,
        // As the stop, which has no placeholders either.
        ask: stop,
        estop: None,
        head: text(),
        light: text(),
        replies: text().into_iter().collect(),
        scales: Scales { wheel, ..Scales::default() },
        track: Some(f64::from(value(4))),
    };
    let sent = text().unwrap_or_default();
    let dialect = match Dialect::new(&settings) {
        Ok(dialect) => dialect,
        Err(error) => {
            assert!(error.to_string().len() < 1000);
            return;
        }
    };
    let bounded = |line: &str| assert!(!line.is_empty() && line.len() <= SOURCE_MAX * NUMBER_MAX);
    bounded(&dialect.drive(value(0), value(2)));
    bounded(dialect.stop());
    bounded(dialect.estop());
    dialect.ask().map(bounded);
    for line in [dialect.head(value(0), value(2)), dialect.light(values[0])].into_iter().flatten() {
        bounded(&line);
    }
    let mut lines = Lines::new();
    lines.push_all(sent.as_bytes(), |line| {
        assert!((1..=LINE_MAX).contains(&line.len()));
        dialect.read(line);
    });
    dialect.read(sent);
});
