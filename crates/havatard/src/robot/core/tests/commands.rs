//! What a driver's messages may do: their age, their sequence, and what keeps a motion alive.

use super::*;

#[test]
fn nothing_moves_before_neutral_and_then_it_does() {
    let mut rig = Rig::new();
    rig.wait(5);
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    assert!(!rig.device_commands().iter().any(is_motion));
    rig.neutral().unwrap();
    rig.hold(1.0).unwrap();
    let commands = rig.device_commands();
    assert!(
        matches!(commands[0], DeviceCommand::Drive { linear: 0, angular: 0, .. }),
        "the controller is let go too"
    );
    assert!(
        matches!(commands[1], DeviceCommand::Drive { linear: 250, angular: 0, left, .. } if left == ms(250))
    );
}

#[test]
fn the_tick_repeats_the_newest_set_point_with_its_age_until_the_deadman() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    for waited in [50, 100, 150, 200] {
        rig.wait(50);
        let commands = rig.device_commands();
        assert!(
            matches!(commands[..], [DeviceCommand::Drive { linear: 250, age, left, .. }]
                if age == ms(waited) && left == ms(250 - waited)),
            "{waited}: {commands:?}"
        );
    }
    rig.wait(50);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Silent));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}

#[test]
fn numbers_outside_their_range_change_nothing() {
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(50.0));
    let hold = |linear, angular| DriveMessage::Hold { at, linear, angular };
    let mut seq = at.seq;
    for (linear, angular) in
        [(1.01, 0.0), (f64::NAN, 0.0), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (0.0, -1.5)]
    {
        seq += 1;
        let DriveMessage::Hold { at, linear, angular } = hold(linear, angular) else { unreachable!() };
        let message = DriveMessage::Hold { at: Stamp { seq, ..at }, linear, angular };
        assert_eq!(rig.say(&message), Err(Refusal::OutOfRange), "{linear} {angular}");
    }
    rig.seq = seq;
    for step in [StepMove::Cm(0), StepMove::Cm(21), StepMove::Cm(i32::MIN), StepMove::Deg(360)] {
        assert_eq!(rig.step(1, step), Err(Refusal::OutOfRange), "{step:?}");
    }
    for for_ms in [0, 999, 8001, u32::MAX] {
        let at = rig.stamp(Some(50.0));
        let latch =
            DriveMessage::Latch { at, press: 9, linear: 1.0, angular: 0.0, for_ms, stop_reachable: true };
        assert_eq!(rig.say(&latch), Err(Refusal::OutOfRange), "{for_ms}");
    }
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_drive_session_that_is_closed_or_replaced_stops_at_once() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.close_session(rig.session);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost));

    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    let (newer, _) = rig.core.open_session(&rig.token, rig.now).unwrap();
    assert!(!rig.core.is_session_open(rig.session) && rig.core.is_session_open(newer));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost), "the old tab");
    rig.core.close_session(rig.session);
    assert!(rig.core.is_session_open(newer), "the old tab's leaving does not touch the new one");
}

#[test]
fn a_command_of_300_ms_is_late_and_one_of_299_is_not() {
    for (way, expected) in
        [(299, Ok(())), (300, Err(Refusal::CommandLate)), (5000, Err(Refusal::CommandLate))]
    {
        let mut rig = Rig::ready();
        let message = rig.hold_message(1.0);
        rig.now += ms(way);
        // Kept alive another way, so that only the age speaks against it.
        let _ = rig.core.keep_alive(&rig.token, rig.now);
        let heard = rig.say(&message);
        assert_eq!(heard, if way >= 2000 { Err(Refusal::LeaseLost) } else { expected }, "{way}");
        assert_eq!(rig.device_commands().iter().any(is_motion), expected.is_ok(), "{way}");
    }
}

#[test]
fn a_late_command_does_not_feed_what_runs_nor_the_lease() {
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(50)).unwrap();
    let at = rig.stamp(Some(50.0));
    rig.wait(240);
    rig.alive().unwrap();
    rig.wait(100);
    let before = rig.core.state(rig.now).driver;
    assert_eq!(rig.say(&DriveMessage::Alive { at }), Err(Refusal::OutOfOrder));
    let at = rig.stamp(Some(50.0));
    rig.wait(300);
    assert_eq!(rig.say(&DriveMessage::Alive { at }), Err(Refusal::CommandLate));
    assert_eq!(rig.stopped(), Some(StopReason::Silent));
    assert_eq!(rig.core.state(rig.now).driver, before);
}

#[test]
fn a_message_counts_once_and_only_after_those_before_it() {
    let mut rig = Rig::ready();
    let (first, second) = (rig.hold_message(0.5), rig.hold_message(1.0));
    rig.say(&second).unwrap();
    for again in [&second, &first, &second] {
        assert_eq!(rig.say(again), Err(Refusal::OutOfOrder));
    }
    assert_eq!(rig.speed(), Some(250), "the older one has changed nothing");
    // A repeated message feeds nothing either: the motion ends as if it had not come.
    for _ in 0..5 {
        rig.wait(50);
        assert_eq!(rig.say(&second), Err(Refusal::OutOfOrder));
    }
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    // A refused one is used up as well.
    let at = rig.stamp(Some(50.0));
    let beyond = DriveMessage::Hold { at, linear: 2.0, angular: 0.0 };
    assert_eq!(rig.say(&beyond), Err(Refusal::OutOfRange));
    assert_eq!(rig.say(&DriveMessage::Neutral { at }), Err(Refusal::OutOfOrder));
}

#[test]
fn a_stop_that_was_overtaken_before_it_was_sent_goes_first_all_the_same() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.hears(report(DeviceState::Driving));
    // All of it before the motion loop is run again.
    rig.core.stop("somebody");
    rig.neutral().unwrap();
    rig.hold(0.5).unwrap();
    let commands = rig.device_commands();
    let [
        DeviceCommand::Stop,
        DeviceCommand::Drive { linear: 0, angular: 0, .. },
        DeviceCommand::Drive { linear: 125, .. },
    ] = commands[..]
    else {
        panic!("{commands:?}");
    };
    rig.wait(50);
    rig.hold(0.5).unwrap();
    assert!(matches!(rig.device_commands()[..], [DeviceCommand::Drive { linear: 125, .. }]), "once");
}

#[test]
fn what_was_under_way_when_somebody_else_stopped_the_robot_is_void() {
    let mut rig = Rig::ready();
    let pressed = rig.stamp(Some(50.0));
    let let_go = rig.stamp(Some(50.0));
    let pushed = rig.stamp(Some(50.0));
    rig.wait(100);
    rig.core.stop("bea");
    rig.device_commands();
    rig.wait(50);
    let step = DriveMessage::Step { at: pressed, press: 1, step: StepMove::Cm(20) };
    assert_eq!(rig.say(&step), Err(Refusal::PressAgain));
    assert_eq!(rig.say(&DriveMessage::Neutral { at: let_go }), Ok(()));
    let hold = DriveMessage::Hold { at: pushed, linear: 1.0, angular: 0.0 };
    assert_eq!(rig.say(&hold), Err(Refusal::NeutralFirst), "let go of before the stop, not after it");
    rig.wait(200);
    rig.neutral().unwrap();
    rig.hold(1.0).expect("let go of after the stop");
}

#[test]
fn only_its_own_messages_keep_a_motion_alive() {
    for latched in [false, true] {
        let mut rig = Rig::ready();
        rig.drives(latched);
        for _ in 0..4 {
            rig.wait(50);
            rig.alive().unwrap();
            assert!(rig.device_commands().iter().any(is_motion));
        }
        rig.wait(50);
        rig.alive().unwrap();
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "latched: {latched}");
    }
}
