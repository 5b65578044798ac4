//! The rules, with a driver and a controller that are played by hand.

mod any;
mod edges;
mod estop;
mod modes;
mod people;
mod requests;
mod schedules;

use std::time::Duration;

use havatar_api::{DriveMessage, EstopSource, IfHeld, Refusal, Stamp, StepMove, StopReason};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::robot::Who;
use crate::robot::arbiter::SpeedLimits;
use crate::robot::lease::Outcome;
use crate::robot::wire::{
    Controller, DeviceCommand, DeviceState, DeviceStop, Features, LinkEvent, Lost, Protocol, Report, StepEnd,
};
use crate::secrets::{Fingerprint, Secret};

use super::{Core, Latched};

const SPEED_LIMITS: SpeedLimits = SpeedLimits { linear: 250.0, angular: 785.0 };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), account: name.to_owned(), key: name.to_owned(), admin: name == "admin" }
}

fn controller() -> Controller {
    Controller {
        name: "test".to_owned(),
        protocol: Protocol::Havatar,
        features: Features {
            odometry: true,
            estop: true,
            watchdog: true,
            acknowledges: true,
            ..Features::default()
        },
        boot: Some(1),
        max_linear: 500,
        max_reverse: 250,
        max_angular: 785,
    }
}

fn report(state: DeviceState) -> Report {
    Report {
        state,
        estop_latched: state == DeviceState::Latched,
        button: false,
        motor_fault: false,
        muted: false,
        battery_low: false,
        battery_critical: false,
        step: 0,
        step_end: StepEnd::None,
        stopped: DeviceStop::Told,
        speed: Some((0, 0)),
        pose: Some((0, 0, 0)),
        battery_mv: Some(12_000),
        battery_percent: Some(80),
        head: None,
        light: None,
        presence: None,
        trips: 0,
        bad_frames: 0,
    }
}

/// The rules with a controller that answers, an open drive session, and the driver's clock.
struct Rig {
    core: Core,
    now: Instant,
    start: Instant,
    token: Fingerprint,
    session: u64,
    seq: u64,
    beat: u64,
    beat_at: Instant,
    commands: Vec<DeviceCommand>,
}

impl Rig {
    fn new() -> Self {
        let start = Instant::now();
        let mut core = Core::new("port", SPEED_LIMITS, 0, (None, true), start);
        core.on_link_event(LinkEvent::Up(controller()), start);
        core.on_link_event(LinkEvent::Reported(report(DeviceState::Held)), start);
        let token = Secret::random().digest();
        let granted = core.acquire(&who("ana"), IfHeld::Refuse, token, Timestamp::now(), start);
        assert_eq!(granted, Ok(Outcome::Granted(1)));
        let (session, _) = core.open_session(&token, start).unwrap();
        let beat = core.beat(session, start).unwrap();
        Self { core, now: start, start, token, session, seq: 0, beat, beat_at: start, commands: Vec::new() }
    }

    /// A rig whose driver has let go of everything.
    fn ready() -> Self {
        let mut rig = Self::new();
        rig.wait(1);
        rig.neutral().unwrap();
        rig
    }

    fn wait(&mut self, millis: u64) {
        self.now += ms(millis);
    }

    fn client_ms(&self, at: Instant) -> f64 {
        at.duration_since(self.start).as_secs_f64() * 1000.0 + 7_000.0
    }

    fn stamp(&mut self, picture: Option<f64>) -> Stamp {
        self.seq += 1;
        Stamp {
            seq: self.seq,
            t: self.client_ms(self.now),
            beat: self.beat,
            beat_t: self.client_ms(self.beat_at),
            picture_ms: picture,
        }
    }

    fn say(&mut self, message: &DriveMessage) -> Result<(), Refusal> {
        self.core.receive(self.session, message, self.now)
    }

    fn neutral(&mut self) -> Result<(), Refusal> {
        let at = self.stamp(Some(50.0));
        self.say(&DriveMessage::Neutral { at })
    }

    fn hold(&mut self, linear: f64) -> Result<(), Refusal> {
        self.hold_with(linear, Some(50.0))
    }

    fn hold_with(&mut self, linear: f64, picture: Option<f64>) -> Result<(), Refusal> {
        let at = self.stamp(picture);
        self.say(&DriveMessage::Hold { at, linear, angular: 0.0 })
    }

    fn alive(&mut self) -> Result<(), Refusal> {
        let at = self.stamp(Some(50.0));
        self.say(&DriveMessage::Alive { at })
    }

    fn latch(&mut self, press: u64) -> Result<(), Refusal> {
        let at = self.stamp(Some(50.0));
        self.say(&DriveMessage::Latch {
            at,
            press,
            linear: 1.0,
            angular: 0.0,
            for_ms: 3000,
            stop_reachable: true,
        })
    }

    fn step(&mut self, press: u64, step: StepMove) -> Result<(), Refusal> {
        let at = self.stamp(None);
        self.say(&DriveMessage::Step { at, press, step })
    }

    fn hears(&mut self, report: Report) {
        self.core.on_link_event(LinkEvent::Reported(report), self.now);
    }

    /// What is told to anything but the lamp.
    fn device_commands(&mut self) -> Vec<DeviceCommand> {
        self.commands.clear();
        self.core.device_commands(self.now, &mut self.commands);
        self.commands.retain(|command| !matches!(command, DeviceCommand::Lights { .. }));
        self.commands.clone()
    }

    /// mm/s asked of the wheels, if any motion is.
    fn speed(&mut self) -> Option<i16> {
        self.device_commands().into_iter().rev().find_map(|command| match command {
            DeviceCommand::Drive { linear, .. } => Some(linear),
            _ => None,
        })
    }
}

impl Rig {
    /// What would be said now; nothing is said.
    fn hold_message(&mut self, linear: f64) -> DriveMessage {
        DriveMessage::Hold { at: self.stamp(Some(50.0)), linear, angular: 0.0 }
    }

    fn stopped(&mut self) -> Option<StopReason> {
        self.core.state(self.now).motion.stopped
    }

    /// With a picture, unlike `step`.
    fn seeing_step(&mut self, press: u64) -> Result<(), Refusal> {
        let at = self.stamp(Some(50.0));
        self.say(&DriveMessage::Step { at, press, step: StepMove::Cm(20) })
    }

    /// Another beat, which the driver has at once.
    fn beat(&mut self) {
        self.beat = self.core.beat(self.session, self.now).unwrap();
        self.beat_at = self.now;
    }

    fn grant(&mut self, name: &str, how: IfHeld) -> Result<Fingerprint, Refusal> {
        let token = Secret::random().digest();
        self.core.acquire(&who(name), how, token, Timestamp::now(), self.now).map(|_| token)
    }

    /// Another driver has the lease and a drive session, and has sent neutral.
    fn open_session(&mut self, token: &Fingerprint) {
        self.token = *token;
        (self.session, _) = self.core.open_session(token, self.now).unwrap();
        self.seq = 0;
        self.beat();
        self.neutral().unwrap();
    }
}

fn is_motion(command: &DeviceCommand) -> bool {
    match command {
        DeviceCommand::Drive { linear, angular, .. } => (*linear, *angular) != (0, 0),
        DeviceCommand::Step { .. } => true,
        _ => false,
    }
}

fn comes_to_rest(commands: &[DeviceCommand]) -> bool {
    !commands.iter().any(is_motion)
        && commands.iter().any(|command| {
            matches!(command, DeviceCommand::Stop | DeviceCommand::Drive { linear: 0, angular: 0, .. })
        })
}

#[test]
fn nothing_moves_before_neutral_and_then_it_does() {
    let mut rig = Rig::new();
    rig.wait(5);
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    assert!(!rig.device_commands().iter().any(is_motion));
    rig.neutral().unwrap();
    rig.hold(1.0).unwrap();
    let commands = rig.device_commands();
    assert!(
        matches!(commands[0], DeviceCommand::Drive { linear: 0, angular: 0, .. }),
        "the controller is let go too"
    );
    assert!(
        matches!(commands[1], DeviceCommand::Drive { linear: 250, angular: 0, left, .. } if left == ms(250))
    );
}

#[test]
fn the_tick_repeats_the_newest_set_point_with_its_age_until_the_deadman() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    for waited in [50, 100, 150, 200] {
        rig.wait(50);
        let commands = rig.device_commands();
        assert!(
            matches!(commands[..], [DeviceCommand::Drive { linear: 250, age, left, .. }]
                if age == ms(waited) && left == ms(250 - waited)),
            "{waited}: {commands:?}"
        );
    }
    rig.wait(50);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Silent));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
}

#[test]
fn backwards_is_half_and_lag_slows_down() {
    let mut rig = Rig::ready();
    for (linear, picture, speed) in
        [(-1.0, 50.0, -125), (1.0, 250.0, 150), (0.5, 260.0, 75), (1.0, 350.0, 75)]
    {
        rig.hold_with(linear, Some(picture)).unwrap();
        assert_eq!(rig.speed(), Some(speed), "{linear} {picture}");
        rig.wait(20);
    }
}

#[test]
fn a_stale_picture_or_none_stops_and_refuses() {
    for (picture, refusal) in [(Some(401.0), Refusal::PictureStale), (None, Refusal::PictureUnknown)] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.device_commands();
        rig.wait(20);
        assert_eq!(rig.hold_with(1.0, picture), Err(refusal));
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
        assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    }
    let mut rig = Rig::ready();
    assert_eq!(rig.hold_with(1.0, Some(f64::NAN)), Err(Refusal::OutOfRange));
    rig.step(1, StepMove::Cm(20)).expect("a step needs no picture");
}

#[test]
fn beyond_half_a_second_of_lag_only_steps_go() {
    let mut rig = Rig::ready();
    // 390 ms of picture and 150 ms under way.
    let at = rig.stamp(Some(390.0));
    rig.wait(150);
    assert_eq!(rig.say(&DriveMessage::Hold { at, linear: 1.0, angular: 0.0 }), Err(Refusal::LagTooLong));
    let state = rig.core.state(rig.now).motion;
    assert!(state.limit.steps_only && state.limit.lag_ms == Some(540), "{state:?}");
    let at = rig.stamp(Some(100.0));
    rig.say(&DriveMessage::Step { at, press: 1, step: StepMove::Deg(90) }).unwrap();
    assert!(
        rig.device_commands()
            .iter()
            .any(|command| matches!(command, DeviceCommand::Step { amount: 1570, speed: 524, .. }))
    );
}

#[test]
fn numbers_outside_their_range_change_nothing() {
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(50.0));
    let hold = |linear, angular| DriveMessage::Hold { at, linear, angular };
    let mut seq = at.seq;
    for (linear, angular) in
        [(1.01, 0.0), (f64::NAN, 0.0), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (0.0, -1.5)]
    {
        seq += 1;
        let DriveMessage::Hold { at, linear, angular } = hold(linear, angular) else { unreachable!() };
        let message = DriveMessage::Hold { at: Stamp { seq, ..at }, linear, angular };
        assert_eq!(rig.say(&message), Err(Refusal::OutOfRange), "{linear} {angular}");
    }
    rig.seq = seq;
    for step in [StepMove::Cm(0), StepMove::Cm(21), StepMove::Cm(i32::MIN), StepMove::Deg(360)] {
        assert_eq!(rig.step(1, step), Err(Refusal::OutOfRange), "{step:?}");
    }
    for for_ms in [0, 999, 8001, u32::MAX] {
        let at = rig.stamp(Some(50.0));
        let latch =
            DriveMessage::Latch { at, press: 9, linear: 1.0, angular: 0.0, for_ms, stop_reachable: true };
        assert_eq!(rig.say(&latch), Err(Refusal::OutOfRange), "{for_ms}");
    }
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn a_lost_link_voids_everything_and_a_new_one_waits_for_a_new_action() {
    for lost in [Lost::Unplugged, Lost::Silent, Lost::Rebooted, Lost::OtherSession] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.device_commands();
        rig.core.on_link_event(LinkEvent::Lost(lost), rig.now);
        assert!(rig.device_commands().is_empty(), "nothing is told to who is unknown");
        rig.wait(10);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown));
        rig.neutral().unwrap();
        rig.core.on_link_event(LinkEvent::Up(controller()), rig.now);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown), "no report yet");
        rig.hears(report(DeviceState::Held));
        assert_eq!(
            rig.hold(1.0),
            Err(Refusal::NeutralFirst),
            "letting go before it was there counts no more"
        );
        rig.neutral().unwrap();
        rig.hold(1.0).unwrap();
    }
}

#[test]
fn a_controller_that_stopped_by_itself_is_believed() {
    for (stopped, reason) in [
        (DeviceStop::Watchdog, StopReason::DeviceWatchdog),
        (DeviceStop::Blocked, StopReason::Blocked),
        (DeviceStop::Boot, StopReason::DeviceReset),
    ] {
        let mut rig = Rig::ready();
        for _ in 0..4 {
            rig.hold(1.0).unwrap();
            rig.device_commands();
            rig.wait(50);
            rig.hears(report(DeviceState::Driving));
        }
        rig.hears(Report { stopped, ..report(DeviceState::Held) });
        assert_eq!(rig.core.state(rig.now).motion.stopped, Some(reason));
        assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    }
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.hears(Report { motor_fault: true, ..report(DeviceState::Driving) });
    assert_eq!(rig.hold(1.0), Err(Refusal::RobotFault));
    assert!(!rig.device_commands().iter().any(is_motion));
}

#[test]
fn stops_are_repeated_until_the_controller_stands() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.hears(report(DeviceState::Driving));
    rig.core.stop("bob");
    for _ in 0..10 {
        assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
        rig.wait(20);
    }
    rig.hears(report(DeviceState::Unknown));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "what we do not know is not standing");
    rig.wait(20);
    rig.hears(report(DeviceState::Held));
    assert_eq!(rig.device_commands(), []);
    rig.core.stop("bob");
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop], "whoever presses it again means it");
    assert_eq!(rig.device_commands(), []);
    rig.wait(20);
    rig.alive().unwrap();
    assert_eq!(rig.device_commands(), [], "a sign of life is none");
}

#[test]
fn a_drive_session_that_is_closed_or_replaced_stops_at_once() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.close_session(rig.session);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost));

    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    let (newer, _) = rig.core.open_session(&rig.token, rig.now).unwrap();
    assert!(!rig.core.is_session_open(rig.session) && rig.core.is_session_open(newer));
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost), "the old tab");
    rig.core.close_session(rig.session);
    assert!(rig.core.is_session_open(newer), "the old tab's leaving does not touch the new one");
}
