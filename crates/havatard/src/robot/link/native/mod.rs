//! The protocol of `docs/serial-protocol.md`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_link::host::{Due, Event, Host, WhyLost};
use havatar_link::message::{
    Buzzer, Drive, Estop, Head, Kind as Type, Lights, Limits, Presence, Refused, Release, Report as Every,
    State, Status, Step, StepKind as Kind, StepResult, Stop, StopReason, ToDevice, Welcome,
};
use rand::TryRng as _;
use tokio::time::Instant;

use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Order, Protocol, Report, Stand, StepEnd, StepKind,
};
use super::Speech;

/// Between two reports of the controller.
const REPORT_MS: u16 = 50;
/// Our terms are told again this often until the controller has accepted them.
const TERMS_EVERY: Duration = Duration::from_millis(100);
/// With nothing due, the link is still looked at this often.
const IDLE: Duration = Duration::from_millis(100);

/// One controller.
pub(in super::super) struct Native {
    host: Host,
    base: Instant,
    /// What the controller is told never to exceed: mm/s, mrad/s.
    most: (u16, u16),
    /// The latch that it last reported.
    latch: u16,
    /// A stop was spelled that nobody has asked about.
    stopped: bool,
    terms: Terms,
}

/// How far the controller knows what we ask of it in a session: what it must never exceed, and how often it is to report.
#[derive(Default)]
enum Terms {
    /// There is no session.
    #[default]
    Apart,
    /// The limits were told at `told`, and nobody is told of the controller before it has accepted them. Until then nothing
    /// else is said in the session, so that what it says it accepted can only be those.
    Limits { welcome: Welcome, told: Option<Duration> },
    /// It is up. The period was told under this `seq` and at this time.
    Report { told: Option<(u32, Duration)> },
    /// It knows all of it.
    Known,
}

impl Terms {
    fn are_up(&self) -> bool {
        matches!(self, Self::Report { .. } | Self::Known)
    }

    /// When they are to be told again.
    fn due(&self) -> Option<Duration> {
        match *self {
            Self::Limits { told, .. } => Some(told.map_or(Duration::ZERO, |at| at + TERMS_EVERY)),
            Self::Report { told } => Some(told.map_or(Duration::ZERO, |(_, at)| at + TERMS_EVERY)),
            Self::Apart | Self::Known => None,
        }
    }

    /// What the controller has accepted. The controller, if that were the limits.
    fn accepted(&mut self, seq: u32) -> Option<Controller> {
        match *self {
            Self::Limits { welcome, told: Some(_) } if seq != 0 => {
                *self = Self::Report { told: None };
                Some(controller(&welcome))
            }
            // Later frames may have been accepted without it.
            Self::Report { told: Some((told, _)) } if seq == told => {
                *self = Self::Known;
                None
            }
            _ => None,
        }
    }

    /// What the controller did not do as it was told.
    fn refused(&mut self, refused: Refused) -> LinkNews {
        match self {
            Self::Limits { welcome, .. } if refused.of == Type::Limits => LinkNews::Unknown(format!(
                "{} refuses the limits of speed ({}), and is not driven without",
                welcome.name, refused.code
            )),
            _ => {
                // It reports as it likes, then.
                if matches!(self, Self::Report { .. }) && refused.of == Type::Report {
                    *self = Self::Known;
                }
                LinkNews::Declined(format!("{}: {}", refused.of, refused.code))
            }
        }
    }
}

impl Native {
    pub(in super::super) fn new(most: (u16, u16), now: Instant) -> Self {
        Self { host: Host::new(), base: now, most, latch: 0, stopped: false, terms: Terms::Apart }
    }

    fn at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.base)
    }

    fn greet(&mut self, now: Instant, out: &mut Vec<u8>) {
        let mut nonce = [0; 4];
        // Without dice nobody is greeted, so nothing is driven.
        if rand::rngs::SysRng.try_fill_bytes(&mut nonce).is_ok() {
            let at = self.at(now);
            // Cuts off whatever was on the line before.
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

    /// Tells what of our terms is due.
    fn tell_terms(&mut self, now: Instant, out: &mut Vec<u8>, news: &mut Vec<LinkNews>) {
        let at = self.at(now);
        if self.terms.due().is_none_or(|due| at < due) {
            return;
        }
        match &mut self.terms {
            Terms::Limits { welcome, told } => {
                if told.replace(at).is_some() {
                    let why = format!("{} has not accepted the limits of speed yet", welcome.name);
                    news.push(LinkNews::Unknown(why));
                }
                let (linear, angular) = self.most;
                let limits = Limits { linear, reverse: linear / 2, angular, accel: 0, turn_accel: 0 };
                self.send(limits, now, out);
            }
            Terms::Report { .. } => {
                self.send(Every { period: REPORT_MS }, now, out);
                self.terms = Terms::Report { told: self.host.sent(at).map(|seq| (seq, at)) };
            }
            Terms::Apart | Terms::Known => {}
        }
    }
}

impl Speech for Native {
    fn begin(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.greet(now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Instant, news: &mut Vec<LinkNews>) {
        let at = self.at(now);
        let (latch, terms) = (&mut self.latch, &mut self.terms);
        let damaged = self.host.counts().damaged;
        self.host.received(bytes, at, |event| match event {
            Event::Up(welcome) => {
                if terms.are_up() {
                    news.push(LinkNews::Lost(Lost::OtherSession));
                }
                *terms = Terms::Limits { welcome, told: None };
            }
            Event::Lost(why) => {
                *terms = Terms::Apart;
                news.push(LinkNews::Lost(lost(why)));
            }
            Event::Status(status) => {
                *latch = status.latch;
                news.extend(terms.accepted(status.accepted).map(LinkNews::Up));
                if terms.are_up() {
                    news.push(LinkNews::Heard(report(&status, damaged)));
                }
            }
            Event::Refused(refused) => news.push(terms.refused(refused)),
            Event::Incompatible(welcome) => news.push(LinkNews::Unknown(format!(
                "{} speaks no version of the protocol that this havatard does; update its firmware",
                welcome.name
            ))),
            Event::Unreadable(error) => tracing::debug!(%error, "a frame of the controller makes no sense"),
        });
    }

    fn taken(&mut self, _now: Instant) {}

    fn has_stopped(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    fn cut(&self) -> u8 {
        0
    }

    fn say(&mut self, order: &Order, now: Instant, out: &mut Vec<u8>) {
        self.stopped |= order.is_urgent();
        if matches!(self.terms, Terms::Limits { .. }) {
            // To stop is obeyed outside of any session too.
            let stop: ToDevice = match order {
                Order::Stop => Stop { reason: 0 }.into(),
                Order::Estop => Estop { reason: 0 }.into(),
                _ => return,
            };
            out.extend_from_slice(stop.frame(0, 0).as_bytes());
            return;
        }
        let at = self.at(now);
        let stamp = self.host.stamp(at).unwrap_or(0);
        match *order {
            Order::Drive { linear, angular, age, left } => {
                let (age, left) = (rounded_up(age), rounded_down(left));
                self.send(Drive { stamp, age, left, linear, angular }, now, out);
            }
            Order::Step { id, kind, amount, speed, age, left } => {
                let (age, left) = (rounded_up(age), rounded_down(left));
                let kind = match kind {
                    StepKind::Straight => Kind::Straight,
                    StepKind::Turn => Kind::Turn,
                };
                self.send(Step { stamp, age, left, id, kind, amount, speed }, now, out);
            }
            Order::Stop => self.send(Stop { reason: 0 }, now, out),
            Order::Estop => self.send(Estop { reason: 0 }, now, out),
            Order::Release => self.send(Release { latch: self.latch }, now, out),
            Order::Head { pan, tilt } => self.send(Head { pan, tilt }, now, out),
            Order::Lights { light, presence } => {
                let presence = match presence {
                    0 => Presence::Nobody,
                    1 => Presence::Watched,
                    _ => Presence::Driven,
                };
                self.send(Lights { light, presence }, now, out);
            }
            Order::Buzzer { hz, ms } => self.send(Buzzer { hz, ms }, now, out),
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, news: &mut Vec<LinkNews>) -> Instant {
        let at = self.at(now);
        while let Some(due) = self.host.poll(at) {
            match due {
                Due::Hello(frame) => {
                    out.push(0);
                    out.extend_from_slice(frame.as_bytes());
                    break;
                }
                Due::Lost(why) => {
                    self.terms = Terms::Apart;
                    news.push(LinkNews::Lost(lost(why)));
                }
            }
        }
        self.tell_terms(now, out, news);
        if let Some(deadline) = self.host.deadline() {
            self.base + self.terms.due().map_or(deadline, |due| due.min(deadline))
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
        stand: match status.state {
            State::Ready => Stand::Ready,
            State::Driving => Stand::Driving,
            State::Stepping => Stand::Stepping,
            State::Held | State::NoSession => Stand::Held,
            State::Estop => Stand::Latched,
            State::Unknown(_) => Stand::Unknown,
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

/// Older rather than younger.
fn rounded_up(age: Duration) -> u16 {
    u16::try_from(age.as_micros().div_ceil(1000)).unwrap_or(u16::MAX)
}

/// Shorter rather than longer, but never nothing: a motion that is over is not said at all.
fn rounded_down(left: Duration) -> u16 {
    u16::try_from(left.as_millis()).unwrap_or(u16::MAX).clamp(1, 8000)
}
