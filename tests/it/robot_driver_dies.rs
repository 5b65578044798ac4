//! The driver is gone: the network, the program, the hand. The wheels stop, and the robot is not driven on by what
//! comes late.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use havatar_api::{DriveMode, Refusal, StopReason};
use havatar_tests::network::{self, Cable, NotHere};
use havatar_tests::{Daemon, Dice, Driver, Moment, Relay, Robot, figure, not_shown, proc, tools};
use nix::sys::signal::Signal;
use tokio::net::{TcpListener, TcpStream};

/// From the fault to motors that are off, and stay off.
const GOAL: Duration = Duration::from_millis(350);

#[tokio::test]
async fn a_connection_that_is_closed_stops_the_wheels_at_once() {
    let mut dice = Dice::new("closed");
    let (robot, daemon) = robot_and_daemon().await;
    for politely in [true, false, true, false] {
        let driver = daemon.admin().drives().await;
        holds(&robot, &driver, &mut dice).await;
        let gone = Moment::now();
        if politely {
            driver.close().await;
        } else {
            drop(driver);
        }
        // Not by a deadman's time: by the connection's end, and the ramp is not waited for either.
        stops(&robot, &daemon, gone, "socket_cut", Duration::from_millis(150), StopReason::Disconnected)
            .await;
    }
}

#[tokio::test]
async fn a_driver_who_falls_silent_is_not_waited_for() {
    let mut dice = Dice::new("silent");
    let (robot, daemon) = robot_and_daemon().await;
    let driver = daemon.admin().drives().await;
    for _ in 0..3 {
        holds(&robot, &driver, &mut dice).await;
        driver.silent().await;
        let silent = Moment::now();
        stops(&robot, &daemon, silent, "driver_silent", GOAL, StopReason::Silent).await;
        // The hand that was asleep wakes with the stick where it was.
        let awake = Moment::now();
        driver.hold(1.0, 0.0).await;
        driver.refused(awake, Refusal::NeutralFirst).await;
        assert!(!robot.timeline().moved_since(awake), "it moved without a neutral");
    }
}

#[tokio::test]
async fn a_driving_program_that_is_killed_leaves_nothing_moving() {
    let mut dice = Dice::new("driver_killed");
    let (robot, daemon) = robot_and_daemon().await;
    let token = daemon.plan().state().join("admin-token");
    for signal in [Signal::SIGKILL, Signal::SIGSTOP, Signal::SIGKILL] {
        let mut program = tools::ends_with_us("havatar-driver");
        program.args(["hold", daemon.origin()]).arg(&token).stdout(Stdio::piped());
        let mut program = program.spawn().expect("havatar-driver starts");
        robot.moves().await;
        dice.phase(300).await;
        let gone = Moment::now();
        proc::signal(program.id().cast_signed(), signal);
        let zero = robot.stands(gone, Duration::from_secs(2)).await;
        let took = zero.since(gone);
        figure(&format!("driver_{signal}_to_zero_ms"), took.as_millis());
        assert!(took <= GOAL, "the motors were off {took:?} after {signal}");
        if signal == Signal::SIGSTOP {
            // What it had in hand when it was stopped arrives when it goes on; that moves nothing.
            proc::signal(program.id().cast_signed(), Signal::SIGCONT);
            daemon.robot_is("the program is heard again", |robot| robot.motion.neutral_first).await;
            havatar_tests::pause(Duration::from_millis(500)).await;
            assert!(!robot.timeline().moved_since(zero), "it moved on");
        }
        let _ = program.kill();
        let _ = program.wait();
        let mut said = String::new();
        let _ = program.stdout.take().expect("a pipe").read_to_string(&mut said);
        assert!(said.contains("driving"), "{said}");
    }
}

#[tokio::test]
async fn a_relay_that_swallows_everything_stops_the_wheels() {
    let mut dice = Dice::new("blocked");
    let (robot, daemon) = robot_and_daemon().await;
    let mut relay = Relay::before(&daemon, &[]).await;
    for _ in 0..3 {
        let driver = daemon.admin().drives_by(relay.address()).await;
        holds(&robot, &driver, &mut dice).await;
        let gone = Moment::now();
        relay.tell("block on");
        stops(&robot, &daemon, gone, "relay_block", GOAL, StopReason::Silent).await;
        let back = Moment::now();
        relay.tell("block off");
        havatar_tests::pause(Duration::from_millis(700)).await;
        assert!(!robot.timeline().moved_since(back), "what was held back moved it");
    }
}

#[test]
fn a_network_that_is_dead_stops_the_wheels() {
    let story = async || {
        let cable = Cable::lay().await?;
        let mut dice = Dice::new("network");
        let robot = Robot::new().await;
        let daemon = robot.launched(robot.plan().set("server.hosts", vec![network::ROBOT])).await;
        let gateway = gateway(&daemon).await;
        for _ in 0..4 {
            let (told, hears) = tokio::sync::oneshot::channel::<()>();
            let far = cable.at_the_far_end({
                let admin = daemon.admin();
                async move || {
                    let driver = admin.at(&format!("http://{gateway}")).drives().await;
                    driver.neutral().await;
                    driver.hold(1.0, 0.0).await;
                    let _ = hears.await;
                }
            });
            robot.moves().await;
            dice.phase(300).await;
            let gone = Moment::now();
            cable.pull();
            stops(&robot, &daemon, gone, "network", GOAL, StopReason::Silent).await;
            // What the driver's machine sent all the while comes now, all at once.
            cable.plug();
            let back = Moment::now();
            havatar_tests::pause(Duration::from_millis(1500)).await;
            assert!(!robot.timeline().moved_since(back), "what had piled up moved it");
            let _ = told.send(());
            far.join().expect("the far end");
        }
        Ok::<_, NotHere>(())
    };
    match network::apart(story) {
        Ok(Ok(())) => {}
        Ok(Err(NotHere(why))) | Err(NotHere(why)) => not_shown("a dead network stops the wheels", &why),
    }
}

async fn robot_and_daemon() -> (Robot, Daemon) {
    let robot = Robot::new().await;
    let daemon = robot.launch().await;
    (robot, daemon)
}

async fn holds(robot: &Robot, driver: &Driver, dice: &mut Dice) {
    driver.neutral().await;
    driver.hold(1.0, 0.0).await;
    robot.moves().await;
    dice.phase(300).await;
}

async fn stops(robot: &Robot, daemon: &Daemon, since: Moment, what: &str, goal: Duration, why: StopReason) {
    let took = robot.stands(since, Duration::from_secs(2)).await.since(since);
    figure(&format!("{what}_to_zero_ms"), took.as_millis());
    assert!(took <= goal, "{what}: the motors were off after {took:?}");
    let state = daemon.robot().await;
    assert_ne!(state.motion.mode, Some(DriveMode::Hold));
    assert_eq!(state.motion.stopped, Some(why), "{what}: {:?}", state.motion);
}

/// The daemon speaks plain HTTP on loopback only; this hands on what comes to the same port of the cable, as a proxy
/// that speaks TLS to the world would.
async fn gateway(daemon: &Daemon) -> SocketAddr {
    let inside: SocketAddr = daemon.origin().trim_start_matches("http://").parse().expect("an address");
    let outside = SocketAddr::new(network::ROBOT.parse().expect("an address"), inside.port());
    let listener = TcpListener::bind(outside).await.expect("the cable's end");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = near.set_nodelay(true);
                let Ok(mut far) = TcpStream::connect(inside).await else { return };
                let _ = far.set_nodelay(true);
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    outside
}
