//! A disk that hangs costs what is on it, and nothing else: driving, stops, events, requests and viewers go on.

use std::time::{Duration, SystemTime};

use havatar_api::{DriveEvent, DriveMode, Estop, Event, RecordingStatus, Recordings};
use havatar_tests::{BOTH, Daemon, HangingDisk, Moment, Plan, Robot, not_shown};
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

const VOLUME: (Method, &str) = (Method::PUT, "/api/v1/robot/volume");
/// Longer than anything here takes on a busy machine; the disk hangs for all of it.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn driving_stops_events_requests_and_viewers_go_on_while_the_disk_hangs() {
    let robot = Robot::new().await;
    let plan = Plan::new().set("robot.port", robot.port().to_str());
    let Some((disk, plan)) = HangingDisk::under(plan) else {
        return not_shown("a disk that hangs", "there is no C compiler");
    };
    let daemon = robot.launched(plan).await;
    daemon.ready().await;
    daemon.post("/api/v1/recordings/start").await;
    recording(&daemon, |status| status.recording).await;
    let events = daemon.events().await;
    let driver = daemon.admin().drives().await;

    disk.hang();
    // State, black box, recordings and the log all want the disk from now on.
    daemon.admin().ask(VOLUME.0, VOLUME.1, Some(json!({ "percent": 33 }))).await;
    disk.hangs().await;
    for _ in 0..3 {
        let begun = Moment::now();
        driver.neutral().await;
        driver.hold(0.5, 0.0).await;
        driver
            .receives_state(begun, PATIENCE, "the robot moves", |it| it.motion.mode == Some(DriveMode::Hold))
            .await;
        let begun = Moment::now();
        assert_eq!(daemon.post("/api/v1/robot/stop").await.status, 200);
        driver.receives_state(begun, PATIENCE, "it stands", |it| it.motion.mode.is_none()).await;
        let since = Instant::now();
        events
            .first(since, PATIENCE, "anything", |event| {
                (!matches!(event, Event::Levels { .. })).then_some(())
            })
            .await;
        daemon.status().await;
        assert_eq!(list(&daemon).await.items.len(), 1, "from memory");
    }
    assert!(driver.ended().is_none(), "the drive socket stays open");
    // MediaMTX asks the daemon whether this one may watch.
    daemon.viewer(BOTH).painted_after(SystemTime::now(), PATIENCE).await;
    let estop: Estop = daemon.post("/api/v1/robot/estop").await.json();
    assert!(estop.latched && !estop.saved, "in force, and not on the disk: {estop:?}");
    let begun = Moment::now();
    driver
        .receives(begun, PATIENCE, "the e-stop is shown", |event| match event {
            DriveEvent::State { robot } => robot.estop.latched.then_some(()),
            _ => None,
        })
        .await;
    recording(&daemon, |status| {
        !status.recording && status.fault.as_deref().is_some_and(|why| why.contains("disk"))
    })
    .await;

    disk.recover();
    recording(&daemon, |status| status.recording).await;
    daemon
        .eventually(PATIENCE, "the e-stop is on the disk", async || {
            daemon.status().await.robot.estop.saved.then_some(())
        })
        .await;
    daemon
        .eventually(PATIENCE, "and so is the volume", async || {
            let text = std::fs::read_to_string(daemon.plan().state().join("volume")).ok()?;
            (text.trim() == "33").then_some(())
        })
        .await;
    let (status, _, _) = daemon.stop().await;
    assert!(status.success(), "{status:?}");
}

async fn list(daemon: &Daemon) -> Recordings {
    daemon.get("/api/v1/recordings").await
}

async fn recording(daemon: &Daemon, is: impl Fn(&RecordingStatus) -> bool) {
    daemon
        .eventually(PATIENCE, "recording is as it should be", async || {
            is(&daemon.status().await.recording).then_some(())
        })
        .await;
}
