//! Who is there, shown to those beside the robot; and their switch.

use crate::robot::testing::{Bench, Driver};

use super::*;

async fn robot() -> (Robot, Bench) {
    let bench = Bench::start().await;
    (Robot::around(Parts::default(), bench.robot.clone()), bench)
}

fn watched(robot: &Robot, camera: u64, both: u64) {
    read(robot, camera, 0, both);
}

fn read(robot: &Robot, camera: u64, audio: u64, both: u64) {
    let stream = |name: &str, readers| api::Stream {
        name: name.to_owned(),
        active: true,
        readers,
        bytes_received: 0,
        bytes_sent: 0,
        bitrate_kbps: 0.0,
        fps: None,
        codecs: Vec::new(),
        width: None,
        height: None,
    };
    let streams =
        vec![stream("havatar_camera", camera), stream("havatar_audio", audio), stream("havatar", both)];
    robot.change(|status| status.streams = api::Streams { live: true, streams, viewers: Vec::new() });
}

async fn presence(robot: &Robot) -> api::Presence {
    robot.get("/api/v1/status").await.json::<api::Status>().presence
}

async fn becomes(robot: &Robot, what: &str, check: impl FnMut(&api::Presence) -> bool) {
    let mut presence = robot.app.presence.clone();
    let came = tokio::time::timeout(Duration::from_secs(10), presence.wait_for(check)).await;
    assert!(came.is_ok(), "never came true: {what}");
}

#[tokio::test]
async fn whoever_watches_is_counted_shown_and_heard_to_come() {
    let (robot, bench) = robot().await;
    until("the light is off", || bench.light() == Some(0)).await;
    watched(&robot, 1, 2);
    becomes(&robot, "three watch", |presence| presence.watchers == 3).await;
    until("the light shows it", || bench.light() == Some(1)).await;
    until("it is heard", || bench.tones() == 1).await;
    let shown = presence(&robot).await;
    assert_eq!(
        shown,
        api::Presence {
            watchers: 3,
            ways: vec![api::PresenceWay::Live],
            driven: false,
            shown: true,
            private: Some(false)
        }
    );

    watched(&robot, 0, 0);
    until("the light is off again", || bench.light() == Some(0)).await;
    watched(&robot, 1, 0);
    until("the light shows the next one", || bench.light() == Some(1)).await;
    assert_eq!(bench.tones(), 1, "half a minute has not passed");
}

#[tokio::test]
async fn a_driver_is_shown_as_one() {
    let (robot, bench) = robot().await;
    watched(&robot, 1, 0);
    let driver = Driver::new(&bench.robot);
    becomes(&robot, "somebody drives", |presence| presence.driven).await;
    until("the light shows it", || bench.light() == Some(2)).await;
    drop(driver);
    becomes(&robot, "nobody drives", |presence| !presence.driven).await;
    until("the light shows that somebody still watches", || bench.light() == Some(1)).await;
}

#[tokio::test]
async fn whoever_only_listens_counts_and_whoever_does_both_counts_once() {
    let (robot, bench) = robot().await;
    read(&robot, 0, 1, 0);
    until("the light shows it", || bench.light() == Some(1)).await;
    until("it is heard", || bench.tones() == 1).await;
    read(&robot, 2, 1, 1);
    becomes(&robot, "three are there", |presence| presence.watchers == 3).await;
}

#[tokio::test]
async fn a_look_that_failed_darkens_nothing() {
    let (robot, bench) = robot().await;
    watched(&robot, 1, 0);
    until("the light shows it", || bench.light() == Some(1)).await;
    robot.change(|status| status.streams.live = false);
    // Told after it, so it has been taken in when this is shown.
    let driver = Driver::new(&bench.robot);
    until("somebody drives", || bench.light() == Some(2)).await;
    drop(driver);
    until("the light shows that somebody still watches", || bench.light() == Some(1)).await;
    assert_eq!(presence(&robot).await.watchers, 1);

    robot.change(|status| status.mediamtx_version = None);
    until("MediaMTX has ended, and all watching with it", || bench.light() == Some(0)).await;
}

#[tokio::test]
async fn a_look_that_nobody_counted_is_shown() {
    let (robot, bench) = robot().await;
    watched(&robot, 0, 0);
    until("the light is off", || bench.light() == Some(0)).await;
    let access = robot.access.clone();
    access.note_reader_admitted(tokio::time::Instant::now());
    until("the light shows it", || bench.light() == Some(1)).await;
    assert_eq!(presence(&robot).await.watchers, 1);
    becomes(&robot, "it is over", |presence| presence.watchers == 0).await;
    until("the light is off again", || bench.light() == Some(0)).await;
}

#[tokio::test]
async fn what_nobody_can_tell_for_long_is_shown_as_watched() {
    let (robot, bench) = robot().await;
    watched(&robot, 0, 0);
    until("the light is off", || bench.light() == Some(0)).await;
    tokio::time::pause();
    robot.change(|status| status.streams.live = false);
    let asked = tokio::time::Instant::now();
    let mut presence = robot.app.presence.clone();
    presence.wait_for(|presence| presence.watchers == 1).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_secs(10), "{:?}", asked.elapsed());
    tokio::time::resume();
    watched(&robot, 0, 0);
    becomes(&robot, "it answers, and nobody is there", |presence| presence.watchers == 0).await;
}

#[tokio::test]
async fn the_switch_on_the_robot_wins_and_stands_while_nobody_can_ask_it() {
    let (robot, bench) = robot().await;
    assert!(!robot.app.media.audio.is_private());
    bench.mute(true);
    until("camera and microphone are held off", || robot.app.media.audio.is_private()).await;
    becomes(&robot, "it is told", |presence| presence.private == Some(true)).await;
    // Asking from afar changes nothing.
    robot.ask_as_admin(Ask::post("/api/v1/stream/start")).await;
    assert!(robot.app.media.audio.is_private());

    bench.silence(true);
    becomes(&robot, "it cannot be asked", |presence| presence.private.is_none() && !presence.shown).await;
    assert!(robot.app.media.audio.is_private(), "unknown is no permission");
    bench.mute(false);
    bench.silence(false);
    until("it was turned back", || !robot.app.media.audio.is_private()).await;
}

#[tokio::test]
async fn a_client_that_fetches_a_growing_recording_is_shown_and_heard_to_come() {
    let (robot, bench) = robot().await;
    watched(&robot, 0, 0);
    let file = "2026-11-23_07-54-34-536690.mp4";
    let id = robot.record(file, &[7; 1000], Duration::ZERO).await;
    let ask = Ask::get(&format!("/api/v1/recordings/{id}/download")).bearer(&robot.token);
    // Its body is not read: the download is under way.
    let answer = robot.router.clone().oneshot(ask.0).await.unwrap();
    becomes(&robot, "one looks", |presence| presence.watchers == 1).await;
    assert_eq!(presence(&robot).await.ways, [api::PresenceWay::Download]);
    until("the light shows it", || bench.light() == Some(1)).await;
    until("it is heard", || bench.tones() == 1).await;
    drop(answer);
    becomes(&robot, "nobody looks", |presence| presence.watchers == 0 && presence.ways.is_empty()).await;
}

#[tokio::test]
async fn a_robot_without_light_or_switch_shows_nothing() {
    let robot = Robot::new();
    watched(&robot, 2, 0);
    becomes(&robot, "two watch", |presence| presence.watchers == 2).await;
    let seen = presence(&robot).await;
    assert_eq!((seen.shown, seen.private), (false, None));
}

#[tokio::test]
async fn viewers_tell_their_own_figures() {
    let robot = Robot::new();
    let put = |body: &str| Ask::new(Method::PUT, "/api/v1/stats/viewer").json(body);
    let cookie = robot.cookie().await;
    let body = r#"{"picture_ms":88.5,"measured_from_capture":true,"fps":29.9}"#;
    assert_eq!(robot.ask(put(body).page(&cookie)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(robot.ask_as_admin(put("{}")).await.status, StatusCode::NO_CONTENT);
    let stats: api::Streams = robot.get("/api/v1/stats").await.json();
    assert_eq!(stats.viewers.len(), 2);
    assert!(stats.viewers.iter().any(|it| it.who == "admin" && it.report.picture_ms == Some(88.5)));
    assert!(robot.get("/api/v1/status").await.json::<api::Status>().streams.viewers.is_empty());
    for body in [r#"{"fps":-1}"#, r#"{"lost_percent":101}"#, r#"{"picture_ms":1e10}"#] {
        assert_eq!(robot.ask_as_admin(put(body)).await.refused(422), "out_of_range");
    }
    for body in ["[]", r#"{"fps":"1"}"#, r#"{"more":1}"#, r#"{"fps":1e999}"#] {
        assert_eq!(robot.ask_as_admin(put(body)).await.refused(400), "bad_request");
    }
    assert_eq!(robot.ask(put("{}")).await.refused(401), "not_signed_in");
}
