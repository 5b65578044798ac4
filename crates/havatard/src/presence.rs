//! Presence: shows on the robot that it is watched or driven, and applies its privacy switch to the media side.
//!
//! All ways to see or hear count: live readers, a recording, fetching one that is still being made, and a test of camera or
//! microphone.
//! Joins the media side (readers of video and audio), the recorder and the robot (driver, privacy switch), and passes each the state of the
//! other. A switch that cannot be read, because the cable is out or the daemon has just started, keeps its last state; on a
//! robot without one nothing is held off.

use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::media::{AUDIO, BOTH, CAMERA, Media, MediaStatus, Observation};
use crate::recordings::{Followers, Recordings};
use crate::robot::Robot;

/// How long the last reader counts are used while MediaMTX does not answer.
const STALE: Duration = Duration::from_secs(10);

/// An admitted reader is shown for at least this time: it may leave before it is counted.
const MIN_SHOWN: Duration = Duration::from_secs(2);

/// The published presence, and the task that updates it until `shutdown`.
pub fn start(
    media: Media,
    recordings: &Recordings,
    robot: Robot,
    shutdown: CancellationToken,
) -> (watch::Receiver<api::Presence>, impl Future<Output = ()> + Send + use<>) {
    let mut count = Count::default();
    let mut beside = Beside::new(recordings, &media);
    let now = Instant::now();
    let live = count.update(&media.subscribe().borrow(), now);
    let (published, presence) = watch::channel(fold(live, beside.update(now), &robot.state()));
    (presence, run(media, beside, robot, count, published, shutdown))
}

async fn run(
    media: Media,
    mut beside: Beside,
    robot: Robot,
    mut count: Count,
    published: watch::Sender<api::Presence>,
    shutdown: CancellationToken,
) {
    let (mut streams, mut wheels, mut admitted) =
        (media.subscribe(), robot.subscribe(), media.access.reader_admitted());
    loop {
        count.admitted = *admitted.borrow_and_update();
        let seen: Arc<MediaStatus> = streams.borrow_and_update().clone();
        let state = wheels.borrow_and_update().clone();
        let at = Instant::now();
        let now = fold(count.update(&seen, at), beside.update(at), &state);
        robot.set_watchers(now.watchers);
        let without = match state.link.state {
            api::RobotLinkState::Off => true,
            api::RobotLinkState::Up => !has(&state, "mute_switch"),
            _ => false,
        };
        if let Some(on) = now.private.or(without.then_some(false)) {
            media.audio.set_private(on);
        }
        published.send_if_modified(|before| {
            let news = *before != now;
            *before = now;
            news
        });
        let due = [count.due(), beside.due()].into_iter().flatten().min();
        tokio::select! {
            () = shutdown.cancelled() => return,
            Ok(()) = streams.changed() => {}
            Ok(()) = wheels.changed() => {}
            Ok(()) = admitted.changed() => {}
            Ok(()) = beside.armed.changed() => {}
            Ok(()) = beside.followers.changed() => {}
            Ok(()) = beside.tests.changed() => {}
            () = until(due) => {}
        }
    }
}

/// The number of watchers, from the newest known reader counts.
#[derive(Debug, Default)]
struct Count {
    /// The last reader count.
    last: u32,
    /// The time since which MediaMTX has not answered.
    unanswered: Option<Instant>,
    /// The last count is too old.
    stale: bool,
    /// The time of the last admitted reader.
    admitted: Option<Instant>,
    /// The end of the time in which that reader is shown.
    shown_until: Option<Instant>,
}

impl Count {
    fn update(&mut self, media: &MediaStatus, now: Instant) -> u32 {
        self.shown_until = self.admitted.map(|at| at + MIN_SHOWN).filter(|end| now < *end);
        let counted = self.counted(media, now);
        if self.shown_until.is_some() { counted.max(1) } else { counted }
    }

    fn counted(&mut self, media: &MediaStatus, now: Instant) -> u32 {
        if media.streams.live || media.mediamtx_version.is_none() {
            // A MediaMTX that has ended has no readers.
            let last = if media.streams.live { external(&media.streams) } else { 0 };
            (self.last, self.unanswered, self.stale) = (last, None, false);
            return last;
        }
        // A failed query proves no change. Once the count is stale, a reader may have joined: show at least one, since showing
        // a watcher who has left is the safer error.
        let since = *self.unanswered.get_or_insert(now);
        self.stale = now >= since + STALE;
        if self.stale { self.last.max(1) } else { self.last }
    }

    /// The time at which the last count becomes stale, or the shown time ends.
    fn due(&self) -> Option<Instant> {
        let stale = self.unanswered.filter(|_| !self.stale).map(|since| since + STALE);
        [stale, self.shown_until].into_iter().flatten().min()
    }
}

/// Those who see and hear beside the live readers.
struct Beside {
    armed: watch::Receiver<bool>,
    followers: watch::Receiver<Followers>,
    tests: watch::Receiver<Observation>,
    last_download: AtLeast,
    last_test: AtLeast,
}

/// A look at them.
#[derive(Debug, Clone, Copy)]
struct BesideNow {
    /// It is recorded, or may be.
    recorded: bool,
    /// How many fetch a recording that is still being made.
    followers: u32,
    /// Camera or microphone is tested.
    tested: bool,
}

impl Beside {
    fn new(recordings: &Recordings, media: &Media) -> Self {
        Self {
            armed: recordings.armed(),
            followers: recordings.followers(),
            tests: media.tests.observation(),
            last_download: AtLeast::default(),
            last_test: AtLeast::default(),
        }
    }

    fn update(&mut self, now: Instant) -> BesideNow {
        let recorded = *self.armed.borrow_and_update();
        let followers = *self.followers.borrow_and_update();
        let test = *self.tests.borrow_and_update();
        let downloaded = self.last_download.shown(followers.ever, now);
        let tested = self.last_test.shown(test.ever, now) || test.now;
        BesideNow { recorded, followers: followers.now.max(u32::from(downloaded)), tested }
    }

    /// The end of the first of the times in which one is shown at least.
    fn due(&self) -> Option<Instant> {
        [self.last_download.until, self.last_test.until].into_iter().flatten().min()
    }
}

/// Shows what may be over before it is looked at.
#[derive(Debug, Default)]
struct AtLeast {
    /// Those that were seen to begin.
    ever: u64,
    /// The end of the time in which the last of them is shown at least.
    until: Option<Instant>,
}

impl AtLeast {
    fn shown(&mut self, ever: u64, now: Instant) -> bool {
        if ever > self.ever {
            self.ever = ever;
            self.until = Some(now + MIN_SHOWN);
        }
        self.until = self.until.filter(|end| now < *end);
        self.until.is_some()
    }
}

/// Readers of audio count like readers of video. The panel reads video and audio apart, so the two paths count as the larger
/// of both.
fn external(streams: &api::Streams) -> u32 {
    let readers = |name: &str| -> u64 {
        streams.streams.iter().filter(|it| it.name == name).map(|it| it.readers).sum()
    };
    let watchers = readers(CAMERA).max(readers(AUDIO)).saturating_add(readers(BOTH));
    u32::try_from(watchers).unwrap_or(u32::MAX)
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn fold(live: u32, beside: BesideNow, robot: &api::RobotState) -> api::Presence {
    let BesideNow { recorded, followers, tested } = beside;
    let ways = [
        (live > 0, api::PresenceWay::Live),
        (recorded, api::PresenceWay::Recording),
        (followers > 0, api::PresenceWay::Download),
        (tested, api::PresenceWay::Test),
    ];
    api::Presence {
        // A recording is watched later.
        watchers: live.saturating_add(followers).saturating_add(u32::from(tested)).max(u32::from(recorded)),
        ways: ways.into_iter().filter(|(is, _)| *is).map(|(_, way)| way).collect(),
        driven: robot.driver.as_ref().is_some_and(|driver| driver.connected),
        shown: robot.link.state == api::RobotLinkState::Up && has(robot, "presence"),
        private: robot.telemetry.as_ref().and_then(|telemetry| telemetry.muted),
    }
}

fn has(robot: &api::RobotState, feature: &str) -> bool {
    robot.link.device.as_ref().is_some_and(|device| device.features.iter().any(|it| it == feature))
}
