//! One driver at a time: fifty clients ask for the lease, one gets it; a former driver moves nothing any more.

use std::time::Duration;

use futures_util::future::join_all;
use havatar_api::{DriveEvent, Refusal, RobotState};
use havatar_tests::{Dice, Driver, Moment, Person, Robot, eventually, figure, pause};
use reqwest::Method;
use serde_json::json;

/// mm/s and mrad/s of a full share: the config's defaults.
const FULL: (f64, f64) = (250.0, 785.0);
const CONTESTANTS: usize = 50;
const ROUNDS: usize = 2;
/// In which each takes the robot once a round: about one every tenth of a second.
const ROUND_MS: u64 = 6000;

#[tokio::test]
async fn of_fifty_who_compete_one_drives_and_each_change_passes_through_a_stop() {
    let mut dice = Dice::new("fifty");
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    // Ten sign-ins, five pages each: those of one sign-in take the robot from one another as well.
    let mut people = Vec::new();
    for _ in 0..10 {
        people.push(daemon.person().await);
    }
    let contestants: Vec<_> = (0..CONTESTANTS)
        .map(|number| {
            let times: Vec<Duration> = (0..ROUNDS).map(|_| dice.between(0, ROUND_MS)).collect();
            contestant(number, people[number % people.len()].clone(), times)
        })
        .collect();
    let drivers: Vec<(usize, Driver)> = join_all(contestants).await.into_iter().flatten().collect();
    assert_eq!(drivers.len(), CONTESTANTS * ROUNDS, "an admin's take is always granted");

    // Numbers are given once, and the highest is the one that has the robot.
    let mut numbers: Vec<u64> = drivers.iter().map(|(_, driver)| driver.lease).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), drivers.len());
    let newest = *numbers.last().expect("a driver");
    let state = daemon.robot().await;
    assert_eq!(state.driver.map(|driver| driver.lease), Some(newest));
    for (_, driver) in &drivers {
        if driver.lease == newest {
            assert!(driver.ended().is_none(), "the one who drives is connected");
            continue;
        }
        let (_, how) = driver.ends(Duration::from_secs(3)).await;
        assert_eq!(how, "4409", "lease {}", driver.lease);
        let answer = daemon.admin().ask(Method::PUT, "/api/v1/robot/lease", Some(token(&driver.token))).await;
        let code = answer.code();
        assert!(
            answer.status == 403 && ["lease_lost", "no_lease"].contains(&code.as_str()),
            "{}",
            answer.text()
        );
    }

    // What reached the wheels: each driver has a turn of their own, so a set-point tells whose it was.
    let mut last: Option<usize> = None;
    let (mut changes, mut set_points) = (0, 0);
    for (at, frame) in robot.timeline().received_after(Moment::START) {
        if !frame.moves() {
            // A stop, or neutral with which a new driver begins.
            last = None;
            continue;
        }
        let whose = owner(frame.linear, frame.angular);
        set_points += 1;
        assert!(last.is_none_or(|last| last == whose), "at {at:?} contestant {whose} drove on from {last:?}");
        changes += usize::from(last.is_none());
        last = Some(whose);
    }
    figure("lease_changes", drivers.len());
    figure("motions_of_contestants", format!("{changes} in {set_points} set-points"));
    assert!(changes > 0, "nobody ever drove");
}

#[tokio::test]
async fn an_old_token_moves_nothing_and_is_told_why() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let first = daemon.admin();
    let (lease, old) = first.acquire(json!({})).await;
    let driver = Driver::connect(&first.way(), lease, &old).await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;

    // Another client is refused, then takes the lease; the robot stops in between.
    let second = daemon.person().await;
    let answer = second.post("/api/v1/robot/lease", json!({})).await;
    assert_eq!((answer.status, answer.code()), (409, "lease_held".to_owned()), "{}", answer.text());
    let taken = Moment::now();
    let (newer, _) = second.acquire(json!({ "if_held": "take" })).await;
    assert!(newer > lease);
    robot.stands(taken, Duration::from_secs(1)).await;
    let ended = |event: &DriveEvent| matches!(event, DriveEvent::Ended { .. }).then_some(());
    driver.receives(taken, Duration::from_secs(1), "who has the robot now", ended).await;
    assert_eq!(driver.ends(Duration::from_secs(1)).await.1, "4409");

    let since = Moment::now();
    let session = Driver::open(&first.way(), lease, &old).await.expect("the upgrade");
    assert_eq!(session.ends(Duration::from_secs(2)).await.1, "4409");
    for (method, path, body) in [
        (
            Method::POST,
            "step",
            json!({ "token": old, "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 5 } }),
        ),
        (Method::POST, "head", json!({ "token": old, "pan": 0, "tilt": 0 })),
        (Method::POST, "lights", json!({ "token": old, "light": 255 })),
        (Method::POST, "lease/answer", json!({ "token": old, "hand_over": true })),
        (Method::PUT, "lease", json!({ "token": old })),
        (Method::DELETE, "lease", json!({ "token": old })),
    ] {
        let answer = first.ask(method, &format!("/api/v1/robot/{path}"), Some(body)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "lease_lost".to_owned()),
            "{path}: {}",
            answer.text()
        );
    }
    pause(Duration::from_millis(300)).await;
    assert!(!robot.timeline().moved_since(since));
    assert_eq!(daemon.robot().await.driver.map(|driver| driver.lease), Some(newer));
}

#[tokio::test]
async fn whoever_asks_is_handed_the_robot_standing() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let (first, second) = (daemon.admin(), daemon.person().await);
    let driver = first.drives().await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;

    let ask = json!({ "if_held": "ask", "name": "Ana" });
    let answer = second.post("/api/v1/robot/lease", ask.clone()).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let asked = |event: &DriveEvent| match event {
        DriveEvent::Asked { who } => Some(who.clone()),
        _ => None,
    };
    let (_, who) = driver.receives(Moment::START, Duration::from_secs(1), "who asks", asked).await;
    assert_eq!(who, "Ana");
    assert!(robot.timeline().moving_at(Moment::now()), "an ask alone stops nobody");

    let handed = Moment::now();
    let answer =
        first.post("/api/v1/robot/lease/answer", json!({ "token": driver.token, "hand_over": true })).await;
    assert_eq!(answer.status / 100, 2, "{}", answer.text());
    robot.stands(handed, Duration::from_secs(1)).await;
    // It is kept for the one who asked: a third person does not get in between.
    let third = daemon.person().await;
    assert_eq!(third.post("/api/v1/robot/lease", json!({})).await.status, 409);
    let (lease, token) = second.acquire(ask).await;
    assert!(lease > driver.lease);
    let driver = Driver::connect(&second.way(), lease, &token).await;
    let since = Moment::now();
    driver.hold(1.0, 0.0).await;
    driver.refused(since, Refusal::NeutralFirst).await;
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
}

#[tokio::test]
async fn a_lease_that_nobody_keeps_ends_after_two_seconds() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    let (_, token_) = admin.acquire(json!({})).await;
    // Kept alive without a socket, it lasts; from the last sign of life on it is two seconds.
    for _ in 0..3 {
        pause(Duration::from_millis(900)).await;
        assert_eq!(admin.ask(Method::PUT, "/api/v1/robot/lease", Some(token(&token_))).await.status / 100, 2);
    }
    let last = Moment::now();
    daemon.robot_is("nobody has the robot", |robot| robot.driver.is_none()).await;
    let took = Moment::now().since(last);
    figure("lease_stale_after_ms", took.as_millis());
    assert!((1900..=2400).contains(&took.as_millis()), "stale after {took:?}");
    // It is reserved for its sign-in: another one waits or asks, this one goes on.
    let other = daemon.person().await.post("/api/v1/robot/lease", json!({})).await;
    assert_eq!((other.status, other.code()), (409, "lease_held".to_owned()), "{}", other.text());
    let wait = other.header("retry-after");
    assert!((1..=20).contains(&wait.parse().unwrap_or(0)), "Retry-After: {wait}");

    // With an open socket that sends nothing, the same.
    let driver = admin.drives().await;
    driver.silent().await;
    let last = Moment::now();
    let (ended, how) = driver.ends(Duration::from_secs(4)).await;
    assert_eq!(how, "4409");
    assert!((1900..=2400).contains(&ended.since(last).as_millis()), "ended after {:?}", ended.since(last));
}

#[tokio::test]
async fn a_restart_gives_out_higher_numbers() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let (first, old) = daemon.admin().acquire(json!({})).await;
    let daemon = robot.launched(daemon.kill().1).await;
    let (second, _) = daemon.admin().acquire(json!({})).await;
    assert!(second > first, "{second} after {first}");
    let answer = daemon.admin().ask(Method::PUT, "/api/v1/robot/lease", Some(token(&old))).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
}

#[tokio::test]
async fn a_second_socket_of_a_lease_takes_the_drive_session_through_a_stop() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    let (lease, token) = admin.acquire(json!({})).await;
    let first = Driver::connect(&admin.way(), lease, &token).await;
    first.neutral().await;
    first.hold(1.0, 0.0).await;
    robot.moves().await;
    let then = Moment::now();
    let second = Driver::connect(&admin.way(), lease, &token).await;
    robot.stands(then, Duration::from_secs(1)).await;
    first.ends(Duration::from_secs(1)).await;
    second.neutral().await;
    second.hold(1.0, 0.0).await;
    robot.moves().await;
    let connected = |robot: &RobotState| robot.driver.as_ref().is_some_and(|driver| driver.connected);
    daemon.robot_is("the driver is connected", connected).await;
}

/// Waits, takes the robot, drives it with a turn of its own, and again; all the drivers that it was.
async fn contestant(number: usize, person: Person, times: Vec<Duration>) -> Vec<(usize, Driver)> {
    let mut drivers = Vec::new();
    for time in times {
        pause(time).await;
        let (lease, token) = person.acquire(json!({ "if_held": "take" })).await;
        // There is room for fewer sockets than there are contestants; those that have lost make room at once.
        let driver = eventually(Duration::from_secs(10), "there is room for a socket", async || {
            Driver::open(&person.way(), lease, &token).await.ok()
        })
        .await;
        if driver.is_welcome().await {
            driver.neutral().await;
            driver.hold(1.0, turn(number)).await;
        }
        drivers.push((number, driver));
    }
    drivers
}

/// The share of turn that tells a contestant from the others.
#[expect(clippy::cast_precision_loss, reason = "fifty")]
fn turn(number: usize) -> f64 {
    (number as f64 - 25.0) / 25.0
}

/// Whose set-point it is: speed and turn are scaled alike, whatever limits them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of a contestant")]
fn owner(linear: i32, angular: i32) -> usize {
    let turn = f64::from(angular) / FULL.1 / (f64::from(linear) / FULL.0);
    (turn * 25.0 + 25.0).round() as usize
}

fn token(token: &str) -> serde_json::Value {
    json!({ "token": token })
}
