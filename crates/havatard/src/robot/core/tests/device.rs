//! What the controller reports, and what is lost with it.

use super::*;

#[test]
fn a_lost_link_voids_everything_and_a_new_one_waits_for_a_new_action() {
    for lost in [Lost::Unplugged, Lost::Silent, Lost::Rebooted, Lost::OtherSession] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.device_commands();
        rig.core.on_link_event(LinkEvent::Lost(lost), rig.now);
        assert!(rig.device_commands().is_empty(), "nothing is told to who is unknown");
        rig.wait(10);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown));
        rig.neutral().unwrap();
        rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown), "no report yet");
        rig.hears(report(DeviceState::Held));
        assert_eq!(
            rig.hold(1.0),
            Err(Refusal::NeutralFirst),
            "letting go before it was there counts no more"
        );
        rig.neutral().unwrap();
        rig.hold(1.0).unwrap();
    }
}

#[test]
fn a_controller_that_stopped_by_itself_is_believed() {
    for (stopped, reason) in [
        (DeviceStop::Watchdog, StopReason::DeviceWatchdog),
        (DeviceStop::Blocked, StopReason::Blocked),
        (DeviceStop::Boot, StopReason::DeviceReset),
    ] {
        let mut rig = Rig::ready();
        for _ in 0..4 {
            rig.hold(1.0).unwrap();
            rig.device_commands();
            rig.wait(50);
            rig.hears(report(DeviceState::Driving));
        }
        rig.hears(Report { stopped, ..report(DeviceState::Held) });
        assert_eq!(rig.core.state(rig.now).motion.stopped, Some(reason));
        assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    }
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.hears(Report { motor_fault: true, ..report(DeviceState::Driving) });
    assert_eq!(rig.hold(1.0), Err(Refusal::RobotFault));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn stops_are_repeated_until_the_controller_stands() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.hears(report(DeviceState::Driving));
    rig.core.stop("bob");
    for _ in 0..10 {
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
        rig.wait(20);
    }
    rig.hears(report(DeviceState::Unknown));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "what we do not know is not standing");
    rig.wait(20);
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.device_commands(), []);
    rig.core.stop("bob");
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "whoever presses it again means it");
    assert_eq!(rig.device_commands(), []);
    rig.wait(20);
    rig.alive().unwrap();
    assert_eq!(rig.device_commands(), [], "a sign of life is none");
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
    assert_eq!(rig.stopped(), Some(StopReason::LinkLost), "nobody has pressed STOP");
    assert!(!rig.device_commands().iter().any(is_motion));
    rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}
