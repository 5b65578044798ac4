//! What no honest driver sends: each of it is refused with a reason, moves nothing, and leaves nothing behind.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use havatar_api::Refusal;
use havatar_tests::{Daemon, Driver, Moment, Person, Robot, figure, pause, proc};
use reqwest::Method;
use serde_json::{Value, json};

/// The code with which a socket is closed that breaks the rules.
const BROKEN: &str = "1008";

#[tokio::test]
async fn messages_that_cannot_be_read_close_the_socket_and_move_nothing() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let stamp = r#"{"seq":1000000,"t":1,"beat":1,"beat_t":1,"picture_ms":20}"#;
    let long = format!(r#"{{"type":"hold","at":{stamp},"linear":1,"angular":0,"x":"{}"}}"#, "x".repeat(600));
    let unreadable = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{".to_owned(),
        "vroom".to_owned(),
        r#"{"type":"fly"}"#.to_owned(),
        r#"{"type":"hold"}"#.to_owned(),
        format!(r#"{{"type":"hold","at":{stamp},"linear":"1","angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":NaN,"angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":Infinity,"angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":1e999,"angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":null,"angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":[1],"angular":0}}"#),
        format!(r#"{{"type":"hold","at":{stamp},"linear":1,"angular":0,"boost":true}}"#),
        r#"{"type":"hold","at":{"seq":-1,"t":1,"beat":1,"beat_t":1},"linear":1,"angular":0}"#.to_owned(),
        r#"{"type":"hold","at":{"seq":1.5,"t":1,"beat":1,"beat_t":1},"linear":1,"angular":0}"#.to_owned(),
        r#"{"type":"hold","at":{"seq":99999999999999999999999,"t":1,"beat":1,"beat_t":1},"linear":1,"angular":0}"#
            .to_owned(),
        format!(r#"{{"type":"step","at":{stamp},"press":1,"move":{{"cm":5,"deg":5}}}}"#),
        format!(r#"{{"type":"step","at":{stamp},"press":1,"move":{{"miles":5}}}}"#),
        format!(r#"{{"type":"step","at":{stamp},"press":-1,"move":{{"cm":5}}}}"#),
        long,
        "[".repeat(500),
    ];
    let since = Moment::now();
    for message in &unreadable {
        let driver = ready(&daemon.admin()).await;
        driver.say(message.as_str()).await;
        let (_, how) = driver.ends(Duration::from_secs(3)).await;
        assert_eq!(how, BROKEN, "{message}");
    }
    assert!(!robot.timeline().moved_since(since));
}

#[tokio::test]
async fn numbers_outside_their_ranges_are_refused_by_name_and_move_nothing() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = ready(&daemon.admin()).await;
    driver.silent().await;
    let since = Moment::now();
    let refused = [
        (json!({ "type": "hold", "linear": 1.01, "angular": 0 }), Refusal::OutOfRange),
        (json!({ "type": "hold", "linear": -2, "angular": 0 }), Refusal::OutOfRange),
        (json!({ "type": "hold", "linear": 1e300, "angular": 0 }), Refusal::OutOfRange),
        (json!({ "type": "hold", "linear": 0, "angular": 1.5 }), Refusal::OutOfRange),
        (latch(json!({ "linear": 7 })), Refusal::OutOfRange),
        (latch(json!({ "for_ms": 999 })), Refusal::OutOfRange),
        (latch(json!({ "for_ms": 8001 })), Refusal::OutOfRange),
        (latch(json!({ "stop_reachable": false })), Refusal::StopUnreachable),
        (json!({ "type": "step", "press": 900, "move": { "cm": 6 } }), Refusal::OutOfRange),
        (json!({ "type": "step", "press": 901, "move": { "cm": 0 } }), Refusal::OutOfRange),
        (json!({ "type": "step", "press": 902, "move": { "cm": -2_147_483_648_i64 } }), Refusal::OutOfRange),
        (json!({ "type": "step", "press": 903, "move": { "deg": 91 } }), Refusal::OutOfRange),
    ];
    for (message, refusal) in refused {
        let began = Moment::now();
        driver.say(stamped(&driver, message.clone(), json!({}))).await;
        driver.refused(began, refusal).await;
    }
    // Times that cannot be, and pictures that are no driver's.
    for (stamp, refusals) in [
        (json!({ "beat": 9_000_000_000_000_u64 }), vec![Refusal::Clock]),
        (json!({ "t": -1e12 }), vec![Refusal::Clock, Refusal::CommandLate]),
        (json!({ "t": 1e12 }), vec![Refusal::Clock]),
        (json!({ "beat_t": 1e12 }), vec![Refusal::Clock]),
        (json!({ "seq": 1 }), vec![Refusal::OutOfOrder]),
        (json!({ "picture_ms": -5 }), vec![Refusal::OutOfRange]),
        (json!({ "picture_ms": 401 }), vec![Refusal::PictureStale, Refusal::LagTooLong]),
        (json!({ "picture_ms": null }), vec![Refusal::PictureUnknown]),
    ] {
        let driver = ready(&daemon.admin()).await;
        driver.silent().await;
        let began = Moment::now();
        driver
            .say(stamped(&driver, json!({ "type": "hold", "linear": 1, "angular": 0 }), stamp.clone()))
            .await;
        driver
            .receives(began, Duration::from_secs(2), &format!("{stamp}: one of {refusals:?}"), |event| {
                match event {
                    havatar_api::DriveEvent::Refused { code, .. } if refusals.contains(code) => Some(()),
                    _ => None,
                }
            })
            .await;
    }
    assert!(!robot.timeline().moved_since(since), "something of that moved it");
}

#[tokio::test]
async fn what_comes_by_http_is_refused_as_plainly() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    let driver = ready(&admin).await;
    let since = Moment::now();
    let token = &driver.token;
    let bad = [
        (
            Method::POST,
            "step",
            json!({ "token": token, "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 7 } }),
        ),
        (
            Method::POST,
            "step",
            json!({ "token": token, "press": "1", "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 5 } }),
        ),
        (Method::POST, "step", json!({ "token": token, "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0 })),
        (
            Method::POST,
            "step",
            json!({ "token": "guess", "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 5 } }),
        ),
        (
            Method::POST,
            "step",
            json!({ "token": "x".repeat(10_000), "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 5 } }),
        ),
        (Method::POST, "head", json!({ "token": token, "pan": 91, "tilt": 0 })),
        (Method::POST, "head", json!({ "token": token, "pan": "left", "tilt": 0 })),
        (Method::POST, "lights", json!({ "token": token, "light": 256 })),
        (Method::POST, "lights", json!({ "token": token, "light": -1 })),
        (Method::POST, "buzzer", json!({ "token": token, "hz": 99, "ms": 10 })),
        (Method::POST, "buzzer", json!({ "token": token, "hz": 440, "ms": 2001 })),
        (Method::POST, "lease", json!({ "if_held": "steal" })),
        (Method::POST, "lease", json!({ "name": "x".repeat(41) })),
        (Method::POST, "lease", json!([])),
        (Method::PUT, "lease", json!({ "token": 7 })),
        (Method::DELETE, "lease", json!({})),
        (Method::POST, "lease/answer", json!({ "token": token, "hand_over": "yes" })),
        (Method::POST, "estop/release", json!({ "confirm": 1 })),
        (Method::POST, "estop/release", json!({ "force": true })),
    ];
    for (method, path, body) in bad {
        let answer = admin.ask(method.clone(), &format!("/api/v1/robot/{path}"), Some(body.clone())).await;
        assert!(
            (400..500).contains(&answer.status),
            "{method} {path} {body}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(!answer.code().is_empty(), "{method} {path} {body}: {}", answer.text());
        assert!(!answer.text().contains(token.as_str()), "a secret in an answer: {path}");
    }
    // Nobody who is not signed in gets anywhere, not even near a stop.
    let stranger = Person::bearer(daemon.origin(), "not-the-token");
    for path in ["lease", "stop", "estop", "estop/release", "step", "head", "lights", "buzzer"] {
        let answer = stranger.post(&format!("/api/v1/robot/{path}"), json!({})).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text());
    }
    assert_eq!(stranger.ask(Method::GET, "/api/v1/robot/state", None).await.status, 401);
    assert!(driver.ended().is_none(), "none of that ended the driver's lease");
    assert!(!robot.timeline().moved_since(since));
}

#[tokio::test]
async fn a_socket_that_does_not_say_whose_it_is_is_closed() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    // A token that was never given out, and none at all within two seconds.
    let driver = Driver::open(&admin.way(), 0, "a guess").await.expect("the upgrade");
    assert_eq!(driver.ends(Duration::from_secs(2)).await.1, "4409");
    let mute = Driver::mute(&admin.way()).await;
    let opened = Moment::now();
    let (ended, how) = mute.ends(Duration::from_secs(4)).await;
    assert_eq!(how, BROKEN);
    figure("hello_waited_for_ms", ended.since(opened).as_millis());
    assert!((1800..=2600).contains(&ended.since(opened).as_millis()));
}

#[tokio::test]
async fn floods_are_cut_off_and_leave_nothing_behind() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let admin = daemon.admin();
    // Once through everything, so that what is kept anyway is there.
    flood(&admin).await;
    rest(&admin).await;
    let before = proc::memory(daemon.pid());
    let since = Moment::now();
    for _ in 0..10 {
        flood(&admin).await;
        rest(&admin).await;
    }
    let after = proc::memory(daemon.pid());
    figure("flood_memory_kib", format!("{before} to {after}"));
    assert!(after <= before + 2048, "{before} KiB before, {after} KiB after");
    // The one who floods was driving; the wheels stopped with the socket.
    robot.stands(since, Duration::from_secs(2)).await;
    assert_eq!(daemon.robot().await.motion.mode, None);
    still_drives(&robot, &daemon).await;
}

/// 300 messages as fast as they can be sent, from a driver who drives.
async fn flood(admin: &Person) {
    let driver = ready(admin).await;
    driver.hold(1.0, 0.0).await;
    for _ in 0..300 {
        driver.say(stamped(&driver, json!({ "type": "hold", "linear": 1, "angular": 0 }), json!({}))).await;
    }
    let (_, how) = driver.ends(Duration::from_secs(3)).await;
    assert_eq!(how, BROKEN);
}

/// 200 requests, as many at once as one sign-in may have connections, all of them answered.
async fn rest(admin: &Person) {
    let asks = stream::iter((0..200).map(|index| {
        let body = json!({ "token": format!("guess {index}"), "press": index, "t": 1, "beat": 1, "beat_t": 1, "move": { "cm": 5 } });
        async move { admin.post("/api/v1/robot/step", body).await }
    }));
    let mut answers = asks.buffer_unordered(40);
    while let Some(answer) = answers.next().await {
        assert!((400..500).contains(&answer.status), "{}", answer.text());
    }
}

async fn still_drives(robot: &Robot, daemon: &Daemon) {
    let driver = ready(&daemon.admin()).await;
    driver.hold(0.5, 0.0).await;
    robot.moves().await;
    driver.neutral().await;
    robot.stands(Moment::now(), Duration::from_secs(2)).await;
}

/// A driver whom nothing keeps from driving.
async fn ready(person: &Person) -> Driver {
    let driver = person.drives().await;
    driver.neutral().await;
    driver
        .receives_state(Moment::START, Duration::from_secs(3), "it may be driven", |robot| {
            robot.motion.refusal.is_none() && !robot.motion.neutral_first
        })
        .await;
    pause(Duration::from_millis(1)).await;
    driver
}

fn latch(with: Value) -> Value {
    let latch = json!({
        "type": "latch", "press": 900, "linear": 0.5, "angular": 0, "for_ms": 3000, "stop_reachable": true
    });
    merged(latch, with)
}

/// The message with a good stamp, of which some fields are replaced; `null` takes one out.
fn stamped(driver: &Driver, message: Value, stamp: Value) -> String {
    let good = serde_json::to_value(driver.stamp()).expect("JSON");
    merged(message, json!({ "at": merged(good, stamp) })).to_string()
}

fn merged(mut value: Value, with: Value) -> Value {
    let (Some(fields), Value::Object(with)) = (value.as_object_mut(), with) else { panic!("two objects") };
    for (key, value) in with {
        if value.is_null() {
            fields.remove(&key);
        } else {
            fields.insert(key, value);
        }
    }
    value
}
