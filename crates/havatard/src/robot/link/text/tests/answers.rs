//! Configured lines, firmware that answers or is silent, and what its answers mean.

use super::*;

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
}
