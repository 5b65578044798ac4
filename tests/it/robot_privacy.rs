//! The switch on the robot by which a person beside it turns off camera and microphone: it wins over every client.

use std::time::{Duration, SystemTime};

use havatar_api::{DeviceState, Status};
use havatar_tests::{CAMERA, Daemon, Robot};

#[tokio::test]
async fn it_closes_eyes_and_ears_whatever_is_asked_from_afar_and_over_a_restart() {
    let mut robot = Robot::new().await;
    let plan = robot.plan().set("media.camera.source", "test").set("media.microphone.source", "test");
    let kept = plan.state().join("private");
    let daemon = robot.launched(plan).await;
    daemon.ready().await;
    let viewer = daemon.viewer(CAMERA);
    viewer.painted_after(SystemTime::now(), Duration::from_secs(10)).await;

    robot.tell("mute on");
    becomes(&daemon, "both are held off, and it is told", |status| {
        both(status, DeviceState::Private) && status.presence.private == Some(true)
    })
    .await;
    let closed = SystemTime::now();
    assert_eq!(daemon.post("/api/v1/stream/start").await.status, 204);
    for name in ["camera", "microphone"] {
        daemon.post(&format!("/api/v1/processes/{name}/start")).await;
        daemon.post(&format!("/api/v1/processes/{name}/restart")).await;
    }
    assert!(both(&daemon.status().await, DeviceState::Private));
    // No source at all runs, so nothing of the room can be in any stream or file.
    let sees = |daemon: &Daemon| {
        let processes = daemon.processes();
        processes.iter().any(|process| ["camera", "microphone"].contains(&&*process.belongs_to))
    };
    assert!(!sees(&daemon), "{:?}", daemon.processes());
    let later = viewer.frames().into_iter().filter(|frame| frame.painted.is_some_and(|at| at > closed));
    assert_eq!(later.count(), 0, "frames of the room after it was closed");

    // The next daemon knows it before the controller has answered. What closes the eyes does not wait for the disk, so a daemon
    // that is killed in those few milliseconds leaves it to the controller.
    daemon.eventually(Duration::from_secs(2), "the disk has it", async || kept.exists().then_some(())).await;
    let (_, plan) = daemon.kill();
    let daemon = plan.launch().await;
    becomes(&daemon, "the controller has answered", |status| {
        assert!(both(status, DeviceState::Private), "{:?}", status.devices);
        status.presence.private == Some(true)
    })
    .await;
    assert!(!sees(&daemon));

    robot.tell("mute off");
    becomes(&daemon, "they are back", |status| {
        both(status, DeviceState::Live) && status.presence.private == Some(false)
    })
    .await;
    daemon.viewer(CAMERA).painted_after(SystemTime::now(), Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_robot_that_is_no_longer_there_keeps_it_and_one_that_was_taken_out_of_the_config_does_not() {
    let mut robot = Robot::new().await;
    let daemon = robot.launched(robot.plan().set("media.camera.source", "test")).await;
    robot.tell("mute on");
    becomes(&daemon, "it is held off", |status| status.devices.camera.state == DeviceState::Private).await;
    robot.tell("unplug");
    becomes(&daemon, "nobody can ask it", |status| status.presence.private.is_none()).await;
    assert_eq!(daemon.status().await.devices.camera.state, DeviceState::Private);

    let (_, mut plan) = daemon.kill();
    plan.put("robot.port", "none");
    let daemon = plan.launch().await;
    becomes(&daemon, "without a robot there is no switch", |status| {
        status.devices.camera.state == DeviceState::Live
    })
    .await;
}

fn both(status: &Status, state: DeviceState) -> bool {
    status.devices.camera.state == state && status.devices.microphone.state == state
}

async fn becomes(daemon: &Daemon, what: &str, check: impl Fn(&Status) -> bool) {
    daemon
        .eventually(Duration::from_secs(15), what, async || check(&daemon.status().await).then_some(()))
        .await;
}
