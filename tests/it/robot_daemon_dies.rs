//! The daemon is killed, or stopped as if the whole computer hung, while the robot drives: the firmware stops by itself.

use std::time::Duration;

use havatar_api::{Refusal, StepMove};
use havatar_tests::{Daemon, Dice, Driver, Moment, Robot, figure, pause, proc};
use nix::sys::signal::Signal;

/// From the signal to motors that are off, and stay off.
const GOAL: Duration = Duration::from_millis(300);
const MODES: [Mode; 3] = [Mode::Hold, Mode::Latch, Mode::Step];

#[derive(Debug, Clone, Copy)]
enum Mode {
    Hold,
    Latch,
    Step,
}

#[tokio::test]
async fn killed_the_wheels_stop_and_only_a_fresh_human_action_moves_them_again() {
    let mut dice = Dice::new("sigkill");
    let robot = Robot::new().await;
    let mut plan = robot.plan();
    for mode in MODES {
        let daemon = robot.launched(plan).await;
        let driver = daemon.admin().drives().await;
        begin(&robot, &driver, mode, &mut dice).await;
        let killed = Moment::now();
        proc::signal(daemon.pid(), Signal::SIGKILL);
        let took = robot.stands(killed, Duration::from_secs(2)).await.since(killed);
        figure(&format!("sigkill_{mode:?}_to_zero_ms"), took.as_millis());
        assert!(took <= GOAL, "{mode:?}: the motors were off {took:?} after SIGKILL");
        plan = daemon.kill().1;

        let daemon = robot.launched(plan).await;
        // The driver has lost the connection; the new daemon has no record of them, and the robot none of the old one's last commands.
        assert!(driver.ended().is_some(), "the drive socket outlived its daemon");
        pause(Duration::from_millis(500)).await;
        assert!(!robot.timeline().moved_since(killed + took), "it moved with nobody driving");
        // What the old one had written may still have been on its way to a busy controller, which stood only after it.
        assert!(
            robot.timeline().received_after(killed + took).all(|(_, frame)| !frame.moves()),
            "a set-point by itself"
        );
        robot.obeys(&daemon.admin().drives().await).await;
        plan = daemon.kill().1;
    }
}

#[tokio::test]
async fn hung_the_wheels_stop_and_what_had_piled_up_moves_nothing() {
    let mut dice = Dice::new("sigstop");
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    for mode in [MODES, MODES].concat() {
        let driver = daemon.admin().drives().await;
        begin(&robot, &driver, mode, &mut dice).await;
        let hung = Moment::now();
        daemon.signal(Signal::SIGSTOP);
        let zero = robot.stands(hung, Duration::from_secs(2)).await;
        let took = zero.since(hung);
        // The driver has gone on holding the control all the while: that is what piles up.
        daemon.signal(Signal::SIGCONT);
        let resumed = Moment::now();
        figure(&format!("sigstop_{mode:?}_to_zero_ms"), took.as_millis());
        assert!(took <= GOAL, "{mode:?}: the motors were off {took:?} after SIGSTOP");
        if !matches!(mode, Mode::Step) {
            let refused = |event: &havatar_api::DriveEvent| {
                matches!(event, havatar_api::DriveEvent::Refused { code, .. }
                    if [Refusal::NeutralFirst, Refusal::PressAgain, Refusal::RobotUnknown].contains(code))
                .then_some(())
            };
            driver
                .receives(resumed, Duration::from_secs(3), "that the control must be let go first", refused)
                .await;
        }
        pause(Duration::from_millis(700)).await;
        let timeline = robot.timeline();
        assert!(!timeline.moved_since(zero), "{mode:?}: it moved on when the daemon was back");
        robot_is_driveable(&daemon).await;
        robot.obeys(&driver).await;
    }
}

async fn begin(robot: &Robot, driver: &Driver, mode: Mode, dice: &mut Dice) {
    match mode {
        Mode::Hold => {
            driver.neutral().await;
            driver.hold(1.0, 0.0).await;
        }
        Mode::Latch => drop(driver.latch(1.0, 0.0, 8000).await),
        Mode::Step => drop(driver.step(StepMove::Cm(50)).await),
    }
    robot.moves().await;
    dice.phase(400).await;
}

async fn robot_is_driveable(daemon: &Daemon) {
    daemon.robot_is("nothing keeps it from moving", |robot| robot.motion.refusal.is_none()).await;
}
