//! A network that delays, stalls, repeats and shuffles: nothing that is older than 300 ms moves the wheels.

use std::time::Duration;

use havatar_tests::{
    Daemon, Dice, Driver, Moment, Received, Relay, Robot, Sent, Timeline, Way, figure, pause,
};

/// No motion from any command older than this.
const OLDEST: Duration = Duration::from_millis(300);
/// What comes late to the pty and to the timeline, on a machine that does other things too.
const SLACK: Duration = Duration::from_millis(15);
/// mm/s and mrad/s of a full share: the config's defaults.
const FULL: (f64, f64) = (250.0, 785.0);

#[tokio::test]
async fn delays_and_stalls() {
    schedule("delay", &["--delay", "60", "--jitter", "120", "--loss", "0.02"], 12).await;
}

#[tokio::test]
async fn repeated_shuffled_and_late_messages() {
    schedule("replay", &["--replay", "0.2", "--shuffle", "0.1", "--double", "0.1", "--late", "0.1"], 12)
        .await;
}

#[tokio::test]
async fn all_of_it_at_once() {
    let flags = [
        "--delay",
        "30",
        "--jitter",
        "200",
        "--loss",
        "0.02",
        "--replay",
        "0.1",
        "--shuffle",
        "0.1",
        "--late",
        "0.1",
    ];
    schedule("all", &flags, 12).await;
}

/// Drives through a relay that behaves badly: bursts of holding, and silences in which what is on its way comes late.
async fn schedule(name: &str, flags: &[&str], bursts: usize) {
    let mut dice = Dice::new(name);
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let seed = dice.below(1 << 30).to_string();
    let relay = Relay::before(&daemon, &[flags, &["--seed", &seed]].concat()).await;
    let mut sent: Vec<Sent> = Vec::new();
    let mut driver: Option<Driver> = None;
    for _ in 0..bursts {
        // A relay that shuffles may break what the socket promises; a driver whose socket was closed comes again.
        let at_it = match driver.take() {
            Some(driver) if driver.ended().is_none() => driver,
            former => {
                sent.extend(former.iter().flat_map(Driver::sent));
                connects_through(&daemon, &relay).await
            }
        };
        at_it.neutral().await;
        pause(dice.between(100, 300)).await;
        at_it.wander().await;
        pause(dice.between(100, 1200)).await;
        at_it.silent().await;
        // So long that the next neutral finds the robot at rest: to slow down for a neutral is no stale motion.
        pause(dice.between(350, 900)).await;
        driver = Some(at_it);
    }
    sent.extend(driver.iter().flat_map(Driver::sent));
    drop(driver);
    robot.stands(Moment::now(), Duration::from_secs(2)).await;

    let timeline = robot.timeline();
    let stale = stale_set_points(&timeline, &sent);
    let motions = timeline.motions();
    figure(&format!("{name}_commands_sent"), sent.iter().filter(|sent| sent.shares.is_some()).count());
    figure(&format!("{name}_motions"), motions.len());
    figure(&format!("{name}_stale_motions"), stale.len());
    assert!(!motions.is_empty(), "nothing ever moved, so nothing was shown");
    assert!(stale.is_empty(), "set-points without a fresh command: {stale:?}");
    for (begin, end) in motions {
        let (end, gap) = end.expect("it stands");
        let newest = sent.iter().rfind(|sent| sent.shares.is_some() && sent.at <= end);
        let newest = newest.unwrap_or_else(|| panic!("it moved at {begin:?} before anybody said so"));
        let age = end.since(newest.at);
        assert!(
            age <= OLDEST + SLACK + gap,
            "the motors were still on {age:?} after the last command, {gap:?}"
        );
    }
}

/// A greeting that the relay shuffles behind something else is shown out, so it is made again.
async fn connects_through(daemon: &Daemon, relay: &Relay) -> Driver {
    let way = daemon.admin().way();
    for _ in 0..10 {
        let (lease, token) = daemon.admin().acquire(serde_json::json!({})).await;
        let way = Way { address: relay.address(), ..way.clone() };
        if let Ok(driver) = Driver::open(&way, lease, &token).await
            && driver.is_welcome().await
        {
            return driver;
        }
    }
    panic!("nobody is let in through the relay");
}

/// Set-points whose own command, told by its turn, had been sent more than 300 ms before, with that age.
fn stale_set_points(timeline: &Timeline, sent: &[Sent]) -> Vec<(Moment, Option<Duration>)> {
    let moving = timeline.received_after(Moment::START).filter(|(_, frame)| frame.moves());
    moving
        .filter_map(|(at, frame)| {
            let cause = sent.iter().rev().find(|sent| {
                sent.at <= at && sent.shares.is_some_and(|(_, angular)| (angular - turn(frame)).abs() < 0.01)
            });
            let age = cause.map(|cause| at.since(cause.at));
            let gap = Duration::from_nanos(frame.gap_ns);
            age.is_none_or(|age| age > OLDEST + SLACK + gap).then_some((at, age))
        })
        .collect()
}

/// The share of turn that a set-point was made from: speed and turn are scaled alike, whatever limits them.
fn turn(frame: &Received) -> f64 {
    f64::from(frame.angular) / FULL.1 / (f64::from(frame.linear) / FULL.0)
}
