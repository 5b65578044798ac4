//! Lines of text, for firmware that is already on a robot.
//!
//! Such firmware acknowledges nothing, and nobody knows whether it would stop by itself. So what a controller of ours
//! does is done here, as far as it can be done from this end of the cable: motions end by the clock, a stop is said
//! again for as long as it is to stand, steps are timed instead of measured, and speed is low. What is reported upwards is what was said, not
//! what is; the missing features say so.

#[cfg(test)]
mod tests;

use std::time::Duration;

use havatar_link::text::{Dialect, Lines};
use tokio::time::Instant;

use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Order, Protocol, Report, Stand, StepEnd, StepKind,
};
use super::Speech;

/// Fastest speed of a robot that cannot stop by itself: mm/s and mrad/s.
const FASTEST: (u16, u16) = (150, 524);
/// How often a stop is said at first, and how far apart.
const STOPS: u8 = 5;
const STOP_EVERY: Duration = Duration::from_millis(20);
/// And then, for as long as it is to stand: nobody knows which of those were lost to a buffer that was full.
const STAND_EVERY: Duration = Duration::from_millis(150);
/// Between two reports.
const REPORT_EVERY: Duration = Duration::from_millis(50);
/// How often a firmware that answers questions is asked.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// What is said when it is opened comes late at a board that resets then.
const SETTLE: Duration = Duration::from_millis(100);

/// One firmware.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(in super::super) struct Text {
    dialect: Dialect,
    lines: Lines,
    most: (u16, u16),
    /// With replies: how long it may be silent.
    silence: Duration,
    /// Open, and not yet taking what is said, until then at least; up a moment later.
    opened: Instant,
    taken: bool,
    /// It was told that an answer is waited for.
    waited: bool,
    up: bool,
    answered: Option<Instant>,
    ask_at: Instant,
    stand: Stand,
    estop: bool,
    /// A motion ends then, unless it is said again.
    until: Instant,
    step: Step,
    stops: u8,
    stop_at: Instant,
    /// A stop was spelled that nobody has asked about.
    stopped: bool,
    report_at: Instant,
    told: Told,
}

/// Why nobody is there.
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

/// What the firmware has told, if it tells anything.
#[derive(Default)]
struct Told {
    pose: Option<(i32, i32, i32)>,
    battery_mv: Option<u16>,
    battery_percent: Option<u8>,
}

impl Text {
    pub(in super::super) fn new(dialect: Dialect, silence: Duration, most: (u16, u16), now: Instant) -> Self {
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
            stand: Stand::Held,
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

    /// Stops, and will say so again.
    fn halt(&mut self, stand: Stand, now: Instant, out: &mut Vec<u8>) {
        if self.step.end == StepEnd::Running {
            self.step.end = StepEnd::Stopped;
        }
        self.stand = stand;
        self.stops = STOPS;
        self.stop_at = now;
        self.stopped = true;
        self.say_stop(now, out);
    }

    /// Whether it is there, and until when that holds: it has taken what was said to it, and given an answer if it
    /// has any.
    fn is_there(&self, now: Instant) -> Result<Option<Instant>, Absent> {
        if !self.taken || now < self.opened + SETTLE {
            return Err(Absent::Opening);
        }
        if !self.dialect.answers() {
            return Ok(None);
        }
        let until = self.answered.map(|answered| answered + self.silence);
        until.filter(|until| now < *until).map(Some).ok_or(Absent::Silent)
    }

    /// Tells when it comes and goes. When to look again.
    fn notice(&mut self, now: Instant, out: &mut Vec<u8>, news: &mut Vec<LinkNews>) -> Option<Instant> {
        let there = self.is_there(now);
        match (self.up, there) {
            (false, Ok(_)) => news.push(LinkNews::Up(self.controller())),
            (true, Err(_)) => {
                self.halt(Stand::Held, now, out);
                news.push(LinkNews::Lost(Lost::Silent));
            }
            (false, Err(Absent::Silent)) if !self.waited => {
                self.waited = true;
                news.push(LinkNews::Unknown(self.missed()));
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

    fn say_stop(&mut self, now: Instant, out: &mut Vec<u8>) {
        // While it is to move, whatever was still to be repeated of the last stop would cut that short.
        if !self.is_moving() && now >= self.stop_at {
            let line = if self.estop { self.dialect.estop() } else { self.dialect.stop() };
            out.extend_from_slice(line.as_bytes());
            self.stops = self.stops.saturating_sub(1);
            self.stop_at = now + if self.stops > 0 { STOP_EVERY } else { STAND_EVERY };
        }
    }

    fn is_moving(&self) -> bool {
        matches!(self.stand, Stand::Driving | Stand::Stepping)
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
            stand: if self.estop { Stand::Latched } else { self.stand },
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

    fn begin_step(&mut self, order: &Order, now: Instant, out: &mut Vec<u8>) {
        let Order::Step { id, kind, amount, speed, left, .. } = *order else { return };
        self.until = now + left;
        if id == self.step.id {
            return;
        }
        let most = if kind == StepKind::Straight { self.most.0 } else { self.most.1 };
        let speed = speed.min(most).max(1);
        let takes = Duration::from_secs_f64(f64::from(amount.unsigned_abs()) / f64::from(speed));
        self.step = Step { id, end: StepEnd::Running, over: now + takes };
        self.stand = Stand::Stepping;
        let signed = if amount < 0 { -speed.cast_signed() } else { speed.cast_signed() };
        match kind {
            StepKind::Straight => self.drive(signed, 0, out),
            StepKind::Turn => self.drive(0, signed, out),
        }
    }
}

impl Speech for Text {
    fn begin(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.halt(Stand::Held, now, out);
    }

    fn received(&mut self, bytes: &[u8], now: Instant, _news: &mut Vec<LinkNews>) {
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

    fn say(&mut self, order: &Order, now: Instant, out: &mut Vec<u8>) {
        match *order {
            Order::Drive { linear: 0, angular: 0, .. } => self.halt(Stand::Ready, now, out),
            Order::Drive { .. } | Order::Step { .. }
                if self.estop || self.stand == Stand::Held || !self.up => {}
            Order::Drive { linear, angular, left, .. } => {
                (self.stand, self.until) = (Stand::Driving, now + left);
                self.drive(linear, angular, out);
            }
            Order::Step { .. } => self.begin_step(order, now, out),
            Order::Stop => self.halt(Stand::Held, now, out),
            Order::Estop => {
                self.estop = true;
                self.halt(Stand::Held, now, out);
            }
            Order::Release => {
                self.estop = false;
                self.halt(Stand::Held, now, out);
            }
            Order::Head { pan, tilt } => {
                out.extend_from_slice(self.dialect.head(pan, tilt).unwrap_or_default().as_bytes());
            }
            Order::Lights { light, .. } => {
                out.extend_from_slice(self.dialect.light(light).unwrap_or_default().as_bytes());
            }
            Order::Buzzer { .. } => {}
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, news: &mut Vec<LinkNews>) -> Instant {
        let look = self.notice(now, out, news);
        if self.stand == Stand::Stepping && now >= self.step.over {
            self.step.end = StepEnd::Done;
            self.halt(Stand::Ready, now, out);
        } else if self.is_moving() && now >= self.until {
            // What a watchdog at the other end would do.
            self.halt(Stand::Held, now, out);
        }
        self.say_stop(now, out);
        if let Some(line) = self.dialect.ask().filter(|_| now >= self.ask_at) {
            out.extend_from_slice(line.as_bytes());
            self.ask_at = now + ASK_EVERY;
        }
        if self.up && now >= self.report_at {
            news.push(LinkNews::Heard(self.report()));
            self.report_at = now + REPORT_EVERY;
        }
        let mut next = if self.is_moving() { self.until } else { self.stop_at };
        let asks = self.dialect.ask().map(|_| self.ask_at);
        let ends = (self.stand == Stand::Stepping).then_some(self.step.over);
        let reports = self.up.then_some(self.report_at);
        for due in [look, asks, ends, reports].into_iter().flatten() {
            next = next.min(due);
        }
        next
    }

    fn taken(&mut self, now: Instant) {
        if !self.taken {
            (self.taken, self.opened) = (true, now);
        }
    }

    fn has_stopped(&mut self) -> bool {
        std::mem::take(&mut self.stopped)
    }

    fn cut(&self) -> u8 {
        b'\n'
    }
}
