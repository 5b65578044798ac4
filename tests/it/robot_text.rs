//! A robot whose own firmware understands lines of text, and has no watchdog: what it cannot promise is said, and
//! everything else holds.

use std::time::Duration;

use havatar_api::{Refusal, RobotState, StepMove};
use havatar_tests::{Daemon, Dice, Driver, Moment, Plan, Robot, Timeline, figure, pause};
use serde_json::json;

/// The daemon does it all alone here: its deadman, and its last words.
const GOAL: Duration = Duration::from_millis(350);

#[tokio::test]
async fn it_is_driven_and_stopped_in_so_many_words() {
    let mut dice = Dice::new("text");
    let robot = Robot::with(&["--text"]).await;
    let daemon = robot.launched(plan(&robot)).await;
    let admin = daemon.admin();
    for how in ["neutral", "stop", "silence", "cut", "stop by HTTP"] {
        let driver = admin.drives().await;
        driver.neutral().await;
        driver.hold(1.0, 0.0).await;
        robot.moves().await;
        dice.phase(300).await;
        let since = Moment::now();
        match how {
            "neutral" => driver.neutral().await,
            "stop" => driver.stop().await,
            "silence" => driver.silent().await,
            "cut" => drop(driver),
            _ => assert_eq!(daemon.post("/api/v1/robot/stop").await.status / 100, 2),
        }
        let took = robot.stands(since, Duration::from_secs(2)).await.since(since);
        figure(&format!("text_{}_to_zero_ms", how.replace(' ', "_")), took.as_millis());
        assert!(took <= GOAL, "{how}: the motors were off after {took:?}");
        assert_eq!(
            last_line(&robot.timeline()).as_deref(),
            Some("M 0 0"),
            "{how}: said, not left to a watchdog"
        );
    }
}

#[tokio::test]
async fn what_it_cannot_promise_is_said_and_makes_it_slower() {
    let robot = Robot::with(&["--text"]).await;
    let daemon = robot.launched(plan(&robot).set("robot.max_speed", 0.5)).await;
    let state = daemon.robot().await;
    let device = state.link.device.as_ref().expect("a controller");
    assert_eq!((device.protocol.as_str(), device.boot), ("text", None));
    let warnings: Vec<&str> = state.link.warnings.iter().map(|warning| warning.code.as_str()).collect();
    for code in ["no_watchdog", "no_acknowledgement", "no_estop_latch", "no_odometry", "no_answer"] {
        assert!(warnings.contains(&code), "{code} among {warnings:?}");
    }
    assert!(daemon.log().contains("watchdog"), "{}", daemon.log());

    let driver = daemon.admin().drives().await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    pause(Duration::from_millis(300)).await;
    driver.neutral().await;
    let fastest = lines(&robot.timeline()).filter_map(|line| speed(&line)).max().expect("a speed");
    figure("text_fastest_mm_s", fastest);
    assert!(fastest < 500, "as fast as a robot that stops by itself: {fastest} mm/s");

    // What needs a latch of its own is refused, in words; a step goes by the clock, and ends.
    let since = Moment::now();
    driver.latch(0.5, 0.0, 3000).await;
    driver.refused(since, Refusal::StopUnreachable).await;
    driver.neutral().await;
    let since = Moment::now();
    driver.step(StepMove::Cm(20)).await;
    robot.moves().await;
    robot.stands(since, Duration::from_secs(3)).await;
    let way = robot.pose().x;
    figure("text_20_cm_m", format!("{way:.2}"));
    assert!((0.12..=0.30).contains(&way), "20 cm by the clock were {way} m");
}

#[tokio::test]
async fn a_daemon_that_ends_says_stop_first_and_the_e_stop_outlives_it() {
    let robot = Robot::with(&["--text"]).await;
    let daemon = robot.launched(plan(&robot)).await;
    let driver = drives(&robot, &daemon).await;
    let ended = Moment::now();
    let (status, _, plan) = daemon.stop().await;
    assert!(status.success(), "{status}");
    let zero = robot.stands(ended, Duration::from_secs(1)).await;
    drop(driver);
    figure("text_sigterm_to_zero_ms", zero.since(ended).as_millis());
    assert!(zero.since(ended) <= GOAL, "off {:?} after SIGTERM", zero.since(ended));

    let daemon = robot.launched(plan).await;
    let driver = drives(&robot, &daemon).await;
    assert_eq!(daemon.admin().post("/api/v1/robot/estop", json!({})).await.status, 200);
    robot.stands(Moment::now(), Duration::from_secs(1)).await;
    drop(driver);
    let daemon = robot.launched(daemon.kill().1).await;
    let latched = |robot: &RobotState| robot.estop.latched && robot.estop.saved;
    daemon.robot_is("the e-stop is latched, as the disk says", latched).await;
    let driver = daemon.admin().drives().await;
    let since = Moment::now();
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    driver.refused(since, Refusal::EstopLatched).await;
    assert!(!robot.timeline().moved_since(since));
}

fn plan(robot: &Robot) -> Plan {
    robot.plan().set("robot.protocol", "text").set(
        "robot.text",
        json!({ "drive": "M {left} {right}\n", "track_mm": 260, "full_speed": 0.7, "wheel_full": 255 }),
    )
}

async fn drives(robot: &Robot, daemon: &Daemon) -> Driver {
    let driver = daemon.admin().drives().await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    // Still held when this returns: the daemon's end is what stops it.
    driver
}

fn lines(timeline: &Timeline) -> impl Iterator<Item = String> + '_ {
    timeline.received_after(Moment::START).filter_map(|(_, frame)| frame.line.clone())
}

fn last_line(timeline: &Timeline) -> Option<String> {
    lines(timeline).last().map(|line| line.trim().to_owned())
}

/// The left wheel's, mm/s.
fn speed(line: &str) -> Option<i32> {
    let duty: i32 = line.strip_prefix("M ")?.split(' ').next()?.trim().parse().ok()?;
    Some(duty * 700 / 255)
}
