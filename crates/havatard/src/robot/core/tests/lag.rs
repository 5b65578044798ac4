//! Age of the video and of the commands: slower, steps only, stopped.

use super::*;

#[test]
fn backwards_is_half_and_lag_slows_down() {
    let mut rig = Rig::ready();
    for (linear, picture, speed) in
        [(-1.0, 50.0, -125), (1.0, 250.0, 150), (0.5, 260.0, 75), (1.0, 350.0, 75)]
    {
        rig.hold_with(linear, Some(picture)).unwrap();
        assert_eq!(rig.speed(), Some(speed), "{linear} {picture}");
        rig.wait(20);
    }
}

#[test]
fn a_stale_picture_or_none_stops_and_refuses() {
    for (picture, refusal) in [(Some(401.0), Refusal::PictureStale), (None, Refusal::PictureUnknown)] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.device_commands();
        rig.wait(20);
        assert_eq!(rig.hold_with(1.0, picture), Err(refusal));
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
        assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    }
    let mut rig = Rig::ready();
    assert_eq!(rig.hold_with(1.0, Some(f64::NAN)), Err(Refusal::OutOfRange));
    rig.step(1, StepMove::Cm(20)).expect("a step needs no picture");
}

#[test]
fn beyond_half_a_second_of_lag_only_steps_go() {
    let mut rig = Rig::ready();
    // 390 ms of picture and 150 ms under way.
    let at = rig.stamp(Some(390.0));
    rig.wait(150);
    assert_eq!(rig.say(&DriveMessage::Hold { at, linear: 1.0, angular: 0.0 }), Err(Refusal::LagTooLong));
    let state = rig.core.state(rig.now).motion;
    assert!(state.limit.steps_only && state.limit.lag_ms == Some(540), "{state:?}");
    let at = rig.stamp(Some(100.0));
    rig.say(&DriveMessage::Step { at, press: 1, step: StepMove::Deg(90) }).unwrap();
    assert!(
        rig.device_commands()
            .iter()
            .any(|command| matches!(command, DeviceCommand::Step { amount: 1570, speed: 524, .. }))
    );
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

    // A step that began without video does not depend on it.
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
