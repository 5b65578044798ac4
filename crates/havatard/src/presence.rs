//! Who is there through the robot, told to those beside it; and the switch by which they close its eyes and ears.
//!
//! Joins what the media side knows (who reads picture or sound) with what the robot knows (who drives, how the switch stands),
//! and tells each what the other cannot know. A switch that cannot be asked, because the cable is out or the daemon has only
//! just started, stands as it stood last; a robot that has none holds nothing off.

use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::media::{AUDIO, BOTH, CAMERA, Media, MediaStatus};
use crate::robot::Robot;

/// How long the last figures stand in for those of a MediaMTX that does not answer.
const STALE: Duration = Duration::from_secs(10);

/// For so long a look is shown at least, for it may be over before anybody has counted it.
const GLANCE: Duration = Duration::from_secs(2);

/// The watch that people follow, and the task that keeps it true until `shutdown`.
pub fn start(
    media: Media,
    robot: Robot,
    shutdown: CancellationToken,
) -> (watch::Receiver<api::Presence>, impl Future<Output = ()> + Send) {
    let mut count = Count::default();
    let watchers = count.look(&media.subscribe().borrow(), Instant::now());
    let (told, presence) = watch::channel(fold(watchers, &robot.state()));
    (presence, run(media, robot, count, told, shutdown))
}

async fn run(
    media: Media,
    robot: Robot,
    mut count: Count,
    told: watch::Sender<api::Presence>,
    shutdown: CancellationToken,
) {
    let (mut streams, mut wheels, mut looks) = (media.subscribe(), robot.subscribe(), media.looks());
    loop {
        count.looked = *looks.borrow_and_update();
        let seen: Arc<MediaStatus> = streams.borrow_and_update().clone();
        let state = wheels.borrow_and_update().clone();
        let now = fold(count.look(&seen, Instant::now()), &state);
        robot.set_watchers(now.watchers);
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
            Ok(()) = looks.changed() => {}
            () = at(count.due()) => {}
        }
    }
}

/// How many are there, as far as anybody can tell.
#[derive(Debug, Default)]
struct Count {
    /// By the last figures.
    last: u32,
    /// Since when nobody has answered whether that is still so.
    unanswered: Option<Instant>,
    /// It has been so for too long to be believed.
    stale: bool,
    /// When somebody was let in last.
    looked: Option<Instant>,
    /// That is shown until then.
    glance: Option<Instant>,
}

impl Count {
    fn look(&mut self, media: &MediaStatus, now: Instant) -> u32 {
        self.glance = self.looked.map(|looked| looked + GLANCE).filter(|end| now < *end);
        let counted = self.counted(media, now);
        if self.glance.is_some() { counted.max(1) } else { counted }
    }

    fn counted(&mut self, media: &MediaStatus, now: Instant) -> u32 {
        if media.streams.live || media.mediamtx_version.is_none() {
            // Nobody reads from a MediaMTX that has ended, whatever its last figures were.
            let last = if media.streams.live { external(&media.streams) } else { 0 };
            (self.last, self.unanswered, self.stale) = (last, None, false);
            return last;
        }
        // One look that failed says nothing of those who are there. When many have, somebody may have come meanwhile,
        // and whoever is beside the robot is told so sooner than that nobody is there.
        let since = *self.unanswered.get_or_insert(now);
        self.stale = now >= since + STALE;
        if self.stale { self.last.max(1) } else { self.last }
    }

    /// When the last figures become too old, or a glance is over.
    fn due(&self) -> Option<Instant> {
        let stale = self.unanswered.filter(|_| !self.stale).map(|since| since + STALE);
        [stale, self.glance].into_iter().flatten().min()
    }
}

/// Whoever hears the room counts like whoever sees it. The page reads picture and sound apart, so the two together are
/// taken for as many as read the more wanted of them.
fn external(streams: &api::Streams) -> u32 {
    let readers = |name: &str| -> u64 {
        streams.streams.iter().filter(|it| it.name == name).map(|it| it.readers).sum()
    };
    let watchers = readers(CAMERA).max(readers(AUDIO)).saturating_add(readers(BOTH));
    u32::try_from(watchers).unwrap_or(u32::MAX)
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn fold(watchers: u32, robot: &api::RobotState) -> api::Presence {
    api::Presence {
        watchers,
        driven: robot.driver.as_ref().is_some_and(|driver| driver.connected),
        shown: robot.link.state == api::RobotLinkState::Up && has(robot, "presence"),
        private: robot.telemetry.as_ref().and_then(|telemetry| telemetry.muted),
    }
}

fn has(robot: &api::RobotState, feature: &str) -> bool {
    robot.link.device.as_ref().is_some_and(|device| device.features.iter().any(|it| it == feature))
}
