//! The protocol of `docs/serial-protocol.md`.

#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_link::host::{Due, Event, Host, WhyLost};
use havatar_link::message::{
    Buzzer, Drive, Estop, Head, Lights, Limits, Presence, Release, Report as Every, State, Status, Step,
    StepKind as Kind, StepResult, Stop, StopReason, ToDevice, Welcome,
};
use rand::TryRng as _;
use tokio::time::Instant;

use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Order, Protocol, Report, Stand, StepEnd, StepKind,
};
use super::Speech;

/// Between two reports of the controller.
const REPORT_MS: u16 = 50;
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
    /// A session has begun, and the controller has not been told our terms.
    begun: bool,
    /// A stop was spelled that nobody has asked about.
    stopped: bool,
}

impl Native {
    pub(in super::super) fn new(most: (u16, u16), now: Instant) -> Self {
        Self { host: Host::new(), base: now, most, latch: 0, begun: false, stopped: false }
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
}

impl Speech for Native {
    fn begin(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.greet(now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Instant, news: &mut Vec<LinkNews>) {
        let at = self.at(now);
        let (mut latch, mut begun) = (self.latch, self.begun);
        let damaged = self.host.counts().damaged;
        self.host.received(bytes, at, |event| match event {
            Event::Up(welcome) => {
                begun = true;
                news.push(LinkNews::Up(controller(&welcome)));
            }
            Event::Lost(why) => news.push(LinkNews::Lost(lost(why))),
            Event::Status(status) => {
                latch = status.latch;
                news.push(LinkNews::Heard(report(&status, damaged)));
            }
            Event::Refused(refused) => {
                news.push(LinkNews::Declined(format!("{}: {}", refused.of, refused.code)));
            }
            Event::Incompatible(welcome) => news.push(LinkNews::Unknown(format!(
                "{} speaks no version of the protocol that this havatard does; update its firmware",
                welcome.name
            ))),
            Event::Unreadable(error) => tracing::debug!(%error, "a frame of the controller makes no sense"),
        });
        (self.latch, self.begun) = (latch, begun);
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
                Due::Lost(why) => news.push(LinkNews::Lost(lost(why))),
            }
        }
        if std::mem::take(&mut self.begun) {
            let (linear, angular) = self.most;
            let limits = Limits { linear, reverse: linear / 2, angular, accel: 0, turn_accel: 0 };
            self.send(limits, now, out);
            self.send(Every { period: REPORT_MS }, now, out);
        }
        if let Some(deadline) = self.host.deadline() {
            self.base + deadline
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
