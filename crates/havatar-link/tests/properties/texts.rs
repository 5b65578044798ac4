//! Lines of text.

use havatar_link::text::{Dialect, LINE_MAX, Lines, Scale, Scales, Settings};
use proptest::collection::vec;
use proptest::prelude::*;

fn scale() -> impl Strategy<Value = Scale> {
    (-10_000.0..=0.0, 0.1..10_000.0, -1e6..1e6, 0.1..1e6)
        .prop_map(|(low, high, first, wide)| Scale::between(low..=high, first..=first + wide).unwrap())
}

/// The numbers in a line; all that is in it is numbers and blanks.
fn numbers(line: &str) -> Vec<f64> {
    line.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// Anything that looks like a line of the configuration.
fn source() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            "[ -~]{0,6}",
            "\\PC{0,3}",
            Just("{left}".to_owned()),
            Just("{right}".to_owned()),
            Just("{linear:.3}".to_owned()),
            Just("{angular}".to_owned()),
            Just("{x}".to_owned()),
            Just("{battery_mv*1000}".to_owned()),
            Just("{_}".to_owned()),
            Just("\\n".to_owned()),
        ],
        0..8,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(super::config())]

    /// Whatever the scales and the speeds: numbers within the firmware's range, and the curve that was asked for.
    #[test]
    fn a_drive_line_holds_numbers_of_the_range(full in 50.0..2000.0_f64, top in 1.0..1e6_f64, track in 10.0..1000.0,
                                               linear: i16, angular: i16) {
        let wheel = Scale::between(-full..=full, -top..=top).unwrap();
        let dialect = Dialect::new(&Settings {
            drive: "{left:.6} {right:.6}\n",
            track: Some(track),
            scales: Scales { wheel, ..Scales::default() },
            ..Settings::default()
        }).unwrap();
        let line = dialect.drive(linear, angular);
        prop_assert!(!line.contains("-0.000000"));
        let [left, right] = numbers(&line)[..] else { panic!("{line}") };
        prop_assert!(left.abs() <= top + 1e-6 && right.abs() <= top + 1e-6);
        let aside = f64::from(angular) * track / 2000.0;
        let (asked_left, asked_right) = (f64::from(linear) - aside, f64::from(linear) + aside);
        // The same ratio, as far as six decimals tell it.
        let scale = asked_left.abs().max(asked_right.abs()).max(1.0);
        prop_assert!((left * asked_right - right * asked_left).abs() / scale <= 4e-6 + top * 1e-9, "{line}");
        prop_assert!(left * asked_left >= 0.0 && right * asked_right >= 0.0, "the way round: {line}");
    }

    #[test]
    fn any_scales_give_numbers(wheel in scale(), linear in scale(), angular in scale(), light in scale(),
                               speeds: (i16, i16), to: u8) {
        let dialect = Dialect::new(&Settings {
            drive: "{left} {right} {linear} {angular}",
            light: Some("{light}"),
            track: Some(200.0),
            scales: Scales { wheel, linear, angular, light, ..Scales::default() },
            ..Settings::default()
        }).unwrap();
        let line = dialect.drive(speeds.0, speeds.1);
        prop_assert!(numbers(&line).iter().all(|number| number.abs() <= 2.1e6 && number.fract() == 0.0));
        prop_assert_eq!(numbers(&dialect.light(to).unwrap()).len(), 1);
    }

    #[test]
    fn any_settings_are_read_or_refused(drive in source(), stop in source(), reply in source(), line in source()) {
        let settings = Settings {
            drive: &drive,
            stop: Some(&stop),
            head: Some(&drive),
            replies: vec![&reply],
            track: Some(200.0),
            ..Settings::default()
        };
        if let Err(error) = Dialect::new(&settings) {
            prop_assert!(!error.to_string().is_empty());
        }
        if let Ok(dialect) = Dialect::new(&Settings { head: None, drive: "{linear}{angular}", ..settings }) {
            // Escapes only shorten, and a stop holds no number.
            prop_assert!(!dialect.stop().is_empty() && dialect.stop().len() <= stop.len());
            dialect.read(&line);
        }
    }

    /// What is told in a reply's own form is read.
    #[test]
    fn numbers_come_back(x: i32, y: i32, heading: i32, blanks in "[ \t]{1,4}") {
        let dialect = Dialect::new(&Settings {
            drive: "{linear}{angular}",
            replies: vec!["ODO {x}, {y};{heading}"],
            ..Settings::default()
        }).unwrap();
        let reading = dialect.read(&format!("ODO{blanks}{x},{blanks}{y};{heading}.4")).unwrap();
        prop_assert_eq!((reading.x, reading.y, reading.heading), (Some(x), Some(y), Some(heading)));
    }

    #[test]
    fn lines_are_bounded_whatever_comes(bytes in vec(prop_oneof![1 => Just(b'\n'), 40 => any::<u8>(), 40 => Just(b'x')], 0..2000)) {
        let mut lines = Lines::new();
        lines.push_all(&bytes, |line| assert!((1..=LINE_MAX).contains(&line.len())));
        prop_assert!(lines.dropped() <= bytes.split(|byte| *byte == b'\n' || *byte == b'\r').count() as u64);
    }
}
