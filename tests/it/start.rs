//! From nothing to picture and sound.

use std::time::{Duration, SystemTime};

use havatar_api::DeviceState;
use havatar_tests::{AUDIO, BOTH, CAMERA, Plan, figure, tools};
use tokio::time::Instant;

#[tokio::test]
async fn from_nothing_to_readable_picture_and_sound() {
    let begun = Instant::now();
    let daemon = Plan::new().set("media.camera.size", "1280x720").launch().await;
    let (status, readiness) = daemon.readiness().await;
    assert_eq!(status, 503);
    let first = readiness.missing.first().expect("something is missing at first");
    assert_eq!(first.code, "mediamtx_down");
    assert_eq!(first.message, "MediaMTX is not up");

    let viewer = daemon.viewer(BOTH);
    daemon.ready().await;
    figure("start_to_ready_ms", begun.elapsed().as_millis());
    viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    figure("start_to_picture_ms", begun.elapsed().as_millis());

    let loudness = tools::loudness(&daemon.rtsp(BOTH)).await;
    assert!(loudness > -40.0, "the tone is heard: {loudness} dB");

    let status = daemon.status().await;
    assert_eq!(status.mediamtx_version.as_deref(), Some("v1.21.0"));
    assert!(status.streaming);
    let encoder = status.encoder.expect("the encoder is shown");
    assert!(!encoder.why.is_empty() && encoder.test_fps.is_some_and(|fps| fps > 0.0), "{encoder:?}");
    assert_eq!(
        (status.devices.camera.state, status.devices.microphone.state),
        (DeviceState::Live, DeviceState::Live)
    );
}

#[tokio::test]
async fn the_figures_of_the_streams_are_true_and_our_own_muxer_is_no_reader() {
    let daemon = Plan::new().set("media.camera.size", "640x360").launch().await;
    daemon.ready().await;
    for (name, codecs, size) in [
        (CAMERA, vec!["H264"], Some((640, 360))),
        (AUDIO, vec!["Opus"], None),
        (BOTH, vec!["H264", "Opus"], Some((640, 360))),
    ] {
        let stream = daemon
            .eventually(
                Duration::from_secs(5),
                "the stream is active with its tracks and its size",
                async || {
                    let stream = daemon.stream(name).await;
                    let known = stream.width.zip(stream.height) == size && stream.codecs == codecs;
                    (stream.active && known && stream.bitrate_kbps > 0.0).then_some(stream)
                },
            )
            .await;
        assert_eq!(stream.readers, 0, "the muxer is not counted: {stream:?}");
        assert!(stream.bytes_received > 0);
    }
    daemon
        .eventually(Duration::from_secs(5), "frames are counted, about as many as are painted", async || {
            daemon.stream(CAMERA).await.fps.filter(|fps| (15.0..45.0).contains(fps))
        })
        .await;

    let viewers = [daemon.viewer(BOTH), daemon.viewer(BOTH), daemon.viewer(CAMERA)];
    for (name, wanted) in [(BOTH, 2), (CAMERA, 1)] {
        daemon
            .eventually(Duration::from_secs(8), "those who watch are counted", async || {
                let stream = daemon.stream(name).await;
                (stream.readers == wanted && stream.bytes_sent > 0).then_some(())
            })
            .await;
    }
    drop(viewers);
    daemon
        .eventually(Duration::from_secs(8), "those who left are not counted any more", async || {
            (daemon.stream(BOTH).await.readers == 0 && daemon.stream(CAMERA).await.readers == 0).then_some(())
        })
        .await;
}

#[tokio::test]
async fn what_is_secret_is_readable_by_its_owner_alone() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let plan = daemon.plan();
    let state = ["admin-token", "watch-token"].map(|name| plan.state().join(name));
    for file in state.into_iter().chain([plan.runtime().join("mediamtx.yml")]) {
        assert_eq!(tools::mode(&file), 0o600, "{}", file.display());
    }
    for folder in [plan.state(), plan.runtime()] {
        assert_eq!(tools::mode(folder), 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn the_publishers_stop_and_start_on_request_and_the_wish_outlives_the_daemon() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    assert_eq!(daemon.post("/api/v1/stream/stop").await.status, 204);
    let words = daemon.missing(Duration::from_secs(3), "streaming_stopped").await;
    assert!(words.contains("/api/v1/stream/start"), "{words}");
    let left = daemon.processes();
    assert!(left.iter().all(|process| ["mediamtx", "robot"].contains(&&*process.belongs_to)), "{left:?}");
    let (_, plan) = daemon.kill();

    let daemon = plan.launch().await;
    daemon
        .eventually(Duration::from_secs(10), "MediaMTX is up", async || {
            daemon.status().await.mediamtx_version
        })
        .await;
    assert!(!daemon.status().await.streaming);
    assert_eq!(daemon.post("/api/v1/stream/start").await.status, 204);
    daemon.ready().await;
}

#[tokio::test]
async fn the_command_line_finds_the_local_socket() {
    let daemon = Plan::new().launch().await;
    let plan = daemon.plan();
    let mut command = std::process::Command::new(tools::built("havatarctl"));
    command
        .arg("--socket")
        .arg(plan.runtime().join("api.sock"))
        .arg("--token-file")
        .arg(plan.state().join("admin-token"));
    command.arg("link").env_remove("HAVATAR_URL");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("the thread")
        .expect("havatarctl runs");
    assert!(output.status.success(), "{}", tools::complaints(&output));
    let link = String::from_utf8_lossy(&output.stdout);
    assert!(link.starts_with(&format!("{}/#code=", daemon.origin())), "{link}");
}
