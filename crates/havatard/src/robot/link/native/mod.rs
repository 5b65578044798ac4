//! The protocol of `docs/serial-protocol.md`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_link::host::{Counts, Due, Event, Host, WhyLost};
use havatar_link::message::{
    Buzzer, Drive, Estop, Head, Kind as Type, Lights, Limits, MessageError, Presence, Refused, Release,
    Report as Every, State, Status, Step, StepKind as Kind, StepResult, Stop, StopReason, ToDevice, Welcome,
};
use rand::TryRng as _;
use tokio::time::Instant;

use crate::robot::link::Codec;
use crate::robot::wire::{
    Controller, DeviceCommand, DeviceState, DeviceStop, Features, LinkEvent, Lost, Protocol, Report, StepEnd,
    StepKind,
};

/// Interval of the controller's reports.
const REPORT_MS: u16 = 50;
/// Interval at which a handshake message is repeated until the controller has accepted it.
const HANDSHAKE_EVERY: Duration = Duration::from_millis(100);
/// So many bytes without one frame come from no controller of Havatar's: an ESP32 that boots says less.
const FOREIGN: usize = 2048;
const FOREIGN_DEVICE: &str = "what is at the end of the cable talks all the time, and never in Havatar's protocol: it is another \
    device, another firmware or another speed; set robot.port, robot.protocol or robot.baud";
/// So many greetings of our own come back by no accident.
const ECHOES: u32 = 3;
const ECHO: &str = "what is at the end of the cable sends back what it is sent: a loopback plug, a modem, or a console that echoes; \
    choose another robot.port";
/// Longest wait between two polls.
const IDLE: Duration = Duration::from_millis(100);

/// The session with one controller.
pub(in crate::robot) struct Native {
    host: Host,
    base: Instant,
    /// The limits that the controller must never exceed: mm/s, mrad/s.
    most: (u16, u16),
    /// The latch that it last reported.
    latch: u16,
    /// A stop was encoded since the last query.
    stopped: bool,
    handshake: Handshake,
    /// Bytes since the last undamaged frame, outside any session.
    foreign: usize,
    /// Greetings of our own that came back, outside any session.
    echoes: u32,
}

/// The handshake of a session: which settings the controller has accepted, the limits first and then the report period.
#[derive(Default)]
enum Handshake {
    /// No session.
    #[default]
    Apart,
    /// The limits were sent at `told`. The controller is not reported as up before it has accepted them. Nothing else is sent
    /// until then, so that an acknowledgement can only mean the limits.
    Limits { welcome: Welcome, told: Option<Duration> },
    /// Up. The report period was sent with this `seq` at this time.
    Report { told: Option<(u32, Duration)> },
    /// Complete.
    Known,
}

impl Handshake {
    fn is_up(&self) -> bool {
        matches!(self, Self::Report { .. } | Self::Known)
    }

    /// When the pending message is to be sent again.
    fn due(&self) -> Option<Duration> {
        match *self {
            Self::Limits { told, .. } => Some(told.map_or(Duration::ZERO, |at| at + HANDSHAKE_EVERY)),
            Self::Report { told } => Some(told.map_or(Duration::ZERO, |(_, at)| at + HANDSHAKE_EVERY)),
            Self::Apart | Self::Known => None,
        }
    }

    /// Handles an acknowledgement. Returns the controller once it has accepted the limits.
    fn accepted(&mut self, seq: u32) -> Option<Controller> {
        match *self {
            Self::Limits { welcome, told: Some(_) } if seq != 0 => {
                *self = Self::Report { told: None };
                Some(controller(&welcome))
            }
            // A later frame may be accepted without this one.
            Self::Report { told: Some((told, _)) } if seq == told => {
                *self = Self::Known;
                None
            }
            _ => None,
        }
    }

    /// Handles a refusal.
    fn refused(&mut self, refused: Refused) -> LinkEvent {
        match self {
            Self::Limits { welcome, .. } if refused.of == Type::Limits => LinkEvent::Unknown(format!(
                "{} refuses the limits of speed ({}), and is not driven without",
                welcome.name, refused.code
            )),
            _ => {
                // The controller keeps its own report period.
                if matches!(self, Self::Report { .. }) && refused.of == Type::Report {
                    *self = Self::Known;
                }
                LinkEvent::Declined(format!("{}: {}", refused.of, refused.code))
            }
        }
    }
}

impl Native {
    pub(in crate::robot) fn new(most: (u16, u16), now: Instant) -> Self {
        Self {
            host: Host::new(),
            base: now,
            most,
            latch: 0,
            stopped: false,
            handshake: Handshake::Apart,
            foreign: 0,
            echoes: 0,
        }
    }

    fn at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.base)
    }

    fn greet(&mut self, now: Instant, out: &mut Vec<u8>) {
        let mut nonce = [0; 4];
        // Without random numbers there is no greeting, so nothing is driven.
        if rand::rngs::SysRng.try_fill_bytes(&mut nonce).is_ok() {
            let at = self.at(now);
            // Ends any partial frame on the line.
            out.push(0);
            out.extend_from_slice(self.host.hello(u32::from_le_bytes(nonce), at).as_bytes());
        }
    }

    fn send(&mut self, message: impl Into<ToDevice>, now: Instant, out: &mut Vec<u8>) {
        let at = self.at(now);
        match self.host.encode(message, at) {
            Ok(frame) => out.extend_from_slice(frame.as_bytes()),
            Err(error) => tracing::debug!(%error, "a message to the controller was not sent"),
        }
    }

    /// Sends the handshake message that is due.
    fn send_handshake(&mut self, now: Instant, out: &mut Vec<u8>, events: &mut Vec<LinkEvent>) {
        let at = self.at(now);
        if self.handshake.due().is_none_or(|due| at < due) {
            return;
        }
        match &mut self.handshake {
            Handshake::Limits { welcome, told } => {
                if told.replace(at).is_some() {
                    let why = format!("{} has not accepted the limits of speed yet", welcome.name);
                    events.push(LinkEvent::Unknown(why));
                }
                let (linear, angular) = self.most;
                let limits = Limits { linear, reverse: linear / 2, angular, accel: 0, turn_accel: 0 };
                self.send(limits, now, out);
            }
            Handshake::Report { .. } => {
                self.send(Every { period: REPORT_MS }, now, out);
                self.handshake = Handshake::Report { told: self.host.sent(at).map(|seq| (seq, at)) };
            }
            Handshake::Apart | Handshake::Known => {}
        }
    }
}

impl Codec for Native {
    fn open(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.greet(now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Instant, events: &mut Vec<LinkEvent>) {
        let at = self.at(now);
        let (latch, handshake, echoes) = (&mut self.latch, &mut self.handshake, &mut self.echoes);
        let counts = self.host.counts();
        let damaged = counts.damaged;
        self.host.received(bytes, at, |event| match event {
            Event::Up(welcome) => {
                if handshake.is_up() {
                    events.push(LinkEvent::Lost(Lost::OtherSession));
                }
                (*handshake, *echoes) = (Handshake::Limits { welcome, told: None }, 0);
            }
            Event::Unreadable(MessageError::Unexpected(Type::Hello)) => {
                *echoes += 1;
                if *echoes >= ECHOES && matches!(handshake, Handshake::Apart) {
                    events.push(LinkEvent::Unknown(ECHO.to_owned()));
                }
            }
            Event::Lost(why) => {
                *handshake = Handshake::Apart;
                events.push(LinkEvent::Lost(lost(why)));
            }
            Event::Status(status) => {
                *latch = status.latch;
                events.extend(handshake.accepted(status.accepted).map(LinkEvent::Up));
                if handshake.is_up() {
                    events.push(LinkEvent::Reported(report(&status, damaged)));
                }
            }
            Event::Refused(refused) => events.push(handshake.refused(refused)),
            Event::Incompatible(welcome) => events.push(LinkEvent::Unknown(format!(
                "{} speaks no version of the protocol that this havatard does; update its firmware",
                welcome.name
            ))),
            Event::Unreadable(error) => tracing::debug!(%error, "a frame of the controller makes no sense"),
        });
        // The damaged ones are left out: any text that holds a zero makes those.
        let undamaged = |counts: Counts| counts.accepted + counts.ignored + counts.unreadable;
        if undamaged(self.host.counts()) != undamaged(counts) || !matches!(self.handshake, Handshake::Apart) {
            self.foreign = 0;
        } else {
            self.foreign = self.foreign.saturating_add(bytes.len());
            if self.foreign >= FOREIGN {
                events.push(LinkEvent::Unknown(FOREIGN_DEVICE.to_owned()));
            }
        }
    }

    fn drained(&mut self, _now: Instant) {}

    fn take_stop_encoded(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    fn delimiter(&self) -> u8 {
        0
    }

    fn encode(&mut self, command: &DeviceCommand, now: Instant, out: &mut Vec<u8>) {
        self.stopped |= command.is_urgent();
        if matches!(self.handshake, Handshake::Limits { .. }) {
            // A controller obeys a stop outside any session too.
            let stop: ToDevice = match command {
                DeviceCommand::Stop => Stop { reason: 0 }.into(),
                DeviceCommand::Estop => Estop { reason: 0 }.into(),
                _ => return,
            };
            out.extend_from_slice(stop.frame(0, 0).as_bytes());
            return;
        }
        let at = self.at(now);
        let stamp = self.host.stamp(at).unwrap_or(0);
        match *command {
            DeviceCommand::Drive { linear, angular, age, left } => {
                let (age, left) = (rounded_up(age), rounded_down(left));
                self.send(Drive { stamp, age, left, linear, angular }, now, out);
            }
            DeviceCommand::Step { id, kind, amount, speed, age, left } => {
                let (age, left) = (rounded_up(age), rounded_down(left));
                let kind = match kind {
                    StepKind::Straight => Kind::Straight,
                    StepKind::Turn => Kind::Turn,
                };
                self.send(Step { stamp, age, left, id, kind, amount, speed }, now, out);
            }
            DeviceCommand::Stop => self.send(Stop { reason: 0 }, now, out),
            DeviceCommand::Estop => self.send(Estop { reason: 0 }, now, out),
            DeviceCommand::Release => self.send(Release { latch: self.latch }, now, out),
            DeviceCommand::Head { pan, tilt } => self.send(Head { pan, tilt }, now, out),
            DeviceCommand::Lights { light, presence } => {
                let presence = match presence {
                    0 => Presence::Nobody,
                    1 => Presence::Watched,
                    _ => Presence::Driven,
                };
                self.send(Lights { light, presence }, now, out);
            }
            DeviceCommand::Buzzer { hz, ms } => self.send(Buzzer { hz, ms }, now, out),
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, events: &mut Vec<LinkEvent>) -> Instant {
        let at = self.at(now);
        while let Some(due) = self.host.poll(at) {
            match due {
                Due::Hello(frame) => {
                    out.push(0);
                    out.extend_from_slice(frame.as_bytes());
                    break;
                }
                Due::Lost(why) => {
                    self.handshake = Handshake::Apart;
                    events.push(LinkEvent::Lost(lost(why)));
                }
            }
        }
        self.send_handshake(now, out, events);
        if let Some(deadline) = self.host.deadline() {
            self.base + self.handshake.due().map_or(deadline, |due| due.min(deadline))
        } else {
            self.greet(now, out);
            now + IDLE
        }
    }
}

fn lost(why: WhyLost) -> Lost {
    match why {
        WhyLost::Silent => Lost::Silent,
        WhyLost::OtherSession | WhyLost::Exhausted => Lost::OtherSession,
        WhyLost::OtherBoot => Lost::Rebooted,
    }
}

fn controller(welcome: &Welcome) -> Controller {
    let has = welcome.features;
    Controller {
        name: welcome.name.to_string(),
        protocol: Protocol::Havatar,
        features: Features {
            odometry: has.odometry(),
            battery: has.battery(),
            head: has.head(),
            light: has.light(),
            presence: has.presence(),
            buzzer: has.buzzer(),
            mute_switch: has.mute_switch(),
            estop_button: has.estop_button(),
            estop: true,
            estop_kept: has.estop_latch(),
            watchdog: true,
            acknowledges: true,
            answers: true,
        },
        boot: Some(welcome.boot),
        max_linear: welcome.max_linear,
        max_reverse: welcome.max_reverse,
        max_angular: welcome.max_angular,
    }
}

fn report(status: &Status, damaged: u64) -> Report {
    let flags = status.flags;
    Report {
        state: match status.state {
            State::Ready => DeviceState::Ready,
            State::Driving => DeviceState::Driving,
            State::Stepping => DeviceState::Stepping,
            State::Held | State::NoSession => DeviceState::Held,
            State::Estop => DeviceState::Latched,
            State::Unknown(_) => DeviceState::Unknown,
        },
        estop_latched: flags.estop_latched(),
        button: flags.estop_pressed(),
        motor_fault: flags.motor_fault(),
        muted: flags.mute_switch(),
        battery_low: flags.battery_low(),
        battery_critical: flags.battery_critical(),
        step: status.step,
        step_end: match status.step_result {
            StepResult::None => StepEnd::None,
            StepResult::Running => StepEnd::Running,
            StepResult::Done => StepEnd::Done,
            StepResult::Stopped | StepResult::Unknown(_) => StepEnd::Stopped,
            StepResult::TimedOut => StepEnd::TimedOut,
            StepResult::Blocked => StepEnd::Blocked,
        },
        stopped: match status.stop_reason {
            StopReason::None | StopReason::Stop => DeviceStop::Told,
            StopReason::Watchdog | StopReason::Old | StopReason::Ended => DeviceStop::Watchdog,
            StopReason::Estop => DeviceStop::Estop,
            StopReason::Began => DeviceStop::Boot,
            StopReason::Blocked => DeviceStop::Blocked,
            StopReason::MotorFault => DeviceStop::MotorFault,
            StopReason::Unknown(_) => DeviceStop::Unknown,
        },
        speed: Some((status.linear, status.angular)),
        pose: Some((status.x, status.y, status.heading)),
        battery_mv: (status.battery_mv != 0).then_some(status.battery_mv),
        battery_percent: (status.battery_percent != 255).then_some(status.battery_percent),
        head: Some((status.pan, status.tilt)),
        light: Some(status.light),
        presence: Some(status.presence.into()),
        trips: status.trips,
        bad_frames: u32::from(status.bad_frames).saturating_add(u32::try_from(damaged).unwrap_or(u32::MAX)),
    }
}

/// Rounds an age up: rather too old than too young.
fn rounded_up(age: Duration) -> u16 {
    u16::try_from(age.as_micros().div_ceil(1000)).unwrap_or(u16::MAX)
}

/// Rounds the remaining time down, but never to 0: an ended motion is not sent at all.
fn rounded_down(left: Duration) -> u16 {
    u16::try_from(left.as_millis()).unwrap_or(u16::MAX).clamp(1, 8000)
}
