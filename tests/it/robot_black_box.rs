//! The black box: what happened to the robot, in its order, bounded, and there after a crash.

use std::time::Duration;

use havatar_tests::{Daemon, Moment, Robot, figure, pause, proc};
use nix::sys::signal::Signal;
use serde_json::Value;

const ROUTE: &str = "/api/v1/robot/blackbox";

#[tokio::test]
async fn it_tells_a_drive_from_its_beginning_to_its_end() {
    let mut robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    driver.hold(1.0, 0.0).await;
    driver.refused(Moment::START, havatar_api::Refusal::NeutralFirst).await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    driver.stop().await;
    robot.stands(Moment::now(), Duration::from_secs(1)).await;
    driver.estop().await;
    daemon.robot_is("latched", |robot| robot.estop.latched && robot.estop.saved).await;
    robot.tell("unplug");
    daemon.robot_is("unplugged", |robot| robot.link.state != havatar_api::RobotLinkState::Up).await;

    let lines = read(&daemon).await;
    in_order(&lines);
    // Each after the one before it.
    let mut from = 0;
    for (kind, field, value) in [
        ("link", "state", "up"),
        ("lease", "what", "granted"),
        ("lease", "what", "connected"),
        ("refused", "code", "neutral_first"),
        ("command", "mode", "hold"),
        ("stopped", "reason", "stop"),
        ("estop", "what", "latched"),
        ("link", "state", "lost"),
    ] {
        let found = lines[from..].iter().position(|line| line["kind"] == kind && line[field] == value);
        from += 1 + found.unwrap_or_else(|| panic!("{kind} {field}={value} after line {from} of {lines:#?}"));
    }
    assert!(lines.iter().any(|line| line["kind"] == "telemetry"), "what the robot itself said is in it");
    let text = serde_json::to_string(&lines).expect("JSON");
    assert!(!text.contains(&driver.token), "a secret in the black box");
}

#[tokio::test]
async fn what_mattered_is_there_after_a_kill() {
    let robot = Robot::new().await;
    let mut plan = robot.plan();
    let mut runs = Vec::new();
    for run in 1..=3 {
        let daemon = robot.launched(plan).await;
        let driver = daemon.admin().drives().await;
        driver.neutral().await;
        driver.hold(1.0, 0.0).await;
        robot.moves().await;
        driver.estop().await;
        daemon.robot_is("latched", |robot| robot.estop.latched && robot.estop.saved).await;
        proc::signal(daemon.pid(), Signal::SIGKILL);
        plan = daemon.kill().1;
        let daemon = robot.launched(plan).await;
        let lines = read(&daemon).await;
        in_order(&lines);
        let latched =
            lines.iter().filter(|line| line["kind"] == "estop" && line["what"] == "latched").count();
        assert!(latched >= run, "run {run}: {latched} e-stops are told of");
        runs.push(lines.len());
        let admin = daemon.admin();
        let code = admin.post("/api/v1/robot/estop/release", serde_json::json!({})).await.json::<Value>();
        let confirm = serde_json::json!({ "confirm": code["confirm"] });
        assert_eq!(admin.post("/api/v1/robot/estop/release", confirm).await.status, 200);
        daemon.robot_is("open", |robot| !robot.estop.latched).await;
        plan = daemon.stop().await.2;
    }
    assert!(runs.is_sorted(), "later runs tell of earlier ones: {runs:?}");
}

#[tokio::test]
async fn it_stays_as_small_as_configured_and_can_be_read_from_a_line_on() {
    let robot = Robot::new().await;
    let daemon = robot.launched(robot.plan().set("robot.black_box_mib", 1)).await;
    let driver = daemon.admin().drives().await;
    for _ in 0..10 {
        driver.neutral().await;
        driver.hold(1.0, 0.3).await;
        pause(Duration::from_millis(100)).await;
    }
    driver.neutral().await;
    let lines = read(&daemon).await;
    let last = lines.last().and_then(|line| line["n"].as_u64()).expect("a number");
    let answer = daemon.ask(reqwest::Method::GET, &format!("{ROUTE}?since={}", last - 5)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let newer = parse(&answer.text());
    assert_eq!(newer.first().and_then(|line| line["n"].as_u64()), Some(last - 4));
    let size = folder(&daemon.plan().state().join("black-box"));
    figure("black_box_bytes", size);
    assert!(size <= 1024 * 1024, "{size} bytes");
}

async fn read(daemon: &Daemon) -> Vec<Value> {
    let answer = daemon.ask(reqwest::Method::GET, ROUTE).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    parse(&answer.text())
}

fn parse(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect()
}

/// Numbered without a gap, and each line on the one clock not before the line that came before it.
fn in_order(lines: &[Value]) {
    assert!(!lines.is_empty());
    let number = |line: &Value, key: &str| line[key].as_u64().unwrap_or_else(|| panic!("{key} in {line}"));
    for pair in lines.windows(2) {
        assert_eq!(
            number(&pair[0], "n") + 1,
            number(&pair[1], "n"),
            "a gap between {} and {}",
            pair[0],
            pair[1]
        );
        // Two threads that note in the same instant may appear in either order.
        assert!(number(&pair[1], "t_ms") + 5 >= number(&pair[0], "t_ms"), "{} before {}", pair[0], pair[1]);
    }
}

fn folder(path: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries.flatten().map(|entry| entry.metadata().map_or(0, |data| data.len())).sum()
}
