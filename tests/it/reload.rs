//! A changed config, put in force by SIGHUP while everything runs.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use havatar_api::ConfigFault;
use havatar_tests::{BOTH, Daemon, Plan, figure, free_port, proc, tools};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_told_with_line_and_key() {
    let mut daemon = Plan::new().launch().await;
    daemon.ready().await;
    let before = pids(&daemon).await;
    daemon.rewrite_raw("media:\n  camera:\n    fps: 300\n    colour: red\n");
    daemon.reload();
    let faults = faults(&daemon, 2).await;
    let told: Vec<(Option<u32>, &str)> =
        faults.iter().map(|fault| (fault.line, fault.key.as_str())).collect();
    assert_eq!(told, [(Some(3), "media.camera.fps"), (Some(4), "media.camera.colour")]);
    assert!(
        faults.iter().all(|fault| fault.file.ends_with("havatar.yaml") && fault.fix.is_some()),
        "{faults:?}"
    );
    daemon.rewrite_raw("media: [\n");
    daemon.reload();
    let broken = self::faults(&daemon, 1).await;
    assert!(broken[0].line.is_some(), "{broken:?}");
    assert_eq!(pids(&daemon).await, before);
    assert_eq!(daemon.readiness().await.0, 200);

    daemon.rewrite(|_| ());
    daemon.reload();
    self::faults(&daemon, 0).await;
    assert_eq!(pids(&daemon).await, before, "the same settings restart nothing");
}

#[tokio::test]
async fn another_bit_rate_restarts_the_camera_and_nobody_who_need_not() {
    let mut daemon = Plan::new().launch().await;
    daemon.ready().await;
    let before = pids(&daemon).await;
    daemon.rewrite(|plan| plan.put("media.camera.bitrate", "400k"));
    reloaded(&daemon).await;
    daemon.ready().await;
    let after = pids(&daemon).await;
    let same: Vec<&str> =
        before.iter().filter(|it| after.contains(it)).map(|(name, _)| name.as_str()).collect();
    assert!(same.contains(&"mediamtx") && same.contains(&"microphone"), "kept: {same:?}");
    assert!(!same.contains(&"camera"), "kept: {same:?}");
    let encoder = daemon.child("camera", "ffmpeg").args;
    assert!(encoder.windows(2).any(|pair| pair == ["-b:v", "400000"]), "{encoder:?}");
}

#[tokio::test]
async fn another_segment_length_drops_nobody_and_recording_goes_on() {
    let mut daemon = Plan::new().launch().await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    let viewer = daemon.viewer(BOTH);
    viewer.painted_after(SystemTime::UNIX_EPOCH, SOON).await;
    let before = pids(&daemon).await;
    daemon.rewrite(|plan| plan.put("recording.segment", "90s"));
    reloaded(&daemon).await;
    let settings =
        std::fs::read_to_string(daemon.plan().runtime().join("mediamtx.yml")).expect("the settings");
    assert!(settings.contains("recordSegmentDuration: 1m30s"), "{settings}");
    let later = SystemTime::now() + Duration::from_secs(2);
    viewer.painted_after(later, SOON).await;
    assert_eq!(viewer.sessions(), 1, "the viewer was never thrown out");
    assert_eq!(pids(&daemon).await, before);
    daemon
        .eventually(SOON, "recording goes on", async || {
            let status = daemon.status().await.recording;
            (status.recording && status.wanted).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_port_that_somebody_holds_is_rolled_back_and_the_holder_named() {
    let mut daemon = Plan::new().launch().await;
    daemon.ready().await;
    let port = free_port();
    let foreign = TcpListener::bind(("127.0.0.1", port.port())).expect("a port");
    let address = format!("127.0.0.1:{}", port.port());
    let (begun, wall) = (Instant::now(), SystemTime::now());
    daemon.rewrite(|plan| plan.put("media.mediamtx.rtsp_address", address.clone()));
    daemon.reload();
    let faults = faults(&daemon, 1).await;
    let message = &faults[0].message;
    assert!(message.contains("media.mediamtx.rtsp_address") && message.contains(&address), "{message}");
    assert!(message.contains(&format!("(pid {})", std::process::id())), "who holds it: {message}");
    daemon.ready().await;
    let viewer = daemon.viewer(BOTH);
    viewer.painted_after(wall, SOON).await;
    figure("refused_reload_until_picture_is_back_ms", begun.elapsed().as_millis());
    drop(viewer);

    drop(foreign);
    daemon.reload();
    self::faults(&daemon, 0).await;
    daemon.plan.as_mut().expect("a plan").ports.rtsp = port.port();
    let moved = SystemTime::now();
    daemon.ready().await;
    daemon.viewer(BOTH).painted_after(moved, SOON).await;
}

#[tokio::test]
async fn settings_that_mediamtx_refuses_never_replace_those_in_force() {
    let plan = Plan::new();
    let binary = plan.place("mediamtx");
    tools::mediamtx_that_refuses(&binary, "recordSegmentDuration: 1m30s");
    let mut daemon = plan.set("media.mediamtx.binary", binary.to_str()).launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(BOTH);
    viewer.painted_after(SystemTime::UNIX_EPOCH, SOON).await;
    let settings = daemon.plan().runtime().join("mediamtx.yml");
    let (before, running) = (pids(&daemon).await, std::fs::read(&settings).expect("the settings"));
    daemon.rewrite(|plan| plan.put("recording.segment", "90s"));
    daemon.reload();
    let faults = faults(&daemon, 1).await;
    let message = &faults[0].message;
    assert!(message.contains("'hlsSegmentCount' must be at least 3"), "MediaMTX's own reason: {message}");
    assert!(message.contains("the former settings stay in force"), "{message}");
    assert!(std::fs::read(&settings).expect("the settings") == running, "the refused file was put in place");
    viewer.painted_after(SystemTime::now() + Duration::from_secs(1), SOON).await;
    assert_eq!((viewer.sessions(), pids(&daemon).await), (1, before), "nothing was restarted");

    daemon.rewrite(|plan| plan.put("recording.segment", "80s"));
    reloaded(&daemon).await;
    let accepted = std::fs::read_to_string(&settings).expect("the settings");
    assert!(accepted.contains("recordSegmentDuration: 1m20s"), "{accepted}");
}

#[tokio::test]
async fn a_publisher_that_starts_while_mediamtx_is_asked_keeps_nothing_of_what_it_then_refuses() {
    let plan = Plan::new();
    let binary = plan.place("mediamtx");
    let (asked, answer) = tools::mediamtx_that_refuses_when_told(&binary, "recordSegmentDuration: 1m30s");
    let mut daemon = plan.set("media.mediamtx.binary", binary.to_str()).launch().await;
    daemon.ready().await;
    let former = daemon.child("camera", "ffmpeg");
    daemon.rewrite(|plan| {
        plan.put("recording.segment", "90s");
        plan.put("media.camera.bitrate", "400k");
    });
    daemon.reload();
    daemon.eventually(SOON, "MediaMTX is asked", async || asked.exists().then_some(())).await;
    proc::signal(former.pid, Signal::SIGKILL);
    let rates = |args: &[String]| {
        let at = args.iter().position(|arg| arg == "-b:v").map(|at| at + 1);
        at.and_then(|at| args.get(at).cloned())
    };
    let anew = daemon
        .eventually(SOON, "another publisher runs", async || {
            let now = daemon
                .processes()
                .into_iter()
                .find(|it| it.belongs_to == "camera" && it.program() == "ffmpeg")?;
            (now.pid != former.pid && rates(&now.args).is_some()).then_some(now)
        })
        .await;
    assert_eq!(rates(&anew.args), rates(&former.args), "the settings in force");
    std::fs::write(answer, "").expect("the answer");
    faults(&daemon, 1).await;
    daemon.ready().await;
    let now = daemon.child("camera", "ffmpeg");
    assert_eq!((now.pid, rates(&now.args)), (anew.pid, rates(&former.args)));
}

#[tokio::test]
async fn sources_are_taken_away_and_given_back() {
    let mut daemon = Plan::new().launch().await;
    daemon.ready().await;
    daemon.rewrite(|plan| plan.put("media.microphone.source", "off"));
    reloaded(&daemon).await;
    daemon.ready().await;
    let alone = daemon.eventually(SOON, "the picture is alone", async || {
        let both = daemon.stream(BOTH).await;
        (both.active && both.codecs == ["H264"]).then_some(())
    });
    alone.await;
    daemon.rewrite(|plan| plan.put("media.microphone.source", "test"));
    reloaded(&daemon).await;
    daemon
        .eventually(SOON, "the sound is back", async || {
            let both = daemon.stream(BOTH).await;
            (both.active && both.codecs == ["H264", "Opus"]).then_some(())
        })
        .await;
    daemon.ready().await;
}

#[tokio::test]
async fn a_reload_in_the_middle_of_the_start_does_no_harm() {
    let plan = Plan::new();
    let ffmpeg = plan.place("ffmpeg");
    // An ffmpeg that makes a file in the state directory takes long: the first one after it is written, the others between
    // emptying it and writing it.
    tools::script(
        &ffmpeg,
        &format!(
            "for last; do :; done\ncase $last in */state/*) ;; *) exec ffmpeg \"$@\" ;; esac\n\
             if mkdir '{0}'; then ffmpeg \"$@\"; sleep 0.8; else sleep 0.4; : >\"$last\"; sleep 1.6; exec ffmpeg \"$@\"; fi",
            plan.place("first").display()
        ),
    );
    let mut daemon = plan.set("media.ffmpeg", ffmpeg.to_str()).launch().await;
    daemon
        .eventually(SOON, "the first one is at work", async || {
            daemon.plan().place("first").exists().then_some(())
        })
        .await;
    daemon.rewrite(|plan| plan.put("auth", json!({ "session_idle": "2h" })));
    reloaded(&daemon).await;
    daemon.ready().await;
    let mediamtx = daemon.process("mediamtx").await;
    assert_eq!(mediamtx.last_exit.filter(|how| how.contains("status 1")), None);
    assert!(daemon.status().await.config.faults.is_empty());
}

#[tokio::test]
async fn what_only_a_restart_can_change_is_said() {
    let mut daemon = Plan::new().launch().await;
    let port = free_port();
    daemon.rewrite(|plan| plan.put("server.listen", format!("127.0.0.1:{}", port.port())));
    daemon.reload();
    let faults = faults(&daemon, 1).await;
    assert!(faults[0].key == "server.listen" && faults[0].message.contains("restarted"), "{faults:?}");
    // It stays true, whatever else is changed, until the old address is back.
    daemon.rewrite(|plan| plan.put("auth", json!({ "session_idle": "2h" })));
    let before = daemon.status().await.config.loaded_at;
    daemon.reload();
    daemon
        .eventually(SOON, "it is still said", async || {
            let config = daemon.status().await.config;
            (config.loaded_at > before && config.faults == faults).then_some(())
        })
        .await;
    daemon.rewrite(|plan| {
        plan.put("server.listen", "127.0.0.1:0");
        plan.put("auth", json!({ "session_idle": "1h" }));
    });
    daemon.reload();
    self::faults(&daemon, 0).await;
}

/// Waits until there are so many faults, and gives them.
async fn faults(daemon: &Daemon, count: usize) -> Vec<ConfigFault> {
    daemon
        .eventually(SOON, &format!("{count} faults are told"), async || {
            Some(daemon.status().await.config.faults).filter(|faults| faults.len() == count)
        })
        .await
}

/// SIGHUP, and the wait for the new version to be in force.
async fn reloaded(daemon: &Daemon) {
    let before = daemon.status().await.config.loaded_at;
    daemon.reload();
    daemon
        .eventually(SOON, "the new config is in force", async || {
            let config = daemon.status().await.config;
            (config.loaded_at > before && config.faults.is_empty()).then_some(())
        })
        .await;
}

async fn pids(daemon: &Daemon) -> Vec<(String, Option<i32>)> {
    daemon.status().await.processes.into_iter().map(|process| (process.name, process.pid)).collect()
}
