//! Tests of devices, as far as they are decided without one.

use crate::robot::testing::Bench;

use super::*;

fn test(kind: &str, body: &str) -> Ask {
    Ask::post(&format!("/api/v1/devices/tests/{kind}")).json(body)
}

#[tokio::test]
async fn a_device_that_is_not_there_or_none_is_told() {
    let robot = Robot::new();
    let nowhere = robot.ask_as_admin(test("camera", r#"{"device":"/dev/v4l/by-id/nowhere"}"#)).await;
    assert_eq!(nowhere.refused(404), "no_such_device");
    assert!(nowhere.text().contains("/dev/v4l/by-id/nowhere"), "{}", nowhere.text());
    for (kind, device) in
        [("camera", "/dev/null"), ("camera", "auto"), ("microphone", "-D hw:0"), ("speaker", "")]
    {
        let refused =
            robot.ask_as_admin(test(kind, &serde_json::json!({ "device": device }).to_string())).await;
        assert_eq!(refused.refused(422), "out_of_range", "{kind} {device}");
    }
    for kind in ["camera", "microphone", "speaker"] {
        let answer = robot.ask_as_admin(test(kind, r#"{"device":"x","more":1}"#)).await;
        assert_eq!(answer.refused(400), "bad_request", "{kind}");
    }
    let unknown = robot.ask_as_admin(Ask::post("/api/v1/devices/tests/lidar")).await;
    assert_eq!(unknown.refused(404), "no_such_route");
}

#[tokio::test]
async fn what_was_never_configured_is_opened_for_the_admin_token_alone() {
    let robot = Robot::new();
    let (logged, _guard) = Logged::capture();
    let cookie = robot.cookie().await;
    for kind in ["camera", "microphone", "speaker"] {
        let refused = robot.ask(test(kind, r#"{"device":"/dev/v4l/by-id/other"}"#).page(&cookie)).await;
        assert_eq!(refused.refused(403), "admin_token_only", "{kind}");
    }
    assert!(!logged.text().contains("a device is tested"), "{}", logged.text());
    let configured = robot.ask(test("camera", "{}").page(&cookie)).await;
    assert_ne!(configured.status, StatusCode::FORBIDDEN, "{}", configured.text());
    robot.ask_as_admin(test("camera", r#"{"device":"/dev/v4l/by-id/other"}"#)).await;
    let logged = logged.text();
    let lines: Vec<&str> = logged.lines().filter(|line| line.contains("a device is tested")).collect();
    assert_eq!(lines.len(), 2, "{logged}");
    assert!(lines.iter().all(|line| line.contains("INFO") && line.contains("camera")), "{lines:?}");
    assert!(lines[0].contains("the configured one") && lines[1].contains("by-id/other"), "{lines:?}");
}

#[tokio::test]
async fn controls_are_set_a_few_at_a_time() {
    let robot = Robot::new();
    let many: serde_json::Map<_, _> = (0..65).map(|at| (format!("x{at}"), 1.into())).collect();
    let body = serde_json::Value::from(many).to_string();
    let put = Ask::new(Method::PUT, "/api/v1/devices/camera/controls").json(&body);
    assert_eq!(robot.ask_as_admin(put).await.refused(422), "out_of_range");
}

#[tokio::test]
async fn the_switch_on_the_robot_forbids_eyes_and_ears() {
    let bench = Bench::start().await;
    let robot = Robot::around(Parts::default(), bench.robot.clone());
    bench.mute(true);
    until("they are held off", || robot.app.media.audio.is_private()).await;
    for kind in ["camera", "microphone"] {
        for body in ["{}", r#"{"device":"/dev/video0"}"#] {
            let refused = robot.ask_as_admin(test(kind, body)).await;
            assert_eq!(refused.refused(409), "private", "{kind}");
            assert!(refused.text().contains("only there can it be let on again"), "{}", refused.text());
        }
    }
    assert!(robot.app.presence.borrow().ways.is_empty(), "nothing was looked at");
}

#[tokio::test]
async fn no_tone_is_played_in_quiet_hours() {
    let robot = Robot::new();
    robot.config.send_modify(|config| {
        // From this hour on to the end of the next: they do not end while the test runs.
        let hour = jiff::Zoned::now().hour();
        let hours = format!("{hour:02}:00-{:02}:00", (hour + 2) % 24);
        let hours = serde_json::from_value(hours.into()).unwrap();
        Arc::make_mut(config).speech.quiet_hours = Some(hours);
    });
    let refused = robot.ask_as_admin(test("speaker", "{}")).await;
    assert_eq!(refused.refused(409), "quiet_hours");
}

#[tokio::test]
async fn a_test_of_the_camera_is_shown_for_a_moment_at_least() {
    let robot = Robot::new();
    let mut presence = robot.app.presence.clone();
    let asked = robot.ask_as_admin(test("camera", r#"{"device":"/dev/v4l/by-id/nowhere"}"#));
    let shown = async {
        let shown = presence.wait_for(|presence| presence.ways == [api::PresenceWay::Test]).await;
        shown.map(|presence| presence.watchers).unwrap()
    };
    let (answer, watchers) = tokio::join!(asked, tokio::time::timeout(Duration::from_secs(10), shown));
    assert_eq!(answer.refused(404), "no_such_device");
    assert_eq!(watchers.expect("it is shown"), 1);
    let over = presence.wait_for(|presence| presence.watchers == 0);
    tokio::time::timeout(Duration::from_secs(10), over).await.expect("it is over").unwrap();
}

#[tokio::test]
async fn one_client_tests_at_a_time() {
    let robot = Robot::new();
    let asked = || robot.ask_as_admin(test("microphone", r#"{"device":"plughw:CARD=Nowhere"}"#));
    let answers = futures_util::future::join_all((0..4).map(|_| asked())).await;
    let (told, busy): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|it| it.status == StatusCode::NOT_FOUND);
    assert!(!told.is_empty() && !busy.is_empty(), "{} and {}", told.len(), busy.len());
    for answer in &told {
        assert_eq!(answer.refused(404), "no_such_device");
        assert!(answer.text().contains("Nowhere"), "{}", answer.text());
    }
    for answer in &busy {
        assert_eq!(answer.refused(503), "busy");
        assert_eq!(answer.header(header::RETRY_AFTER), "3");
    }
}
