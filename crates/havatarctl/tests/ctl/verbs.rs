//! Each verb: what it asks, what it shows, how it ends.

use havatar_api as api;
use serde_json::json;

use crate::fake::{Fake, json, nothing, problem};
use crate::run::Place;

pub(crate) fn status() -> api::Status {
    let at = "2026-11-23T08:00:00Z".parse().unwrap();
    let live = |name: &str| api::Device { name: name.to_owned(), state: api::DeviceState::Live, why: None };
    api::Status {
        version: "0.1.0".to_owned(),
        mediamtx_version: Some("v1.21.0".to_owned()),
        machine: api::Machine::default(),
        started_at: at,
        streaming: true,
        readiness: api::Readiness { ready: true, missing: Vec::new() },
        config: api::ConfigStatus { file: None, loaded_at: at, faults: Vec::new() },
        devices: api::Devices { camera: live("test picture"), microphone: live("test sound"), video: None },
        encoder: None,
        processes: vec![process("camera", api::ProcessState::Running)],
        streams: api::Streams { live: true, ..api::Streams::default() },
        recording: api::RecordingStatus::default(),
        robot: api::RobotState::default(),
        voice: voice(80),
        presence: api::Presence::default(),
    }
}

fn voice(volume: u8) -> api::Voice {
    let speaker = api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
    api::Voice { speaker, volume, talker: None, ducked: false, speech: api::Speech::default() }
}

pub(crate) fn process(name: &str, state: api::ProcessState) -> api::Process {
    api::Process {
        name: name.to_owned(),
        state,
        pid: (state == api::ProcessState::Running).then_some(4711),
        since: "2026-11-23T08:00:00Z".parse().unwrap(),
        uptime_s: (state == api::ProcessState::Running).then_some(61.0),
        restarts: 0,
        last_exit: None,
        why: None,
        retry_at: None,
        confinement: Vec::new(),
    }
}

#[test]
fn status_in_words_and_as_json() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", json(&status()));
    let place = Place::at(&fake);
    let words = place.run(&["status"]).done();
    assert!(words.starts_with("Ready: picture and sound are live.\n"), "{words}");
    assert!(!words.contains('\u{1b}'), "no colour off a terminal");
    let shown = place.run(&["--output", "json", "status"]);
    assert_eq!(serde_json::from_value::<api::Status>(shown.json()).unwrap(), status());
    assert_eq!(place.run(&["status", "--output=json"]).out, shown.out, "flags stand before or after");
    assert_eq!(fake.asked(), ["GET /api/v1/status"; 3]);
}

#[test]
fn a_robot_that_is_not_ready_was_still_asked() {
    let fake = Fake::start();
    let mut degraded = status();
    degraded.readiness.ready = false;
    degraded.readiness.missing = vec![api::Missing {
        code: "camera_away".to_owned(),
        message: "no picture".to_owned(),
        why: Some("unplugged".to_owned()),
    }];
    fake.will("GET /api/v1/status", json(&degraded));
    let words = Place::at(&fake).run(&["status"]).done();
    assert!(words.starts_with("Not ready:\n  - no picture: unplugged\n"), "{words}");
}

#[test]
fn stats_and_ps() {
    let fake = Fake::start();
    let streams = api::Streams { live: true, ..api::Streams::default() };
    let processes = vec![process("camera", api::ProcessState::Running)];
    fake.will("GET /api/v1/stats", json(&streams)).will("GET /api/v1/processes", json(&processes));
    let place = Place::at(&fake);
    assert!(place.run(&["stats"]).done().starts_with("STREAM"));
    assert_eq!(
        place.run(&["stats", "--output", "json"]).json(),
        json!({"live": true, "streams": [], "viewers": []})
    );
    let words = place.run(&["ps"]).done();
    assert_eq!(
        words.lines().nth(1).unwrap().split_whitespace().take(3).collect::<Vec<_>>(),
        ["camera", "running", "4711"]
    );
    assert_eq!(place.run(&["ps", "--output", "json"]).json()[0]["pid"], 4711);
}

#[test]
fn start_stop_restart() {
    let fake = Fake::start();
    for (verb, state, words) in [
        ("start", api::ProcessState::Starting, "camera is starting\n"),
        ("stop", api::ProcessState::Stopped, "camera is stopped\n"),
        ("restart", api::ProcessState::Running, "camera is running (pid 4711)\n"),
    ] {
        let route = format!("POST /api/v1/processes/camera/{verb}");
        fake.will(&route, json(&process("camera", state)));
        let place = Place::at(&fake);
        assert_eq!(place.run(&[verb, "camera"]).done(), words);
        assert_eq!(place.run(&[verb, "camera", "--output", "json"]).json()["name"], "camera");
        assert_eq!(fake.asked().pop().unwrap(), route);
    }
}

#[test]
fn a_name_that_does_not_exist() {
    let fake = Fake::start();
    let route = "POST /api/v1/processes/a%2Fb/start";
    fake.will(route, problem(404, "no_such_process", "there is no process named a/b"));
    let ran = Place::at(&fake).run(&["start", "a/b"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out, "");
    assert_eq!(ran.err, "havatarctl: there is no process named a/b (no_such_process)\n");
    assert_eq!(fake.asked(), [route]);
}

#[test]
fn logs_from_the_end() {
    let fake = Fake::start();
    let line = |second: u32| api::LogLine {
        at: format!("2026-11-23T08:00:{second:02}Z").parse().unwrap(),
        source: api::LogSource::Stderr,
        text: format!("line {second}"),
    };
    let logs = api::Logs { lines: (0..60).map(line).collect(), dropped: 0 };
    let quiet = api::Logs { lines: Vec::new(), dropped: 0 };
    fake.will("GET /api/v1/processes/camera/logs", json(&logs));
    fake.will("GET /api/v1/processes/muxer/logs", json(&quiet));
    let place = Place::at(&fake);
    let words = place.run(&["logs", "camera", "-n", "2"]).done();
    assert_eq!(words, "2026-11-23 08:00:58  line 58\n2026-11-23 08:00:59  line 59\n");
    assert_eq!(place.run(&["logs", "camera"]).done().lines().count(), 50);
    assert_eq!(place.run(&["logs", "camera", "-n", "999"]).done().lines().count(), 60);
    assert_eq!(place.run(&["logs", "camera", "-n0"]).done(), "");
    let shown = place.run(&["logs", "camera", "-n", "1", "--output", "json"]).json();
    assert_eq!(shown["lines"][0]["text"], "line 59");
    let ran = place.run(&["logs", "muxer"]);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", "muxer has written nothing yet.\n"));
}

#[test]
fn stream() {
    let fake = Fake::start();
    fake.will("POST /api/v1/stream/start", nothing()).will("POST /api/v1/stream/stop", nothing());
    let place = Place::at(&fake);
    assert!(place.run(&["stream", "start"]).done().contains("being started"));
    assert!(place.run(&["stream", "stop"]).done().contains("stopped"));
    assert_eq!(place.run(&["stream", "stop", "--output", "json"]).json(), json!({"streaming": false}));
    assert_eq!(
        fake.asked(),
        ["POST /api/v1/stream/start", "POST /api/v1/stream/stop", "POST /api/v1/stream/stop"]
    );
}

#[test]
fn recording_that_does_not_begin_is_a_failure() {
    let fake = Fake::start();
    let idle = api::RecordingStatus {
        wanted: true,
        fault: Some("no picture arrives".to_owned()),
        ..api::RecordingStatus::default()
    };
    let going =
        api::RecordingStatus { recording: true, id: Some("abc".to_owned()), fault: None, ..idle.clone() };
    fake.will("POST /api/v1/recordings/start", json(&idle));
    fake.will("POST /api/v1/recordings/start", json(&going));
    let place = Place::at(&fake);
    let ran = place.run(&["record", "start"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.out, "Recording is wanted, but nothing is being written: no picture arrives\n");
    assert_eq!(place.run(&["record", "start"]).done(), "Recording (abc)\n");
}

#[test]
fn recordings() {
    let fake = Fake::start();
    let off = api::RecordingStatus::default();
    fake.will("POST /api/v1/recordings/stop", json(&off));
    fake.will("GET /api/v1/recordings", json(&api::Recordings { status: off, items: Vec::new() }));
    fake.will("DELETE /api/v1/recordings/-a_b", nothing());
    fake.will("DELETE /api/v1/recordings/now", problem(409, "recording_in_progress", "stop first"));
    let place = Place::at(&fake);
    assert_eq!(place.run(&["record", "stop"]).done(), "Recording is off\n");
    assert_eq!(place.run(&["record", "list"]).done(), "There are no recordings. Recording is off.\n");
    assert_eq!(place.run(&["record", "list", "--output", "json"]).json()["items"], json!([]));
    assert_eq!(place.run(&["record", "delete", "-a_b"]).done(), "Deleted -a_b.\n", "ids begin with anything");
    assert_eq!(
        place.run(&["record", "delete", "-a_b", "--output", "json"]).json(),
        json!({"deleted": "-a_b"})
    );
    let ran = place.run(&["record", "delete", "now"]);
    assert_eq!((ran.code, &*ran.err), (1, "havatarctl: stop first (recording_in_progress)\n"));
}

#[test]
fn the_link_alone_is_on_standard_output() {
    let fake = Fake::start();
    let origins = vec!["https://robot.local:8443".to_owned(), "https://192.0.2.7:8443".to_owned()];
    let link = api::LoginLink { path: "/#code=XyZ".to_owned(), expires_in_s: 600, origins };
    fake.will("POST /api/v1/login/link", json(&link));
    let place = Place::at(&fake);
    let url = "https://robot.local:8443/#code=XyZ";
    let ran = place.run(&["link"]);
    assert_eq!(ran.out, format!("{url}\n"));
    assert_eq!(ran.err, "It signs in once, within 10 min.\nThis robot is also at https://192.0.2.7:8443\n");
    let shown = place.run(&["link", "--output", "json"]);
    assert_eq!(shown.json(), json!({"url": url, "expires_in_s": 600}));
    assert_eq!(shown.err, "");
}

#[test]
fn completions_ask_nobody() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = crate::run::run(crate::run::bare(&["completions", shell])).done();
        assert!(script.contains("havatarctl") && script.contains("restart"), "{shell}");
    }
    assert_eq!(crate::run::run(crate::run::bare(&["completions", "cmd"])).code, 2);
}

#[test]
fn the_robot_is_shown_and_stopped() {
    let fake = Fake::start();
    fake.will("GET /api/v1/robot/state", json(&api::RobotState::default()));
    fake.will("POST /api/v1/robot/stop", json(&api::RobotState::default()));
    let latched = api::Estop { latched: true, ..api::Estop::default() };
    fake.will("POST /api/v1/robot/estop", json(&latched));
    let place = Place::at(&fake);
    assert!(place.run(&["robot", "state"]).done().contains("none configured"));
    assert!(place.run(&["robot", "stop"]).done().starts_with("Stop sent."));
    assert!(place.run(&["robot", "estop"]).done().starts_with("E-stop: latched"));
    let state = place.run(&["--output", "json", "robot", "state"]);
    assert_eq!(serde_json::from_value::<api::RobotState>(state.json()).unwrap(), api::RobotState::default());
    assert_eq!(fake.asked().len(), 4);
}

#[test]
fn a_release_needs_a_person_or_a_plain_yes() {
    let fake = Fake::start();
    let released = api::EstopReleased {
        estop: api::Estop::default(),
        confirm: Some("code".to_owned()),
        expires_in_s: Some(10),
    };
    fake.will("POST /api/v1/robot/estop/release", json(&released));
    let place = Place::at(&fake);
    let unasked = place.run(&["robot", "release"]);
    assert_eq!(unasked.code, 1, "{}", unasked.err);
    assert!(fake.asked().is_empty(), "nothing was sent");
    assert!(place.run(&["robot", "release", "--yes"]).done().starts_with("E-stop: free"));
    assert_eq!(fake.asked(), ["POST /api/v1/robot/estop/release"; 2]);
}

#[test]
fn the_robot_speaks() {
    let fake = Fake::start();
    let utterance =
        |text: Option<&str>| api::Utterance { id: 7, who: "admin".to_owned(), text: text.map(str::to_owned) };
    fake.will("POST /api/v1/robot/speak", json(&utterance(Some("--help"))));
    fake.will("POST /api/v1/robot/attention", json(&utterance(None)));
    fake.will("PUT /api/v1/robot/volume", json(&voice(35)));
    fake.will("DELETE /api/v1/robot/speak", nothing());
    let place = Place::at(&fake);
    let words = place.run(&["speak", "--language", "en", "--", "--help"]).done();
    assert_eq!(words, "Number 7 will be said: --help\n");
    assert_eq!(place.run(&["--output", "json", "speak", "Bună"]).json()["id"], 7);
    assert_eq!(place.run(&["attention"]).done(), "Number 7, the attention sound, will be heard.\n");
    assert_eq!(place.run(&["volume", "35"]).done(), "The loudspeaker plays at 35 %.\n");
    assert_eq!(place.run(&["hush"]).done(), "The robot says nothing more.\n");
    for wrong in [&["volume", "101"][..], &["volume", "-1"], &["speak"], &["speak", "a", "--language", "fr"]]
    {
        assert_eq!(place.run(wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(fake.asked().len(), 5, "what is no command was not sent");
}

#[test]
fn a_robot_that_may_not_speak_says_why() {
    let fake = Fake::start();
    fake.will("POST /api/v1/robot/speak", problem(409, "quiet_hours", "these are quiet hours, until 07:00"));
    let ran = Place::at(&fake).run(&["speak", "Bună"]);
    assert_eq!((ran.code, &*ran.err), (1, "havatarctl: these are quiet hours, until 07:00 (quiet_hours)\n"));
}

#[test]
fn a_cameras_controls_are_listed_and_set() {
    let fake = Fake::start();
    let control = api::CameraControl {
        name: "brightness".to_owned(),
        kind: api::CameraControlKind::Integer,
        range: Some(api::CameraControlRange { min: 0, max: 255, step: 1 }),
        choices: Vec::new(),
        default: api::ControlValue::Number(128),
        value: Some(api::ControlValue::Number(130)),
        changeable: true,
        inactive: false,
    };
    let device = "/dev/v4l/by-id/usb-x-video-index0".to_owned();
    let camera = api::AttachedCamera {
        device: device.clone(),
        node: "/dev/video0".to_owned(),
        name: "x".to_owned(),
        formats: Vec::new(),
        controls: vec![control.clone()],
        fault: None,
    };
    let devices = api::AttachedDevices { cameras: vec![camera], ..api::AttachedDevices::default() };
    fake.will("GET /api/v1/devices", json(&devices));
    let set = api::CameraControls { device, controls: vec![control] };
    fake.will("PUT /api/v1/devices/camera/controls", json(&set));
    let place = Place::at(&fake);
    assert!(place.run(&["devices"]).done().contains("usb-x-video-index0"));
    for args in [&["devices", "controls"][..], &["devices", "controls", "brightness=130", "contrast="]] {
        let words = place.run(args).done();
        assert!(words.contains("brightness") && words.contains("0 to 255"), "{words}");
    }
    assert_eq!(
        place.run(&["devices", "controls", "a=1", "--output", "json"]).json()["controls"][0]["value"],
        130
    );
    assert_eq!(place.run(&["devices", "controls", "brightness"]).code, 2);
    assert_eq!(fake.asked().len(), 4, "what is no setting was not sent");
}

#[test]
fn a_device_is_tested_and_its_frame_is_saved() {
    let fake = Fake::start();
    let camera = api::CameraTest {
        passed: true,
        device: "/dev/video0".to_owned(),
        source: api::DeviceTestSource::Device,
        width: Some(1280),
        height: Some(720),
        format: Some("mjpeg".to_owned()),
        first_frame_ms: 640,
        fps: Some(30.0),
        brightness_percent: 41.3,
        jpeg: "/9j/2Q==".to_owned(),
        remarks: Vec::new(),
    };
    let microphone = api::MicrophoneTest {
        passed: false,
        device: "default".to_owned(),
        source: api::DeviceTestSource::Process,
        peak_db: -90.0,
        rms_db: -90.0,
        clipped_percent: 0.0,
        remarks: vec!["nothing but silence came".to_owned()],
    };
    fake.will("POST /api/v1/devices/tests/camera", json(&camera));
    fake.will("POST /api/v1/devices/tests/microphone", json(&microphone));
    fake.will("POST /api/v1/devices/tests/speaker", problem(409, "quiet_hours", "these are quiet hours"));
    let place = Place::at(&fake);
    let test = |args: &[&str]| place.run(&[&["devices", "test"], args].concat());
    let words = test(&["camera", "/dev/video0", "--save", "frame.jpg"]).done();
    assert!(words.contains("1280x720") && words.contains("frame.jpg"), "{words}");
    assert_eq!(std::fs::read(place.path().join("frame.jpg")).unwrap(), [0xff, 0xd8, 0xff, 0xd9]);
    let again = test(&["camera", "--save", "frame.jpg"]);
    assert_eq!((again.code, &*again.out), (1, ""));
    assert!(again.err.contains("frame.jpg: name another file"), "{}", again.err);
    let shown = test(&["camera", "--output", "json"]).json();
    assert_eq!(serde_json::from_value::<api::CameraTest>(shown).unwrap(), camera);
    let silent = test(&["microphone"]);
    assert_eq!(silent.code, 1, "what comes looks wrong");
    assert!(silent.out.contains("nothing but silence came"), "{}", silent.out);
    let refused = test(&["speaker"]);
    assert_eq!((refused.code, &*refused.err), (1, "havatarctl: these are quiet hours (quiet_hours)\n"));
    assert_eq!(test(&["lidar"]).code, 2);
}
