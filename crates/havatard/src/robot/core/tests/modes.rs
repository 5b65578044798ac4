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
