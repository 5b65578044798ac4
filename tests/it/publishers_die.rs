//! A publisher is killed, or lives and produces nothing.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use havatar_api::{DeviceState, Event, Process, ProcessState};
use havatar_tests::{AUDIO, BOTH, CAMERA, Daemon, Plan, goal, proc, tools};
use nix::sys::signal::Signal;
use tokio::time::Instant;

#[tokio::test]
async fn a_killed_camera_is_replaced_and_its_viewers_stay_connected() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(CAMERA);
    viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    for _ in 0..2 {
        daemon.ready().await;
        let pid = daemon.child("camera", "ffmpeg").pid;
        let wall = SystemTime::now();
        proc::signal(pid, Signal::SIGKILL);
        let frame = viewer.painted_after(wall, Duration::from_secs(10)).await;
        let took = frame.at.duration_since(wall).expect("later");
        goal("camera_kill_to_frame", took, Duration::from_secs(3));
    }
    assert_eq!(viewer.sessions(), 1, "the viewer was never thrown out");
}

#[tokio::test]
async fn a_camera_whose_ffmpeg_hangs_is_declared_so_and_replaced() {
    a_stalled_camera_is_replaced("ffmpeg").await;
}

#[tokio::test]
async fn a_camera_whose_source_blocks_is_declared_so_and_replaced() {
    a_stalled_camera_is_replaced("havatar-sim").await;
}

/// SIGSTOP for one stage of the camera's pipeline: the source that blocks, or the encoder that hangs.
async fn a_stalled_camera_is_replaced(stage: &str) {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let events = daemon.events().await;
    let viewer = daemon.viewer(BOTH);
    viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    let stalled = daemon.child("camera", stage).pid;
    let (begun, wall) = (Instant::now(), SystemTime::now());
    proc::signal(stalled, Signal::SIGSTOP);
    let gone = |process: &Process| process.state != ProcessState::Running;
    let (declared, _) = events.process(begun, Duration::from_secs(6), "camera", gone).await;
    let declared = declared - begun;
    // What was in the pipes when it stalled may still arrive: only what was painted well after it counts.
    let frame = viewer.painted_after(wall + Duration::from_millis(500), Duration::from_secs(10)).await;
    let back = frame.at.duration_since(wall).expect("later");
    goal(&format!("camera_{stage}_stall_declared"), declared, Duration::from_secs(2));
    goal(&format!("camera_{stage}_stall_to_frame"), back, Duration::from_secs(4));
    let words = daemon.process("camera").await.last_exit.unwrap_or_default();
    assert!(words.contains("no new output"), "the reason is told: {words:?}");
}

#[tokio::test]
async fn a_killed_microphone_never_costs_the_picture() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let events = daemon.events().await;
    let (alone, together) = (daemon.viewer(CAMERA), daemon.viewer(BOTH));
    for viewer in [&alone, &together] {
        viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    }
    let pid = daemon.pid_of("microphone").await;
    let (begun, wall) = (Instant::now(), SystemTime::now());
    proc::signal(pid, Signal::SIGKILL);
    let told = |event: &Event| match event {
        Event::Devices { devices } => (devices.microphone.state != DeviceState::Live).then_some(()),
        _ => None,
    };
    events.first(begun, Duration::from_secs(2), "the microphone is not live", told).await;
    daemon.process_is(Duration::from_secs(5), "microphone", ProcessState::Running).await;
    for viewer in [&alone, &together] {
        // Two seconds of it, without a hole in which a person would see the picture stand.
        let later = wall + Duration::from_secs(2);
        viewer.painted_after(later, Duration::from_secs(5)).await;
        let frames: Vec<SystemTime> =
            viewer.frames().iter().filter(|it| it.at > wall).map(|it| it.at).collect();
        let hole = frames
            .windows(2)
            .filter_map(|pair| pair[1].duration_since(pair[0]).ok())
            .max()
            .unwrap_or_default();
        goal("picture_hole_when_microphone_dies", hole, Duration::from_millis(500));
        assert_eq!(viewer.sessions(), 1);
    }
}

#[tokio::test]
async fn an_absent_microphone_is_waited_for_and_the_picture_is_there_with_silence() {
    let daemon = without_sound("hw:CARD=Nowhere,DEV=0", "microphone_away").await;
    let device = daemon.status().await.devices.microphone;
    assert_eq!(device.state, DeviceState::Away);
    assert!(device.name.contains("hw:CARD=Nowhere"), "{device:?}");
    assert!(device.why.is_some_and(|why| why.contains("Nowhere")));
    assert_eq!(daemon.process("microphone").await.restarts, 0, "waiting is no failing");
}

#[tokio::test]
async fn without_any_sound_card_alsas_own_default_is_away_and_its_name_is_told() {
    // Where there is a card or a sound server, this cannot be shown.
    let has_card = fs::read_to_string("/proc/asound/cards").is_ok_and(|list| list.contains("]:"));
    if has_card || std::env::var_os("PULSE_SERVER").is_some() || Path::new("/run/pulse/native").exists() {
        return;
    }
    let daemon = Plan::new()
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .set("media.microphone.source", "alsa")
        .launch()
        .await;
    let words = daemon.missing(Duration::from_secs(10), "microphone_away").await;
    assert!(words.contains("there is no sound card"), "{words}");
    assert_eq!(daemon.process("microphone").await.restarts, 0, "waiting is no failing");
}

#[tokio::test]
async fn a_microphone_that_cannot_be_opened_is_told_in_its_recorders_words_and_the_picture_is_there_with_silence()
 {
    let daemon = without_sound("nobody_made_this", "microphone_silent").await;
    let why = daemon
        .eventually(Duration::from_secs(5), "why there is no sound", async || {
            daemon.status().await.devices.microphone.why.filter(|why| why.contains("audio open error"))
        })
        .await;
    assert!(why.starts_with("arecord (stage 1) exited with status 1: "), "{why}");
    assert!(daemon.status().await.devices.microphone.name.contains("nobody_made_this"));
}

/// A daemon whose microphone gives nothing, which is said with `code`; picture and silence have been found.
async fn without_sound(device: &str, code: &str) -> Daemon {
    let daemon = Plan::new()
        .set("media.microphone.source", "alsa")
        .set("media.microphone.device", device)
        .launch()
        .await;
    let words = daemon.missing(Duration::from_secs(10), code).await;
    assert!(words.starts_with("no sound"), "{words}");
    daemon.process_is(Duration::from_secs(10), "camera", ProcessState::Running).await;
    for path in [CAMERA, BOTH] {
        let viewer = daemon.viewer(path);
        viewer.painted_after(SystemTime::now(), Duration::from_secs(10)).await;
    }
    daemon
        .eventually(
            Duration::from_secs(5),
            "picture and silence are together, and no sound is claimed",
            async || {
                let (both, sound) = (daemon.stream(BOTH).await, daemon.stream(AUDIO).await);
                (both.codecs == ["H264", "Opus"] && both.active && !sound.active).then_some(())
            },
        )
        .await;
    let loudness = tools::loudness(&daemon.rtsp(BOTH)).await;
    assert!(loudness < -80.0, "silence: {loudness} dB");
    daemon
}

#[tokio::test]
async fn without_a_microphone_in_the_config_nothing_is_missing() {
    let daemon = Plan::new().set("media.microphone.source", "off").launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(BOTH);
    viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    let status = daemon.status().await;
    assert_eq!(status.devices.microphone.state, DeviceState::Off);
    assert!(status.streams.streams.iter().all(|stream| stream.name != AUDIO), "{:?}", status.streams);
    let output = tools::run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-rtsp_transport",
            "tcp",
            "-show_entries",
            "stream=codec_type",
            "-of",
            "csv=p=0",
            &daemon.rtsp(BOTH),
        ],
    )
    .await;
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "video");
}
