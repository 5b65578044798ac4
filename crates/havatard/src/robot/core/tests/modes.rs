//! Steps and latches.

use super::*;

#[test]
fn a_step_ends_by_the_wheels_and_is_never_queued_nor_used_twice() {
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(20)).unwrap();
    assert!(
        rig.device_commands()
            .iter()
            .any(|o| matches!(o, DeviceCommand::Step { id: 1, amount: 200, speed: 150, .. }))
    );
    rig.wait(50);
    rig.alive().unwrap();
    rig.neutral().expect("letting go of a key elsewhere leaves the step alone");
    assert!(rig.device_commands().iter().all(|command| matches!(command, DeviceCommand::Step { id: 1, .. })));
    rig.hears(Report { step: 1, step_end: StepEnd::Done, ..report(DeviceState::Ready) });
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Ended));
    assert!(!rig.device_commands().iter().any(is_motion));
    assert_eq!(rig.step(1, StepMove::Cm(20)), Err(Refusal::PressAgain));
    rig.step(3, StepMove::Deg(-15)).unwrap();
}

#[test]
fn any_press_stops_a_step_and_does_nothing_else() {
    for how in ["step", "hold", "latch"] {
        let mut rig = Rig::ready();
        rig.step(1, StepMove::Cm(20)).unwrap();
        assert!(rig.device_commands().iter().any(is_motion));
        rig.wait(50);
        let refused = match how {
            "step" => rig.step(2, StepMove::Cm(20)),
            "hold" => rig.hold(1.0),
            _ => rig.latch(2),
        };
        assert_eq!(refused, Err(Refusal::Moving), "{how}");
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "{how}");
        assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Stop));
        // What stopped it is not carried out later, and what is still held is let go of first.
        rig.wait(50);
        if how == "hold" {
            assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
        } else {
            assert_eq!(rig.step(2, StepMove::Cm(20)), Err(Refusal::PressAgain), "{how}");
        }
        assert!(!rig.device_commands().iter().any(is_motion), "{how}");
        rig.step(3, StepMove::Cm(20)).unwrap();
    }
}

#[test]
fn a_loop_that_is_late_drives_slowly_in_every_mode() {
    for (step, speed, late) in
        [(StepMove::Cm(20), 150, 45), (StepMove::Cm(50), 150, 72), (StepMove::Deg(180), 524, 449)]
    {
        for (is_late, expected) in [(false, speed), (true, late)] {
            let mut rig = Rig::ready();
            if is_late {
                rig.core.late(std::time::Duration::from_millis(60), rig.now);
            }
            rig.step(1, step).unwrap();
            let told = rig.device_commands().into_iter().find_map(|command| match command {
                DeviceCommand::Step { speed, .. } => Some(speed),
                _ => None,
            });
            assert_eq!(told, Some(expected), "{step:?}, late: {is_late}");
        }
    }
}

#[test]
fn a_latch_ends_by_itself_and_a_new_press_prolongs_it() {
    let mut rig = Rig::ready();
    rig.latch(1).unwrap();
    assert_eq!(rig.speed(), Some(200), "at most 0.20 m/s");
    for _ in 0..50 {
        rig.wait(50);
        rig.latch(1).unwrap();
    }
    rig.latch(2).unwrap();
    for _ in 0..59 {
        rig.wait(50);
        rig.latch(2).unwrap();
    }
    rig.wait(50);
    assert_eq!(rig.latch(2), Err(Refusal::PressAgain));
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Ended));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_latch_needs_a_stop_that_can_be_reached() {
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(50.0));
    let latch = |stop_reachable| DriveMessage::Latch {
        at,
        press: 1,
        linear: 1.0,
        angular: 0.0,
        for_ms: 3000,
        stop_reachable,
    };
    assert_eq!(rig.say(&latch(false)), Err(Refusal::StopUnreachable));
    let plain = Controller { features: Features::default(), protocol: Protocol::Text, ..controller() };
    rig.core.on_link_event(LinkEvent::Up(plain), rig.now);
    rig.hears(report(DeviceState::Ready));
    rig.neutral().unwrap();
    assert_eq!(rig.latch(2), Err(Refusal::StopUnreachable), "this controller does not latch an e-stop");
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
fn a_press_that_arrives_when_the_motion_before_it_is_over_begins_after_a_stop() {
    // The motion loop has not run in between.
    let mut rig = Rig::ready();
    rig.latch(1).unwrap();
    rig.device_commands();
    rig.core.take_notes();
    rig.wait(250);
    rig.latch(2).unwrap();
    let commands = rig.device_commands();
    let [
        DeviceCommand::Stop,
        DeviceCommand::Drive { linear: 0, angular: 0, .. },
        DeviceCommand::Drive { linear: 200, .. },
    ] = commands[..]
    else {
        panic!("{commands:?}");
    };
    let notes = rig.core.take_notes();
    let stopped = notes.iter().find(|note| note.kind == "stopped").expect("a note");
    assert_eq!(stopped.fields, serde_json::json!({"reason": "silent", "mode": "latch"}));

    // A press that was made before that stop is void.
    let mut rig = Rig::ready();
    rig.latch(1).unwrap();
    rig.wait(100);
    let at = rig.stamp(Some(50.0));
    rig.wait(150);
    let latch =
        DriveMessage::Latch { at, press: 2, linear: 1.0, angular: 0.0, for_ms: 3000, stop_reachable: true };
    assert_eq!(rig.say(&latch), Err(Refusal::PressAgain));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_press_whose_age_is_unknown_is_not_carried_out_later() {
    let mut rig = Rig::ready();
    // It names a beat that was never sent.
    let at = Stamp { beat: rig.beat + 1, ..rig.stamp(Some(50.0)) };
    let latch =
        DriveMessage::Latch { at, press: 1, linear: 1.0, angular: 0.0, for_ms: 3000, stop_reachable: true };
    assert_eq!(rig.say(&latch), Err(Refusal::Clock));
    assert_eq!(rig.latch(1), Err(Refusal::PressAgain));
    assert!(!rig.device_commands().iter().any(is_motion));
    rig.latch(2).unwrap();
}
