//! Watches the motion loop from outside: a driver that hangs holds the thread, and with it the news of all that follows.
//!
//! While the loop does not run, nothing is known of the robot: it is shown so, driving is refused, and stops, e-stops and
//! leases are published from here. A loop that is merely starved is treated alike, for unknown means stopped; but only one
//! that could run and does not is a reason to restart the daemon.

use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::RunQueue;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::shared::Shared;

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The loop takes a turn four times a second at least.
const HUNG_AFTER: Duration = Duration::from_secs(1);
/// After so much time in which it could have run, the service manager is no longer told that the daemon is alive.
const DEAD_AFTER: Duration = Duration::from_secs(10);

/// Watches until `stop`.
pub(super) async fn run(shared: Arc<Shared>, alive: watch::Sender<bool>, stop: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // While it hangs: the waits of this program's threads, the last look, and the time in which the loop could have run.
    let mut hung: Option<(RunQueue, Instant, Duration)> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        let now = Instant::now();
        let age = shared.loop_age(now);
        if age < HUNG_AFTER {
            if hung.take().is_some() {
                tracing::warn!("the motion loop runs again");
                shared.set_hung(false);
                alive.send_replace(true);
            }
            continue;
        }
        match &mut hung {
            None => {
                tracing::error!(
                    ms = age.as_millis(),
                    "the motion loop does not run: the port's driver may hang"
                );
                shared.set_hung(true);
                hung = Some((RunQueue::follow([]), now, Duration::ZERO));
            }
            Some((queue, last, idle)) => {
                *idle += (now - *last).saturating_sub(queue.waited());
                *last = now;
                if *idle >= DEAD_AFTER {
                    alive.send_if_modified(|alive| std::mem::replace(alive, false));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use havatar_api::{EstopSource, RobotLinkState};

    use crate::robot::{Robot, Who};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_hangs_is_shown_others_publish_in_its_place_and_the_watchdog_is_told() {
        let robot = Robot::for_tests();
        let (alive_in, mut alive) = watch::channel(true);
        let stop = CancellationToken::new();
        let mut states = robot.subscribe();
        let mut commands = Vec::new();
        robot.0.device_commands(Instant::now(), &mut commands);
        tokio::spawn(run(robot.0.clone(), alive_in, stop.clone()));
        states
            .wait_for(|state| {
                state.link.state == RobotLinkState::Unknown
                    && state.link.why.as_deref().is_some_and(|why| why.contains("motion loop"))
            })
            .await
            .unwrap();
        assert!(robot.loop_age() >= HUNG_AFTER);
        let who = Who { name: "Ana".to_owned(), account: "ana".to_owned(), key: "1".to_owned(), admin: true };
        robot.0.update(|core, _| core.estop(&who, jiff::Timestamp::now()));
        let shown = states.borrow_and_update().estop.clone();
        assert!(shown.latched && shown.source == Some(EstopSource::Person), "{shown:?}");
        alive.wait_for(|alive| !alive).await.unwrap();
        // It takes a turn.
        let turning = tokio::spawn({
            let shared = robot.0.clone();
            async move {
                loop {
                    shared.device_commands(Instant::now(), &mut Vec::new());
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
        alive.wait_for(|alive| *alive).await.unwrap();
        states
            .wait_for(|state| !state.link.why.as_deref().is_some_and(|why| why.contains("motion loop")))
            .await
            .unwrap();
        turning.abort();
    }
}
