//! Lines of text, for firmware that is already on a robot.
//!
//! Such firmware acknowledges nothing, and it may have no watchdog. So this codec does what the native controller does, as
//! far as this end of the cable can: motions end by the clock, a stop is repeated for as long as it holds, steps are timed
//! instead of measured, and speed is low. Its reports are what was sent, not what is; the missing features tell so.

#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_link::text::{Dialect, Lines};
use tokio::time::Instant;

use crate::robot::link::Codec;
use crate::robot::wire::{
    Controller, DeviceCommand, DeviceState, DeviceStop, Features, LinkEvent, Lost, Protocol, Report, StepEnd,
    StepKind,
};

/// Top speed of a robot that cannot stop by itself: mm/s and mrad/s.
const FASTEST: (u16, u16) = (150, 524);
/// Number and interval of the first repetitions of a stop.
const STOPS: u8 = 5;
const STOP_EVERY: Duration = Duration::from_millis(20);
/// Interval of the later ones, for as long as the stop holds: some may be lost to a full buffer.
const STAND_EVERY: Duration = Duration::from_millis(150);
/// Interval of the reports.
const REPORT_EVERY: Duration = Duration::from_millis(50);
/// Interval of the queries to a firmware that answers them.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// A board that resets when its port is opened receives the first lines late.
const SETTLE: Duration = Duration::from_millis(100);

/// The session with one firmware.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(in crate::robot) struct Text {
    dialect: Dialect,
    lines: Lines,
    most: (u16, u16),
    /// Longest silence of a firmware with known replies.
    silence: Duration,
    /// Opened at this time, later the time of the first transmission; up once it has settled.
    opened: Instant,
    taken: bool,
    /// `Unknown` was reported: an answer is awaited.
    waited: bool,
    up: bool,
    answered: Option<Instant>,
    ask_at: Instant,
    state: DeviceState,
    estop: bool,
    /// The motion ends at this time unless it is repeated.
    until: Instant,
    step: Step,
    stops: u8,
    stop_at: Instant,
    /// A stop was encoded since the last query.
    stopped: bool,
    report_at: Instant,
    told: Told,
}

/// Why the firmware is not present.
#[derive(Clone, Copy)]
enum Absent {
    Opening,
    Silent,
}

#[derive(Clone, Copy)]
struct Step {
    id: u16,
    end: StepEnd,
    over: Instant,
}

/// Values that the firmware has sent, if it sends any.
#[derive(Default)]
struct Told {
    pose: Option<(i32, i32, i32)>,
    battery_mv: Option<u16>,
    battery_percent: Option<u8>,
}

impl Text {
    pub(in crate::robot) fn new(dialect: Dialect, silence: Duration, most: (u16, u16), now: Instant) -> Self {
        Self {
            dialect,
            silence,
            lines: Lines::default(),
            most: (most.0.min(FASTEST.0), most.1.min(FASTEST.1)),
            opened: now,
            taken: false,
            waited: false,
            up: false,
            answered: None,
            ask_at: now,
            state: DeviceState::Held,
            estop: false,
            until: now,
            step: Step { id: 0, end: StepEnd::None, over: now },
            stops: STOPS,
            stop_at: now,
            stopped: false,
            report_at: now,
            told: Told::default(),
        }
    }

    fn drive(&mut self, linear: i16, angular: i16, out: &mut Vec<u8>) {
        let (fast, turn) = (self.most.0.cast_signed(), self.most.1.cast_signed());
        let line = self.dialect.drive(linear.clamp(-fast, fast), angular.clamp(-turn, turn));
        out.extend_from_slice(line.as_bytes());
    }

    /// Stops, and repeats the stop.
    fn stop(&mut self, state: DeviceState, now: Instant, out: &mut Vec<u8>) {
        if self.step.end == StepEnd::Running {
            self.step.end = StepEnd::Stopped;
        }
        self.state = state;
        self.stops = STOPS;
        self.stop_at = now;
        self.stopped = true;
        self.repeat_stop(now, out);
    }

    /// Whether the firmware is present, and until when: it has received the first lines, and has answered if it has known
    /// replies.
    fn check_present(&self, now: Instant) -> Result<Option<Instant>, Absent> {
        if !self.taken || now < self.opened + SETTLE {
            return Err(Absent::Opening);
        }
        if !self.dialect.answers() {
            return Ok(None);
        }
        let until = self.answered.map(|answered| answered + self.silence);
        until.filter(|until| now < *until).map(Some).ok_or(Absent::Silent)
    }

    /// Reports when the firmware appears and disappears. Returns when to check again.
    fn update_presence(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        events: &mut Vec<LinkEvent>,
    ) -> Option<Instant> {
        let there = self.check_present(now);
        match (self.up, there) {
            (false, Ok(_)) => events.push(LinkEvent::Up(self.controller())),
            (true, Err(_)) => {
                self.stop(DeviceState::Held, now, out);
                events.push(LinkEvent::Lost(Lost::Silent));
            }
            (false, Err(Absent::Silent)) if !self.waited => {
                self.waited = true;
                events.push(LinkEvent::Unknown(self.missed()));
            }
            _ => {}
        }
        self.up = there.is_ok();
        match there {
            Ok(until) => until,
            Err(_) => Some(self.opened + SETTLE).filter(|settled| now < *settled),
        }
    }

    fn missed(&self) -> String {
        let asked = if self.dialect.ask().is_some() {
            "it is asked with robot.text.ask"
        } else {
            "if it answers only when it is asked, write the question as robot.text.ask"
        };
        format!("the firmware has given none of the answers in robot.text.replies; {asked}")
    }

    fn repeat_stop(&mut self, now: Instant, out: &mut Vec<u8>) {
        // A pending repetition of the last stop must not cut a newer motion short.
        if !self.is_moving() && now >= self.stop_at {
            let line = if self.estop { self.dialect.estop() } else { self.dialect.stop() };
            out.extend_from_slice(line.as_bytes());
            self.stops = self.stops.saturating_sub(1);
            self.stop_at = now + if self.stops > 0 { STOP_EVERY } else { STAND_EVERY };
        }
    }

    fn is_moving(&self) -> bool {
        matches!(self.state, DeviceState::Driving | DeviceState::Stepping)
    }

    fn controller(&self) -> Controller {
        let has = self.dialect.features();
        Controller {
            name: "text firmware".to_owned(),
            protocol: Protocol::Text,
            features: Features {
                odometry: has.odometry(),
                battery: has.battery(),
                head: has.head(),
                light: has.light(),
                answers: self.dialect.answers(),
                ..Features::default()
            },
            boot: None,
            max_linear: self.most.0,
            max_reverse: self.most.0,
            max_angular: self.most.1,
        }
    }

    fn report(&self) -> Report {
        Report {
            state: if self.estop { DeviceState::Latched } else { self.state },
            estop_latched: self.estop,
            button: false,
            motor_fault: false,
            muted: false,
            battery_low: false,
            battery_critical: false,
            step: self.step.id,
            step_end: self.step.end,
            stopped: DeviceStop::Told,
            speed: None,
            pose: self.told.pose,
            battery_mv: self.told.battery_mv,
            battery_percent: self.told.battery_percent,
            head: None,
            light: None,
            presence: None,
            trips: 0,
            bad_frames: 0,
        }
    }

    fn begin_step(&mut self, command: &DeviceCommand, now: Instant, out: &mut Vec<u8>) {
        let DeviceCommand::Step { id, kind, amount, speed, left, .. } = *command else { return };
        self.until = now + left;
        if id == self.step.id {
            return;
        }
        let most = if kind == StepKind::Straight { self.most.0 } else { self.most.1 };
        let speed = speed.min(most).max(1);
        let takes = Duration::from_secs_f64(f64::from(amount.unsigned_abs()) / f64::from(speed));
        self.step = Step { id, end: StepEnd::Running, over: now + takes };
        self.state = DeviceState::Stepping;
        let signed = if amount < 0 { -speed.cast_signed() } else { speed.cast_signed() };
        match kind {
            StepKind::Straight => self.drive(signed, 0, out),
            StepKind::Turn => self.drive(0, signed, out),
        }
    }
}

impl Codec for Text {
    fn open(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.stop(DeviceState::Held, now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Instant, _news: &mut Vec<LinkEvent>) {
        let (dialect, told, answered) = (&self.dialect, &mut self.told, &mut self.answered);
        self.lines.push_all(bytes, |line| {
            let Some(reading) = dialect.read(line) else { return };
            *answered = Some(now);
            if let (Some(x), Some(y), Some(heading)) = (reading.x, reading.y, reading.heading) {
                told.pose = Some((x, y, heading));
            }
            told.battery_mv = reading.battery_mv.or(told.battery_mv);
            told.battery_percent = reading.battery_percent.or(told.battery_percent);
        });
    }

    fn encode(&mut self, command: &DeviceCommand, now: Instant, out: &mut Vec<u8>) {
        match *command {
            DeviceCommand::Drive { linear: 0, angular: 0, .. } => self.stop(DeviceState::Ready, now, out),
            DeviceCommand::Drive { .. } | DeviceCommand::Step { .. }
                if self.estop || self.state == DeviceState::Held || !self.up => {}
            DeviceCommand::Drive { linear, angular, left, .. } => {
                (self.state, self.until) = (DeviceState::Driving, now + left);
                self.drive(linear, angular, out);
            }
            DeviceCommand::Step { .. } => self.begin_step(command, now, out),
            DeviceCommand::Stop => self.stop(DeviceState::Held, now, out),
            DeviceCommand::Estop => {
                self.estop = true;
                self.stop(DeviceState::Held, now, out);
            }
            DeviceCommand::Release => {
                self.estop = false;
                self.stop(DeviceState::Held, now, out);
            }
            DeviceCommand::Head { pan, tilt } => {
                out.extend_from_slice(self.dialect.head(pan, tilt).unwrap_or_default().as_bytes());
            }
            DeviceCommand::Lights { light, .. } => {
                out.extend_from_slice(self.dialect.light(light).unwrap_or_default().as_bytes());
            }
            DeviceCommand::Buzzer { .. } => {}
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, events: &mut Vec<LinkEvent>) -> Instant {
        let look = self.update_presence(now, out, events);
        if self.state == DeviceState::Stepping && now >= self.step.over {
            self.step.end = StepEnd::Done;
            self.stop(DeviceState::Ready, now, out);
        } else if self.is_moving() && now >= self.until {
            // Acts as the firmware's watchdog.
            self.stop(DeviceState::Held, now, out);
        }
        self.repeat_stop(now, out);
        if let Some(line) = self.dialect.ask().filter(|_| now >= self.ask_at) {
            out.extend_from_slice(line.as_bytes());
            self.ask_at = now + ASK_EVERY;
        }
        if self.up && now >= self.report_at {
            events.push(LinkEvent::Reported(self.report()));
            self.report_at = now + REPORT_EVERY;
        }
        let mut next = if self.is_moving() { self.until } else { self.stop_at };
        let asks = self.dialect.ask().map(|_| self.ask_at);
        let ends = (self.state == DeviceState::Stepping).then_some(self.step.over);
        let reports = self.up.then_some(self.report_at);
        for due in [look, asks, ends, reports].into_iter().flatten() {
            next = next.min(due);
        }
        next
    }

    fn drained(&mut self, now: Instant) {
        if !self.taken {
            (self.taken, self.opened) = (true, now);
        }
    }

    fn take_stop_encoded(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    fn delimiter(&self) -> u8 {
        b'\n'
    }
}
