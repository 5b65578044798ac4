//! `frames.txt`: every message with ordinary, zero and extreme values.

use std::fmt::Write as _;

use havatar_link::frame::{Decoder, Frame};
use havatar_link::message::{
    Buzzer, Code, Drive, Estop, Features, Flags, FromDevice, Head, Header, Hello, Kind, Lights, Limits, Name,
    Presence, Refused, Release, Report, State, Status, Step, StepKind, StepResult, Stop, StopReason,
    ToDevice, Welcome,
};

const ABOUT: &str = "\
# One frame a line: name | direction | the frame in hexadecimal, its closing 00 included | type session seq fields.
# Numbers are decimal, fields stand in the order of docs/serial-protocol.md. A text runs to the end of its line.
# WELCOME says its session twice, in the header and in a field of its own.
# The vectors say how messages are written, not which values a device accepts.
";

const HELLO: Hello = Hello { lowest: 1, highest: 1, nonce: 0x5EED_CAFE };
const DRIVE: Drive = Drive { stamp: 123_456, age: 42, left: 250, linear: 200, angular: -150 };
const STEP: Step =
    Step { stamp: 123_456, age: 42, left: 4000, id: 7, kind: StepKind::Straight, amount: 200, speed: 150 };
const LIMITS: Limits = Limits { linear: 250, reverse: 125, angular: 785, accel: 500, turn_accel: 1500 };

fn to_device() -> Vec<(&'static str, u32, u32, ToDevice)> {
    vec![
        ("hello", 0, 0, HELLO.into()),
        ("hello_zeros", 0, 0, Hello { lowest: 0, highest: 0, nonce: 0 }.into()),
        ("hello_most", u32::MAX, u32::MAX, Hello { lowest: 255, highest: 255, nonce: u32::MAX }.into()),
        ("hello_zero_bytes_inside", 0, 0x0100, Hello { nonce: 0x0100_0001, ..HELLO }.into()),
        ("drive", 0x1234_5678, 1, DRIVE.into()),
        ("drive_neutral", 0x1234_5678, 2, Drive { linear: 0, angular: 0, ..DRIVE }.into()),
        ("drive_zeros", 0, 0, Drive { stamp: 0, age: 0, left: 0, linear: 0, angular: 0 }.into()),
        (
            "drive_most",
            u32::MAX,
            u32::MAX,
            Drive { stamp: u32::MAX, age: u16::MAX, left: u16::MAX, linear: i16::MAX, angular: i16::MAX }
                .into(),
        ),
        ("drive_least", 1, 3, Drive { linear: i16::MIN, angular: i16::MIN, ..DRIVE }.into()),
        ("drive_backward", 1, 4, Drive { linear: -1, angular: 1, ..DRIVE }.into()),
        ("step_straight", 0x1234_5678, 5, STEP.into()),
        (
            "step_turn",
            0x1234_5678,
            6,
            Step { id: 8, kind: StepKind::Turn, amount: -1571, speed: 524, ..STEP }.into(),
        ),
        (
            "step_zeros",
            0,
            0,
            Step { stamp: 0, age: 0, left: 0, id: 0, kind: StepKind::Straight, amount: 0, speed: 0 }.into(),
        ),
        (
            "step_most",
            u32::MAX,
            u32::MAX,
            Step {
                stamp: u32::MAX,
                age: u16::MAX,
                left: u16::MAX,
                id: u16::MAX,
                kind: StepKind::Unknown(255),
                amount: i32::MAX,
                speed: u16::MAX,
            }
            .into(),
        ),
        ("step_least", 1, 7, Step { amount: i32::MIN, ..STEP }.into()),
        ("stop", 0x1234_5678, 8, Stop { reason: 1 }.into()),
        ("stop_without_session", 0, 0, Stop { reason: 0 }.into()),
        ("stop_most", u32::MAX, u32::MAX, Stop { reason: 255 }.into()),
        ("estop", 0x1234_5678, 9, Estop { reason: 2 }.into()),
        ("estop_without_session", 0, 0, Estop { reason: 0 }.into()),
        ("release", 0x1234_5678, 10, Release { latch: 3 }.into()),
        ("release_zero", 1, 11, Release { latch: 0 }.into()),
        ("release_most", 1, 12, Release { latch: u16::MAX }.into()),
        ("head", 0x1234_5678, 13, Head { pan: 4500, tilt: -1500 }.into()),
        ("head_centre", 1, 14, Head { pan: 0, tilt: 0 }.into()),
        ("head_ends", 1, 15, Head { pan: i16::MIN, tilt: i16::MAX }.into()),
        ("lights", 0x1234_5678, 16, Lights { light: 128, presence: Presence::Driven }.into()),
        ("lights_off", 1, 17, Lights { light: 0, presence: Presence::Nobody }.into()),
        ("lights_most", 1, 18, Lights { light: 255, presence: Presence::Unknown(255) }.into()),
        ("buzzer", 0x1234_5678, 19, Buzzer { hz: 880, ms: 300 }.into()),
        ("buzzer_silent", 1, 20, Buzzer { hz: 0, ms: 0 }.into()),
        ("buzzer_most", 1, 21, Buzzer { hz: u16::MAX, ms: u16::MAX }.into()),
        ("limits", 0x1234_5678, 22, LIMITS.into()),
        ("limits_zeros", 1, 23, Limits { linear: 0, reverse: 0, angular: 0, accel: 0, turn_accel: 0 }.into()),
        ("limits_no_reverse", 1, 256, Limits { reverse: 0, linear: 256, ..LIMITS }.into()),
        (
            "limits_most",
            1,
            24,
            Limits {
                linear: u16::MAX,
                reverse: u16::MAX,
                angular: u16::MAX,
                accel: u16::MAX,
                turn_accel: u16::MAX,
            }
            .into(),
        ),
        ("report", 0x1234_5678, 25, Report { period: 50 }.into()),
        ("report_zero", 1, 26, Report { period: 0 }.into()),
        ("report_most", 1, 27, Report { period: u16::MAX }.into()),
    ]
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        echo: HELLO.nonce,
        session: 0x1234_5678,
        boot: 17,
        clock: 5000,
        features: Features(0b1_1111_1111),
        max_linear: 500,
        max_reverse: 250,
        max_angular: 1571,
        watchdog: 250,
        name: Name::new("havatar esp32").unwrap(),
    }
}

fn status() -> Status {
    Status {
        clock: 123_460,
        accepted: 41,
        boot: 17,
        state: State::Driving,
        flags: Flags(0),
        latch: 3,
        step: 7,
        step_result: StepResult::Done,
        linear: 198,
        angular: -149,
        x: 1234,
        y: -56,
        heading: -1571,
        battery_mv: 7412,
        battery_percent: 64,
        pan: 4500,
        tilt: -1500,
        light: 128,
        presence: Presence::Driven,
        stop_reason: StopReason::Watchdog,
        trips: 2,
        bad_frames: 1,
    }
}

fn status_of(byte: u8) -> Status {
    let two = u16::from_le_bytes([byte; 2]);
    let four = u32::from_le_bytes([byte; 4]);
    Status {
        clock: four,
        accepted: four,
        boot: four,
        state: byte.into(),
        flags: Flags(two),
        latch: two,
        step: two,
        step_result: byte.into(),
        linear: two.cast_signed(),
        angular: two.cast_signed(),
        x: four.cast_signed(),
        y: four.cast_signed(),
        heading: four.cast_signed(),
        battery_mv: two,
        battery_percent: byte,
        pan: two.cast_signed(),
        tilt: two.cast_signed(),
        light: byte,
        presence: byte.into(),
        stop_reason: byte.into(),
        trips: two,
        bad_frames: two,
    }
}

fn from_device() -> Vec<(&'static str, u32, u32, FromDevice)> {
    let named = |name| Welcome { name: Name::new(name).unwrap(), ..welcome() };
    let session = 0x1234_5678;
    vec![
        ("welcome", session, 1, welcome().into()),
        ("welcome_short_name", session, 1, named("x").into()),
        ("welcome_long_name", session, 1, named("a name of 24 bytes, full").into()),
        ("welcome_umlauts", session, 1, named("Rölli über €").into()),
        ("welcome_no_common_version", 0, 1, Welcome { version: 0, session: 0, ..welcome() }.into()),
        (
            "welcome_zeros",
            0,
            0,
            Welcome {
                version: 0,
                echo: 0,
                session: 0,
                boot: 0,
                clock: 0,
                features: Features(0),
                max_linear: 0,
                max_reverse: 0,
                max_angular: 0,
                watchdog: 0,
                name: Name::new("0").unwrap(),
            }
            .into(),
        ),
        (
            "welcome_most",
            u32::MAX,
            u32::MAX,
            Welcome {
                version: 255,
                echo: u32::MAX,
                session: u32::MAX,
                boot: u32::MAX,
                clock: u32::MAX,
                features: Features(u16::MAX),
                max_linear: u16::MAX,
                max_reverse: u16::MAX,
                max_angular: u16::MAX,
                watchdog: u16::MAX,
                name: Name::new("~~~~~~~~~~~~~~~~~~~~~~~~").unwrap(),
            }
            .into(),
        ),
        ("status", session, 2, status().into()),
        (
            "status_after_boot",
            0,
            1,
            Status { state: State::NoSession, stop_reason: StopReason::Began, ..status_of(0) }.into(),
        ),
        ("status_zeros", 0, 0, status_of(0).into()),
        ("status_ones", u32::MAX, u32::MAX, status_of(255).into()),
        (
            "status_least",
            session,
            3,
            Status {
                linear: i16::MIN,
                angular: i16::MIN,
                x: i32::MIN,
                y: i32::MIN,
                heading: i32::MIN,
                pan: i16::MIN,
                tilt: i16::MIN,
                ..status()
            }
            .into(),
        ),
        (
            "status_estop",
            session,
            4,
            Status { state: State::Estop, flags: Flags(0b11), stop_reason: StopReason::Estop, ..status() }
                .into(),
        ),
        ("refused_late", session, 5, Refused { refused: 40, of: Kind::Drive, code: Code::Late }.into()),
        ("refused_zeros", 0, 0, Refused { refused: 0, of: Kind::Unknown(0), code: Code::Unknown(0) }.into()),
        (
            "refused_most",
            session,
            u32::MAX,
            Refused { refused: u32::MAX, of: Kind::Unknown(255), code: Code::Unknown(255) }.into(),
        ),
    ]
}

/// Every frame by its name, as the file has it. `damaged.rs` spoils some of them.
pub(crate) fn frame(name: &str) -> Frame {
    let to = to_device().into_iter().map(|(name, session, seq, message)| (name, message.frame(session, seq)));
    let from =
        from_device().into_iter().map(|(name, session, seq, message)| (name, message.frame(session, seq)));
    to.chain(from).find(|(there, _)| *there == name).expect(name).1
}

fn line(text: &mut String, name: &str, direction: &str, frame: &Frame, header: Header, message: &str) {
    // The message's own name comes first in its text.
    let fields = message.split_once(' ').unwrap().1;
    let (kind, frame) = (u8::from(header.kind), super::hex(frame.as_bytes()));
    let Header { session, seq, .. } = header;
    writeln!(text, "{name} | {direction} | {frame} | type={kind} session={session} seq={seq} {fields}")
        .unwrap();
}

#[test]
fn frames_are_those_of_the_file() {
    let mut text = String::from(ABOUT);
    for (name, session, seq, message) in to_device() {
        let header = Header { kind: message.kind(), session, seq };
        line(&mut text, name, "to_device", &message.frame(session, seq), header, &message.to_string());
    }
    for (name, session, seq, message) in from_device() {
        let header = Header { kind: message.kind(), session, seq };
        line(&mut text, name, "from_device", &message.frame(session, seq), header, &message.to_string());
    }
    super::compare("frames.txt", &text);
}

#[test]
fn frames_are_read_as_what_they_were_made_from() {
    let body = |frame: &Frame| {
        let mut found = Vec::new();
        Decoder::new().push_all(frame.as_bytes(), |body| found.push(body.to_vec()));
        assert_eq!(found.len(), 1);
        found.remove(0)
    };
    for (name, session, seq, message) in to_device() {
        let (header, read) = ToDevice::decode(&body(&message.frame(session, seq))).expect(name);
        assert_eq!((header.session, header.seq, read), (session, seq, message), "{name}");
    }
    for (name, session, seq, message) in from_device() {
        let (header, read) = FromDevice::decode(&body(&message.frame(session, seq))).expect(name);
        assert_eq!((header.session, header.seq, read), (session, seq, message), "{name}");
    }
}
