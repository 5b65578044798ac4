//! The e-stop: at once, from any client, over everything, and latched until a person releases it in two steps.

use std::time::Duration;

use havatar_api::{DriveEvent, EstopReleased, EstopSource, Refusal, RobotState, StepMove, StopReason};
use havatar_tests::{Daemon, Dice, Driver, Moment, Person, Robot, figure, pause};
use reqwest::Method;
use serde_json::json;

/// The goal is 5 ms, measured by scripts/bench; a debug build on a machine that does other things gets some room.
const SOON: Duration = Duration::from_millis(25);
const WATCHED: Duration = Duration::from_millis(400);

#[tokio::test]
async fn it_reaches_the_controller_at_once_over_everything_that_moves() {
    let mut dice = Dice::new("estop");
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let other = daemon.person().await;
    for mode in ["hold", "latch", "step", "hold", "latch", "step"] {
        let driver = daemon.admin().drives().await;
        match mode {
            "hold" => {
                driver.neutral().await;
                driver.hold(1.0, 0.5).await;
            }
            "latch" => drop(driver.latch(1.0, 0.0, 8000).await),
            _ => drop(driver.step(StepMove::Cm(50)).await),
        }
        robot.moves().await;
        dice.phase(200).await;
        let pressed = Moment::now();
        // By the driver, and by a client that is merely signed in.
        if dice.below(2) == 0 {
            driver.estop().await;
        } else {
            assert_eq!(other.ask(Method::POST, "/api/v1/robot/estop", None).await.status, 200);
        }
        let zero = robot.stands(pressed, Duration::from_secs(1)).await;
        let told = robot.timeline().first("ESTOP", pressed).expect("the controller was told").since(pressed);
        figure(&format!("estop_{mode}_to_bytes_ms"), told.as_secs_f64() * 1e3);
        figure(&format!("estop_{mode}_to_zero_ms"), zero.since(pressed).as_millis());
        assert!(told <= SOON, "{mode}: the controller was told after {told:?}");
        assert!(
            zero.since(pressed) <= SOON * 2,
            "{mode}: the motors were off after {:?}",
            zero.since(pressed)
        );
        let state = latched(&daemon).await;
        assert_eq!(
            (state.estop.source, state.motion.stopped),
            (Some(EstopSource::Person), Some(StopReason::Estop))
        );
        assert!(state.estop.by.is_some() && state.estop.at.is_some());
        nothing_moves_it(&robot, &driver).await;
        release(&daemon, &robot).await;
    }
}

#[tokio::test]
async fn it_stays_latched_whatever_is_killed_in_between() {
    let robot = Robot::new().await;
    let mut plan = robot.plan();
    // Killed before the answer came, after it, between the two steps of the release; and asked politely to end.
    for when in ["at once", "after the answer", "between the steps of a release", "politely"] {
        let daemon = robot.launched(plan).await;
        let driver = daemon.admin().drives().await;
        driver.neutral().await;
        driver.hold(1.0, 0.0).await;
        robot.moves().await;
        let pressed = Moment::now();
        let other = daemon.person().await;
        if when == "at once" {
            let asking =
                tokio::spawn(async move { other.try_ask(Method::POST, "/api/v1/robot/estop", None).await });
            daemon
                .eventually(Duration::from_secs(1), "the controller is told", async || {
                    robot.timeline().first("ESTOP", pressed)
                })
                .await;
            plan = daemon.kill().1;
            let _ = asking.await;
        } else {
            assert_eq!(other.ask(Method::POST, "/api/v1/robot/estop", None).await.status, 200);
            if when == "between the steps of a release" {
                let answer = daemon.admin().post("/api/v1/robot/estop/release", json!({})).await;
                assert!(answer.json::<EstopReleased>().confirm.is_some());
            }
            plan = if when == "politely" { daemon.stop().await.2 } else { daemon.kill().1 };
        }
        let daemon = robot.launched(plan).await;
        let state = latched(&daemon).await;
        assert!(state.estop.saved, "{when}: {:?}", state.estop);
        let driver = daemon.admin().drives().await;
        nothing_moves_it(&robot, &driver).await;
        release(&daemon, &robot).await;
        robot.obeys(&driver).await;
        plan = daemon.kill().1;
    }
}

#[tokio::test]
async fn it_outlives_a_reset_of_the_controller_and_a_loss_of_its_power() {
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    for fault in ["reset", "power-cycle"] {
        let driver = daemon.admin().drives().await;
        daemon.post("/api/v1/robot/estop").await;
        latched(&daemon).await;
        let before =
            daemon.robot().await.link.device.and_then(|device| device.boot).expect("a count of boots");
        robot.tell(fault);
        let state = daemon
            .robot_is("the controller has booted and is latched again", |robot| {
                let boot = robot.link.device.as_ref().and_then(|device| device.boot);
                boot.is_some_and(|boot| boot != before) && robot.estop.latched && robot.estop.confirmed
            })
            .await;
        assert_eq!(state.motion.refusal, Some(Refusal::EstopLatched), "{fault}");
        nothing_moves_it(&robot, &driver).await;
        release(&daemon, &robot).await;
        robot.obeys(&daemon.admin().drives().await).await;
    }
}

#[tokio::test]
async fn the_button_on_the_robot_needs_no_network_and_is_told_of() {
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    let pressed = Moment::now();
    robot.tell("button on");
    let took = robot.stands(pressed, Duration::from_secs(1)).await.since(pressed);
    figure("button_to_zero_ms", took.as_millis());
    let state = latched(&daemon).await;
    assert_eq!((state.estop.button, state.estop.source), (true, Some(EstopSource::Button)));

    // Nobody talks it open while it is pressed.
    let admin = daemon.admin();
    let answer = admin.post("/api/v1/robot/estop/release", json!({})).await;
    if answer.status == 200 {
        let confirm = answer.json::<EstopReleased>().confirm;
        let answer = admin.post("/api/v1/robot/estop/release", json!({ "confirm": confirm })).await;
        assert_eq!((answer.status, answer.code()), (409, "estop_button".to_owned()));
    } else {
        assert_eq!((answer.status, answer.code()), (409, "estop_button".to_owned()));
    }
    assert!(daemon.robot().await.estop.latched);
    nothing_moves_it(&robot, &driver).await;

    robot.tell("button off");
    daemon.robot_is("the button is out", |robot| !robot.estop.button).await;
    pause(WATCHED).await;
    assert!(daemon.robot().await.estop.latched, "pulled out, it is still latched");
    release(&daemon, &robot).await;
    robot.obeys(&driver).await;
}

#[tokio::test]
async fn a_release_takes_two_steps_and_a_code_that_is_good_once() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    assert_eq!(daemon.post("/api/v1/robot/estop").await.status, 200);
    assert_eq!(daemon.post("/api/v1/robot/estop").await.status, 200, "as often as you like");
    latched(&daemon).await;
    for confirm in ["", "0000", "' OR 1=1"] {
        let answer = admin.post("/api/v1/robot/estop/release", json!({ "confirm": confirm })).await;
        assert!((400..500).contains(&answer.status), "{confirm:?}: {}", answer.text());
        assert!(!answer.code().is_empty());
    }
    assert!(daemon.robot().await.estop.latched);
    let code = release(&daemon, &robot).await;
    daemon.post("/api/v1/robot/estop").await;
    let answer = admin.post("/api/v1/robot/estop/release", json!({ "confirm": code })).await;
    assert!((400..500).contains(&answer.status), "a used code: {}", answer.text());
    assert!(latched(&daemon).await.estop.latched);
}

async fn latched(daemon: &Daemon) -> RobotState {
    daemon
        .robot_is("the e-stop is latched, here, on disk and in the controller", |robot| {
            robot.estop.latched && robot.estop.confirmed && robot.estop.saved
        })
        .await
}

/// Every way of asking for a motion is refused, and nothing moves.
async fn nothing_moves_it(robot: &Robot, driver: &Driver) {
    let since = Moment::now();
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    driver
        .receives(since, Duration::from_secs(3), "that the e-stop keeps it", |event| match event {
            DriveEvent::Refused { code: Refusal::EstopLatched | Refusal::EstopButton, .. } => Some(()),
            _ => None,
        })
        .await;
    driver.latch(1.0, 0.0, 3000).await;
    driver.step(StepMove::Deg(45)).await;
    pause(WATCHED).await;
    driver.neutral().await;
    assert!(!robot.timeline().moved_since(since), "it moved while latched");
}

/// Releases it, and sees that this alone moves nothing; gives the code that was used.
async fn release(daemon: &Daemon, robot: &Robot) -> String {
    let admin: Person = daemon.admin();
    let since = Moment::now();
    let first = admin.post("/api/v1/robot/estop/release", json!({})).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let first: EstopReleased = first.json();
    assert!(first.estop.latched && first.expires_in_s == Some(60), "{:?}", first.estop);
    let code = first.confirm.expect("a code");
    let second = admin.post("/api/v1/robot/estop/release", json!({ "confirm": code })).await;
    assert_eq!(second.status, 200, "{}", second.text());
    daemon.robot_is("the e-stop is open", |robot| !robot.estop.latched && robot.estop.confirmed).await;
    pause(WATCHED).await;
    assert!(!robot.timeline().moved_since(since), "the release moved it");
    code
}
