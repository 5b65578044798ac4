//! The talk line: one is heard, and it is never held by a person who is gone.

use std::sync::atomic::Ordering;

use super::whep::{MediaMtx, sdp};
use super::*;

const WHIP: &str = "/api/mediamtx/webrtc/whip";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

pub(super) async fn robot() -> (MediaMtx, Robot) {
    let mediamtx = MediaMtx::default();
    let webrtc = mediamtx.start().await;
    (mediamtx, Robot::with(Parts { webrtc, api: webrtc, ..Parts::default() }))
}

pub(super) fn offer() -> Ask {
    tracks(&[("audio", "opus/48000/2")])
}

/// Takes the line; the session's id.
pub(super) async fn take(robot: &Robot, cookie: &str) -> String {
    let answer = robot.ask(offer().page(cookie)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.header(header::LOCATION).strip_prefix(&format!("{WHIP}/")).unwrap().to_owned()
}

pub(super) async fn talk(robot: &Robot, cookie: &str, session: &str, on: bool) -> Answer {
    let body = serde_json::json!({ "session": session, "on": on }).to_string();
    robot.ask(Ask::new(Method::PUT, "/api/v1/talk").json(&body).page(cookie)).await
}

pub(super) async fn talker(robot: &Robot) -> Option<api::Talker> {
    robot.get("/api/v1/status").await.json::<api::Status>().voice.talker
}

#[tokio::test]
async fn an_offer_is_answered_on_our_own_origin_and_the_secret_stays_here() {
    let (mediamtx, robot) = robot().await;
    let answer = robot.ask_as_admin(offer()).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::CREATED, "v=0\r\ns=canary-answer\r\n"));
    let location = answer.header(header::LOCATION).to_owned();
    assert_eq!(location.strip_prefix(&format!("{WHIP}/")).unwrap().len(), 22, "128 bits");
    let seen = mediamtx.seen.lock().unwrap()[0].clone();
    assert_eq!((seen.method, seen.path.as_str()), (Method::POST, "/havatar_talk/whip"));

    let patch = || Ask::new(Method::PATCH, &location).body(FRAGMENT, "a=end-of-candidates");
    assert_eq!(robot.ask_as_admin(patch()).await.status, StatusCode::NO_CONTENT);
    let watched = location.replace("whip", "whep");
    let wrong_way = Ask::new(Method::DELETE, &watched);
    assert_eq!(robot.ask_as_admin(wrong_way).await.refused(404), "no_such_session");
    assert_eq!(robot.ask_as_admin(Ask::new(Method::DELETE, &location)).await.status, StatusCode::OK);
    assert!(mediamtx.talkers.lock().unwrap().is_empty());
    assert_eq!(robot.ask_as_admin(patch()).await.refused(404), "no_such_session");
    let servers = robot.ask_as_admin(Ask::new(Method::OPTIONS, WHIP)).await;
    assert_eq!(
        (servers.status, servers.header("link")),
        (StatusCode::NO_CONTENT, "<stun:s>; rel=\"ice-server\"")
    );
}

#[tokio::test]
async fn what_mediamtx_says_is_worded_for_people() {
    let (mediamtx, robot) = robot().await;
    for (upstream, status, code) in [
        (1, 404, "stream_offline"),
        (2, 409, "talk_held"),
        (400, 400, "bad_sdp"),
        (401, 502, "mediamtx_refused"),
        (404, 404, "stream_offline"),
        (406, 406, "unsupported_tracks"),
        (500, 502, "mediamtx_odd"),
    ] {
        mediamtx.fails.store(upstream, Ordering::SeqCst);
        let answer = robot.ask_as_admin(offer()).await;
        assert_eq!(answer.refused(status), code, "{upstream}");
        assert!(!answer.text().contains("canary"));
        assert_eq!(talker(&robot).await, None, "what came to nothing holds no line");
    }
    assert_eq!(Robot::new().ask_as_admin(offer()).await.refused(503), "mediamtx_away");
}

#[tokio::test]
async fn bad_offers_take_the_line_from_nobody() {
    let (_mediamtx, robot) = robot().await;
    let owner = robot.cookie().await;
    take(&robot, &owner).await;
    for (ask, status, code) in [
        (Ask::post(WHIP).body("text/plain", sdp(&[], "")), 415, "wrong_content_type"),
        (Ask::post(WHIP).body("application/sdp", ""), 400, "bad_sdp"),
        (tracks(&[]), 400, "bad_sdp"),
        (tracks(&[("video", "H264/90000")]), 406, "unsupported_tracks"),
        (tracks(&[("audio", "PCMU/8000")]), 406, "unsupported_tracks"),
        (tracks(&[("audio", "opus/48000/2"), ("video", "H264/90000")]), 406, "unsupported_tracks"),
        (tracks(&[("audio", "opus/48000/2"), ("audio", "opus/48000/2")]), 406, "unsupported_tracks"),
        (Ask::post(WHIP).body("application/sdp", format!("v=0{}", "x".repeat(128 * 1024))), 413, "too_large"),
    ] {
        assert_eq!(robot.ask_as_admin(ask).await.refused(status), code);
        assert!(talker(&robot).await.is_some());
    }
    let voice = tracks(&[("audio", "OPUS/48000/2")]);
    assert_eq!(robot.ask_as_admin(voice).await.status, StatusCode::CREATED);
}

fn tracks(tracks: &[(&str, &str)]) -> Ask {
    Ask::post(WHIP).body("application/sdp", sdp(tracks, "a=sendonly\r\n"))
}

#[tokio::test]
async fn an_idle_line_is_given_up_and_one_that_is_talked_on_is_not() {
    let (mediamtx, robot) = robot().await;
    let (ana, ion) = (robot.cookie().await, robot.cookie().await);
    let hers = take(&robot, &ana).await;
    assert!(!talker(&robot).await.unwrap().talking);

    let his = take(&robot, &ion).await;
    let order: Vec<_> = mediamtx
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| seen.method != Method::GET)
        .map(|seen| (seen.method.clone(), seen.path.clone()))
        .collect();
    let expected = [
        (Method::POST, "/havatar_talk/whip"),
        (Method::DELETE, "/havatar_talk/whip/1"),
        (Method::POST, "/havatar_talk/whip"),
    ];
    assert_eq!(
        order,
        expected.map(|(method, path)| (method, path.to_owned())),
        "hers ends before his begins"
    );
    assert_eq!(talk(&robot, &ana, &hers, true).await.refused(404), "no_such_session");

    assert_eq!(talk(&robot, &ion, &his, true).await.status, StatusCode::NO_CONTENT);
    assert!(talker(&robot).await.unwrap().talking);
    let refused = robot.ask(offer().page(&ana)).await;
    assert_eq!(refused.refused(409), "talk_held");
    assert!(refused.text().contains("admin is talking"), "{}", refused.text());
    assert_eq!(*mediamtx.talkers.lock().unwrap(), [2].into(), "his was left alone");

    assert_eq!(talk(&robot, &ion, &his, false).await.status, StatusCode::NO_CONTENT);
    take(&robot, &ana).await;
    assert_eq!(*mediamtx.talkers.lock().unwrap(), [3].into());
}

#[tokio::test]
async fn ones_own_page_loaded_again_takes_the_line_from_itself() {
    let (mediamtx, robot) = robot().await;
    let ana = robot.cookie().await;
    let first = take(&robot, &ana).await;
    talk(&robot, &ana, &first, true).await;
    let second = take(&robot, &ana).await;
    assert_eq!(*mediamtx.talkers.lock().unwrap(), [2].into());
    assert!(!talker(&robot).await.unwrap().talking, "a new page begins muted");
    assert_eq!(talk(&robot, &ana, &second, true).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn of_many_who_ask_at_once_none_is_refused_and_one_has_the_line() {
    let (mediamtx, robot) = robot().await;
    let mut cookies = Vec::new();
    for _ in 0..8 {
        cookies.push(robot.cookie().await);
    }
    let answers = futures_util::future::join_all(cookies.iter().map(|it| robot.ask(offer().page(it)))).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    assert_eq!(*mediamtx.talkers.lock().unwrap(), [8].into());
    assert!(talker(&robot).await.is_some());
}

/// Its session is still there: a page that was killed told nobody.
#[tokio::test]
async fn a_talker_from_whom_nothing_comes_any_more_gives_way() {
    let (mediamtx, robot) = robot().await;
    let (ana, ion) = (robot.cookie().await, robot.cookie().await);
    let hers = take(&robot, &ana).await;
    talk(&robot, &ana, &hers, true).await;
    mediamtx.silent.store(true, Ordering::SeqCst);
    assert_eq!(robot.ask(offer().page(&ion)).await.refused(409), "talk_held", "it may be the network");
    talking(&robot, false).await;
    mediamtx.silent.store(false, Ordering::SeqCst);
    talking(&robot, true).await;
    assert_eq!(robot.ask(offer().page(&ion)).await.refused(409), "talk_held", "it was the network");

    mediamtx.silent.store(true, Ordering::SeqCst);
    talking(&robot, false).await;
    take(&robot, &ion).await;
    assert_eq!(*mediamtx.talkers.lock().unwrap(), [2].into());
    assert_eq!(talk(&robot, &ana, &hers, true).await.refused(404), "no_such_session");
}

/// Waits until a person is told to talk, or to have the line and not to.
async fn talking(robot: &Robot, open: bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while talker(robot).await.unwrap().talking != open {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "talking never became {open}");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_frees_the_line() {
    let (mediamtx, robot) = robot().await;
    let (ana, ion) = (robot.cookie().await, robot.cookie().await);
    let hers = take(&robot, &ana).await;
    talk(&robot, &ana, &hers, true).await;
    robot.ask(Ask::post("/api/v1/logout").page(&ana)).await;
    until("it has ended", || mediamtx.talkers.lock().unwrap().is_empty()).await;
    take(&robot, &ion).await;
}

/// The line is free within two seconds; asked of the status, as people see it.
async fn freed(robot: &Robot) {
    let waited = tokio::time::timeout(Duration::from_secs(2), async {
        while talker(robot).await.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "the line is still held");
}

#[tokio::test]
async fn a_session_that_mediamtx_drops_frees_the_line() {
    let (mediamtx, robot) = robot().await;
    let ana = robot.cookie().await;
    let hers = take(&robot, &ana).await;
    talk(&robot, &ana, &hers, true).await;
    mediamtx.talkers.lock().unwrap().clear();
    freed(&robot).await;
    assert_eq!(talk(&robot, &ana, &hers, true).await.refused(404), "no_such_session");
}

#[tokio::test]
async fn a_mediamtx_that_is_gone_frees_the_line() {
    let mediamtx = MediaMtx::default();
    // Its API has ended, as far as anybody can tell: nobody listens at the discard port.
    let webrtc = mediamtx.start().await;
    let robot = Robot::with(Parts { webrtc, ..Parts::default() });
    let ana = robot.cookie().await;
    let hers = take(&robot, &ana).await;
    talk(&robot, &ana, &hers, true).await;
    freed(&robot).await;
}

#[tokio::test]
async fn somebody_elses_session_is_nobodys() {
    let (_mediamtx, robot) = robot().await;
    let (ana, ion) = (robot.cookie().await, robot.cookie().await);
    let hers = take(&robot, &ana).await;
    assert_eq!(talk(&robot, &ion, &hers, true).await.refused(404), "no_such_session");
    let end = Ask::new(Method::DELETE, &format!("{WHIP}/{hers}"));
    assert_eq!(robot.ask(end.page(&ion)).await.refused(404), "no_such_session");
    let foreign = offer().header(header::COOKIE, &ion).header(header::ORIGIN, "http://evil.example");
    assert_eq!(robot.ask(foreign).await.refused(403), "foreign_origin");
    assert_eq!(robot.ask(offer()).await.refused(401), "not_signed_in");
    for body in ["{}", "[]", r#"{"session":"x","on":1}"#, r#"{"session":"x","on":true,"more":1}"#] {
        let ask = Ask::new(Method::PUT, "/api/v1/talk").json(body);
        assert_eq!(robot.ask_as_admin(ask).await.refused(400), "bad_request");
    }
    assert_eq!(talk(&robot, &ana, "canary", true).await.refused(404), "no_such_session");
}

#[tokio::test]
async fn no_secret_reaches_the_log() {
    let (logged, guard) = Logged::capture();
    let (_mediamtx, robot) = robot().await;
    let ana = robot.cookie().await;
    let hers = take(&robot, &ana).await;
    talk(&robot, &ana, &hers, true).await;
    robot.ask(Ask::new(Method::DELETE, &format!("{WHIP}/{hers}")).page(&ana)).await;
    drop(guard);
    let text = logged.text();
    assert!(!text.contains("canary") && !text.contains(&hers), "{text}");
}

#[tokio::test]
async fn the_driver_is_heard_whoever_talks() {
    let (_mediamtx, robot) = robot().await;
    let (ana, ion) = (robot.cookie().await, robot.cookie().await);
    let hers = take(&robot, &ana).await;
    assert_eq!(talk(&robot, &ana, &hers, true).await.status, StatusCode::NO_CONTENT);
    assert_eq!(robot.ask(offer().page(&ion)).await.refused(409), "talk_held");

    let lease = robot.ask(Ask::post("/api/v1/robot/lease").json("{}").page(&ion)).await;
    assert_eq!(lease.status, StatusCode::CREATED, "{}", lease.text());
    let his = take(&robot, &ion).await;
    assert_eq!(talk(&robot, &ion, &his, true).await.status, StatusCode::NO_CONTENT);
    assert_eq!(talk(&robot, &ana, &hers, true).await.refused(404), "no_such_session");
    assert_eq!(robot.ask(offer().page(&ana)).await.refused(409), "talk_held", "the driver is not displaced");
}
