//! The motion loop at a real terminal, with what may be at its other end.

use havatar_api::{Refusal, RobotLinkState, StopReason};
use havatar_link::message::{Kind, Presence, State, ToDevice};

use crate::robot::Robot;
use crate::robot::link::Native;
use crate::robot::testing::{Device, Driver, Plug, decoded, is_motion, shared, until};

use super::*;

/// How often anyone who is at the other end looks at what came.
const TURN: Duration = Duration::from_millis(5);

/// A robot at a cable, and who plays the controller.
struct Bench {
    robot: Robot,
    plug: Plug,
    stop: CancellationToken,
}

impl Bench {
    fn new() -> Self {
        let (plug, stop) = (Plug::new(), CancellationToken::new());
        let robot = Robot::for_tests_at(&plug.name, stop.clone());
        Self { robot, plug, stop }
    }

    /// One turn of a controller that answers and reports.
    async fn turn(&self, device: &mut Device) {
        let received = self.plug.take();
        let answer = device.receive(&received);
        self.plug.put(&answer);
        if device.session != 0 {
            self.plug.put(&device.status(5));
        }
        tokio::time::sleep(TURN).await;
    }

    /// Plays the controller until something is so.
    async fn plays(&self, device: &mut Device, what: &str, mut so: impl FnMut(&Robot, &Device) -> bool) {
        for _ in 0..4000 {
            if so(&self.robot, device) {
                return;
            }
            self.turn(device).await;
        }
        panic!("never came true: {what}: {:?}", self.robot.state());
    }

    fn link(&self) -> RobotLinkState {
        self.robot.state().link.state
    }
}

fn is_up(robot: &Robot) -> bool {
    robot.state().link.state == RobotLinkState::Up
}

/// Drives until the controller is told to move.
async fn drives(bench: &Bench, device: &mut Device, driver: &mut Driver) {
    let before = device.motions();
    bench
        .plays(device, "it drives", |_, device| {
            if driver.hold(0.5) == Err(Refusal::NeutralFirst) {
                driver.neutral().unwrap();
            }
            device.motions() > before
        })
        .await;
}

/// A controller that is up, and told to move by its driver.
async fn driven() -> (Bench, Device, Driver) {
    let bench = Bench::new();
    let mut device = Device::new(1);
    bench.plays(&mut device, "it is up", |robot, _| is_up(robot)).await;
    let mut driver = Driver::new(&bench.robot);
    drives(&bench, &mut device, &mut driver).await;
    (bench, device, driver)
}

#[tokio::test]
async fn something_else_at_the_end_of_the_cable_is_never_driven() {
    type Babble = fn(&[u8]) -> Vec<u8>;
    let babbles: [(&str, Babble); 3] = [
        ("an echo", <[u8]>::to_vec),
        ("a GPS", |_| b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n".to_vec()),
        ("nobody", |_| Vec::new()),
    ];
    for (what, babble) in babbles {
        let bench = Bench::new();
        let mut driver = Driver::new(&bench.robot);
        let (mut said, mut press) = (Vec::new(), 0);
        // Four greetings long.
        until(what, || {
            let received = bench.plug.take();
            bench.plug.put(&babble(&received));
            said.extend(decoded(&received).0);
            press += 1;
            driver.neutral().unwrap();
            for refused in [driver.hold(1.0), driver.step(press)] {
                let refused = refused.expect_err("nobody is there");
                let state = bench.link();
                let expected = match state {
                    RobotLinkState::Off => Refusal::RobotOff,
                    _ => Refusal::RobotUnknown,
                };
                assert_eq!(refused, expected, "{what}: {state:?}");
            }
            let greetings = said.iter().filter(|m| m.kind() == Kind::Hello).count();
            (greetings >= 4).then_some(())
        })
        .await;
        assert!(said.iter().all(|m| m.kind() == Kind::Hello), "{what}: {said:?}");
        assert_eq!(bench.link(), RobotLinkState::Unknown);
        bench.stop.cancel();
    }
}

#[tokio::test]
async fn a_controller_that_falls_silent_is_driven_no_more_until_it_answers_and_somebody_acts() {
    let (bench, mut device, mut driver) = driven().await;

    // It hears, and says nothing.
    until("it is missed", || {
        let _ = driver.hold(0.5);
        device.receive(&bench.plug.take());
        (bench.link() == RobotLinkState::Unknown).then_some(())
    })
    .await;
    assert_eq!(bench.robot.state().motion.stopped, Some(StopReason::LinkLost));
    device.receive(&bench.plug.take());
    let (moved, greeted) = (device.motions(), device.told.len());
    until("it is greeted again", || {
        assert_eq!(driver.hold(0.5), Err(Refusal::RobotUnknown));
        device.receive(&bench.plug.take());
        device.told[greeted..].iter().any(|m| m.kind() == Kind::Hello).then_some(())
    })
    .await;
    // Back again, with the control still held: nothing, until it is let go.
    bench.plays(&mut device, "it is up again", |robot, _| is_up(robot)).await;
    bench
        .plays(&mut device, "the held control is refused", |_, _| {
            driver.hold(0.5) == Err(Refusal::NeutralFirst)
        })
        .await;
    assert_eq!(device.motions(), moved);
    drives(&bench, &mut device, &mut driver).await;
    bench.stop.cancel();
}

#[tokio::test]
async fn a_controller_that_boots_is_in_a_new_session_and_latched_before_it_is_told_anything_else() {
    let (bench, mut device, mut driver) = driven().await;
    driver.say(&havatar_api::DriveMessage::Estop).unwrap();
    bench
        .plays(&mut device, "it is latched", |robot, device| device.latched && robot.state().estop.confirmed)
        .await;

    // It boots, and has forgotten the latch.
    let former = device.session;
    device = Device::new(2);
    device.session = former;
    bench
        .plays(&mut device, "the new boot is up", |robot, _| {
            robot.state().link.device.as_ref().is_some_and(|device| device.boot == Some(2))
        })
        .await;
    assert_eq!(bench.robot.state().motion.stopped, Some(StopReason::DeviceReset));
    bench
        .plays(&mut device, "it is latched again", |robot, device| {
            let _ = driver.neutral();
            assert_eq!(driver.hold(0.5), Err(Refusal::EstopLatched));
            device.latched && robot.state().estop.confirmed
        })
        .await;
    assert!(bench.robot.state().estop.latched);
    assert!(!device.told.iter().any(is_motion), "{:?}", device.told);
    bench.stop.cancel();
}

#[tokio::test]
async fn the_end_is_a_stop_said_many_times() {
    let (bench, mut device, _driver) = driven().await;
    bench.stop.cancel();
    let before = device.told.len();
    until("the stops", || {
        device.receive(&bench.plug.take());
        let stops = device.told[before..].iter().filter(|m| m.kind() == Kind::Stop).count();
        (stops >= 5).then_some(())
    })
    .await;
    assert!(matches!(device.told.last(), Some(ToDevice::Stop(_))));
}

/// The loop's inside, with a controller that is heard by hand.
async fn session<'a>(plug: &Plug, shared: &'a Shared, device: &mut Device) -> PortSession<'a> {
    let port = PortOpener::default().open(&plug.name, 115_200, Lines::Keep).await.unwrap();
    let mut session = PortSession::new(
        port,
        TransmitBacklog::new(115_200, Instant::now()),
        Box::new(Native::new((250, 785), Instant::now())),
        shared,
    );
    shared.on_link_event(LinkEvent::Unknown(String::new()), Instant::now());
    session.turn().unwrap();
    let answer =
        until("a greeting", || Some(device.receive(&plug.take())).filter(|answer| !answer.is_empty())).await;
    hears(&mut session, &answer);
    hears(&mut session, &device.status(20));
    session
}

fn hears(session: &mut PortSession<'_>, bytes: &[u8]) {
    session.codec.received(bytes, Instant::now(), &mut session.events);
    session.turn().unwrap();
}

/// Lets the controller hear all that was said, and then leaves no room: empty frames, as many as the kernel takes.
async fn fill(plug: &Plug) {
    let mut received = Vec::new();
    until("what was said", || {
        received.extend(plug.take());
        let driven =
            |m: &ToDevice| matches!(m, ToDevice::Lights(lights) if lights.presence == Presence::Driven);
        decoded(&received).0.iter().any(driven).then_some(())
    })
    .await;
    fill_again(plug).await;
}

/// Leaves no room.
async fn fill_again(plug: &Plug) {
    // The kernel moves bytes on from one buffer to the next in its own time: full is what stays full.
    let mut full = 0;
    while full < 20 {
        let mut wrote = false;
        for size in [4096, 1] {
            while nix::unistd::write(&plug.slave, &[0; 4096][..size]).is_ok_and(|taken| taken > 0) {
                wrote = true;
            }
        }
        full = if wrote { 0 } else { full + 1 };
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_controller_that_does_not_read_costs_no_memory_and_hears_the_stop_first() {
    let (plug, shared) = (Plug::new(), shared());
    let mut device = Device::new(1);
    let robot = Robot(shared.clone());
    let mut session = session(&plug, &shared, &mut device).await;
    let mut driver = Driver::new(&robot);
    driver.neutral().unwrap();
    session.turn().unwrap();
    fill(&plug).await;

    // Five thousand changes of mind, none of which anybody reads.
    let mut most = 0;
    device.state = State::Driving;
    for n in 0..5000 {
        driver.hold(0.2 + f64::from(n % 8) / 10.0).unwrap();
        hears(&mut session, &device.status(1));
        assert!(session.out.is_empty() && session.commands.len() <= 8 && session.events.is_empty());
        most = most.max(session.unsent.len()).max(session.out.capacity()).max(session.unsent.capacity());
    }
    assert!(most <= 4096, "{most} bytes wait");
    driver.say(&havatar_api::DriveMessage::Stop).unwrap();
    session.turn().unwrap();

    // Read again, a little at a time, it hears the stop before anything that was to move it: that was thrown away.
    let mut received = Vec::new();
    for _ in 0..20_000 {
        let some = plug.take_some(61);
        received.extend_from_slice(&some);
        hears(&mut session, &device.status(1));
        if some.is_empty() && decoded(&received).0.iter().any(|m| m.kind() == Kind::Stop) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let (said, damaged) = decoded(&received);
    assert!(damaged <= 1, "at most the frame that was begun is cut off: {damaged}");
    let first_stop = said.iter().position(|m| m.kind() == Kind::Stop).expect("a stop");
    // A light that was due again while the port was full is no motion, and may stand before it.
    let before = said[..first_stop].iter();
    assert!(before.clone().all(|m| m.kind() == Kind::Lights) && !said.iter().any(is_motion), "{said:?}");
}

#[tokio::test]
async fn a_frame_of_which_only_a_part_had_room_is_finished_before_anything_but_a_stop() {
    let (plug, shared) = (Plug::new(), shared());
    let mut device = Device::new(1);
    let robot = Robot(shared.clone());
    let mut session = session(&plug, &shared, &mut device).await;
    let mut driver = Driver::new(&robot);
    driver.neutral().unwrap();
    session.turn().unwrap();
    fill(&plug).await;
    // As if the kernel had taken the beginning of a frame just before: the controller has it.
    let mut frame = Vec::new();
    Native::new((250, 785), Instant::now()).open(Instant::now(), &mut frame);
    let frame = &frame[1..];
    let (begun, rest) = frame.split_at(10);
    hears(&mut session, &device.status(1));
    assert!(!session.codec.take_stop_encoded(), "at rest nothing is to be stopped");
    session.unsent = rest.to_vec();
    // Neutral is a stop too, and the first hold says it; what follows is not.
    driver.hold(0.5).unwrap();
    hears(&mut session, &device.status(1));
    session.unsent = rest.to_vec();
    fill_again(&plug).await;
    device.state = State::Driving;
    for _ in 0..100 {
        driver.hold(0.5).unwrap();
        hears(&mut session, &device.status(1));
        assert_eq!(session.unsent, rest, "kept as it was, and nothing after it");
    }
    driver.say(&havatar_api::DriveMessage::Stop).unwrap();
    let mut received = Vec::new();
    until("the stop", || {
        // The filling is no part of what the controller hears.
        let came = plug.take();
        let filling =
            if received.is_empty() { came.iter().take_while(|byte| **byte == 0).count() } else { 0 };
        received.extend_from_slice(&came[filling..]);
        hears(&mut session, &device.status(1));
        decoded(&received).0.iter().any(|m| m.kind() == Kind::Stop).then_some(())
    })
    .await;
    let (said, damaged) = decoded(&[begun, &[0], &received[..]].concat());
    assert!(damaged <= 1, "the frame that was cut off, and no other: {said:?}");
    assert!(!said.iter().any(is_motion), "what had no room is not said later: {said:?}");
}

#[tokio::test]
async fn a_pulled_cable_is_away_and_the_same_name_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let by_id = dir.path().join("usb-motor");
    let stop = CancellationToken::new();
    let robot = Robot::for_tests_at(&by_id, stop.clone());
    let away = |robot: &Robot| {
        let link = robot.state().link.clone();
        (link.state == RobotLinkState::Away).then(|| link.why.unwrap_or_default())
    };
    let why = until("it is away", || away(&robot)).await;
    assert!(why.contains("usb-motor is not there"), "{why}");
    for boot in 1..=3 {
        let plug = Plug::new();
        std::os::unix::fs::symlink(&plug.name, &by_id).unwrap();
        let bench = Bench { robot: robot.clone(), plug, stop: stop.clone() };
        let mut device = Device::new(boot);
        bench.plays(&mut device, "it is up", |robot, _| is_up(robot)).await;
        assert_eq!(robot.state().link.device.as_ref().unwrap().boot, Some(boot));
        std::fs::remove_file(&by_id).unwrap();
        drop(bench);
        until("it is away again", || away(&robot)).await;
    }
    stop.cancel();
}

#[tokio::test]
async fn a_port_in_use_says_by_whom_and_is_taken_when_it_is_free() {
    let plug = Plug::new();
    let taken = PortOpener::default().open(&plug.name, 9600, Lines::Keep).await.unwrap();
    let stop = CancellationToken::new();
    let robot = Robot::for_tests_at(&plug.name, stop.clone());
    until("it is refused", || {
        let link = robot.state().link.clone();
        (link.state == RobotLinkState::Refused && link.why.unwrap_or_default().contains("is used by"))
            .then_some(())
    })
    .await;
    let mut driver = Driver::new(&robot);
    assert_eq!(driver.step(1), Err(Refusal::RobotAway));
    drop(taken);
    until("it is asked who it is", || {
        (robot.state().link.state == RobotLinkState::Unknown && !plug.take().is_empty()).then_some(())
    })
    .await;
    stop.cancel();
}
