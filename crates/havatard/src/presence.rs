//! Who is there through the robot, told to those beside it; and the switch by which they close its eyes and ears.
//!
//! Joins what the media side knows (who reads the picture) with what the robot knows (who drives, how the switch stands),
//! and tells each what the other cannot know. A switch that cannot be asked, because the cable is out or the daemon has only
//! just started, stands as it stood last; a robot that has none holds nothing off.

use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::media::{BOTH, CAMERA, Media, MediaStatus};
use crate::robot::Robot;

/// The watch that people follow, and the task that keeps it true until `shutdown`.
pub fn start(
    media: Media,
    robot: Robot,
    shutdown: CancellationToken,
) -> (watch::Receiver<api::Presence>, impl Future<Output = ()> + Send) {
    let (told, presence) = watch::channel(fold(&media.subscribe().borrow(), &robot.state()));
    (presence, run(media, robot, told, shutdown))
}

async fn run(media: Media, robot: Robot, told: watch::Sender<api::Presence>, shutdown: CancellationToken) {
    let (mut streams, mut wheels) = (media.subscribe(), robot.subscribe());
    loop {
        let seen: Arc<MediaStatus> = streams.borrow_and_update().clone();
        let state = wheels.borrow_and_update().clone();
        let now = fold(&seen, &state);
        robot.watched(now.watchers);
        let without = match state.link.state {
            api::RobotLinkState::Off => true,
            api::RobotLinkState::Up => !has(&state, "mute_switch"),
            _ => false,
        };
        if let Some(on) = now.private.or(without.then_some(false)) {
            media.set_private(on);
        }
        told.send_if_modified(|before| {
            let news = *before != now;
            *before = now;
            news
        });
        tokio::select! {
            () = shutdown.cancelled() => return,
            Ok(()) = streams.changed() => {}
            Ok(()) = wheels.changed() => {}
        }
    }
}

fn fold(media: &MediaStatus, robot: &api::RobotState) -> api::Presence {
    // Figures that are old say nothing of now: MediaMTX away means that nobody sees anything.
    let readers = media.streams.streams.iter().filter(|it| it.name == CAMERA || it.name == BOTH);
    let watchers: u64 = if media.streams.live { readers.map(|it| it.readers).sum() } else { 0 };
    api::Presence {
        watchers: u32::try_from(watchers).unwrap_or(u32::MAX),
        driven: robot.driver.as_ref().is_some_and(|driver| driver.connected),
        shown: robot.link.state == api::RobotLinkState::Up && has(robot, "presence"),
        private: robot.telemetry.as_ref().and_then(|telemetry| telemetry.muted),
    }
}

fn has(robot: &api::RobotState, feature: &str) -> bool {
    robot.link.device.as_ref().is_some_and(|device| device.features.iter().any(|it| it == feature))
}
