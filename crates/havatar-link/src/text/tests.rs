//! Tests of the text protocol.

use alloc::string::{String, ToString as _};
use alloc::vec;

use super::*;

fn wheels() -> Settings<'static> {
    Settings {
        drive: "M {left} {right}\\n",
        track: Some(200.0),
        scales: Scales {
            wheel: Scale::between(-500.0..=500.0, -255.0..=255.0).unwrap(),
            ..Scales::default()
        },
        ..Settings::default()
    }
}

fn twist() -> Settings<'static> {
    Settings {
        drive: "V {linear:.2} {angular:.3}\n",
        scales: Scales {
            linear: Scale::between(-500.0..=500.0, -0.5..=0.5).unwrap(),
            angular: Scale::between(-2000.0..=2000.0, -2.0..=2.0).unwrap(),
            ..Scales::default()
        },
        ..Settings::default()
    }
}

fn wrong(settings: &Settings<'_>) -> String {
    Dialect::new(settings).unwrap_err().to_string()
}

#[test]
fn wheels_mix_and_turn_to_the_left_with_the_right_wheel() {
    let dialect = Dialect::new(&wheels()).unwrap();
    assert_eq!(dialect.drive(0, 0), "M 0 0\n");
    assert_eq!(dialect.drive(500, 0), "M 255 255\n");
    assert_eq!(dialect.drive(-500, 0), "M -255 -255\n");
    // 1 rad/s at 100 mm from the middle is 100 mm/s.
    assert_eq!(dialect.drive(0, 1000), "M -51 51\n");
    assert_eq!(dialect.drive(0, -1000), "M 51 -51\n");
}

#[test]
fn a_wheel_at_its_limit_slows_the_other_down() {
    let dialect = Dialect::new(&wheels()).unwrap();
    // 400 and 600 mm/s become 333 and 500.
    assert_eq!(dialect.drive(500, 1000), "M 170 255\n");
    assert_eq!(dialect.drive(-500, -1000), "M -170 -255\n");
    assert_eq!(dialect.drive(i16::MAX, 0), "M 255 255\n");
    assert_eq!(dialect.drive(0, i16::MIN), "M 255 -255\n");
}

#[test]
fn speeds_keep_their_curve_too() {
    let dialect = Dialect::new(&twist()).unwrap();
    assert_eq!(dialect.drive(250, -1500), "V 0.25 -1.500\n");
    assert_eq!(dialect.drive(1000, 1000), "V 0.50 0.500\n");
    assert_eq!(dialect.drive(500, 4000), "V 0.25 2.000\n");
}

#[test]
fn zero_has_no_sign() {
    let dialect = Dialect::new(&twist()).unwrap();
    assert_eq!(dialect.drive(-4, 0), "V 0.00 0.000\n");
    let turned =
        Scales { wheel: Scale::between(-500.0..=500.0, 255.0..=-255.0).unwrap(), ..Scales::default() };
    let dialect = Dialect::new(&Settings { scales: turned, ..wheels() }).unwrap();
    assert_eq!(dialect.drive(0, 0), "M 0 0\n");
    assert_eq!(dialect.drive(500, 0), "M -255 -255\n");
}

#[test]
fn the_stop_is_the_one_given_or_zeros() {
    let dialect = Dialect::new(&wheels()).unwrap();
    assert_eq!((dialect.stop(), dialect.estop()), ("M 0 0\n", "M 0 0\n"));
    let dialect = Dialect::new(&Settings { stop: Some(r"S\r\n"), ..wheels() }).unwrap();
    assert_eq!((dialect.stop(), dialect.estop()), ("S\r\n", "S\r\n"));
    let dialect = Dialect::new(&Settings { stop: Some("S"), estop: Some(r"{{!}}\\\t"), ..wheels() }).unwrap();
    assert_eq!((dialect.stop(), dialect.estop()), ("S", "{!}\\\t"));
    assert_eq!(
        wrong(&Settings { stop: Some(r"M {left} 0\n"), ..wheels() }),
        "stop: at character 3: no placeholder may stand here: this line must always be the same"
    );
}

#[test]
fn head_and_light_have_their_scales() {
    let dialect = Dialect::new(&wheels()).unwrap();
    assert_eq!((dialect.head(0, 0), dialect.light(9)), (None, None));
    assert_eq!(dialect.features(), Features(0));
    let servo = |degrees: f64| Scale::between(-degrees * 100.0..=degrees * 100.0, 1000.0..=2000.0).unwrap();
    let dialect = Dialect::new(&Settings {
        head: Some("P{pan}T{tilt};"),
        light: Some("L {light:.1}\n"),
        scales: Scales {
            pan: servo(90.0),
            tilt: servo(45.0),
            light: Scale::between(0.0..=255.0, 0.0..=100.0).unwrap(),
            ..wheels().scales
        },
        ..wheels()
    })
    .unwrap();
    assert_eq!(dialect.head(0, 0).unwrap(), "P1500T1500;");
    assert_eq!(dialect.head(9000, -2250).unwrap(), "P2000T1250;");
    assert_eq!(dialect.head(i16::MIN, i16::MAX).unwrap(), "P1000T2000;");
    assert_eq!(dialect.light(51).unwrap(), "L 20.0\n");
    assert!(dialect.features().head() && dialect.features().light() && !dialect.features().odometry());
}

#[test]
fn errors_name_the_place_and_the_way_out() {
    for (drive, error) in [
        ("", "drive: at character 1: nothing is written there"),
        ("M {lft} {right}", "drive: at character 3: unknown placeholder {lft}, did you mean {left}?"),
        (
            "M {speed} {right}",
            "drive: at character 3: unknown placeholder {speed}; there are {left}, {right}, {linear}, {angular}",
        ),
        ("ü {left} {right", "drive: at character 10: { without }; write {{ for the brace itself"),
        ("{left {right}", "drive: at character 1: { without }; write {{ for the brace itself"),
        ("M left}", "drive: at character 7: } without {; write }} for the brace itself"),
        (r"M \x", r"drive: at character 3: unknown escape; there are \n, \r, \t and \\"),
        ("M\\", r"drive: at character 2: unknown escape; there are \n, \r, \t and \\"),
        ("M\u{7}", r"drive: at character 2: a control character other than \n, \r and \t"),
        ("{left:2}", "drive: at character 1: write {left:.2} for two decimals; at most 6"),
        ("{left:.7}", "drive: at character 1: write {left:.2} for two decimals; at most 6"),
        ("M {left}", "drive: it needs {left} and {right}, or {linear} and {angular}"),
        ("M {left} {angular}", "drive: it needs {left} and {right}, or {linear} and {angular}"),
    ] {
        assert_eq!(wrong(&Settings { drive, ..wheels() }), error);
    }
    let long = "x".repeat(129);
    assert_eq!(
        wrong(&Settings { drive: &long, ..wheels() }),
        "drive: at character 129: a line has at most 128 characters"
    );
    assert_eq!(
        wrong(&Settings { light: Some("on"), ..wheels() }),
        "light: it needs a placeholder for what it sets"
    );
    for track in [None, Some(0.0), Some(-1.0), Some(f64::NAN), Some(f64::INFINITY)] {
        assert!(wrong(&Settings { track, ..wheels() }).contains("need the track"));
    }
}

#[test]
fn replies_are_read_by_the_first_that_fits() {
    let dialect = Dialect::new(&Settings {
        replies: vec![
            "BAT {battery_mv*1000}V",
            "BAT {battery_mv} \r\n",
            "ODO {x} {y} {heading*17.453}",
            "T={_}, L={light}",
        ],
        ..wheels()
    })
    .unwrap();
    let read = |line| dialect.read(line);
    let battery = |mv| Some(Reading { battery_mv: Some(mv), ..Reading::default() });
    assert_eq!(read("BAT 7400"), battery(7400));
    assert_eq!(read("BAT 7.416V"), battery(7416));
    assert_eq!(read("BAT \t 7400 \r"), battery(7400));
    assert_eq!(
        read("ODO -12 +3.6 -.5"),
        Some(Reading { x: Some(-12), y: Some(4), heading: Some(-9), ..Reading::default() })
    );
    assert_eq!(read("T=21C, L= 7").unwrap().light, Some(7));
    for line in [
        "",
        "BAT",
        "BAT ",
        "BAT x",
        "BAT -",
        "BAT .",
        "BAT -.",
        "BAT7400",
        "BAT 7400 x",
        "bat 7400",
        "BAT -1",
        "BAT 65536",
        "BAT 1e3",
        "BAT nan",
        "BAT inf",
        "ODO 1 2",
        "ODO 1 2 99999999999999999999",
        "T=, L=1",
        "T=a b, L=1",
    ] {
        assert_eq!(read(line), None, "{line}");
    }
    assert_eq!(read(&("BAT ".to_string() + &"9".repeat(400))), None);
    assert_eq!(dialect.features().names().collect::<Vec<_>>(), ["odometry", "battery"]);
}

#[test]
fn replies_that_cannot_be_read_are_refused() {
    for (reply, error) in [
        ("{x}{y}", "replies[0]: at character 4: something must stand between two placeholders"),
        ("{x} {x}", "replies[0]: at character 5: {x} stands there twice"),
        ("{x*0}", "replies[0]: at character 1: write {x*1000} to multiply by a number other than 0"),
        ("{x*1e3}", "replies[0]: at character 1: write {x*1000} to multiply by a number other than 0"),
        (
            "B {batery_mv}",
            "replies[0]: at character 3: unknown placeholder {batery_mv}, did you mean {battery_mv}?",
        ),
        (r"A\nB {x}", "replies[0]: at character 1: a reply is a single line"),
        ("{x}\n{y}", "replies[0]: at character 4: a reply is a single line"),
        (r"\n", "replies[0]: at character 1: nothing is written there"),
    ] {
        assert_eq!(wrong(&Settings { replies: vec![reply], ..wheels() }), error);
    }
}

#[test]
fn scales_that_map_nothing_are_refused() {
    assert_eq!(Scale::between(0.0..=0.0, 0.0..=1.0), Err(ScaleError::From));
    assert_eq!(Scale::between(1.0..=2.0, 0.0..=1.0), Err(ScaleError::From));
    assert_eq!(Scale::between(0.0..=1.0, 5.0..=5.0), Err(ScaleError::To));
    assert_eq!(Scale::between(0.0..=f64::NAN, 0.0..=1.0), Err(ScaleError::Number));
    assert_eq!(Scale::between(0.0..=1.0, 0.0..=f64::INFINITY), Err(ScaleError::Number));
    assert_eq!(Scale::between(0.0..=1e-310, -1e9..=1e9), Err(ScaleError::To));
}

#[test]
fn lines_are_cut_bounded_and_counted() {
    let mut lines = Lines::new();
    let mut found = Vec::new();
    lines.push_all(b"one\r\ntwo\rthree\n\n\nhalf", |line| found.push(line.to_string()));
    assert_eq!(found, ["one", "two", "three"]);
    lines.push_all(b" a line\n", |line| found.push(line.to_string()));
    assert_eq!(found.pop().unwrap(), "half a line");
    assert_eq!(lines.dropped(), 0);
    lines.push_all(&[b'x'; LINE_MAX + 1], |line| panic!("{line}"));
    lines.push_all(b"\n\xFF\xFE\n", |line| panic!("{line}"));
    assert_eq!(lines.dropped(), 2);
    lines.push_all(&[b'x'; LINE_MAX], |line| panic!("{line}"));
    assert_eq!(lines.push(b'\n').map(str::len), Some(LINE_MAX));
}
