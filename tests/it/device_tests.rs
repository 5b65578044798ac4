//! A live test for each device: what the person who sets the robot up sees and hears of it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use havatar_api::{
    CameraTest, DeviceState, DeviceTestSource, MicrophoneTest, PresenceWay, ProcessState, SpeakerTest,
};
use havatar_tests::sound::{LOUDSPEAKER, MICROPHONE, SoundCard};
use havatar_tests::{Answer, CAMERA, Daemon, Plan, Robot, figure, proc, tools};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_camera_that_streams_is_tested_by_its_stream_and_not_disturbed() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let pid = daemon.pid_of("camera").await;
    let (test, shown) = tokio::join!(camera(&daemon, json!({})), is_shown(&daemon));
    assert!(shown, "the robot shows that it is watched");
    assert_eq!(test.source, DeviceTestSource::Process);
    seems_right(&test, "h264").await;
    figure("camera_test_of_stream_first_frame_ms", test.first_frame_ms);
    assert_eq!(daemon.pid_of("camera").await, pid, "the publisher was left alone");
    assert_eq!(daemon.stream(CAMERA).await.readers, 0, "a test is no viewer");
    // Again and again: the muxer stays one of the daemon's own.
    for _ in 0..3 {
        camera(&daemon, json!({})).await;
    }
    daemon
        .eventually(SOON, "nobody watches any more", async || {
            (daemon.status().await.presence.watchers == 0).then_some(())
        })
        .await;
    nothing_is_left(&daemon).await;
}

#[tokio::test]
async fn a_camera_that_nobody_uses_is_opened_for_its_test_alone() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    assert_eq!(daemon.post("/api/v1/stream/stop").await.status, 204);
    daemon.process_is(SOON, "camera", ProcessState::Stopped).await;
    let test = camera(&daemon, json!({})).await;
    assert_eq!(test.source, DeviceTestSource::Device);
    seems_right(&test, "rawvideo").await;
    assert_eq!(daemon.process("camera").await.state, ProcessState::Stopped, "a test starts nothing");
    nothing_is_left(&daemon).await;

    let nowhere = ask(&daemon, "camera", json!({ "device": "/dev/v4l/by-id/nowhere" })).await;
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "no_such_device"));
    assert!(nowhere.text().contains("/dev/v4l/by-id/nowhere is not there"), "{}", nowhere.text());
}

#[tokio::test]
async fn two_tests_at_once_are_one_test_and_a_refusal() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let (one, other) = tokio::join!(ask(&daemon, "camera", json!({})), ask(&daemon, "microphone", json!({})));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!((answers[0].status, answers[1].status), (200, 503), "{}", answers[1].text());
    assert_eq!(answers[1].code(), "busy");
    assert_eq!(ask(&daemon, "microphone", json!({})).await.status, 200, "one after the other");
}

#[tokio::test]
async fn a_silent_microphone_is_told_from_one_that_hears() {
    let card = SoundCard::new().await;
    let daemon = Plan::new()
        .env("PULSE_SERVER", card.address())
        .set("media.camera.source", "off")
        .set("media.microphone.source", "pulse")
        .set("media.microphone.device", format!("{MICROPHONE}.monitor"))
        .launch()
        .await;
    daemon.process_is(SOON, "microphone", ProcessState::Running).await;
    let silent = microphone(&daemon, json!({})).await;
    assert_eq!((silent.source, silent.passed), (DeviceTestSource::Process, false), "{silent:?}");
    assert!(silent.remarks.concat().contains("nothing but silence"), "{silent:?}");

    let _tone = card.tone(MICROPHONE);
    daemon
        .eventually(SOON, "the tone is heard", async || {
            let test = microphone(&daemon, json!({})).await;
            (test.passed && test.peak_db > -40.0 && test.rms_db > -45.0).then_some(())
        })
        .await;
    assert_eq!(daemon.process("microphone").await.restarts, 0, "the publisher was left alone");

    assert_eq!(daemon.post("/api/v1/processes/microphone/stop").await.status, 200);
    daemon.process_is(SOON, "microphone", ProcessState::Stopped).await;
    let free = microphone(&daemon, json!({})).await;
    assert!(free.source == DeviceTestSource::Device && free.passed && free.rms_db > -45.0, "{free:?}");
    // Another device than the configured one.
    let other = microphone(&daemon, json!({ "device": format!("{LOUDSPEAKER}.monitor") })).await;
    assert!(!other.passed && other.device.contains(LOUDSPEAKER), "{other:?}");
    let unknown = ask(&daemon, "microphone", json!({ "device": "no_such_source" })).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "no_such_device"), "{}", unknown.text());

    // A stream that begins has its microphone: the test that has it open gives it up.
    let starts = async {
        is_shown(&daemon).await;
        assert_eq!(daemon.post("/api/v1/processes/microphone/start").await.status, 200);
    };
    let (given_up, ()) = tokio::join!(ask(&daemon, "microphone", json!({})), starts);
    assert_eq!((given_up.status, given_up.code().as_str()), (409, "device_in_use"), "{}", given_up.text());
    daemon.process_is(SOON, "microphone", ProcessState::Running).await;
    nothing_is_left(&daemon).await;
}

#[tokio::test]
async fn a_loudspeaker_chirps_and_the_microphone_beside_it_hears_that() {
    let card = SoundCard::new().await;
    // What the loudspeaker plays is all that the microphone hears.
    let plan = card
        .as_loudspeaker(Plan::new())
        .set("media.camera.source", "off")
        .set("media.microphone.source", "pulse")
        .set("media.microphone.device", format!("{LOUDSPEAKER}.monitor"));
    let daemon = plan.launch().await;
    daemon.process_is(SOON, "microphone", ProcessState::Running).await;
    daemon
        .eventually(SOON, "the loudspeaker plays", async || {
            (daemon.status().await.voice.speaker.state == DeviceState::Live).then_some(())
        })
        .await;
    let ear = card.listen(LOUDSPEAKER);
    ear.silent(Instant::now(), SOON).await.expect("it listens");
    let begun = Instant::now();
    let test = speaker(&daemon, json!({})).await;
    ear.louder(begun, SOON, 1500).await.expect("it is heard");
    assert!(test.passed && test.source == DeviceTestSource::Process, "{test:?}");
    assert_eq!(test.heard, Some(true), "{test:?}");
    let delay = test.delay_ms.expect("a delay");
    figure("chirp_to_microphone_ms", delay);
    assert!(delay < 2000, "{test:?}");

    assert_eq!(daemon.post("/api/v1/processes/microphone/stop").await.status, 200);
    let deaf = speaker(&daemon, json!({})).await;
    assert_eq!((deaf.passed, deaf.heard, deaf.delay_ms), (true, None, None), "{deaf:?}");
    // Another loudspeaker is opened for it.
    let other = speaker(&daemon, json!({ "device": MICROPHONE })).await;
    assert!(other.passed && other.source == DeviceTestSource::Device && other.took_ms >= 150, "{other:?}");
    let silent = json!({ "percent": 0 });
    let answer = daemon.try_ask(Method::PUT, "/api/v1/robot/volume", |it| it.json(&silent)).await;
    assert_eq!(answer.expect("an answer").status, 200);
    let silent = speaker(&daemon, json!({})).await;
    assert!(!silent.passed && silent.remarks.concat().contains("volume is 0"), "{silent:?}");
    nothing_is_left(&daemon).await;
}

#[tokio::test]
async fn the_switch_on_the_robot_forbids_tests_of_eyes_and_ears() {
    let mut robot = Robot::new().await;
    let plan = robot.plan().set("media.camera.source", "test").set("media.microphone.source", "test");
    let daemon = robot.launched(plan).await;
    daemon.ready().await;
    robot.tell("mute on");
    daemon
        .eventually(SOON, "they are held off", async || {
            (daemon.status().await.devices.camera.state == DeviceState::Private).then_some(())
        })
        .await;
    for kind in ["camera", "microphone"] {
        let refused = ask(&daemon, kind, json!({})).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "private"), "{kind}");
    }
    nothing_is_left(&daemon).await;
    robot.tell("mute off");
    daemon.ready().await;
    assert!(camera(&daemon, json!({})).await.passed);
}

/// Asks for a test.
async fn ask(daemon: &Daemon, kind: &str, body: Value) -> Answer {
    let path = format!("/api/v1/devices/tests/{kind}");
    let answer = daemon.try_ask(Method::POST, &path, |it| it.json(&body)).await;
    answer.unwrap_or_else(|error| daemon.fail(&format!("{path}: {error:?}")))
}

async fn camera(daemon: &Daemon, body: Value) -> CameraTest {
    let answer = ask(daemon, "camera", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

async fn microphone(daemon: &Daemon, body: Value) -> MicrophoneTest {
    let answer = ask(daemon, "microphone", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn speaker(daemon: &Daemon, body: Value) -> SpeakerTest {
    let answer = ask(daemon, "speaker", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Whether the robot shows a test meanwhile.
async fn is_shown(daemon: &Daemon) -> bool {
    daemon
        .eventually(SOON, "the test is shown", async || {
            daemon.status().await.presence.ways.contains(&PresenceWay::Test).then_some(true)
        })
        .await
}

/// What a test of the plan's test picture is to say.
async fn seems_right(test: &CameraTest, format: &str) {
    assert!(test.passed, "{test:?}");
    assert_eq!((test.width, test.height, test.format.as_deref()), (Some(320), Some(180), Some(format)));
    assert!(test.fps.is_some_and(|fps| (5.0..40.0).contains(&fps)), "{:?}", test.fps);
    assert!((3.0..97.0).contains(&test.brightness_percent), "{}", test.brightness_percent);
    let jpeg = STANDARD.decode(&test.jpeg).expect("base64");
    assert!(jpeg.len() <= 32 * 1024, "{} bytes", jpeg.len());
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("frame.jpg");
    std::fs::write(&file, jpeg).expect("written");
    let args = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0"];
    let probed = tools::run("ffprobe", &[&args[..], &[file.to_str().expect("UTF-8")]].concat()).await;
    assert_eq!(
        String::from_utf8_lossy(&probed.stdout).trim(),
        "mjpeg,320,180",
        "{}",
        tools::complaints(&probed)
    );
}

/// No program of a test runs any more.
async fn nothing_is_left(daemon: &Daemon) {
    daemon
        .eventually(SOON, "nothing of a test is left", async || {
            let programs = ["image2pipe", "ppm_pipe"];
            let of_a_test = |process: &proc::Process| {
                let frames = process.args.iter().any(|arg| programs.contains(&arg.as_str()));
                let sound = ["parec", "pacat"].contains(&process.program());
                frames || (sound && process.belongs_to.contains('#'))
            };
            (!daemon.processes().iter().any(of_a_test)).then_some(())
        })
        .await;
}
