//! The rules, with a driver and a controller that are played by hand.

mod any;
mod commands;
mod device;
mod estop;
mod lag;
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

    /// Drives ahead, by a latch or a held control.
    fn drives(&mut self, latched: bool) {
        if latched {
            self.latch(1).unwrap();
        } else {
            self.hold(1.0).unwrap();
        }
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
