//! The rules against an oracle that does not share their code: seeded schedules of a hostile network, hostile
//! people and a hostile cable. `HAVATAR_ROUNDS` asks for more than the suite's share.

mod any;
mod edges;

use std::time::Duration;

use havatar_api::{DriveMessage, EstopSource, IfHeld, Refusal, Stamp, StepMove, StopReason};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

use super::super::Who;
use super::super::arbiter::Caps;
use super::super::lease::Outcome;
use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Order, Protocol, Report, Stand, StepEnd,
};
use super::{Core, Latched};
use crate::auth::{Fingerprint, Secret};

const CAPS: Caps = Caps { linear: 250.0, angular: 785.0 };

fn rounds(default: u64) -> u64 {
    std::env::var("HAVATAR_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

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
fn a_step_ends_by_the_wheels_and_is_never_queued_nor_used_twice() {
    let mut rig = Rig::ready();
    rig.step(1, StepMove::Cm(20)).unwrap();
    assert!(rig.orders().iter().any(|o| matches!(o, Order::Step { id: 1, amount: 200, speed: 150, .. })));
    rig.wait(50);
    rig.alive().unwrap();
    rig.neutral().expect("letting go of a key elsewhere leaves the step alone");
    assert!(rig.orders().iter().all(|order| matches!(order, Order::Step { id: 1, .. })));
    rig.hears(Report { step: 1, step_end: StepEnd::Done, ..report(Stand::Ready) });
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Ended));
    assert!(!rig.orders().iter().any(is_motion));
    assert_eq!(rig.step(1, StepMove::Cm(20)), Err(Refusal::PressAgain));
    rig.step(3, StepMove::Deg(-15)).unwrap();
}

#[test]
fn any_press_stops_a_step_and_does_nothing_else() {
    for how in ["step", "hold", "latch"] {
        let mut rig = Rig::ready();
        rig.step(1, StepMove::Cm(20)).unwrap();
        assert!(rig.orders().iter().any(is_motion));
        rig.wait(50);
        let refused = match how {
            "step" => rig.step(2, StepMove::Cm(20)),
            "hold" => rig.hold(1.0),
            _ => rig.latch(2),
        };
        assert_eq!(refused, Err(Refusal::Moving), "{how}");
        assert_eq!(rig.orders(), [Order::Stop], "{how}");
        assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Stop));
        // What stopped it is not carried out later, and what is still held is let go of first.
        rig.wait(50);
        if how == "hold" {
            assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst));
        } else {
            assert_eq!(rig.step(2, StepMove::Cm(20)), Err(Refusal::PressAgain), "{how}");
        }
        assert!(!rig.orders().iter().any(is_motion), "{how}");
        rig.step(3, StepMove::Cm(20)).unwrap();
    }
}

#[test]
fn a_loop_that_is_late_drives_slowly_in_every_mode() {
    for (step, speed, late) in
        [(StepMove::Cm(20), 150, 45), (StepMove::Cm(50), 150, 72), (StepMove::Deg(180), 524, 449)]
    {
        for (is_late, expected) in [(false, speed), (true, late)] {
            let mut rig = Rig::ready();
            if is_late {
                rig.core.late(std::time::Duration::from_millis(60), rig.now);
            }
            rig.step(1, step).unwrap();
            let told = rig.orders().into_iter().find_map(|order| match order {
                Order::Step { speed, .. } => Some(speed),
                _ => None,
            });
            assert_eq!(told, Some(expected), "{step:?}, late: {is_late}");
        }
    }
}

#[test]
fn a_latch_ends_by_itself_and_a_new_press_renews_it() {
    let mut rig = Rig::ready();
    rig.latch(1).unwrap();
    assert_eq!(rig.speed(), Some(200), "at most 0.20 m/s");
    for _ in 0..50 {
        rig.wait(50);
        rig.latch(1).unwrap();
    }
    rig.latch(2).unwrap();
    for _ in 0..59 {
        rig.wait(50);
        rig.latch(2).unwrap();
    }
    rig.wait(50);
    assert_eq!(rig.latch(2), Err(Refusal::PressAgain));
    assert_eq!(rig.core.state(rig.now).motion.stopped, Some(StopReason::Ended));
    assert!(!rig.orders().iter().any(is_motion));
}

#[test]
fn a_latch_needs_a_stop_that_can_be_reached() {
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(50.0));
    let latch = |stop_reachable| DriveMessage::Latch {
        at,
        press: 1,
        linear: 1.0,
        angular: 0.0,
        for_ms: 3000,
        stop_reachable,
    };
    assert_eq!(rig.say(&latch(false)), Err(Refusal::StopUnreachable));
    let plain = Controller { features: Features::default(), protocol: Protocol::Text, ..controller() };
    rig.core.link(LinkNews::Up(plain), rig.now);
    rig.hears(report(Stand::Ready));
    rig.neutral().unwrap();
    assert_eq!(rig.latch(2), Err(Refusal::StopUnreachable), "this controller does not latch an e-stop");
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
fn an_estop_outranks_everything_until_two_steps_release_it_and_a_release_moves_nothing() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.orders();
    rig.core.estop(&who("bob"), Timestamp::now());
    assert_eq!(rig.orders()[0], Order::Estop, "first and at once");
    rig.wait(20);
    assert!(rig.orders().contains(&Order::Estop), "again until the controller says so");
    rig.hears(report(Stand::Latched));
    rig.wait(20);
    assert!(!rig.orders().contains(&Order::Estop));
    for _ in 0..3 {
        rig.neutral().unwrap();
        assert_eq!(rig.hold(1.0), Err(Refusal::EstopLatched));
        assert_eq!(rig.step(1, StepMove::Cm(5)), Err(Refusal::EstopLatched));
    }
    let code = Secret::random().digest();
    let wrong = Secret::random().digest();
    let (ana, bob) = (who("ana"), who("bob"));
    assert_eq!(rig.core.finish_release(&ana, &code, rig.now), Err(Refusal::PressAgain), "no first step");
    for spoil in 0..4 {
        rig.core.begin_release(&ana, code, rig.now).unwrap();
        let (shown, by) = match spoil {
            0 => (wrong, &ana),
            1 => (code, &bob),
            2 => {
                rig.now += super::CODE_VALID;
                (code, &ana)
            }
            _ => {
                rig.core.estop(&bob, Timestamp::now());
                (code, &ana)
            }
        };
        assert_eq!(rig.core.finish_release(by, &shown, rig.now), Err(Refusal::PressAgain), "{spoil}");
        assert!(rig.core.estop_state().latched);
    }
    rig.core.keep(&rig.token, rig.now).unwrap_err();
    let mut rig = Rig::ready();
    rig.core.estop(&bob, Timestamp::now());
    rig.hears(report(Stand::Latched));
    rig.core.begin_release(&ana, code, rig.now).unwrap();
    rig.core.finish_release(&ana, &code, rig.now).unwrap();
    assert!(rig.orders().contains(&Order::Release));
    assert!(rig.core.estop_state().latched, "until the controller has opened it too");
    rig.hears(report(Stand::Held));
    assert!(!rig.core.estop_state().latched);
    assert!(!rig.orders().iter().any(is_motion));
    assert_eq!(rig.hold(1.0), Err(Refusal::NeutralFirst), "a stick held through the release moves nothing");
    rig.neutral().unwrap();
    rig.hold(1.0).unwrap();
}

#[test]
fn a_latch_of_the_controllers_or_of_an_earlier_run_is_ours_too() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.hears(Report { button: true, ..report(Stand::Latched) });
    let estop = rig.core.estop_state();
    assert_eq!((estop.latched, estop.button, estop.source), (true, true, Some(EstopSource::Button)));
    assert_eq!(
        rig.core.begin_release(&who("ana"), Secret::random().digest(), rig.now),
        Err(Refusal::EstopButton)
    );
    assert!(!rig.orders().iter().any(is_motion));

    let start = Instant::now();
    let latched = Latched { source: EstopSource::Person, by: Some("bob".to_owned()), at: None };
    let mut core = Core::new("port", CAPS, 0, (Some(latched), true), start);
    core.link(LinkNews::Up(controller()), start);
    core.link(LinkNews::Heard(report(Stand::Held)), start);
    let mut orders = Vec::new();
    core.orders(start, &mut orders);
    assert_eq!(orders[0], Order::Estop, "the controller lost its latch, we did not");
}

#[test]
fn a_release_that_the_controller_does_not_confirm_is_none() {
    let mut rig = Rig::ready();
    rig.core.estop(&who("ana"), Timestamp::now());
    rig.hears(report(Stand::Latched));
    let code = Secret::random().digest();
    rig.core.begin_release(&who("ana"), code, rig.now).unwrap();
    rig.core.finish_release(&who("ana"), &code, rig.now).unwrap();
    for _ in 0..60 {
        rig.wait(20);
        rig.alive().unwrap();
        rig.hears(report(Stand::Latched));
        rig.orders();
    }
    let estop = rig.core.estop_state();
    assert_eq!((estop.latched, estop.source), (true, Some(EstopSource::Robot)));
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

#[test]
fn a_step_by_request_needs_a_live_socket() {
    let request = |press, token: &str| havatar_api::StepRequest {
        token: token.to_owned(),
        press,
        t: 5.0,
        beat: 1,
        beat_t: 5.0,
        step: StepMove::Cm(5),
    };
    let start = Instant::now();
    let mut core = Core::new("port", CAPS, 0, (None, true), start);
    core.link(LinkNews::Up(controller()), start);
    core.link(LinkNews::Heard(report(Stand::Held)), start);
    let secret = Secret::random();
    core.acquire(&who("ana"), IfHeld::Refuse, secret.digest(), Timestamp::now(), start).unwrap();
    assert_eq!(core.step(&request(1, secret.expose()), start), Err(Refusal::NoSocket));
    assert_eq!(core.step(&request(1, "other"), start), Err(Refusal::NoLease));
    let (seat, _) = core.sit(&secret.digest(), start).unwrap();
    let beat = core.beat(seat, start).unwrap();
    let silent = havatar_api::StepRequest { beat, ..request(1, secret.expose()) };
    assert_eq!(core.step(&silent, start), Err(Refusal::NoSocket), "it has said nothing yet");
    let at = Stamp { seq: 1, t: 5.0, beat, beat_t: 5.0, picture_ms: None };
    core.hear(seat, &DriveMessage::Alive { at }, start).unwrap();
    core.step(&request(2, secret.expose()), start + ms(100)).unwrap();
    core.stop("ana");
    assert_eq!(
        core.step(&request(3, secret.expose()), start + ms(250)),
        Err(Refusal::NoSocket),
        "silent by now"
    );
}

/// One message under way.
struct Flight {
    arrives: u64,
    made: u64,
    message: DriveMessage,
}

fn number(message: &DriveMessage) -> Option<u64> {
    match message {
        DriveMessage::Hold { at, .. }
        | DriveMessage::Latch { at, .. }
        | DriveMessage::Step { at, .. }
        | DriveMessage::Alive { at }
        | DriveMessage::Neutral { at } => Some(at.seq),
        DriveMessage::Hello { .. } | DriveMessage::Stop | DriveMessage::Estop => None,
    }
}

/// What a network and a frantic driver may do in two seconds, and what the wheels were told meanwhile: motion
/// without a command younger than 300 ms, or after a stop without a newer letting-go or press, is counted, and so is
/// every message that was accepted 300 ms after it was made, a second time, or after a later one.
#[expect(clippy::too_many_lines, reason = "one story, told from top to bottom")]
fn stale_motions(seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut rig = Rig::new();
    rig.core.leases.seen(1, rig.start + Duration::from_hours(1));
    let (start, client_ahead) = (rig.start, random.random_range(0.0..1e6));
    let down = random.random_range(0..150_u64);
    let up = random.random_range(0..400_u64);
    let (mut flights, mut beats) = (Vec::<Flight>::new(), vec![(0_u64, rig.beat)]);
    let (mut seq, mut press) = (0, 0);
    let mut newest_good = None::<u64>;
    let mut stopped_at = None::<u64>;
    let mut let_go = None::<u64>;
    let mut newest_seq = 0;
    let mut bad = 0;
    for t in (0..2000_u64).step_by(5) {
        let now = start + ms(t);
        if t % 100 == 0 {
            beats.push((t, rig.core.beat(rig.seat, now).unwrap()));
        }
        // The driver.
        let known = beats.iter().rev().find(|(sent, _)| sent + down <= t);
        if let Some((sent, beat)) = known
            && random.random_bool(0.15)
        {
            seq += 1;
            let client = |at: u64| client_ahead + f64::from(u32::try_from(at).unwrap());
            let picture_ms = Some(if random.random_bool(0.05) { 450.0 } else { 40.0 });
            let at = Stamp { seq, t: client(t), beat: *beat, beat_t: client(sent + down), picture_ms };
            let message = match random.random_range(0..20) {
                0..=9 => DriveMessage::Hold { at, linear: random.random_range(-1.0..1.0), angular: 0.3 },
                10..=13 => DriveMessage::Neutral { at },
                14 => DriveMessage::Alive { at },
                15 | 16 => {
                    press += u64::from(random.random_bool(0.5));
                    DriveMessage::Latch {
                        at,
                        press,
                        linear: 0.5,
                        angular: 0.0,
                        for_ms: 1000,
                        stop_reachable: true,
                    }
                }
                17 | 18 => {
                    press += 1;
                    DriveMessage::Step { at, press, step: StepMove::Cm(20) }
                }
                _ => DriveMessage::Stop,
            };
            // Delay, stall, loss, duplication and reordering, which no TCP does but somebody in between may.
            let way = up * random.random_range(0..100) / 100;
            let stall = if random.random_bool(0.1) { random.random_range(0..1500) } else { 0 };
            for _ in 0..=u8::from(random.random_bool(0.2)) {
                let again = if random.random_bool(0.3) { random.random_range(0..1000) } else { 0 };
                if random.random_bool(0.95) {
                    flights.push(Flight {
                        arrives: t + way + stall + again,
                        made: t,
                        message: message.clone(),
                    });
                }
            }
        }
        // Arrivals.
        flights.retain(|flight| {
            if flight.arrives > t {
                return true;
            }
            let accepted = rig.core.hear(rig.seat, &flight.message, now).is_ok();
            if let Some(seq) = number(&flight.message)
                && accepted
            {
                bad += u32::from(seq <= newest_seq || t - flight.made >= 300);
                newest_seq = seq;
            }
            match flight.message {
                DriveMessage::Stop => stopped_at = Some(t),
                DriveMessage::Neutral { .. } if accepted => let_go = Some(t),
                DriveMessage::Hold { .. } | DriveMessage::Alive { .. } if accepted => {
                    newest_good = newest_good.max(Some(flight.made));
                }
                DriveMessage::Latch { .. } | DriveMessage::Step { .. } if accepted => {
                    newest_good = newest_good.max(Some(flight.made));
                    // A press is a fresh action by itself.
                    let_go = Some(t);
                }
                _ => {}
            }
            false
        });
        // Wheels.
        if random.random_bool(0.02) {
            rig.core.link(LinkNews::Heard(report(Stand::Driving)), now);
        }
        rig.orders.clear();
        rig.core.orders(now, &mut rig.orders);
        if rig.orders.iter().any(is_motion) {
            let old = newest_good.is_none_or(|made| t - made > 300);
            let unasked = stopped_at.is_some_and(|stop| let_go.is_none_or(|go| go < stop));
            bad += u32::from(old || unasked);
        }
        for order in &rig.orders {
            // What has been sent must end in time even if nothing is sent after it.
            if let Order::Drive { age, left, .. } | Order::Step { age, left, .. } = order
                && is_motion(order)
            {
                let made = newest_good.map_or(0, |made| t - made);
                bad += u32::from(*age + *left > ms(300) || u128::from(made) > age.as_millis() + 1);
            }
        }
    }
    bad
}

#[test]
fn no_motion_from_an_old_replayed_or_reordered_command() {
    let count = rounds(1500);
    let bad: u32 = (0..count).map(stale_motions).sum();
    assert_eq!(bad, 0, "in {count} schedules");
}

/// A seat, and the beat drawn for it.
type Seated = (u64, u64);

/// Four people and ten seconds of grabbing: commands accepted with a token that is not the newest one granted are
/// counted, and so is every change of drivers that did not pass through a stop.
fn wrong_drivers(seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let mut core = Core::new("port", CAPS, 0, (None, true), start);
    core.link(LinkNews::Up(controller()), start);
    core.link(LinkNews::Heard(report(Stand::Held)), start);
    let people = ["ana", "bob", "eva", "admin"].map(who);
    // Every token ever granted, with its number, whether it was given up, and the seat last taken with it.
    let mut grants: Vec<(Fingerprint, u64, Option<Seated>)> = Vec::new();
    let mut newest = 0;
    let mut moved_by = 0;
    let mut bad = 0;
    let mut seq = 0;
    let mut orders = Vec::new();
    for t in (0..10_000_u64).step_by(40) {
        let now = start + ms(t);
        let person = &people[random.random_range(0..people.len())];
        let any = (!grants.is_empty()).then(|| random.random_range(0..grants.len()));
        match random.random_range(0..10) {
            0 | 1 => {
                let token = Secret::random().digest();
                let how = [IfHeld::Refuse, IfHeld::Ask, IfHeld::Take][random.random_range(0..3)];
                if let Ok(Outcome::Granted(number)) = core.acquire(person, how, token, Timestamp::now(), now)
                {
                    bad += u32::from(number <= newest);
                    newest = number;
                    grants.push((token, number, None));
                }
            }
            2 => {
                if let Some(i) = any {
                    let hand_over = random.random_bool(0.5);
                    let _ = core.answer(&grants[i].0, hand_over, now);
                }
            }
            3 => {
                if let Some(i) = any
                    && random.random_bool(0.3)
                {
                    let _ = core.release(&grants[i].0, now);
                }
            }
            4 | 5 => {
                // The newest is likelier, so that somebody gets to drive.
                let i = if random.random_bool(0.7) { grants.len().checked_sub(1) } else { any };
                if let Some(i) = i
                    && let Ok((seat, lease)) = core.sit(&grants[i].0, now)
                {
                    bad += u32::from(lease != grants[i].1 || lease != newest);
                    let beat = core.beat(seat, now).unwrap();
                    grants[i].2 = Some((seat, beat));
                }
            }
            _ => {
                for (_, number, seat) in &grants {
                    let Some((seat, beat)) = seat else { continue };
                    seq += 1;
                    let client = f64::from(u32::try_from(t).unwrap());
                    let at = Stamp { seq, t: client, beat: *beat, beat_t: client, picture_ms: Some(20.0) };
                    let message = if random.random_bool(0.4) {
                        DriveMessage::Neutral { at }
                    } else {
                        DriveMessage::Hold { at, linear: 0.5, angular: 0.0 }
                    };
                    if core.hear(*seat, &message, now).is_ok() {
                        bad += u32::from(*number != newest);
                    }
                    orders.clear();
                    core.orders(now, &mut orders);
                    if orders.iter().any(is_motion) {
                        bad += u32::from(moved_by != 0 && moved_by != newest);
                        moved_by = newest;
                    }
                    moved_by *= u64::from(!comes_to_rest(&orders));
                }
            }
        }
        orders.clear();
        core.orders(now, &mut orders);
        moved_by *= u64::from(!comes_to_rest(&orders));
    }
    bad
}

#[test]
fn exactly_one_drives_and_an_old_token_moves_nothing() {
    let count = rounds(300);
    let bad: u32 = (0..count).map(wrong_drivers).sum();
    assert_eq!(bad, 0, "in {count} interleavings");
}

#[test]
fn an_ask_is_answered_and_the_one_who_asked_gets_it() {
    let mut rig = Rig::ready();
    let (bob, eva) = (who("bob"), who("eva"));
    let acquire = |rig: &mut Rig, who: &Who, how| {
        let token = Secret::random().digest();
        rig.core.acquire(who, how, token, Timestamp::now(), rig.now).map(|outcome| (outcome, token))
    };
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Refuse).unwrap_err(), Refusal::LeaseHeld);
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Take).unwrap_err(), Refusal::LeaseHeld, "bob is no admin");
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Ask).unwrap().0, Outcome::Asked);
    assert_eq!(rig.core.asking(), Some("bob"));
    rig.hold(1.0).unwrap();
    rig.orders();
    rig.core.answer(&rig.token, true, rig.now).unwrap();
    assert_eq!(rig.orders(), [Order::Stop]);
    assert_eq!(
        acquire(&mut rig, &eva, IfHeld::Refuse).unwrap_err(),
        Refusal::LeaseHeld,
        "it is kept for bob"
    );
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Ask).unwrap().0, Outcome::Granted(2));
    assert_eq!(rig.core.check(&rig.token, rig.now), Err(Refusal::LeaseLost));
    assert_eq!(acquire(&mut rig, &who("admin"), IfHeld::Take).unwrap().0, Outcome::Granted(3));
    rig.now += super::super::lease::STALE;
    assert_eq!(acquire(&mut rig, &eva, IfHeld::Refuse).unwrap().0, Outcome::Granted(4), "stale");
}
