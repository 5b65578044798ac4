//! Records the motion loop's events in the black box: often during motion, rarely at rest, repetitions once.

use std::time::Duration;

use havatar_api as api;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::robot::wire::{DeviceCommand, StepKind};

use super::BlackBox;
use super::throttle::{Repeats, Throttle};

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

    /// Records a note of the rules that came so many times. What repeats itself is counted instead.
    pub(in crate::robot) fn note(&mut self, kind: &'static str, fields: Value, times: u64, now: Instant) {
        let (recorded, repeats) = match kind {
            // Each is another moment of a motion.
            "command" | "late" | "stopped" | "link" => (true, Vec::new()),
            // They have room of their own, which no flood may fill.
            "lease" | "estop" => self.throttle.budgeted(kind, &fields, times, now),
            _ => self.throttle.merged(kind, &fields, times, now),
        };
        for repeats in repeats {
            self.repeats(repeats);
        }
        if recorded {
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
