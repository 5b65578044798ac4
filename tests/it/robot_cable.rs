//! The cable to the motor controller: unplugged, plugged in again, reset in mid-drive, noisy, or with something else at
//! its end.

use std::time::Duration;

use havatar_api::{Refusal, RobotLinkState, RobotState, StopReason};
use havatar_tests::foreign::{Foreign, Manner};
use havatar_tests::{Daemon, Dice, Driver, Moment, Robot, figure, pause};

/// Until drivers are told that the cable is gone.
const TOLD: Duration = Duration::from_millis(300);
/// Until the controller is in use again after it is back.
const BACK: Duration = Duration::from_secs(1);
/// From a fault to motors that are off.
const ZERO: Duration = Duration::from_millis(300);
/// For the rest of a machine that does other things too.
const SLACK: Duration = Duration::from_millis(100);

#[tokio::test]
async fn unplugged_it_is_told_and_plugged_in_it_waits_for_a_human() {
    let mut dice = Dice::new("unplug");
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    for back in ["plug", "plug reboot", "plug"] {
        let driver = daemon.admin().drives().await;
        holds(&robot, &driver, &mut dice).await;
        let pulled = Moment::now();
        robot.tell("unplug");
        let away = |robot: &RobotState| robot.link.state != RobotLinkState::Up;
        driver.receives_state(pulled, Duration::from_secs(2), "the controller is away", away).await;
        let told = Moment::now().since(pulled);
        let zero = robot.stands(pulled, Duration::from_secs(2)).await;
        figure("unplug_told_ms", told.as_millis());
        figure("unplug_to_zero_ms", zero.since(pulled).as_millis());
        assert!(told <= TOLD + SLACK, "told after {told:?}");
        assert!(
            zero.since(pulled) <= ZERO,
            "the motors were off {:?} after the unplugging",
            zero.since(pulled)
        );
        refused(&driver, &[Refusal::RobotAway, Refusal::RobotUnknown]).await;

        let plugged = Moment::now();
        robot.tell(back);
        let state =
            driver.receives_state(plugged, Duration::from_secs(5), "the controller is back", up).await;
        let took = Moment::now().since(plugged);
        figure("plug_to_up_ms", took.as_millis());
        assert!(took <= BACK + SLACK, "{back}: up again after {took:?}");
        assert!(state.motion.neutral_first, "{back}: {:?}", state.motion);
        only_a_human_moves_it(&robot, &driver, plugged).await;
    }
}

#[tokio::test]
async fn a_controller_that_boots_in_mid_drive_is_not_driven_on() {
    let mut dice = Dice::new("reset");
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    for fault in ["reset", "power-cycle", "reset"] {
        let driver = daemon.admin().drives().await;
        let boot = boot(&daemon).await;
        holds(&robot, &driver, &mut dice).await;
        let fell = Moment::now();
        robot.tell(fault);
        let zero = robot.stands(fell, Duration::from_secs(2)).await;
        figure(&format!("{fault}_to_zero_ms"), zero.since(fell).as_millis());
        assert!(zero.since(fell) <= Duration::from_millis(50), "off after {:?}", zero.since(fell));
        let again = |robot: &RobotState| {
            up(robot)
                && robot.link.device.as_ref().and_then(|device| device.boot).is_some_and(|it| it != boot)
        };
        let state = driver.receives_state(fell, Duration::from_secs(3), "it has booted", again).await;
        assert!(state.motion.neutral_first, "{fault}: {:?}", state.motion);
        assert!(
            [Some(StopReason::DeviceReset), Some(StopReason::LinkLost)].contains(&state.motion.stopped),
            "{fault}: {:?}",
            state.motion
        );
        // What was on its way to the controller that fell counts for nothing; from the new greeting on, it would.
        let greeted = robot.timeline().first("HELLO", fell).expect("the controller was greeted anew");
        only_a_human_moves_it(&robot, &driver, greeted).await;
    }
}

#[tokio::test]
async fn a_controller_that_hangs_is_missed_and_found_again() {
    let mut dice = Dice::new("freeze");
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    holds(&robot, &driver, &mut dice).await;
    let frozen = Moment::now();
    robot.tell("freeze 700");
    let lost = |robot: &RobotState| robot.link.state != RobotLinkState::Up;
    driver.receives_state(frozen, Duration::from_secs(2), "the controller is silent", lost).await;
    let told = Moment::now().since(frozen);
    figure("freeze_told_ms", told.as_millis());
    // 300 ms of silence, and up to 50 between two reports.
    assert!(told <= TOLD + Duration::from_millis(50) + SLACK, "told after {told:?}");
    driver.receives_state(frozen, Duration::from_secs(5), "the controller answers again", up).await;
    // A hung board does what it did last; only its own watchdogs can do anything about that. When it goes on,
    // it has received nothing for too long.
    robot.stands(Moment::now(), Duration::from_secs(1)).await;
    only_a_human_moves_it(&robot, &driver, Moment::now()).await;
}

#[tokio::test]
async fn noise_on_the_line_costs_frames_and_never_moves_anything() {
    let mut dice = Dice::new("noise");
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    // At rest: whatever comes off the line, the wheels stand.
    driver.neutral().await;
    let quiet = Moment::now();
    for _ in 0..20 {
        robot.tell(&format!("garbage {}", 1 + dice.below(300)));
        dice.phase(20).await;
    }
    pause(Duration::from_millis(300)).await;
    assert!(!robot.timeline().moved_since(quiet), "noise moved it");
    // While driving: it may stutter, and it stops when it should.
    for fault in ["drop 0.01", "double 0.01", "flip 0.01", "garbage 400"] {
        let begun = Moment::now();
        robot.tell(fault);
        // Noise may cut the link at any time: there are more tries until one has moved it.
        for tries in 1..40 {
            driver.neutral().await;
            driver.hold(1.0, 0.0).await;
            pause(dice.between(200, 400)).await;
            if tries >= 4 && robot.timeline().moved_since(begun) {
                break;
            }
        }
        driver.silent().await;
        let silent = Moment::now();
        let zero = robot.stands(silent, Duration::from_secs(2)).await.since(silent);
        figure(&format!("noise_{}_to_zero_ms", fault.replace(' ', "_")), zero.as_millis());
        assert!(zero <= Duration::from_millis(350), "{fault}: the motors were off after {zero:?}");
        assert!(robot.timeline().moved_since(begun), "{fault}: it never drove, so nothing was shown");
        for off in ["drop 0", "double 0", "flip 0"] {
            robot.tell(off);
        }
        driver.alive().await;
        driver.receives_state(Moment::now(), Duration::from_secs(5), "the link is up", up).await;
    }
    robot.obeys(&driver).await;
}

#[tokio::test]
async fn something_else_at_the_end_of_the_cable_is_never_driven() {
    for manner in [Manner::Echo, Manner::Garbage, Manner::Silent] {
        let foreign = Foreign::new(manner);
        let robot = Robot::new().await;
        let daemon = robot.plan().set("robot.port", foreign.port().to_str()).launch().await;
        daemon.robot_is("nobody known", |robot| robot.link.state == RobotLinkState::Unknown).await;
        let driver = daemon.admin().drives().await;
        for _ in 0..5 {
            driver.neutral().await;
            driver.hold(1.0, 0.0).await;
            pause(Duration::from_millis(150)).await;
        }
        refused(&driver, &[Refusal::RobotUnknown]).await;
        assert_eq!(daemon.robot().await.link.state, RobotLinkState::Unknown, "{manner:?}");
        let kinds = foreign.frames();
        assert!(kinds.iter().all(|kind| *kind == "HELLO"), "{manner:?} was sent {kinds:?}");
        assert!(!kinds.is_empty(), "{manner:?}: it was asked who it is");
    }
}

#[tokio::test]
async fn a_port_that_is_not_there_is_waited_for() {
    let robot = Robot::new().await;
    let plan = robot.plan();
    let elsewhere = plan.place("port");
    let daemon = plan.set("robot.port", elsewhere.to_str()).launch().await;
    let state = daemon.robot_is("nothing there", |robot| robot.link.state == RobotLinkState::Away).await;
    assert_eq!(state.motion.refusal, Some(Refusal::RobotAway));
    std::os::unix::fs::symlink(robot.port(), &elsewhere).expect("a link");
    let plugged = Moment::now();
    daemon.robot_is("the controller answers", up).await;
    figure("appears_to_up_ms", Moment::now().since(plugged).as_millis());
    assert!(Moment::now().since(plugged) <= BACK + SLACK);
}

fn up(robot: &RobotState) -> bool {
    robot.link.state == RobotLinkState::Up
}

async fn boot(daemon: &Daemon) -> u32 {
    daemon.robot().await.link.device.and_then(|device| device.boot).expect("a count of boots")
}

async fn holds(robot: &Robot, driver: &Driver, dice: &mut Dice) {
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    dice.phase(300).await;
}

/// Taking the control anew is refused with one of these.
async fn refused(driver: &Driver, with: &[Refusal]) {
    let since = Moment::now();
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    driver
        .receives(since, Duration::from_secs(2), &format!("one of {with:?}"), |event| match event {
            havatar_api::DriveEvent::Refused { code, .. } if with.contains(code) => Some(()),
            _ => None,
        })
        .await;
}

/// A control that was held all the while moves nothing; let go and taken again, it does.
async fn only_a_human_moves_it(robot: &Robot, driver: &Driver, since: Moment) {
    driver.hold(1.0, 0.0).await;
    pause(Duration::from_millis(500)).await;
    let timeline = robot.timeline();
    assert!(!timeline.moved_since(Moment::now()), "it moves by itself");
    let first = timeline.received_after(since).find(|(_, frame)| frame.moves());
    let told = timeline.tell(since);
    assert!(first.is_none(), "a set-point came before a fresh human action: {first:?}\n{told}");
    robot.obeys(driver).await;
}
