//! Recording: true only while a file grows, and going on by itself after every accident.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use havatar_api::{PresenceWay, Recording, RecordingFormat, RecordingStatus, Recordings};
use havatar_tests::{BOTH, Daemon, Plan, figure, goal, painted_in, pause, proc, tools};
use nix::sys::signal::Signal;
use reqwest::Method;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_recording_is_started_listed_downloaded_and_deleted() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let before = list(&daemon).await;
    assert!(before.items.is_empty() && !before.status.recording && !before.status.wanted);

    let started: RecordingStatus = daemon.post("/api/v1/recordings/start").await.json();
    assert!(started.wanted && started.recording, "the answer waits for growth: {started:?}");
    let id = started.id.expect("the file that grows");
    grows(&daemon).await;
    let listed = list(&daemon).await.items;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].writing && listed[0].id == id && listed[0].stream == BOTH, "{listed:?}");
    assert_eq!(listed[0].format, RecordingFormat::Fmp4);

    let refused = daemon.ask(Method::DELETE, &format!("/api/v1/recordings/{id}")).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "recording_in_progress"));

    let stopped: RecordingStatus = daemon.post("/api/v1/recordings/stop").await.json();
    assert!(!stopped.wanted && !stopped.recording && stopped.id.is_none(), "{stopped:?}");
    let item = daemon
        .eventually(SOON, "the file is closed", async || {
            list(&daemon).await.items.into_iter().find(|item| !item.writing)
        })
        .await;
    let size = item.size_bytes;
    pause(Duration::from_millis(600)).await;
    assert_eq!(list(&daemon).await.items[0].size_bytes, size, "nothing is written after the stop");

    let one: Recording = daemon.get(&format!("/api/v1/recordings/{id}")).await;
    assert_eq!(one.size_bytes, size);
    let file = daemon.plan().recordings().join(&item.file);
    assert_eq!(plays(&file).await, ["audio", "video"], "picture and sound");
    let truth = fs::read(&file).expect("the file");
    let download = format!("/api/v1/recordings/{id}/download");
    let whole = daemon.ask(Method::GET, &download).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "video/mp4"));
    assert!(whole.body == truth, "{} bytes", whole.body.len());
    let part = daemon
        .try_ask(Method::GET, &download, |it| it.header("range", "bytes=1000-1999"))
        .await
        .expect("a part");
    assert_eq!(
        (part.status, part.header("content-range")),
        (206, format!("bytes 1000-1999/{size}").as_str())
    );
    assert!(part.body == truth[1000..2000]);
    let beyond = daemon.try_ask(Method::GET, &download, |it| it.header("range", "bytes=999999999-")).await;
    assert_eq!(beyond.expect("an answer").status, 416);

    assert_eq!(daemon.ask(Method::DELETE, &format!("/api/v1/recordings/{id}")).await.status, 204);
    assert!(!file.exists());
    let gone = daemon.ask(Method::GET, &format!("/api/v1/recordings/{id}")).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "no_such_recording"));
}

#[tokio::test]
async fn recording_is_shown_and_so_is_a_download_of_a_growing_file() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let presence = async || daemon.status().await.presence;
    let before = presence().await;
    assert_eq!((before.watchers, before.ways), (0, vec![]));
    let started: RecordingStatus = daemon.post("/api/v1/recordings/start").await.json();
    let id = started.id.expect("the file that grows");
    let recorded = presence().await;
    assert_eq!((recorded.watchers, recorded.ways), (1, vec![PresenceWay::Recording]), "nobody else looks");
    // Fetched by two while it grows, in parts as a player does.
    let fetch = async || {
        let path = format!("/api/v1/recordings/{id}/download");
        daemon
            .try_ask(Method::GET, &path, |it| it.header("range", "bytes=0-99"))
            .await
            .expect("an answer")
            .status
    };
    let (one, two) = tokio::join!(fetch(), fetch());
    assert_eq!((one, two), (206, 206));
    let followed = presence().await;
    assert!(followed.ways.contains(&PresenceWay::Download) && followed.watchers >= 1, "{followed:?}");
    assert_eq!(daemon.post("/api/v1/recordings/stop").await.status, 200);
    daemon
        .eventually(SOON, "nobody is shown any more", async || {
            let presence = presence().await;
            (presence.watchers == 0 && presence.ways.is_empty()).then_some(())
        })
        .await;
    daemon
        .eventually(SOON, "the file is closed", async || {
            list(&daemon).await.items.into_iter().find(|item| !item.writing)
        })
        .await;
    // What was is over: fetching it shows the robot to nobody.
    assert_eq!(fetch().await, 206);
    assert_eq!(presence().await.watchers, 0);
    // A MediaMTX that is killed while it records: it is shown again once it records again.
    daemon.post("/api/v1/recordings/start").await;
    let pid = daemon.pid_of("mediamtx").await;
    proc::signal(pid, Signal::SIGKILL);
    grows(&daemon).await;
    daemon
        .eventually(SOON, "recording is shown again", async || {
            presence().await.ways.contains(&PresenceWay::Recording).then_some(())
        })
        .await;
}

#[tokio::test]
async fn while_no_picture_comes_nothing_is_said_to_be_recorded() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    grows(&daemon).await;
    daemon.post("/api/v1/stream/stop").await;
    let status = daemon
        .eventually(SOON, "it is not recording, and says why", async || {
            let status = list(&daemon).await.status;
            (!status.recording && status.fault.is_some()).then_some(status)
        })
        .await;
    assert!(status.wanted, "{status:?}");
    daemon.post("/api/v1/stream/start").await;
    daemon
        .eventually(Duration::from_secs(15), "it goes on by itself", async || {
            let status = list(&daemon).await.status;
            (status.recording && status.fault.is_none()).then_some(())
        })
        .await;
}

#[tokio::test]
async fn mpegts_is_recorded_as_well() {
    let daemon = Plan::new().set("recording.format", "mpegts").launch().await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    grows(&daemon).await;
    daemon.post("/api/v1/recordings/stop").await;
    let item = list(&daemon).await.items.remove(0);
    assert_eq!(item.format, RecordingFormat::Mpegts);
    assert_eq!(plays(&daemon.plan().recordings().join(item.file)).await, ["audio", "video"]);
}

#[tokio::test]
async fn a_kill_of_mediamtx_costs_at_most_a_second_and_recording_goes_on_by_itself() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    grows(&daemon).await;
    for _ in 0..2 {
        daemon.ready().await;
        let id = grows(&daemon).await;
        let pid = daemon.pid_of("mediamtx").await;
        let (killed, clock) = (SystemTime::now(), Instant::now());
        proc::signal(pid, Signal::SIGKILL);
        daemon
            .eventually(Duration::from_secs(15), "another file grows", async || {
                let status = list(&daemon).await.status;
                (status.recording && status.id.is_some_and(|now| now != id)).then_some(())
            })
            .await;
        figure("recording_seen_to_go_on_after_kill_ms", clock.elapsed().as_millis());
        let items = list(&daemon).await.items;
        let broken = items.iter().find(|item| item.id == id).expect("the file that was being written");
        let next =
            items.iter().find(|item| SystemTime::from(item.started_at) > killed).expect("the next one");
        // By the clock in the picture itself, so that every delay on the way into the file counts.
        let end = last_painted(&daemon.plan().recordings().join(&broken.file)).await;
        let first = *painted_in(&daemon.plan().recordings().join(&next.file)).await.first().expect("a frame");
        let lost = killed.duration_since(end).unwrap_or_default();
        figure("recording_missing_around_kill_ms", first.duration_since(end).expect("later").as_millis());
        goal("recording_lost_before_kill", lost, Duration::from_secs(1));
    }
    daemon.post("/api/v1/recordings/stop").await;
    let items = list(&daemon).await.items;
    assert!(items.len() >= 3, "{items:?}");
    for item in items {
        assert_eq!(plays(&daemon.plan().recordings().join(item.file)).await, ["audio", "video"]);
    }
}

#[tokio::test]
async fn a_kill_of_the_daemon_costs_at_most_a_second_and_the_next_one_goes_on_recording() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    grows(&daemon).await;
    let killed = SystemTime::now();
    let (_, plan) = daemon.kill();
    let file = newest(&plan);
    let lost = killed.duration_since(last_painted(&file).await).unwrap_or_default();
    goal("recording_lost_before_daemon_kill", lost, Duration::from_secs(1));
    assert_eq!(plays(&file).await, ["audio", "video"]);

    let daemon = plan.launch().await;
    // It records again without being asked. A file that is ended within its first moments may hold sound alone: the
    // first picture in it is the next key frame.
    grows(&daemon).await;
    // Nor does a restart or an upgrade end it.
    let (_, _, plan) = daemon.stop().await;
    for item in fs::read_dir(plan.recordings()).expect("the recordings").flatten() {
        assert_eq!(plays(&item.path()).await, ["audio", "video"]);
    }
    let daemon = plan.launch().await;
    grows(&daemon).await;
    // A person does.
    daemon.post("/api/v1/recordings/stop").await;
    let (_, _, plan) = daemon.stop().await;
    let daemon = plan.launch().await;
    daemon.ready().await;
    let status = list(&daemon).await.status;
    assert!(!status.wanted && !status.recording, "{status:?}");
}

async fn list(daemon: &Daemon) -> Recordings {
    daemon.get("/api/v1/recordings").await
}

/// Waits until a file is said to be recorded and has two seconds in it; gives its id.
async fn grows(daemon: &Daemon) -> String {
    daemon
        .eventually(SOON, "a file grows", async || {
            let status = list(daemon).await.status;
            let old_enough =
                SystemTime::from(status.since?).elapsed().is_ok_and(|age| age > Duration::from_secs(2));
            (status.recording && old_enough && status.size_bytes > Some(0)).then_some(status.id?)
        })
        .await
}

/// Decodes every frame of a file, without a complaint; gives what it holds.
async fn plays(file: &Path) -> Vec<String> {
    let path = file.to_str().expect("UTF-8");
    let args = [
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        "stream=codec_type,nb_read_frames",
        "-of",
        "csv=p=0",
        path,
    ];
    let output = tools::run("ffprobe", &args).await;
    let said = tools::complaints(&output);
    assert!(output.status.success() && said.is_empty(), "{path}: {said}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut kinds: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once(','))
        .inspect(|(_, frames)| {
            assert!(frames.parse::<u64>().is_ok_and(|frames| frames > 0), "{path}: {text}");
        })
        .map(|(kind, _)| kind.to_owned())
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// When the last frame of a file was painted.
async fn last_painted(file: &Path) -> SystemTime {
    painted_in(file).await.into_iter().max().expect("a frame")
}

fn newest(plan: &Plan) -> PathBuf {
    let files = fs::read_dir(plan.recordings()).expect("the recordings").flatten().map(|entry| entry.path());
    files.max().expect("a recording")
}
