//! The e-stop: over everything, and out of it in two steps.

use super::*;

#[test]
fn an_estop_outranks_everything_until_two_steps_release_it_and_a_release_moves_nothing() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.estop(&who("bob"), Timestamp::now());
    assert_eq!(rig.device_commands()[0], DeviceCommand::Estop, "first and at once");
    rig.wait(20);
    assert!(rig.device_commands().contains(&DeviceCommand::Estop), "again until the controller says so");
    rig.hears(report(DeviceState::Latched));
    rig.wait(20);
    assert!(!rig.device_commands().contains(&DeviceCommand::Estop));
    for _ in 0..3 {
        rig.neutral().unwrap();
        assert_eq!(rig.hold(1.0), Err(Refusal::EstopLatched));
        assert_eq!(rig.step(1, StepMove::Cm(5)), Err(Refusal::EstopLatched));
    }
    let code = Secret::random().digest();
    let wrong = Secret::random().digest();
    let (ana, bob) = (who("ana"), who("bob"));
    assert_eq!(rig.core.finish_release(&ana, &code, rig.now), Err(Refusal::PressAgain), "no first step");
    for spoil in 0..4 {
        rig.core.begin_release(&ana, code, rig.now).unwrap();
        let (shown, by) = match spoil {
            0 => (wrong, &ana),
            1 => (code, &bob),
            2 => {
                rig.now += crate::robot::core::CODE_VALID;
                (code, &ana)
            }
            _ => {
                rig.core.estop(&bob, Timestamp::now());
                (code, &ana)
            }
        };
        assert_eq!(rig.core.finish_release(by, &shown, rig.now), Err(Refusal::PressAgain), "{spoil}");
        assert!(rig.core.estop_state().latched);
    }
    rig.core.keep_alive(&rig.token, rig.now).unwrap_err();
    let mut rig = Rig::ready();
    rig.core.estop(&bob, Timestamp::now());
    rig.hears(report(DeviceState::Latched));
    rig.core.begin_release(&ana, code, rig.now).unwrap();
    rig.core.finish_release(&ana, &code, rig.now).unwrap();
    assert!(rig.device_commands().contains(&DeviceCommand::Release));
    assert!(rig.core.estop_state().latched, "until the controller has opened it too");
    rig.hears(report(DeviceState::Held));
    assert!(!rig.core.estop_state().latched);
    assert!(!rig.device_commands().iter().any(is_motion));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst), "a stick held through the release moves nothing");
    rig.neutral().unwrap();
    rig.hold(1.0).unwrap();
}

#[test]
fn a_latch_of_the_controllers_or_of_an_earlier_run_is_ours_too() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.hears(Report { button: true, ..report(DeviceState::Latched) });
    let estop = rig.core.estop_state();
    assert_eq!((estop.latched, estop.button, estop.source), (true, true, Some(EstopSource::Button)));
    assert_eq!(
        rig.core.begin_release(&who("ana"), Secret::random().digest(), rig.now),
        Err(Refusal::EstopButton)
    );
    assert!(!rig.device_commands().iter().any(is_motion));

    let start = Instant::now();
    let latched = Latched { source: EstopSource::Person, by: Some("bob".to_owned()), at: None };
    let mut core = Core::new("port", SPEED_LIMITS, 0, (Some(latched), true), start);
    core.on_link_event(LinkEvent::Up(controller()), start);
    core.on_link_event(LinkEvent::Reported(report(DeviceState::Held)), start);
    let mut commands = Vec::new();
    core.device_commands(start, &mut commands);
    assert_eq!(commands[0], DeviceCommand::Estop, "the controller lost its latch, we did not");
}

#[test]
fn a_release_that_the_controller_does_not_confirm_is_none() {
    let mut rig = Rig::ready();
    rig.core.estop(&who("ana"), Timestamp::now());
    rig.hears(report(DeviceState::Latched));
    let code = Secret::random().digest();
    rig.core.begin_release(&who("ana"), code, rig.now).unwrap();
    rig.core.finish_release(&who("ana"), &code, rig.now).unwrap();
    for _ in 0..60 {
        rig.wait(20);
        rig.alive().unwrap();
        rig.hears(report(DeviceState::Latched));
        rig.device_commands();
    }
    let estop = rig.core.estop_state();
    assert_eq!((estop.latched, estop.source), (true, Some(EstopSource::Robot)));
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
fn a_button_that_is_pressed_for_a_moment_ends_what_runs() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.wait(20);
    rig.hears(Report { button: true, ..report(DeviceState::Driving) });
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    rig.wait(20);
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.stopped(), Some(StopReason::Estop));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst), "held through it");
    assert!(!rig.device_commands().iter().any(is_motion));
}
