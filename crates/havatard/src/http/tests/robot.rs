//! The robot's routes: what is wrong is refused by its code and moves nothing; what stops is never refused.

use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use crate::robot::testing::{Bench, until};

use super::*;

/// A daemon with a robot that answers, and the body of a granted lease.
async fn leased() -> (Robot, Bench, String) {
    let bench = Bench::start().await;
    let robot = Robot::around(Parts::default(), bench.robot.clone());
    let token = lease(&robot, &robot.token.clone()).await;
    (robot, bench, token)
}

async fn lease(robot: &Robot, admin: &str) -> String {
    let answer = robot.ask(Ask::post("/api/v1/robot/lease").bearer(admin)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let granted: Value = answer.json();
    assert_eq!(granted["result"], "granted");
    granted["token"].as_str().unwrap().to_owned()
}

fn at(method: &Method, path: &str) -> Ask {
    Ask::new(method.clone(), &format!("/api/v1/robot/{path}"))
}

/// Every route that takes an object, with one that is right but for its token.
fn objects(token: &str) -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::PUT, "lease", json!({ "token": token })),
        (Method::DELETE, "lease", json!({ "token": token })),
        (Method::POST, "lease/answer", json!({ "token": token, "hand_over": false })),
        (
            Method::POST,
            "step",
            json!({ "token": token, "press": 1, "t": 20.25, "beat": 1, "beat_t": 10.25, "move": { "cm": 5 } }),
        ),
        (Method::POST, "head", json!({ "token": token, "pan": 1.5, "tilt": -2 })),
        (Method::POST, "lights", json!({ "token": token, "light": 7 })),
        (Method::POST, "buzzer", json!({ "token": token, "hz": 440, "ms": 10 })),
    ]
}

#[tokio::test]
async fn whatever_is_no_such_object_is_a_bad_request() {
    let (robot, bench, token) = leased().await;
    let mut routes = objects(&token);
    routes.push((Method::POST, "lease", json!({ "if_held": "refuse" })));
    routes.push((Method::POST, "estop/release", json!({ "confirm": "x" })));
    let keep = || at(&Method::PUT, "lease").json(&json!({ "token": token }).to_string());
    for (method, path, right) in &routes {
        // The lease must outlast the whole list on a busy machine too.
        assert_eq!(robot.ask_as_admin(keep()).await.status, StatusCode::NO_CONTENT, "{method} {path}");
        let mut bodies: Vec<String> =
            ["", "{", "[]", "null", "7", "\"x\"", "true", "{}}", "NaN"].map(str::to_owned).to_vec();
        let fields = right.as_object().unwrap();
        // By position, which serde alone would take.
        bodies.push(Value::Array(fields.values().cloned().collect()).to_string());
        for key in fields.keys() {
            for wrong in [json!([1]), json!({ "a": 1 }), json!(-1.5e300)] {
                if matches!(key.as_str(), "pan" | "tilt" | "t" | "beat_t") && wrong.is_number() {
                    continue;
                }
                let mut body = right.clone();
                body[key] = wrong;
                bodies.push(body.to_string());
            }
            if path.contains("lease") && key == "if_held" || key == "confirm" {
                continue;
            }
            let mut body = right.clone();
            body.as_object_mut().unwrap().remove(key);
            bodies.push(body.to_string());
            bodies.push(right.to_string().replacen(&right[key].to_string(), "NaN", 1));
        }
        let mut more = right.clone();
        more["boost"] = json!(true);
        bodies.push(more.to_string());
        bodies.push(format!("{}{}", "[".repeat(5000), "]".repeat(5000)));
        bodies.push(format!("{}1{}", r#"{"token":"#.repeat(1000), "}".repeat(1000)));
        for body in bodies {
            let _ = robot.ask_as_admin(keep()).await;
            let answer = robot.ask_as_admin(at(method, path).json(&body)).await;
            let short = body.get(..80).unwrap_or(&body).to_owned();
            assert_eq!(answer.status, 400, "{method} {path} {short}: {}", answer.text());
            assert_eq!(answer.refused(400), "bad_request", "{method} {path} {short}");
            assert!(!answer.text().contains(&token), "a secret is not repeated: {}", answer.text());
        }
        let ask = at(method, path).body("application/json", vec![b'{', 0xff, 0xfe, b'}']);
        assert_eq!(robot.ask_as_admin(ask).await.refused(400), "bad_request", "{method} {path}");
        for size in [20 * 1024, 1024 * 1024 + 1] {
            let ask = at(method, path).json(&json!({ "token": "x".repeat(size) }).to_string());
            assert_eq!(robot.ask_as_admin(ask).await.refused(413), "too_large", "{method} {path}");
        }
        let ask = at(method, path).body("text/plain", right.to_string());
        assert_eq!(robot.ask_as_admin(ask).await.refused(415), "wrong_content_type", "{method} {path}");
    }
    assert_eq!(robot.ask_as_admin(keep()).await.status, StatusCode::NO_CONTENT, "the lease is still held");
    assert_eq!(bench.motions(), 0);
}

#[tokio::test]
async fn numbers_outside_their_ranges_are_refused_by_name() {
    let (robot, bench, token) = leased().await;
    let head = |pan: f64, tilt: f64| ("head", json!({ "token": token, "pan": pan, "tilt": tilt }));
    let buzzer = |hz: u32, ms: u32| ("buzzer", json!({ "token": token, "hz": hz, "ms": ms }));
    let name = |name: &str| ("lease", json!({ "name": name }));
    for (path, body) in [
        head(90.01, 0.0),
        head(-90.01, 0.0),
        head(0.0, 45.01),
        head(0.0, -1e300),
        buzzer(99, 10),
        buzzer(5001, 10),
        buzzer(440, 2001),
        name(""),
        name(" \t"),
        name(&"x".repeat(41)),
        name("a\nb"),
        name("\u{7f}"),
    ] {
        let answer = robot.ask_as_admin(at(&Method::POST, path).json(&body.to_string())).await;
        assert_eq!(answer.refused(422), "out_of_range", "{path} {body}");
    }
    for (path, body) in [head(90.0, -45.0), buzzer(0, 0), buzzer(100, 2000), buzzer(5000, 1)] {
        let answer = robot.ask_as_admin(at(&Method::POST, path).json(&body.to_string())).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path} {body}: {}", answer.text());
    }
    assert_eq!(bench.motions(), 0);
}

#[tokio::test]
async fn a_token_that_is_not_the_newest_is_worth_nothing() {
    let (robot, bench, old) = leased().await;
    // The same person again: the newer one wins.
    let admin = robot.token.clone();
    let new = lease(&robot, &admin).await;
    for (token, code) in [("guess", "no_lease"), ("", "no_lease"), (&old, "lease_lost")] {
        for (method, path, body) in objects(token) {
            let answer = robot.ask_as_admin(at(&method, path).json(&body.to_string())).await;
            assert_eq!(answer.refused(403), code, "{method} {path}");
            assert!(token.is_empty() || !answer.text().contains(token), "{}", answer.text());
        }
    }
    let keep = |token: &str| at(&Method::PUT, "lease").json(&json!({ "token": token }).to_string());
    assert_eq!(robot.ask_as_admin(keep(&new)).await.status, StatusCode::NO_CONTENT, "that harmed nobody");
    // A good token without a live socket begins no motion either.
    let step =
        json!({ "token": new, "press": 1, "t": 20.25, "beat": 1, "beat_t": 10.25, "move": { "cm": 5 } })
            .to_string();
    let answer = robot.ask_as_admin(at(&Method::POST, "step").json(&step)).await;
    assert_eq!(answer.refused(409), "no_socket");
    let answer = json!({ "token": new, "hand_over": true }).to_string();
    let answer = robot.ask_as_admin(at(&Method::POST, "lease/answer").json(&answer)).await;
    assert_eq!(answer.refused(403), "no_lease", "nobody asks");
    let release = at(&Method::DELETE, "lease").json(&json!({ "token": new }).to_string());
    assert_eq!(robot.ask_as_admin(release).await.status, StatusCode::NO_CONTENT);
    assert_eq!(robot.ask_as_admin(keep(&new)).await.refused(403), "lease_lost");
    assert_eq!(bench.motions(), 0);
}

#[tokio::test]
async fn stops_ask_for_nothing_and_may_come_as_often_as_you_like() {
    let (robot, bench, _) = leased().await;
    let cookie = robot.cookie().await;
    for _ in 0..3 {
        for body in ["", "{", "[]", r#"{"token":"wrong"}"#, "null"] {
            let stop = at(&Method::POST, "stop").page(&cookie).json(body);
            assert_eq!(robot.ask(stop).await.status, StatusCode::OK, "{body}");
        }
        assert_eq!(robot.ask_as_admin(at(&Method::POST, "stop")).await.status, StatusCode::OK);
    }
    let first: api::Estop = robot.ask_as_admin(at(&Method::POST, "estop")).await.json();
    assert!(first.latched && first.by.is_some());
    until("the controller's latch", || {
        let estop = bench.robot.state().estop.clone();
        (estop.latched && estop.confirmed).then_some(())
    })
    .await;
    for body in ["", "{", "{}", r#"{"confirm":"x"}"#] {
        let again: api::Estop = robot.ask(at(&Method::POST, "estop").page(&cookie).json(body)).await.json();
        assert_eq!((again.latched, &again.by, again.at), (true, &first.by, first.at), "whoever was first");
    }
    assert_eq!(robot.ask_as_admin(at(&Method::POST, "stop")).await.status, StatusCode::OK);
    // A release is two steps; a code is good once, for anyone who was given it.
    let release =
        |confirm: &str| at(&Method::POST, "estop/release").json(&json!({ "confirm": confirm }).to_string());
    assert_eq!(robot.ask_as_admin(release("guess")).await.refused(409), "press_again");
    let first = || at(&Method::POST, "estop/release");
    let first_step = async |ask: Ask| -> String {
        let begun: Value = robot.ask(ask).await.json();
        assert!(begun["estop"]["latched"].as_bool().unwrap() && begun["expires_in_s"] == 60, "{begun}");
        begun["confirm"].as_str().unwrap().to_owned()
    };
    let theirs = first_step(first().page(&cookie)).await;
    assert_eq!(robot.ask_as_admin(release(&theirs)).await.refused(409), "press_again", "another's code");
    let ours = first_step(first().bearer(&robot.token)).await;
    assert_eq!(robot.ask_as_admin(release("guess")).await.refused(409), "press_again");
    assert_eq!(robot.ask_as_admin(release(&ours)).await.refused(409), "press_again", "a wrong one spends it");
    let ours = first_step(first().bearer(&robot.token)).await;
    assert_eq!(robot.ask_as_admin(release(&ours)).await.status, StatusCode::OK);
    assert_eq!(robot.ask_as_admin(release(&ours)).await.refused(409), "press_again", "used");
    until("it is open", || (!bench.robot.state().estop.latched).then_some(())).await;
    assert_eq!(bench.motions(), 0, "a release moves nothing");
}

#[tokio::test]
async fn without_a_controller_there_is_nothing_to_turn_or_light() {
    let robot = Robot::new();
    let admin = robot.token.clone();
    let token = lease(&robot, &admin).await;
    for (method, path, body) in objects(&token) {
        if matches!(path, "head" | "lights" | "buzzer") {
            let answer = robot.ask_as_admin(at(&method, path).json(&body.to_string())).await;
            assert_eq!(answer.refused(503), "robot_unknown", "{path}");
        }
    }
    assert_eq!(robot.ask_as_admin(at(&Method::POST, "stop")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_black_box_is_read_from_a_number_and_nothing_else() {
    let robot = Robot::new();
    for query in ["?since=x", "?since=-1", "?since=1.5", "?since=99999999999999999999", "?until=1", "?since"]
    {
        let answer = robot.get(&format!("/api/v1/robot/blackbox{query}")).await;
        assert_eq!(answer.refused(400), "bad_request", "{query}");
    }
    let all = robot.get("/api/v1/robot/blackbox?since=18446744073709551615").await;
    assert_eq!((all.status, all.text()), (StatusCode::OK, ""));
}

/// Every code that the type knows, from its description: a variant that is added is added here.
fn refusals() -> Vec<String> {
    let schema = serde_json::to_value(<api::Refusal as utoipa::PartialSchema>::schema()).unwrap();
    let all: Vec<String> = serde_json::from_value(schema["enum"].clone()).unwrap();
    assert!(all.len() >= 24, "{all:?}");
    all
}

#[test]
fn every_refusal_has_a_code_and_words_and_stands_in_the_description() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = std::fs::read_to_string(docs.join("openapi.json")).unwrap();
    let description: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(description["components"]["schemas"]["Refusal"]["enum"], json!(refusals()));
    for code in refusals() {
        let refusal: api::Refusal = serde_json::from_value(json!(code)).unwrap();
        let error = crate::robot::RobotError::from(refusal);
        assert_eq!(refusal.code(), code);
        let status = crate::http::error::ApiError::from(error.clone()).into_response().status();
        assert!((400..=503).contains(&status.as_u16()), "{code}");
        assert!(error.to_string().len() > 20 && !crate::robot::refusal_message(refusal).is_empty(), "{code}");
    }
}

#[test]
fn the_page_about_driving_names_only_what_there_is() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = std::fs::read_to_string(docs.join("driving.md")).unwrap();
    let codes = refusals();
    // A code stands in brackets, or after "refused" within them.
    let named = regex::Regex::new(r"\(`([a-z_]+)`\)").unwrap();
    let named: Vec<&str> = named.captures_iter(&page).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(named.len() >= 5, "{named:?}");
    for code in named {
        assert!(codes.iter().any(|known| known == code), "{code} is no code");
    }
    let closes = page.lines().find(|line| line.starts_with("Close codes:")).unwrap();
    for code in
        ["4401 signed out", "4409 the lease has ended", "1008 the rules were broken", "1001 the daemon stops"]
    {
        assert!(closes.contains(code), "{closes}");
    }
}
