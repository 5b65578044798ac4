//! A robot of a story's own: the simulator with the firmware that ships, on a pty.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use havatar_api::{RobotLinkState, RobotState};
use tempfile::TempDir;

use crate::clock::Moment;
use crate::daemon::Daemon;
use crate::driver::Driver;
use crate::plan::Plan;
use crate::timeline::{Pose, Timeline};
use crate::{tools, wait};

/// So long may pass from the first moment without a motor to the last with one, when a wheel comes to rest.
const SETTLES: Duration = Duration::from_millis(20);
/// How long after the wheels stand still they are watched, to see that they stay so.
const WATCHED: Duration = Duration::from_millis(600);

/// A simulated robot. Dropped, it is gone.
#[derive(Debug)]
pub struct Robot {
    child: Child,
    controls: ChildStdin,
    dir: TempDir,
}

impl Robot {
    /// One with the firmware that ships.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// One with further arguments for the simulator.
    ///
    /// # Panics
    /// If it does not come up.
    pub async fn with(flags: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("havatar-robot-").tempdir().expect("a temporary folder");
        let at = |name: &str| dir.path().join(name);
        let seed = rand::random::<u32>();
        wait::figure("robot_seed", seed);
        let mut command = tools::ends_with_us("havatar-sim");
        command.arg("esp32").arg("--link").arg(at("port")).arg("--timeline").arg(at("timeline"));
        command.args(["--seed", &seed.to_string()]).args(flags);
        let output = |name: &str| File::create(at(name)).expect("a file for output");
        command.stdin(Stdio::piped()).stdout(output("stdout")).stderr(output("stderr"));
        let mut child = command.spawn().expect("havatar-sim starts");
        let controls = child.stdin.take().expect("a pipe");
        let robot = Self { child, controls, dir };
        wait::eventually(Duration::from_secs(5), "the simulated robot is plugged in", async || {
            robot.port().exists().then_some(())
        })
        .await;
        robot
    }

    /// The port it is found at.
    pub fn port(&self) -> PathBuf {
        self.place("port")
    }

    /// A daemon that has this robot and nothing else: no camera, no microphone.
    pub fn plan(&self) -> Plan {
        Plan::new()
            .set("media.camera.source", "off")
            .set("media.microphone.source", "off")
            .set("robot.port", self.port().to_str())
    }

    /// Launches that daemon and waits until it knows the robot.
    pub async fn launch(&self) -> Daemon {
        self.launched(self.plan()).await
    }

    /// Launches this daemon and waits until it knows the robot.
    pub async fn launched(&self, plan: Plan) -> Daemon {
        let daemon = plan.launch().await;
        daemon.robot_is("the controller answers", |robot| robot.link.state == RobotLinkState::Up).await;
        daemon
    }

    /// Tells the simulator to do something to the robot: `unplug`, `reset`, `garbage 200`.
    ///
    /// # Panics
    /// If it has gone.
    pub fn tell(&mut self, command: &str) {
        writeln!(self.controls, "{command}")
            .and_then(|()| self.controls.flush())
            .expect("the simulator listens");
    }

    /// What has happened to it so far.
    pub fn timeline(&self) -> Timeline {
        Timeline::read(&self.place("timeline"))
    }

    /// Waits until the wheels turn.
    pub async fn moves(&self) -> Moment {
        wait::eventually(Duration::from_secs(5), "the wheels turn", async || {
            let now = Moment::now();
            self.timeline().moving_at(now).then_some(now)
        })
        .await
    }

    /// Waits until the motors are off, and sees that they stay so; returns when they went off, `since` at the earliest.
    ///
    /// # Panics
    /// If they do not, or come on again.
    pub async fn stands(&self, since: Moment, within: Duration) -> Moment {
        let zero =
            wait::eventually(within, "the motors are off", async || self.timeline().zero_after(since)).await;
        wait::pause(WATCHED).await;
        let timeline = self.timeline();
        // A wheel's controller may go through zero once more before it rests.
        let rests = timeline.zero_after(since).filter(|rests| rests.since(zero) <= SETTLES);
        rests.unwrap_or_else(|| {
            panic!("the motors came on again: {since:?} {zero:?}\n{}", timeline.tell(since))
        })
    }

    /// It obeys a control that was let go and is taken again: it moves, and stands once that is let go.
    pub async fn obeys(&self, driver: &Driver) {
        driver.neutral().await;
        driver.hold(0.5, 0.0).await;
        self.moves().await;
        driver.neutral().await;
        self.stands(Moment::now(), Duration::from_secs(2)).await;
    }

    /// Where it really is.
    ///
    /// # Panics
    /// If the simulator has not said.
    pub fn pose(&self) -> Pose {
        self.timeline().pose().expect("a pose")
    }

    fn place(&self, name: &str) -> PathBuf {
        Path::new(self.dir.path()).join(name)
    }
}

impl Drop for Robot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    /// The robot as the API tells of it.
    pub async fn robot(&self) -> RobotState {
        self.get("/api/v1/robot/state").await
    }

    /// Waits until the robot is as `is` says.
    pub async fn robot_is(&self, what: &str, is: impl Fn(&RobotState) -> bool) -> RobotState {
        let found =
            wait::in_time(Duration::from_secs(10), async || Some(self.robot().await).filter(&is)).await;
        match found {
            Some(robot) => robot,
            None => self.fail(&format!("{what}: {:#?}", self.robot().await)),
        }
    }
}
