//! Records the motion loop's events in the black box: often during motion, rarely at rest, repetitions once.

use std::time::Duration;

use havatar_api as api;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::robot::wire::{DeviceCommand, StepKind};

use super::BlackBox;

/// Interval of telemetry during motion.
const MOVING_EVERY: Duration = Duration::from_millis(200);
/// Interval of telemetry at rest.
const REST_EVERY: Duration = Duration::from_secs(10);
/// Interval at which a repeated device command is recorded.
const REPEAT_EVERY: Duration = Duration::from_secs(1);
/// A repeated refusal is counted for this long before its count is recorded.
const DEDUP_FOR: Duration = Duration::from_secs(10);
/// Number of different refusals that are counted at once.
const DEDUP_ENTRIES: usize = 16;
/// Slower than this, in m/s and degrees a second, is noise of the odometer.
const STILL: (f64, f64) = (0.005, 0.5);

/// Records what the motion loop does.
#[derive(Debug)]
pub(in crate::robot) struct EventRecorder {
    black_box: BlackBox,
    throttle: Throttle,
}

impl EventRecorder {
    pub(in crate::robot) fn new(black_box: BlackBox) -> Self {
        Self { black_box, throttle: Throttle::default() }
    }

    /// Records a note of the rules. Repeated refusals are counted instead.
    pub(in crate::robot) fn note(&mut self, kind: &'static str, fields: Value, now: Instant) {
        if !matches!(kind, "refused" | "declined") {
            self.black_box.note(kind, fields);
            return;
        }
        let (first, repeats) = self.throttle.refusal(kind, &fields, now);
        for repeats in repeats {
            self.repeats(repeats);
        }
        if first {
            self.black_box.note(kind, fields);
        }
    }

    /// Records the commands sent to the controller.
    pub(in crate::robot) fn sent(&mut self, commands: &[DeviceCommand], now: Instant) {
        for command in commands {
            if self.throttle.command(command, now) {
                self.black_box.note("sent", SentFields::from(command));
            }
        }
    }

    /// Records the state. To be called at least ten times a second during motion.
    pub(in crate::robot) fn state(&mut self, state: &api::RobotState, now: Instant) {
        for repeats in self.throttle.expired(now) {
            self.repeats(repeats);
        }
        if self.throttle.telemetry(moving(state), now) {
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

    fn repeats(&self, Repeats { kind, mut fields, times }: Repeats) {
        if let Value::Object(fields) = &mut fields {
            fields.insert("again".into(), times.into());
        }
        self.black_box.note(kind, fields);
    }
}

/// Set-point, speed limit and telemetry.
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

/// A device command in the units of the wire.
struct SentFields(Value);

impl From<&DeviceCommand> for SentFields {
    fn from(command: &DeviceCommand) -> Self {
        Self(match *command {
            DeviceCommand::Drive { linear, angular, age, left } => json!({
                "order": "drive", "mm_s": linear, "mrad_s": angular, "age_ms": ms(age), "left_ms": ms(left)
            }),
            DeviceCommand::Step { id, kind, amount, speed, age, left } => {
                let kind = match kind {
                    StepKind::Straight => "straight",
                    StepKind::Turn => "turn",
                };
                json!({
                    "order": "step", "id": id, "what": kind, "amount": amount, "speed": speed,
                    "age_ms": ms(age), "left_ms": ms(left)
                })
            }
            DeviceCommand::Stop => json!({"order": "stop"}),
            DeviceCommand::Estop => json!({"order": "estop"}),
            DeviceCommand::Release => json!({"order": "release"}),
            DeviceCommand::Head { pan, tilt } => json!({"order": "head", "pan": pan, "tilt": tilt}),
            DeviceCommand::Lights { light, presence } => {
                json!({"order": "lights", "light": light, "presence": presence})
            }
            DeviceCommand::Buzzer { hz, ms } => json!({"order": "buzzer", "hz": hz, "ms": ms}),
        })
    }
}

impl Serialize for SentFields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Decides what is recorded. Pure: no clock, no disk.
#[derive(Debug, Default)]
struct Throttle {
    sample: Option<(bool, Instant)>,
    wheels: Option<(DeviceCommand, Instant)>,
    parts: [Option<(DeviceCommand, Instant)>; 3],
    refusals: Vec<Dedup>,
}

/// A refusal that repeats itself.
#[derive(Debug)]
struct Dedup {
    kind: &'static str,
    fields: Value,
    since: Instant,
    /// Repetitions since then.
    times: u64,
}

/// The count of a repeated refusal.
#[derive(Debug, PartialEq)]
struct Repeats {
    kind: &'static str,
    fields: Value,
    times: u64,
}

impl Throttle {
    /// Whether a sample is due: at once when a motion starts or ends.
    fn telemetry(&mut self, moving: bool, now: Instant) -> bool {
        let every = if moving { MOVING_EVERY } else { REST_EVERY };
        let due = self.sample.is_none_or(|(was, at)| was != moving || now.duration_since(at) >= every);
        if due {
            self.sample = Some((moving, now));
        }
        due
    }

    /// Whether a device command is recorded: the first of its kind at once, a repetition or another speed once a second (the
    /// rules note each change of the set-point).
    fn command(&mut self, command: &DeviceCommand, now: Instant) -> bool {
        let last = match command {
            DeviceCommand::Head { .. } => &mut self.parts[0],
            DeviceCommand::Lights { .. } => &mut self.parts[1],
            DeviceCommand::Buzzer { .. } => &mut self.parts[2],
            _ => &mut self.wheels,
        };
        let due =
            last.is_none_or(|(last, at)| !is_like(&last, command) || now.duration_since(at) >= REPEAT_EVERY);
        if due {
            *last = Some((*command, now));
        }
        due
    }

    /// Whether this refusal is recorded, and the counts that are due.
    fn refusal(&mut self, kind: &'static str, fields: &Value, now: Instant) -> (bool, Vec<Repeats>) {
        let mut ended = self.expired(now);
        if let Some(entry) =
            self.refusals.iter_mut().find(|entry| entry.kind == kind && entry.fields == *fields)
        {
            entry.times += 1;
            return (false, ended);
        }
        if self.refusals.len() == DEDUP_ENTRIES {
            ended.extend(self.refusals.remove(0).end());
        }
        self.refusals.push(Dedup { kind, fields: fields.clone(), since: now, times: 0 });
        (true, ended)
    }

    /// The counts that are due. A refusal that did not repeat is forgotten.
    fn expired(&mut self, now: Instant) -> Vec<Repeats> {
        let mut ended = Vec::new();
        self.refusals.retain_mut(|entry| {
            if now.duration_since(entry.since) < DEDUP_FOR {
                return true;
            }
            entry.since = now;
            let repeats = entry.end();
            let goes_on = repeats.is_some();
            ended.extend(repeats);
            goes_on
        });
        ended
    }
}

impl Dedup {
    fn end(&mut self) -> Option<Repeats> {
        let times = std::mem::take(&mut self.times);
        (times > 0).then(|| Repeats { kind: self.kind, fields: self.fields.clone(), times })
    }
}

/// Whether the second command adds nothing to the first.
fn is_like(one: &DeviceCommand, other: &DeviceCommand) -> bool {
    match (one, other) {
        (
            DeviceCommand::Drive { linear: 0, angular: 0, .. },
            DeviceCommand::Drive { linear, angular, .. },
        )
        | (
            DeviceCommand::Drive { linear, angular, .. },
            DeviceCommand::Drive { linear: 0, angular: 0, .. },
        ) => (*linear, *angular) == (0, 0),
        (DeviceCommand::Drive { .. }, DeviceCommand::Drive { .. }) => true,
        (DeviceCommand::Step { id: one, .. }, DeviceCommand::Step { id: other, .. }) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drive(linear: i16, age: u64) -> DeviceCommand {
        let (age, left) = (Duration::from_millis(age), Duration::from_millis(200));
        DeviceCommand::Drive { linear, angular: 0, age, left }
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
        let mut throttle = Throttle::default();
        assert_eq!(count(minute, step, |now| throttle.telemetry(true, now)), 300);
        let mut throttle = Throttle::default();
        assert_eq!(count(minute, step, |now| throttle.telemetry(false, now)), 6);
        let now = Instant::now();
        let mut throttle = Throttle::default();
        assert!(throttle.telemetry(false, now));
        assert!(throttle.telemetry(true, now), "a motion begins");
        assert!(throttle.telemetry(false, now), "and ends");
        assert!(!throttle.telemetry(false, now));
    }

    #[test]
    fn a_set_point_that_is_repeated_gets_a_line_a_second_and_a_stop_gets_one_at_once() {
        let (minute, step) = (Duration::from_mins(1), Duration::from_millis(50));
        let mut throttle = Throttle::default();
        let mut age = 0;
        let lines = count(minute, step, |now| {
            age += 1;
            throttle.command(&drive(100, age), now)
        });
        assert_eq!(lines, 60);
        let now = Instant::now() + minute;
        let mut throttle = Throttle::default();
        for (command, recorded) in [
            (drive(100, 0), true),
            (drive(120, 0), false),
            (drive(0, 0), true),
            (drive(0, 5), false),
            (drive(-100, 0), true),
            (DeviceCommand::Stop, true),
            (DeviceCommand::Stop, false),
            (DeviceCommand::Lights { light: 1, presence: 2 }, true),
            (DeviceCommand::Estop, true),
            (DeviceCommand::Release, true),
            (DeviceCommand::Stop, true),
            (DeviceCommand::Lights { light: 1, presence: 2 }, false),
            (DeviceCommand::Lights { light: 2, presence: 2 }, true),
            (DeviceCommand::Head { pan: 1, tilt: 2 }, true),
            (DeviceCommand::Buzzer { hz: 400, ms: 100 }, true),
            (DeviceCommand::Stop, false),
        ] {
            assert_eq!(throttle.command(&command, now), recorded, "{command:?}");
        }
    }

    #[test]
    fn refusals_that_repeat_are_counted_and_none_is_lost() {
        let (late, first) = (json!({"code": "command_late"}), json!({"code": "neutral_first"}));
        let start = Instant::now();
        let mut throttle = Throttle::default();
        let (mut lines, mut repeats) = (0, 0);
        // Two kinds of refusal in turns, 20 a second for a minute.
        for i in 0..1200_u32 {
            let fields = if i % 2 == 0 { &late } else { &first };
            let (own, ended) = throttle.refusal("refused", fields, start + Duration::from_millis(50) * i);
            lines += usize::from(own) + ended.len();
            repeats += u64::from(own) + ended.iter().map(|ended| ended.times).sum::<u64>();
        }
        assert!(lines <= 14, "{lines}");
        let end = start + Duration::from_mins(1) + DEDUP_FOR;
        repeats += throttle.expired(end).iter().map(|ended| ended.times).sum::<u64>();
        assert_eq!(repeats, 1200);
        assert_eq!(throttle.expired(end + DEDUP_FOR), []);
        assert!(throttle.refusals.is_empty(), "what does not come again is forgotten");
        assert_eq!(throttle.refusal("refused", &late, end + DEDUP_FOR), (true, Vec::new()));
    }

    #[test]
    fn no_more_refusals_are_remembered_than_there_are_places() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        let mut repeats = Vec::new();
        for code in 0..1000 {
            for _ in 0..2 {
                repeats.extend(throttle.refusal("refused", &json!({"code": code}), now).1);
            }
        }
        assert_eq!((throttle.refusals.len(), repeats.len()), (DEDUP_ENTRIES, 1000 - DEDUP_ENTRIES));
        assert_eq!(repeats[7], Repeats { kind: "refused", fields: json!({"code": 7}), times: 1 });
    }
}
