//! What of the motion loop's stream is worth a line: much while something moves, little at rest, and the
//! same thing over and over once.

use std::time::Duration;

use havatar_api as api;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::wire::{Order, StepKind};
use super::BlackBox;

/// Telemetry while something moves.
const MOVING_EVERY: Duration = Duration::from_millis(200);
/// Telemetry at rest.
const REST_EVERY: Duration = Duration::from_secs(10);
/// The same order again.
const REPEAT_EVERY: Duration = Duration::from_secs(1);
/// The same refusal again: one line for all of this time.
const FOLD_FOR: Duration = Duration::from_secs(10);
/// Different refusals that are folded at once.
const FOLDS: usize = 16;
/// Slower than this, in m/s and degrees a second, is the noise of an odometer.
const STILL: (f64, f64) = (0.005, 0.5);

/// Writes down what the motion loop does.
#[derive(Debug)]
pub(in super::super) struct Scribe {
    black_box: BlackBox,
    diet: Diet,
}

impl Scribe {
    pub(in super::super) fn new(black_box: BlackBox) -> Self {
        Self { black_box, diet: Diet::default() }
    }

    /// Something that the rules say has happened. Refusals that repeat themselves are folded.
    pub(in super::super) fn note(&mut self, kind: &'static str, fields: Value, now: Instant) {
        if !matches!(kind, "refused" | "declined") {
            self.black_box.note(kind, fields);
            return;
        }
        let (first, folded) = self.diet.refusal(kind, &fields, now);
        for folded in folded {
            self.folded(folded);
        }
        if first {
            self.black_box.note(kind, fields);
        }
    }

    /// What has been written to the controller.
    pub(in super::super) fn sent(&mut self, orders: &[Order], now: Instant) {
        for order in orders {
            if self.diet.order(order, now) {
                self.black_box.note("sent", Sent::from(order));
            }
        }
    }

    /// How the robot is. To be called at least ten times a second while it moves.
    pub(in super::super) fn state(&mut self, state: &api::RobotState, now: Instant) {
        for folded in self.diet.lapsed(now) {
            self.folded(folded);
        }
        if self.diet.telemetry(moving(state), now) {
            let motion = &state.motion;
            let sample = Sample {
                mode: motion.mode,
                linear: motion.linear,
                angular: motion.angular,
                limit: &motion.limit,
                telemetry: state.telemetry.as_ref(),
            };
            self.black_box.note("telemetry", sample);
        }
    }

    fn folded(&self, Folded { kind, mut fields, times }: Folded) {
        if let Value::Object(fields) = &mut fields {
            fields.insert("again".into(), times.into());
        }
        self.black_box.note(kind, fields);
    }
}

/// Asked speed, allowed speed and what the robot measures.
#[derive(Serialize)]
struct Sample<'a> {
    mode: Option<api::DriveMode>,
    linear: f64,
    angular: f64,
    limit: &'a api::SpeedLimit,
    telemetry: Option<&'a api::Telemetry>,
}

fn moving(state: &api::RobotState) -> bool {
    let measured = state.telemetry.as_ref().is_some_and(|telemetry| {
        telemetry.linear.is_some_and(|speed| speed.abs() > STILL.0)
            || telemetry.angular.is_some_and(|speed| speed.abs() > STILL.1)
    });
    state.motion.mode.is_some() || measured
}

/// An order in the units of the wire.
struct Sent(Value);

impl From<&Order> for Sent {
    fn from(order: &Order) -> Self {
        Self(match *order {
            Order::Drive { linear, angular, age, left } => json!({
                "order": "drive", "mm_s": linear, "mrad_s": angular, "age_ms": ms(age), "left_ms": ms(left)
            }),
            Order::Step { id, kind, amount, speed, age, left } => {
                let kind = match kind {
                    StepKind::Straight => "straight",
                    StepKind::Turn => "turn",
                };
                json!({
                    "order": "step", "id": id, "what": kind, "amount": amount, "speed": speed,
                    "age_ms": ms(age), "left_ms": ms(left)
                })
            }
            Order::Stop => json!({"order": "stop"}),
            Order::Estop => json!({"order": "estop"}),
            Order::Release => json!({"order": "release"}),
            Order::Head { pan, tilt } => json!({"order": "head", "pan": pan, "tilt": tilt}),
            Order::Lights { light, presence } => {
                json!({"order": "lights", "light": light, "presence": presence})
            }
            Order::Buzzer { hz, ms } => json!({"order": "buzzer", "hz": hz, "ms": ms}),
        })
    }
}

impl Serialize for Sent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Decides what is recorded. Pure: no clock, no disk.
#[derive(Debug, Default)]
struct Diet {
    sample: Option<(bool, Instant)>,
    wheels: Option<(Order, Instant)>,
    parts: [Option<(Order, Instant)>; 3],
    refusals: Vec<Fold>,
}

/// A refusal that keeps coming.
#[derive(Debug)]
struct Fold {
    kind: &'static str,
    fields: Value,
    since: Instant,
    /// Since then, without a line of its own.
    times: u64,
}

/// As often as this, the same refusal came again.
#[derive(Debug, PartialEq)]
struct Folded {
    kind: &'static str,
    fields: Value,
    times: u64,
}

impl Diet {
    /// Whether a sample is due: at once when a motion begins or ends.
    fn telemetry(&mut self, moving: bool, now: Instant) -> bool {
        let every = if moving { MOVING_EVERY } else { REST_EVERY };
        let due = self.sample.is_none_or(|(was, at)| was != moving || now.duration_since(at) >= every);
        if due {
            self.sample = Some((moving, now));
        }
        due
    }

    /// Whether an order is recorded: the first of its kind at once; the same again, and other speeds while it drives,
    /// once a second (of what the driver wants, the rules note each change).
    fn order(&mut self, order: &Order, now: Instant) -> bool {
        let last = match order {
            Order::Head { .. } => &mut self.parts[0],
            Order::Lights { .. } => &mut self.parts[1],
            Order::Buzzer { .. } => &mut self.parts[2],
            _ => &mut self.wheels,
        };
        let due =
            last.is_none_or(|(last, at)| !is_like(&last, order) || now.duration_since(at) >= REPEAT_EVERY);
        if due {
            *last = Some((*order, now));
        }
        due
    }

    /// Whether this refusal gets a line of its own, and what it ends the folding of.
    fn refusal(&mut self, kind: &'static str, fields: &Value, now: Instant) -> (bool, Vec<Folded>) {
        let mut ended = self.lapsed(now);
        if let Some(fold) = self.refusals.iter_mut().find(|fold| fold.kind == kind && fold.fields == *fields)
        {
            fold.times += 1;
            return (false, ended);
        }
        if self.refusals.len() == FOLDS {
            ended.extend(self.refusals.remove(0).end());
        }
        self.refusals.push(Fold { kind, fields: fields.clone(), since: now, times: 0 });
        (true, ended)
    }

    /// What has been folded for long enough. What still came is folded further, what did not is forgotten.
    fn lapsed(&mut self, now: Instant) -> Vec<Folded> {
        let mut ended = Vec::new();
        self.refusals.retain_mut(|fold| {
            if now.duration_since(fold.since) < FOLD_FOR {
                return true;
            }
            fold.since = now;
            let folded = fold.end();
            let goes_on = folded.is_some();
            ended.extend(folded);
            goes_on
        });
        ended
    }
}

impl Fold {
    fn end(&mut self) -> Option<Folded> {
        let times = std::mem::take(&mut self.times);
        (times > 0).then(|| Folded { kind: self.kind, fields: self.fields.clone(), times })
    }
}

/// Whether a second order says nothing that the first has not.
fn is_like(one: &Order, other: &Order) -> bool {
    match (one, other) {
        (Order::Drive { linear: 0, angular: 0, .. }, Order::Drive { linear, angular, .. })
        | (Order::Drive { linear, angular, .. }, Order::Drive { linear: 0, angular: 0, .. }) => {
            (*linear, *angular) == (0, 0)
        }
        (Order::Drive { .. }, Order::Drive { .. }) => true,
        (Order::Step { id: one, .. }, Order::Step { id: other, .. }) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(linear: i16, age: u64) -> Order {
        let (age, left) = (Duration::from_millis(age), Duration::from_millis(200));
        Order::Drive { linear, angular: 0, age, left }
    }

    /// How many of the calls were recorded, one every `step` for `time`.
    fn count(time: Duration, step: Duration, mut call: impl FnMut(Instant) -> bool) -> usize {
        let start = Instant::now();
        let calls = u32::try_from(time.as_millis() / step.as_millis()).unwrap();
        (0..calls).filter(|i| call(start + step * *i)).count()
    }

    #[test]
    fn telemetry_comes_five_times_a_second_while_moving_and_every_ten_seconds_at_rest() {
        let (minute, step) = (Duration::from_mins(1), Duration::from_millis(20));
        let mut diet = Diet::default();
        assert_eq!(count(minute, step, |now| diet.telemetry(true, now)), 300);
        let mut diet = Diet::default();
        assert_eq!(count(minute, step, |now| diet.telemetry(false, now)), 6);
        let now = Instant::now();
        let mut diet = Diet::default();
        assert!(diet.telemetry(false, now));
        assert!(diet.telemetry(true, now), "a motion begins");
        assert!(diet.telemetry(false, now), "and ends");
        assert!(!diet.telemetry(false, now));
    }

    #[test]
    fn a_set_point_that_is_repeated_gets_a_line_a_second_and_a_stop_gets_one_at_once() {
        let (minute, step) = (Duration::from_mins(1), Duration::from_millis(50));
        let mut diet = Diet::default();
        let mut age = 0;
        let lines = count(minute, step, |now| {
            age += 1;
            diet.order(&drive(100, age), now)
        });
        assert_eq!(lines, 60);
        let now = Instant::now() + minute;
        let mut diet = Diet::default();
        for (order, recorded) in [
            (drive(100, 0), true),
            (drive(120, 0), false),
            (drive(0, 0), true),
            (drive(0, 5), false),
            (drive(-100, 0), true),
            (Order::Stop, true),
            (Order::Stop, false),
            (Order::Lights { light: 1, presence: 2 }, true),
            (Order::Estop, true),
            (Order::Release, true),
            (Order::Stop, true),
            (Order::Lights { light: 1, presence: 2 }, false),
            (Order::Lights { light: 2, presence: 2 }, true),
            (Order::Head { pan: 1, tilt: 2 }, true),
            (Order::Buzzer { hz: 400, ms: 100 }, true),
            (Order::Stop, false),
        ] {
            assert_eq!(diet.order(&order, now), recorded, "{order:?}");
        }
    }

    #[test]
    fn refusals_that_repeat_are_counted_and_none_is_lost() {
        let (late, first) = (json!({"code": "command_late"}), json!({"code": "neutral_first"}));
        let start = Instant::now();
        let mut diet = Diet::default();
        let (mut lines, mut folded) = (0, 0);
        // Two kinds of refusal in turns, 20 a second for a minute.
        for i in 0..1200_u32 {
            let fields = if i % 2 == 0 { &late } else { &first };
            let (own, ended) = diet.refusal("refused", fields, start + Duration::from_millis(50) * i);
            lines += usize::from(own) + ended.len();
            folded += u64::from(own) + ended.iter().map(|ended| ended.times).sum::<u64>();
        }
        assert!(lines <= 14, "{lines}");
        let end = start + Duration::from_mins(1) + FOLD_FOR;
        folded += diet.lapsed(end).iter().map(|ended| ended.times).sum::<u64>();
        assert_eq!(folded, 1200);
        assert_eq!(diet.lapsed(end + FOLD_FOR), []);
        assert!(diet.refusals.is_empty(), "what does not come again is forgotten");
        assert_eq!(diet.refusal("refused", &late, end + FOLD_FOR), (true, Vec::new()));
    }

    #[test]
    fn no_more_refusals_are_remembered_than_there_are_places() {
        let mut diet = Diet::default();
        let now = Instant::now();
        let mut folded = Vec::new();
        for code in 0..1000 {
            for _ in 0..2 {
                folded.extend(diet.refusal("refused", &json!({"code": code}), now).1);
            }
        }
        assert_eq!((diet.refusals.len(), folded.len()), (FOLDS, 1000 - FOLDS));
        assert_eq!(folded[7], Folded { kind: "refused", fields: json!({"code": 7}), times: 1 });
    }
}
