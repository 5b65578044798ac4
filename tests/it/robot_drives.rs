//! One metre ahead, a quarter turn, and back again, in each way of driving; where the robot really went is read from
//! the simulator, and where it thinks it is from the API.

use std::time::Duration;

use havatar_api::{DriveMode, Odometry, Refusal, RobotLinkState, StepMove, StopReason};
use havatar_tests::{Daemon, Driver, Moment, Plan, Pose, Robot, figure, pause};
use tokio::time::timeout;

/// What a person gets right by looking.
const METRES: f64 = 0.05;
const DEGREES: f64 = 5.0;
/// Longer than any of these moves.
const AT_MOST: Duration = Duration::from_secs(15);

#[tokio::test]
async fn by_holding_a_control() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    there_and_back(&robot, &daemon, "hold", async |way| {
        driver.neutral().await;
        for (share, until) in way.pace() {
            driver.hold(share * way.straight(), share * way.turning()).await;
            near(&driver, way, until).await;
        }
        driver.neutral().await;
    })
    .await;
}

#[tokio::test]
async fn by_presses_that_go_until_the_next_press() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    there_and_back(&robot, &daemon, "latch", async |way| {
        for (share, until) in way.pace() {
            // A latch lasts eight seconds at most; a driver with further to go renews it by another press.
            let mut there = false;
            while !there {
                driver.latch(share * way.straight(), share * way.turning(), 8000).await;
                there = timeout(Duration::from_secs(5), near(&driver, way, until)).await.is_ok();
            }
            driver.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn by_steps_that_end_by_themselves() {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    let driver = daemon.admin().drives().await;
    there_and_back(&robot, &daemon, "steps", async |way| {
        let steps = match way {
            Way::Ahead(metres) if metres > 0.0 => vec![StepMove::Cm(50); 2],
            // Backwards at half of the speed, half a metre does not fit into the four seconds of a step.
            Way::Ahead(_) => vec![StepMove::Cm(-20); 5],
            Way::Turn(degrees) => vec![StepMove::Deg(if degrees > 0.0 { 90 } else { -90 })],
        };
        for step in steps {
            let begun = Moment::now();
            driver.step(step).await;
            let stepping = |robot: &havatar_api::RobotState| robot.motion.mode == Some(DriveMode::Step);
            driver.receives_state(begun, Duration::from_secs(1), "the step begins", stepping).await;
            let begun = Moment::now();
            let over = |robot: &havatar_api::RobotState| robot.motion.mode.is_none();
            let state =
                driver.receives_state(begun, Duration::from_secs(5), "the step ends by itself", over).await;
            assert_eq!(state.motion.stopped, Some(StopReason::Ended), "{step:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_robot_in_the_config_every_command_says_so() {
    let plan = Plan::new().set("media.camera.source", "off").set("media.microphone.source", "off");
    let daemon = plan.set("robot.port", "none").launch().await;
    let robot = daemon.robot().await;
    assert_eq!((robot.link.state, robot.motion.refusal), (RobotLinkState::Off, Some(Refusal::RobotOff)));
    let admin = daemon.admin();
    for (path, body) in [
        ("head", serde_json::json!({ "token": "x", "pan": 0, "tilt": 0 })),
        ("lights", serde_json::json!({ "token": "x", "light": 0 })),
        ("buzzer", serde_json::json!({ "token": "x", "hz": 440, "ms": 100 })),
        (
            "step",
            serde_json::json!({ "token": "x", "press": 1, "t": 1.0, "beat": 1, "beat_t": 1.0, "move": { "cm": 5 } }),
        ),
    ] {
        let answer = admin.post(&format!("/api/v1/robot/{path}"), body).await;
        assert!((400..600).contains(&answer.status), "{path}: {}", answer.text());
        assert!(["robot_off", "no_lease"].contains(&answer.code().as_str()), "{path}: {}", answer.text());
    }
    // A stop is never refused, whatever there is to stop.
    assert_eq!(daemon.post("/api/v1/robot/stop").await.status / 100, 2);
}

/// A part of the way.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Metres from where the robot began, and whether that is ahead of where it is.
    Ahead(f64),
    /// Degrees, likewise.
    Turn(f64),
}

impl Way {
    fn signum(self) -> f64 {
        match self {
            Self::Ahead(by) | Self::Turn(by) => by.signum(),
        }
    }

    fn straight(self) -> f64 {
        if matches!(self, Self::Ahead(_)) { 1.0 } else { 0.0 }
    }

    fn turning(self) -> f64 {
        1.0 - self.straight()
    }

    /// How a person goes it: what share of the speed, and until how much of it is left. The last of it is so slow that
    /// letting go a third of a second late, as on a busy machine, is neither a centimetre nor two degrees too far: what
    /// a turn is off by goes into where the robot ends up.
    fn pace(self) -> [(f64, f64); 3] {
        let [slow, slower, end] =
            if matches!(self, Self::Ahead(_)) { [0.15, 0.04, 0.005] } else { [20.0, 6.0, 0.5] };
        [(1.0, slow), (0.4, slower), (0.1, end)].map(|(share, left)| (share * self.signum(), left))
    }

    /// How much of it is left, by the robot's own account. The whole way leads back to where it began, so the goal is
    /// a metre or a quarter turn on the way there, and nothing on the way back.
    fn left(self, at: Odometry) -> f64 {
        match self {
            Self::Ahead(by) => (by.max(0.0) - at.x_m) * by.signum(),
            Self::Turn(by) => (by.max(0.0) - at.heading_deg) * by.signum(),
        }
    }
}

/// Drives there and back with `drive`, and looks after each part where the robot is.
async fn there_and_back(robot: &Robot, daemon: &Daemon, mode: &str, mut drive: impl AsyncFnMut(Way)) {
    let ways = [Way::Ahead(1.0), Way::Turn(90.0), Way::Turn(-90.0), Way::Ahead(-1.0)];
    let goals = [(1.0, 0.0), (1.0, 90.0), (1.0, 0.0), (0.0, 0.0)];
    for (way, (x, heading)) in ways.into_iter().zip(goals) {
        drive(way).await;
        robot.stands(Moment::now(), Duration::from_secs(3)).await;
        // The wheels roll out, and the last report of where they are comes in.
        let odometry = settled(daemon).await;
        let Pose { x: true_x, y, heading: true_heading } = robot.pose();
        figure(&format!("{mode}_{way:?}"), format!("x {true_x:.3} m, y {y:.3} m, {true_heading:.1} deg"));
        assert!((true_x - x).abs() <= METRES && y.abs() <= METRES, "{mode} {way:?}: it is at {true_x}, {y}");
        assert!((true_heading - heading).abs() <= DEGREES, "{mode} {way:?}: it looks to {true_heading}");
        let off = (odometry.x_m - true_x).hypot(odometry.y_m - y);
        assert!(off <= METRES, "{mode} {way:?}: {odometry:?} is {off} m from where it is");
        assert!((odometry.heading_deg - true_heading).abs() <= DEGREES, "{mode} {way:?}: {odometry:?}");
    }
}

/// Waits until only so much of the way is left.
async fn near(driver: &Driver, way: Way, left: f64) {
    driver
        .receives_state(Moment::now(), AT_MOST, &format!("{left} left of {way:?}"), |robot| {
            let odometry = robot.telemetry.as_ref().and_then(|telemetry| telemetry.odometry);
            odometry.is_some_and(|at| way.left(at) <= left)
        })
        .await;
}

/// Where the robot thinks it is, once that does not change any more.
async fn settled(daemon: &Daemon) -> Odometry {
    let place = async || daemon.robot().await.telemetry.and_then(|telemetry| telemetry.odometry);
    daemon
        .eventually(Duration::from_secs(3), "the robot's place settles", async || {
            let before = place().await;
            pause(Duration::from_millis(150)).await;
            let after = place().await;
            after.filter(|_| after == before)
        })
        .await
}
