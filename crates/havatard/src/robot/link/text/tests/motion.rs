//! Stops, timed motions and the e-stop.

use super::*;

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

proptest! {
    /// After whatever commands and pauses: a motion that is not said again has ended by a stop 250 ms later.
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
