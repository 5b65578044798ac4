//! The rules, with a driver and a controller that are played by hand.

mod any;
mod edges;
mod emergency;
mod modes;
mod people;
mod requests;
mod schedules;

use std::time::Duration;

use havatar_api::{DriveMessage, EstopSource, IfHeld, Refusal, Stamp, StepMove, StopReason};
use jiff::Timestamp;
use tokio::time::Instant;

use super::super::Who;
use super::super::arbiter::Caps;
use super::super::lease::Outcome;
use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Order, Protocol, Report, Stand, StepEnd,
};
use super::{Core, Latched};
use crate::secrets::{Fingerprint, Secret};

const CAPS: Caps = Caps { linear: 250.0, angular: 785.0 };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn who(name: &str) -> Who {
    Who { name: name.to_owned(), key: name.to_owned(), admin: name == "admin" }
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

fn report(stand: Stand) -> Report {
    Report {
        stand,
        estop_latched: stand == Stand::Latched,
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

/// The rules with a controller that answers, a driver in the seat, and the driver's clock.
struct Rig {
    core: Core,
    now: Instant,
    start: Instant,
    token: Fingerprint,
    seat: u64,
    seq: u64,
    beat: u64,
    beat_at: Instant,
    orders: Vec<Order>,
}

impl Rig {
    fn new() -> Self {
        let start = Instant::now();
        let mut core = Core::new("port", CAPS, 0, (None, true), start);
        core.link(LinkNews::Up(controller()), start);
        core.link(LinkNews::Heard(report(Stand::Held)), start);
        let token = Secret::random().digest();
        let granted = core.acquire(&who("ana"), IfHeld::Refuse, token, Timestamp::now(), start);
        assert_eq!(granted, Ok(Outcome::Granted(1)));
        let (seat, _) = core.sit(&token, start).unwrap();
        let beat = core.beat(seat, start).unwrap();
        Self { core, now: start, start, token, seat, seq: 0, beat, beat_at: start, orders: Vec::new() }
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
        self.core.hear(self.seat, message, self.now)
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
        self.core.link(LinkNews::Heard(report), self.now);
    }

    /// What is told to anything but the lamp.
    fn orders(&mut self) -> Vec<Order> {
        self.orders.clear();
        self.core.orders(self.now, &mut self.orders);
        self.orders.retain(|order| !matches!(order, Order::Lights { .. }));
        self.orders.clone()
    }

    /// mm/s asked of the wheels, if any motion is.
    fn speed(&mut self) -> Option<i16> {
        self.orders().into_iter().rev().find_map(|order| match order {
            Order::Drive { linear, .. } => Some(linear),
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
        self.beat = self.core.beat(self.seat, self.now).unwrap();
        self.beat_at = self.now;
    }

    fn grant(&mut self, name: &str, how: IfHeld) -> Result<Fingerprint, Refusal> {
        let token = Secret::random().digest();
        self.core.acquire(&who(name), how, token, Timestamp::now(), self.now).map(|_| token)
    }

    /// Somebody else has the lease and the seat, and has let go.
    fn seated(&mut self, token: &Fingerprint) {
        self.token = *token;
        (self.seat, _) = self.core.sit(token, self.now).unwrap();
        self.seq = 0;
        self.beat();
        self.neutral().unwrap();
    }
}

fn is_motion(order: &Order) -> bool {
    match order {
        Order::Drive { linear, angular, .. } => (*linear, *angular) != (0, 0),
        Order::Step { .. } => true,
        _ => false,
    }
}

fn comes_to_rest(orders: &[Order]) -> bool {
    !orders.iter().any(is_motion)
        && orders
            .iter()
            .any(|order| matches!(order, Order::Stop | Order::Drive { linear: 0, angular: 0, .. }))
}

#[test]
fn nothing_moves_before_neutral_and_then_it_does() {
    let mut rig = Rig::new();
    rig.wait(5);
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    assert!(!rig.orders().iter().any(is_motion));
    rig.neutral().unwrap();
    rig.hold(1.0).unwrap();
    let orders = rig.orders();
    assert!(matches!(orders[0], Order::Drive { linear: 0, angular: 0, .. }), "the controller is let go too");
    assert!(matches!(orders[1], Order::Drive { linear: 250, angular: 0, left, .. } if left == ms(250)));
}

#[test]
fn the_tick_repeats_the_newest_set_point_with_its_age_until_the_deadman() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.orders();
    for waited in [50, 100, 150, 200] {
        rig.wait(50);
        let orders = rig.orders();
        assert!(
            matches!(orders[..], [Order::Drive { linear: 250, age, left, .. }]
                if age == ms(waited) && left == ms(250 - waited)),
            "{waited}: {orders:?}"
        );
    }
    rig.wait(50);
    assert_eq!(rig.orders(), [Order::Stop]);
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
        rig.orders();
        rig.wait(20);
        assert_eq!(rig.hold_with(1.0, picture), Err(refusal));
        assert_eq!(rig.orders(), [Order::Stop]);
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
    assert!(rig.orders().iter().any(|order| matches!(order, Order::Step { amount: 1570, speed: 524, .. })));
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
    assert!(!rig.orders().iter().any(is_motion));
}

#[test]
fn a_lost_link_voids_everything_and_a_new_one_waits_for_a_fresh_action() {
    for lost in [Lost::Unplugged, Lost::Silent, Lost::Rebooted, Lost::OtherSession] {
        let mut rig = Rig::ready();
        rig.hold(1.0).unwrap();
        rig.orders();
        rig.core.link(LinkNews::Lost(lost), rig.now);
        assert!(rig.orders().is_empty(), "nothing is told to who is unknown");
        rig.wait(10);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown));
        rig.neutral().unwrap();
        rig.core.link(LinkNews::Up(controller()), rig.now);
        assert_eq!(rig.hold(1.0), Err(Refusal::RobotUnknown), "no report yet");
        rig.hears(report(Stand::Held));
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
            rig.orders();
            rig.wait(50);
            rig.hears(report(Stand::Driving));
        }
        rig.hears(Report { stopped, ..report(Stand::Held) });
        assert_eq!(rig.core.state(rig.now).motion.stopped, Some(reason));
        assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
    }
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.hears(Report { motor_fault: true, ..report(Stand::Driving) });
    assert_eq!(rig.hold(1.0), Err(Refusal::RobotFault));
    assert!(!rig.orders().iter().any(is_motion));
}

#[test]
fn stops_are_repeated_until_the_controller_stands() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.orders();
    rig.hears(report(Stand::Driving));
    rig.core.stop("bob");
    for _ in 0..10 {
        assert_eq!(rig.orders(), [Order::Stop]);
        rig.wait(20);
    }
    rig.hears(report(Stand::Unknown));
    assert_eq!(rig.orders(), [Order::Stop], "what we do not know is not standing");
    rig.wait(20);
    rig.hears(report(Stand::Held));
    assert_eq!(rig.orders(), []);
    rig.core.stop("bob");
    assert_eq!(rig.orders(), [Order::Stop], "whoever presses it again means it");
    assert_eq!(rig.orders(), []);
    rig.wait(20);
    rig.alive().unwrap();
    assert_eq!(rig.orders(), [], "a sign of life is none");
}

#[test]
fn a_seat_that_is_left_or_taken_stops_at_once() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.orders();
    rig.core.leave(rig.seat);
    assert_eq!(rig.orders(), [Order::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost));

    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.orders();
    let (newer, _) = rig.core.sit(&rig.token, rig.now).unwrap();
    assert!(!rig.core.is_seated(rig.seat) && rig.core.is_seated(newer));
    assert_eq!(rig.orders(), [Order::Stop]);
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost), "the old tab");
    rig.core.leave(rig.seat);
    assert!(rig.core.is_seated(newer), "the old tab's leaving does not touch the new one");
}
