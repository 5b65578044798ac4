//! Tests of the text codec: stops, timed motions, and firmware that answers or is silent.

use havatar_link::text::{Scale, Scales, Settings};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A firmware that wants -255 to 255 for each wheel, at most 0.5 m/s.
fn settings() -> Settings<'static> {
    Settings {
        drive: r"M {left} {right}\n",
        replies: vec!["BAT {battery_mv} {battery_percent}", "ODO {x} {y} {heading}", "HI"],
        track: Some(200.0),
        scales: Scales {
            wheel: Scale::between(-500.0..=500.0, -255.0..=255.0).unwrap(),
            ..Scales::default()
        },
        ..Settings::default()
    }
}

const SILENCE: Duration = Duration::from_mins(1);

/// One end of a cable, at a time of its own.
struct End {
    text: Text,
    now: Instant,
}

impl End {
    fn open(settings: &Settings<'_>) -> Self {
        let now = Instant::now();
        let mut end =
            Self { text: Text::new(Dialect::new(settings).unwrap(), SILENCE, (500, 785), now), now };
        end.text.drained(now);
        end.receive(b"HI\n");
        end
    }

    /// Up, its first stops said, and let go of once.
    fn ready(settings: &Settings<'_>) -> Self {
        let mut end = Self::open(settings);
        let mut out = Vec::new();
        end.text.open(end.now, &mut out);
        end.after(150);
        end.encode(&drive(0, 0));
        end.after(100);
        end
    }

    fn encode(&mut self, command: &DeviceCommand) -> String {
        let mut out = Vec::new();
        self.text.encode(command, self.now, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn poll(&mut self) -> (String, Vec<LinkEvent>, Instant) {
        let (mut out, mut events) = (Vec::new(), Vec::new());
        let next = self.text.poll(self.now, &mut out, &mut events);
        (String::from_utf8(out).unwrap(), events, next)
    }

    /// Lets time pass as the loop does, which comes when it is asked to; what was said meanwhile, and told last.
    fn after(&mut self, millis: u64) -> (String, Option<Report>) {
        let end = self.now + ms(millis);
        let (mut said, mut told) = (String::new(), None);
        loop {
            let (out, events, next) = self.poll();
            said.push_str(&out);
            for event in events {
                match event {
                    LinkEvent::Reported(report) => told = Some(report),
                    LinkEvent::Up(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!(next > self.now, "it would spin");
            if next > end {
                self.now = end;
                return (said, told);
            }
            self.now = next;
        }
    }

    fn report(&mut self) -> Report {
        self.after(60).1.unwrap()
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut events = Vec::new();
        self.text.received(bytes, self.now, &mut events);
        assert!(events.is_empty(), "what it says changes nothing but figures: {events:?}");
    }
}

fn drive(linear: i16, angular: i16) -> DeviceCommand {
    DeviceCommand::Drive { linear, angular, age: Duration::ZERO, left: ms(250) }
}

fn step(id: u16, kind: StepKind, amount: i32, speed: u16) -> DeviceCommand {
    DeviceCommand::Step { id, kind, amount, speed, age: Duration::ZERO, left: ms(250) }
}

#[test]
fn the_configured_lines_are_said_to_the_letter() {
    for (settings, command, line) in [
        (settings(), drive(100, 0), "M 51 51\n"),
        (settings(), drive(-100, 0), "M -51 -51\n"),
        // 60 and 140 mm/s: wheels 200 mm apart that turn by 0.4 rad/s.
        (settings(), drive(100, 400), "M 31 71\n"),
        (settings(), drive(0, -500), "M 26 -26\n"),
        (settings(), DeviceCommand::Stop, "M 0 0\n"),
        (settings(), DeviceCommand::Estop, "M 0 0\n"),
        (Settings { stop: Some(r"S\r\n"), ..settings() }, DeviceCommand::Stop, "S\r\n"),
        (Settings { stop: Some(r"S\r\n"), ..settings() }, DeviceCommand::Estop, "S\r\n"),
        (Settings { stop: Some(r"S\n"), estop: Some(r"E\n"), ..settings() }, DeviceCommand::Estop, "E\n"),
        (
            Settings { head: Some(r"H {pan} {tilt}\n"), ..settings() },
            DeviceCommand::Head { pan: 90, tilt: -4 },
            "H 90 -4\n",
        ),
        (
            Settings { light: Some(r"L {light}\n"), ..settings() },
            DeviceCommand::Lights { light: 7, presence: 2 },
            "L 7\n",
        ),
        (settings(), DeviceCommand::Head { pan: 90, tilt: -4 }, ""),
        (settings(), DeviceCommand::Lights { light: 7, presence: 2 }, ""),
        (settings(), DeviceCommand::Buzzer { hz: 440, ms: 100 }, ""),
    ] {
        let mut end = End::ready(&settings);
        assert_eq!(end.encode(&command), line, "{command:?}");
    }
    let by_speeds = Settings { drive: r"V {linear:.2} {angular:.3}\n", track: None, ..settings() };
    assert_eq!(End::ready(&by_speeds).encode(&drive(120, -40)), "V 120.00 -40.000\n");
}

#[test]
fn it_begins_with_stops_is_up_a_moment_later_and_waits_for_neutral() {
    let mut end = End::open(&settings());
    let mut out = Vec::new();
    end.text.open(end.now, &mut out);
    assert_eq!(out, b"M 0 0\n");
    assert_eq!(end.encode(&drive(100, 0)), "", "not before it was let go");
    end.now += ms(99);
    assert!(end.poll().1.is_empty(), "a board that resets when it is opened hears nothing yet");
    end.now += ms(1);
    let (_, events, _) = end.poll();
    let [LinkEvent::Up(controller), LinkEvent::Reported(report)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((report.state, report.stopped), (DeviceState::Held, DeviceStop::Told));
    let features = controller.features;
    assert!(!features.watchdog && !features.acknowledges && !features.estop && !features.estop_kept);
    assert!(features.odometry && features.battery && !features.head && !features.light);
    assert_eq!(end.encode(&drive(100, 0)), "", "still held");
    assert_eq!(end.encode(&drive(0, 0)), "M 0 0\n");
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
}

/// With what comes of time alone.
fn settles(end: &mut End, millis: u64) -> Vec<LinkEvent> {
    end.now += ms(millis);
    let mut events = end.poll().1;
    events.retain(|event| !matches!(event, LinkEvent::Reported(_)));
    events
}

#[test]
fn whoever_gives_no_answer_is_not_driven_and_whoever_gives_none_any_more_is_stopped() {
    let now = Instant::now();
    let mut end = End { text: Text::new(Dialect::new(&settings()).unwrap(), ms(1000), (500, 785), now), now };
    assert!(settles(&mut end, 500).is_empty(), "the port has not even taken the first stop");
    end.text.drained(end.now);
    let events = settles(&mut end, 100);
    assert!(matches!(&events[..], [LinkEvent::Unknown(why)] if why.contains("robot.text.ask")), "{events:?}");
    end.receive(b"$GPRMC,123519,A,4807.038,N\r\nBAT\nBAT x y\n");
    assert!(settles(&mut end, 5000).is_empty());
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "", "a stranger");
    end.receive(b"HI\n");
    assert!(matches!(&settles(&mut end, 0)[..], [LinkEvent::Up(_)]));
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
    assert!(settles(&mut end, 200).is_empty());
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
    end.now += ms(799);
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
    end.now += ms(1);
    let (said, events, _) = end.poll();
    assert_eq!((said.as_str(), &events[..]), ("M 0 0\n", &[LinkEvent::Lost(Lost::Silent)][..]));
    assert!(end.text.take_stop_encoded() && !end.text.take_stop_encoded());
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "", "not while it is silent");
    end.receive(b"HI\n");
    assert!(matches!(&settles(&mut end, 0)[..], [LinkEvent::Up(_)]));
}

#[test]
fn a_firmware_that_only_answers_is_asked_and_one_without_known_answers_is_said_to_have_none() {
    let now = Instant::now();
    let asked = Settings { ask: Some(r"?\n"), ..settings() };
    let mut end = End { text: Text::new(Dialect::new(&asked).unwrap(), ms(1000), (500, 785), now), now };
    end.text.drained(now);
    let said = end.poll().0;
    assert_eq!(said.matches("?\n").count(), 1);
    let mut questions = 0;
    for _ in 0..100 {
        end.receive(b"HI\n");
        end.now += ms(100);
        questions += end.poll().0.matches("?\n").count();
    }
    assert_eq!(questions, 20, "twice a second, for ten");
    let mute = Settings { replies: vec![], ..settings() };
    let LinkEvent::Up(controller) = End::open(&mute).up() else { panic!("not up") };
    assert!(!controller.features.answers);
}

#[test]
fn a_stop_is_said_quickly_at_first_then_for_as_long_as_it_stands_and_a_motion_cuts_that_short() {
    let mut end = End::ready(&settings());
    end.encode(&drive(100, 0));
    assert_eq!(end.encode(&DeviceCommand::Stop), "M 0 0\n");
    assert_eq!(end.poll().0, "", "20 ms apart");
    assert_eq!(end.after(80).0, "M 0 0\n".repeat(4));
    assert_eq!(end.after(149).0, "");
    // A firmware that was busy, with a buffer full of older lines, hears one of these.
    for _ in 0..100 {
        assert_eq!(end.after(150).0, "M 0 0\n");
    }
    assert_eq!(end.encode(&drive(100, 0)), "", "neutral first, here as there");
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
    assert_eq!(end.after(240).0, "", "what was left of neutral's repeats would stop it");
}

#[test]
fn it_never_drives_faster_than_a_robot_may_that_cannot_stop_by_itself() {
    let mut end = End::ready(&settings());
    // 150 mm/s are 76 of 255 at 500 mm/s; 524 mrad/s put 52 mm/s on each wheel.
    assert_eq!(end.encode(&drive(500, 0)), "M 76 76\n");
    assert_eq!(end.encode(&drive(i16::MIN, 0)), "M -76 -76\n");
    assert_eq!(end.encode(&drive(0, i16::MAX)), "M -27 27\n");
    end.encode(&DeviceCommand::Stop);
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&step(1, StepKind::Straight, 500, u16::MAX)), "M 76 76\n");
    let LinkEvent::Up(controller) = End::open(&settings()).up() else { panic!("not up") };
    assert_eq!((controller.max_linear, controller.max_reverse, controller.max_angular), (150, 150, 524));
}

impl End {
    fn up(&mut self) -> LinkEvent {
        self.now += SETTLE;
        self.poll().1.swap_remove(0)
    }
}

#[test]
fn a_motion_ends_by_the_clock_unless_it_is_said_again() {
    let mut end = End::ready(&settings());
    end.encode(&drive(100, 0));
    assert_eq!(end.after(200).0, "");
    end.encode(&drive(100, 0));
    assert_eq!(end.after(249).0, "");
    let (said, told) = end.after(101);
    assert_eq!(said, "M 0 0\n".repeat(5));
    assert_eq!(told.unwrap().state, DeviceState::Held);
    assert_eq!(end.encode(&drive(100, 0)), "", "as after any stop of the robot's own");
}

#[test]
fn a_step_is_timed_and_ends_once() {
    let mut end = End::ready(&settings());
    // 50 mm at 100 mm/s: half a second, kept alive meanwhile.
    assert_eq!(end.encode(&step(4, StepKind::Straight, -50, 100)), "M -51 -51\n");
    for _ in 0..4 {
        assert_eq!(end.after(100).0, "");
        assert_eq!(end.encode(&step(4, StepKind::Straight, -50, 100)), "", "the same one is not begun again");
        let report = end.text.report();
        assert_eq!(
            (report.step, report.step_end, report.state),
            (4, StepEnd::Running, DeviceState::Stepping)
        );
    }
    assert_eq!(end.after(99).0, "");
    assert_eq!(end.after(1).0, "M 0 0\n");
    let report = end.report();
    assert_eq!((report.step, report.step_end, report.state), (4, StepEnd::Done, DeviceState::Ready));
    end.after(1000);
    assert_eq!(end.encode(&step(4, StepKind::Straight, -50, 100)), "", "nor when it is over");
    assert_eq!(end.text.report().state, DeviceState::Ready);
    // The next is stopped on its way.
    assert_eq!(end.encode(&step(5, StepKind::Turn, 785, 524)), "M -27 27\n");
    end.encode(&DeviceCommand::Stop);
    let report = end.report();
    assert_eq!((report.step, report.step_end, report.state), (5, StepEnd::Stopped, DeviceState::Held));
    assert_eq!(end.encode(&step(6, StepKind::Turn, 785, 524)), "", "neutral first");
}

#[test]
fn a_step_that_nobody_keeps_alive_is_stopped() {
    let mut end = End::ready(&settings());
    end.encode(&step(1, StepKind::Straight, 500, 100));
    assert_eq!(end.after(249).0, "");
    assert_eq!(end.after(101).0, "M 0 0\n".repeat(5));
    let report = end.report();
    assert_eq!((report.step_end, report.state), (StepEnd::Stopped, DeviceState::Held));
}

#[test]
fn an_e_stop_holds_until_it_is_released_and_then_neutral_comes_first() {
    let with_estop = Settings { estop: Some(r"E\n"), ..settings() };
    let mut end = End::ready(&with_estop);
    end.encode(&drive(100, 0));
    assert_eq!(end.encode(&DeviceCommand::Estop), "E\n");
    assert_eq!(end.after(200).0, "E\n".repeat(4));
    assert_eq!(end.after(150).0, "E\n", "for as long as it is latched");
    for command in [drive(100, 0), step(1, StepKind::Straight, 50, 100)] {
        assert_eq!(end.encode(&command), "");
    }
    assert_eq!(end.encode(&drive(0, 0)), "E\n", "a stop is the e-stop's now");
    assert_eq!(end.encode(&drive(100, 0)), "", "neutral opens nothing");
    let report = end.report();
    assert!(report.estop_latched && report.state == DeviceState::Latched);
    assert_eq!(end.encode(&DeviceCommand::Release), "M 0 0\n");
    assert_eq!(end.report().state, DeviceState::Held);
    assert_eq!(end.encode(&drive(100, 0)), "");
    end.encode(&drive(0, 0));
    assert_eq!(end.encode(&drive(100, 0)), "M 51 51\n");
}

#[test]
fn replies_are_read_in_any_pieces_and_the_newest_counts() {
    let mut end = End::ready(&settings());
    assert_eq!((end.text.report().battery_mv, end.text.report().pose), (None, None));
    for piece in ["BA", "T 74", "00 8", "0\r\nODO 1 -2 ", "3\n"] {
        end.receive(piece.as_bytes());
    }
    let report = end.report();
    assert_eq!((report.battery_mv, report.battery_percent), (Some(7400), Some(80)));
    assert_eq!(report.pose, Some((1, -2, 3)));
    end.receive(b"BAT 7100 75\nBAT 99999999 1\nBAT -1 1\nBAT\nBAT x y\nODO 1 2\nODO 1 2 9999999999\n");
    let report = end.report();
    assert_eq!(
        (report.battery_mv, report.battery_percent),
        (Some(7100), Some(75)),
        "nonsense changes nothing"
    );
    assert_eq!(report.pose, Some((1, -2, 3)));
}

#[test]
fn garbage_without_end_is_dropped_and_the_next_line_is_read() {
    let mut dice = StdRng::seed_from_u64(7);
    for first in [0, 0x80] {
        let mut end = End::ready(&settings());
        let before = size_of_val(&end.text);
        // Eight megabytes in which no line ends: one line is all that is ever held.
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..4096).map(|_| dice.random_range(first + 14..=first + 100)).collect();
            end.receive(&bytes);
        }
        assert!(end.text.lines.dropped() == 1 && before < 2048, "{} {before}", end.text.lines.dropped());
        end.receive(b"BAT 1 1\nBAT 7000 70\n");
        assert_eq!(end.report().battery_mv, Some(7000));
        assert_eq!(end.text.state, DeviceState::Ready);
    }
}

proptest! {
    /// Whatever the firmware says, in whichever state: nothing is said because of it.
    #[test]
    fn what_the_firmware_says_moves_nothing(bytes in prop::collection::vec(any::<u8>(), 0..600), moving: bool) {
        let mut end = End::ready(&settings());
        if moving {
            end.encode(&drive(100, 0));
        }
        let state = end.text.state;
        end.receive(&bytes);
        if moving {
            prop_assert_eq!(end.poll().0, "");
        }
        prop_assert_eq!(end.text.state, state);
    }

    /// After whatever orders and pauses: a motion that is not said again has ended by a stop 250 ms later.
    #[test]
    fn every_motion_ends(commands in prop::collection::vec((0..7_u8, any::<i16>(), 0..300_u64), 1..40)) {
        let mut end = End::ready(&settings());
        let mut last = String::new();
        for (n, (command, value, pause)) in commands.iter().enumerate() {
            let id = u16::try_from(n).unwrap();
            let command = match command {
                0 | 1 => drive(*value, 0),
                2 => drive(0, 0),
                3 => step(id, StepKind::Turn, i32::from(*value), 100),
                4 => DeviceCommand::Stop,
                5 => DeviceCommand::Estop,
                _ => DeviceCommand::Release,
            };
            last.push_str(&end.encode(&command));
            last.push_str(&end.after(*pause).0);
        }
        last.push_str(&end.after(251).0);
        prop_assert!(last.is_empty() || last.ends_with("M 0 0\n"), "{}", last);
        prop_assert!(!end.text.is_moving());
        prop_assert_eq!(end.after(2000).0.replace("M 0 0\n", ""), "");
    }
}
