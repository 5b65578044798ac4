//! Each rule at its edge, by itself: what the stories of `super` would only meet by chance.

use super::*;

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
fn a_pressed_button_outranks_all_and_cannot_be_released_from_afar() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.hears(Report { button: true, ..report(DeviceState::Driving) });
    assert_eq!(rig.hold(1.0), Err(Refusal::EstopButton));
    assert_eq!(rig.step(1, StepMove::Cm(5)), Err(Refusal::EstopButton));
    // The repeat of the former set-point is due now.
    rig.wait(50);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    let (ana, code) = (who("ana"), Secret::random().digest());
    assert_eq!(rig.core.begin_release(&ana, code, rig.now), Err(Refusal::EstopButton));
    assert!(rig.core.estop_state().latched && rig.core.estop_state().button);
    // Pressed between the two steps.
    rig.hears(report(DeviceState::Held));
    rig.core.estop(&ana, Timestamp::now());
    rig.core.begin_release(&ana, code, rig.now).unwrap();
    rig.hears(Report { button: true, ..report(DeviceState::Latched) });
    assert_eq!(rig.core.finish_release(&ana, &code, rig.now), Err(Refusal::EstopButton));
    assert!(!rig.device_commands().contains(&DeviceCommand::Release));
}

#[test]
fn nothing_moves_until_the_controller_has_opened_its_latch_too() {
    let mut rig = Rig::ready();
    let (ana, code) = (who("ana"), Secret::random().digest());
    rig.core.estop(&ana, Timestamp::now());
    rig.hears(report(DeviceState::Latched));
    rig.core.begin_release(&ana, code, rig.now).unwrap();
    rig.core.finish_release(&ana, &code, rig.now).unwrap();
    for _ in 0..10 {
        rig.wait(20);
        rig.neutral().unwrap();
        assert_eq!(rig.hold(1.0), Err(Refusal::EstopLatched));
        assert_eq!(rig.step(1, StepMove::Cm(5)), Err(Refusal::EstopLatched));
        assert!(!rig.device_commands().iter().any(is_motion));
    }
}

#[test]
fn lag_ends_what_runs_at_once() {
    for latched in [false, true] {
        let mut rig = Rig::ready();
        rig.drives(latched);
        rig.device_commands();
        rig.wait(20);
        // 390 ms of picture and 150 under way: steps only. It is a sign of life, and says to stop.
        let at = rig.stamp(Some(390.0));
        rig.wait(150);
        assert_eq!(rig.say(&DriveMessage::Alive { at }), Err(Refusal::LagTooLong));
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
        assert_eq!(rig.stopped(), Some(StopReason::LagTooLong));
    }
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
fn a_stick_that_is_pushed_during_a_step_drives_only_after_it_was_let_go() {
    let mut rig = Rig::ready();
    rig.seeing_step(1).unwrap();
    rig.device_commands();
    assert_eq!(rig.hold(1.0), Err(Refusal::Moving));
    rig.core.arbiter.step_done(1);
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}

#[test]
fn an_e_stop_right_after_a_release_is_said_whatever_the_last_report_was() {
    let mut rig = Rig::ready();
    rig.core.estop(&who("ana"), Timestamp::now());
    assert!(rig.device_commands().contains(&DeviceCommand::Estop));
    rig.hears(report(DeviceState::Latched));
    let code = Secret::random();
    rig.core.begin_release(&who("ana"), code.digest(), rig.now).unwrap();
    rig.core.finish_release(&who("ana"), &code.digest(), rig.now).unwrap();
    rig.wait(30);
    assert!(rig.device_commands().contains(&DeviceCommand::Release));
    rig.core.estop(&who("bea"), Timestamp::now());
    assert!(
        rig.device_commands().contains(&DeviceCommand::Estop),
        "the controller may have opened its latch already"
    );
}

#[test]
fn a_step_that_began_with_a_picture_does_not_go_on_without_one() {
    let mut rig = Rig::ready();
    rig.seeing_step(1).unwrap();
    rig.device_commands();
    rig.wait(50);
    let at = rig.stamp(None);
    assert_eq!(rig.say(&DriveMessage::Alive { at }), Err(Refusal::PictureUnknown));
    assert_eq!(
        (rig.device_commands(), rig.stopped()),
        (vec![DeviceCommand::Stop], Some(StopReason::PictureStale))
    );

    // Of one that began without, nobody has taken a picture for granted.
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(20)).unwrap();
    rig.wait(50);
    let at = rig.stamp(None);
    assert_eq!(rig.say(&DriveMessage::Alive { at }), Ok(()));
    let commands = rig.device_commands();
    assert!(
        commands.iter().any(|command| matches!(command, DeviceCommand::Step { .. })),
        "it goes on: {commands:?}"
    );
}

#[test]
fn a_stale_picture_begins_nothing() {
    let mut rig = Rig::ready();
    assert_eq!(rig.hold_with(1.0, Some(401.0)), Err(Refusal::PictureStale));
    let at = rig.stamp(Some(401.0));
    let step = DriveMessage::Step { at, press: 1, step: StepMove::Cm(5) };
    assert_eq!(rig.say(&step), Err(Refusal::PictureStale));
    let at = rig.stamp(Some(401.0));
    let latch =
        DriveMessage::Latch { at, press: 2, linear: 1.0, angular: 0.0, for_ms: 1000, stop_reachable: true };
    assert_eq!(rig.say(&latch), Err(Refusal::PictureStale));
    assert!(!rig.device_commands().iter().any(is_motion));
    assert_eq!(rig.hold_with(1.0, None), Err(Refusal::PictureUnknown));
    rig.hold_with(1.0, Some(400.0)).unwrap();
}

#[test]
fn one_motion_at_a_time_and_what_was_refused_is_not_carried_out_later() {
    for latched in [false, true] {
        let mut rig = Rig::ready();
        rig.drives(latched);
        assert_eq!(rig.seeing_step(5), Err(Refusal::Moving));
        assert!(!rig.device_commands().iter().any(|command| matches!(command, DeviceCommand::Step { .. })));
        rig.core.stop("ana");
        rig.neutral().unwrap();
        assert_eq!(rig.seeing_step(5), Err(Refusal::PressAgain));
        assert_eq!(rig.latch(5), Err(Refusal::PressAgain));
        rig.step(6, StepMove::Cm(20)).unwrap();
    }
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

#[test]
fn a_press_that_was_refused_once_is_not_carried_out_later() {
    // Late, then said again in time, as a latch is twenty times a second.
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(50.0));
    let latch =
        DriveMessage::Latch { at, press: 1, linear: 1.0, angular: 0.0, for_ms: 3000, stop_reachable: true };
    rig.wait(300);
    assert_eq!(rig.say(&latch), Err(Refusal::CommandLate));
    assert_eq!(rig.latch(1), Err(Refusal::PressAgain));
    rig.latch(2).unwrap();
    // The same for the press that would renew it.
    let at = rig.stamp(Some(50.0));
    let latch =
        DriveMessage::Latch { at, press: 3, linear: 1.0, angular: 0.0, for_ms: 3000, stop_reachable: true };
    for _ in 0..6 {
        rig.wait(50);
        rig.core.beat(rig.session, rig.now).unwrap();
        rig.latch(2).unwrap();
    }
    let at = Stamp { seq: rig.seq + 1, ..at };
    rig.seq += 1;
    let DriveMessage::Latch { press, linear, angular, for_ms, stop_reachable, .. } = latch else {
        unreachable!()
    };
    let latch = DriveMessage::Latch { at, press, linear, angular, for_ms, stop_reachable };
    assert_eq!(rig.say(&latch), Err(Refusal::CommandLate));
    assert_eq!(rig.latch(3), Err(Refusal::PressAgain));
    // Held through an e-stop and its release.
    let mut rig = Rig::ready();
    rig.hears(report(DeviceState::Latched));
    assert_eq!(rig.latch(1), Err(Refusal::EstopLatched));
    let code = Secret::random().digest();
    rig.core.begin_release(&who("ana"), code, rig.now).unwrap();
    rig.core.finish_release(&who("ana"), &code, rig.now).unwrap();
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.latch(1), Err(Refusal::PressAgain));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_step_that_the_controller_does_not_begin_is_given_up() {
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(50)).unwrap();
    for _ in 0..13 {
        rig.wait(50);
        rig.alive().unwrap();
        rig.hears(report(DeviceState::Ready));
        assert!(rig.device_commands().iter().any(is_motion));
    }
    rig.wait(50);
    rig.alive().unwrap();
    rig.hears(report(DeviceState::Ready));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::DeviceWatchdog));
}

#[test]
fn a_refusal_that_stops_is_told_to_the_wheels_at_once_and_noted() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.take_notes();
    rig.wait(5);
    assert_eq!(rig.hold_with(1.0, Some(401.0)), Err(Refusal::PictureStale));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "no matter how short ago the set-point was");
    let notes = rig.core.take_notes();
    let stopped = notes.iter().find(|note| note.kind == "stopped").expect("a note");
    assert_eq!(stopped.fields, serde_json::json!({"reason": "picture_stale", "mode": "hold"}));
}

#[test]
fn a_step_backwards_is_half_as_fast_and_has_the_time_it_needs() {
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(-50)).unwrap();
    assert!(
        rig.device_commands()
            .iter()
            .any(|command| matches!(command, DeviceCommand::Step { amount: -500, speed: 125, .. }))
    );
    // Four seconds of way, and one to come to rest before it and after.
    assert_eq!(rig.core.state(rig.now).motion.left_ms, Some(5000));

    let mut rig = Rig::ready();
    let text = Controller { max_linear: 150, max_angular: 524, ..controller() };
    rig.core.on_link_event(LinkEvent::Up(text), rig.now);
    rig.hears(report(DeviceState::Held));
    rig.neutral().unwrap();
    rig.step(1, StepMove::Cm(-5)).unwrap();
    assert!(
        rig.device_commands()
            .iter()
            .any(|command| matches!(command, DeviceCommand::Step { amount: -50, speed: 75, .. }))
    );

    let mut rig = Rig::ready();
    rig.core.on_link_event(LinkEvent::Up(Controller { max_linear: 60, ..controller() }), rig.now);
    rig.hears(report(DeviceState::Held));
    rig.neutral().unwrap();
    assert_eq!(rig.step(1, StepMove::Cm(50)), Err(Refusal::OutOfRange), "it would be cut off on its way");
    rig.step(2, StepMove::Cm(20)).unwrap();
}

#[test]
fn a_weaker_controller_is_not_told_more_than_it_can() {
    let mut rig = Rig::ready();
    let weak = Controller { max_linear: 100, max_angular: 300, ..controller() };
    rig.core.on_link_event(LinkEvent::Up(weak), rig.now);
    rig.hears(report(DeviceState::Held));
    rig.neutral().unwrap();
    let at = rig.stamp(Some(50.0));
    rig.say(&DriveMessage::Hold { at, linear: 1.0, angular: -1.0 }).unwrap();
    let commands = rig.device_commands();
    assert!(
        matches!(commands.last(), Some(DeviceCommand::Drive { linear: 100, angular: -300, .. })),
        "{commands:?}"
    );
    rig.neutral().unwrap();
    rig.step(1, StepMove::Deg(90)).unwrap();
    let commands = rig.device_commands();
    assert!(matches!(commands.last(), Some(DeviceCommand::Step { speed: 300, .. })), "{commands:?}");
}

#[test]
fn a_new_session_of_the_controller_stops_what_runs() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    // A greeting that was answered twice: up again, without a loss in between.
    rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
    rig.hears(report(DeviceState::Ready));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}

#[test]
fn why_the_wheels_stand_is_still_said_when_the_controller_is_back() {
    for (lost, reason) in [(Lost::Rebooted, StopReason::DeviceReset), (Lost::Silent, StopReason::LinkLost)] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.core.on_link_event(LinkEvent::Lost(lost), rig.now);
        rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
        rig.hears(report(DeviceState::Held));
        assert_eq!(rig.stopped(), Some(reason));
    }
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
    assert_eq!(rig.stopped(), Some(StopReason::LinkLost), "it ended what was running");
}

#[test]
fn a_motor_fault_stops_and_an_ending_daemon_moves_nothing() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.hears(Report { motor_fault: true, ..report(DeviceState::Driving) });
    assert_eq!(rig.stopped(), Some(StopReason::MotorFault));
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst), "it is over, and still a stop");

    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.close();
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    let _ = rig.neutral();
    assert_eq!(rig.hold(1.0), Err(Refusal::RobotAway));
    assert_eq!(rig.step(1, StepMove::Cm(5)), Err(Refusal::RobotAway));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_late_loop_and_a_new_config_slow_down_and_stop() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.core.late(ms(60), rig.now);
    assert_eq!(rig.speed(), Some(75), "30 %");
    rig.wait(20);
    rig.hold(1.0).unwrap();
    rig.core.configure("other", SPEED_LIMITS);
    assert!(!rig.device_commands().iter().any(is_motion));
    rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}
