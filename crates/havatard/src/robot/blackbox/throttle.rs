//! Decides what is recorded in the black box: often during motion, rarely at rest, repetitions once.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::robot::wire::DeviceCommand;

/// Interval of telemetry during motion.
const MOVING_EVERY: Duration = Duration::from_millis(200);
/// Interval of telemetry at rest.
const REST_EVERY: Duration = Duration::from_secs(10);
/// Interval at which a repeated device command is recorded.
const REPEAT_EVERY: Duration = Duration::from_secs(1);
/// A repeated note is counted for this long before its count is recorded.
const DEDUP_FOR: Duration = Duration::from_secs(10);
/// Number of different notes that are counted at once.
const DEDUP_ENTRIES: usize = 16;
/// Lines that notes of one sort may fill at once, and those of a flood in a minute.
const BURST: f64 = 16.0;
const LINES_A_MINUTE: f64 = 1.0;
/// Sorts that are counted at once.
const BUDGETS: usize = 64;

/// Pure: no clock, no disk.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    sample: Option<(bool, Instant)>,
    wheels: Option<(DeviceCommand, Instant)>,
    parts: [Option<(DeviceCommand, Instant)>; 3],
    merged: Vec<Dedup>,
    budgets: Vec<Budget>,
}

/// A note that repeats itself.
#[derive(Debug)]
struct Dedup {
    kind: &'static str,
    fields: Value,
    since: Instant,
    /// Repetitions since then.
    times: u64,
}

/// How many lines notes of one sort may still fill. Two are of one sort if they tell the same of the same account: whatever
/// else a client can choose makes no difference.
#[derive(Debug)]
struct Budget {
    sort: (&'static str, String, String),
    lines: f64,
    at: Instant,
    /// Notes without a line since the last one, and the newest of them.
    times: u64,
    newest: Value,
}

/// The count of repeated notes, and the newest of them.
#[derive(Debug, PartialEq)]
pub(super) struct Repeats {
    pub(super) kind: &'static str,
    pub(super) fields: Value,
    pub(super) times: u64,
}

impl Throttle {
    /// Whether a sample is due: at once when a motion starts or ends.
    pub(super) fn telemetry(&mut self, moving: bool, now: Instant) -> bool {
        let every = if moving { MOVING_EVERY } else { REST_EVERY };
        let due = self.sample.is_none_or(|(was, at)| was != moving || now.duration_since(at) >= every);
        if due {
            self.sample = Some((moving, now));
        }
        due
    }

    /// Whether a device command is recorded: the first of its kind at once, a repetition or another speed once a second (the
    /// rules note each change of the set-point).
    pub(super) fn command(&mut self, command: &DeviceCommand, now: Instant) -> bool {
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

    /// Whether this note is recorded, and the counts that are due. One that is like a recent one is counted.
    pub(super) fn merged(
        &mut self,
        kind: &'static str,
        fields: &Value,
        times: u64,
        now: Instant,
    ) -> (bool, Vec<Repeats>) {
        let mut ended = self.expired(now);
        if let Some(entry) =
            self.merged.iter_mut().find(|entry| entry.kind == kind && entry.fields == *fields)
        {
            entry.times += times;
            return (false, ended);
        }
        if self.merged.len() == DEDUP_ENTRIES {
            ended.extend(self.merged.remove(0).end());
        }
        self.merged.push(Dedup { kind, fields: fields.clone(), since: now, times: times - 1 });
        (true, ended)
    }

    /// The same for notes that are to be kept for long: the first of a sort at once, and of a flood one a minute, with the
    /// count of those before it.
    pub(super) fn budgeted(
        &mut self,
        kind: &'static str,
        fields: &Value,
        times: u64,
        now: Instant,
    ) -> (bool, Vec<Repeats>) {
        let ended = self.expired(now);
        let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        let account = if kind == "lease" { "account" } else { "by" };
        let sort = (kind, text("what"), text(account));
        let found = self.budgets.iter().position(|budget| budget.sort == sort);
        let at = found.unwrap_or_else(|| {
            if self.budgets.len() == BUDGETS {
                // The one that has been left alone for longest has nothing to count.
                let idle = |budget: &&Budget| budget.times == 0;
                let oldest = self.budgets.iter().filter(idle).min_by_key(|budget| budget.at).map(|it| it.at);
                let place = self.budgets.iter().position(|budget| Some(budget.at) == oldest).unwrap_or(0);
                self.budgets.remove(place);
            }
            self.budgets.push(Budget { sort, lines: BURST, at: now, times: 0, newest: Value::Null });
            self.budgets.len() - 1
        });
        let budget = &mut self.budgets[at];
        budget.refill(now);
        let recorded = budget.times == 0 && budget.lines >= 1.0;
        if recorded {
            budget.lines -= 1.0;
            budget.times = times - 1;
        } else {
            budget.times += times;
        }
        budget.newest = fields.clone();
        (recorded, ended)
    }

    /// The counts that are due. What did not repeat itself is forgotten.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<Repeats> {
        let mut ended = Vec::new();
        self.merged.retain_mut(|entry| {
            if now.duration_since(entry.since) < DEDUP_FOR {
                return true;
            }
            entry.since = now;
            let repeats = entry.end();
            let goes_on = repeats.is_some();
            ended.extend(repeats);
            goes_on
        });
        for budget in &mut self.budgets {
            budget.refill(now);
            if budget.times > 0 && budget.lines >= 1.0 {
                budget.lines -= 1.0;
                let times = std::mem::take(&mut budget.times);
                ended.push(Repeats { kind: budget.sort.0, fields: budget.newest.take(), times });
            }
        }
        ended
    }
}

impl Budget {
    fn refill(&mut self, now: Instant) {
        let minutes = now.duration_since(self.at).as_secs_f64() / 60.0;
        (self.lines, self.at) = ((self.lines + minutes * LINES_A_MINUTE).min(BURST), now);
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
    use serde_json::json;

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
            let (own, ended) = throttle.merged("refused", fields, 1, start + Duration::from_millis(50) * i);
            lines += usize::from(own) + ended.len();
            repeats += u64::from(own) + ended.iter().map(|ended| ended.times).sum::<u64>();
        }
        assert!(lines <= 14, "{lines}");
        let end = start + Duration::from_mins(1) + DEDUP_FOR;
        repeats += throttle.expired(end).iter().map(|ended| ended.times).sum::<u64>();
        assert_eq!(repeats, 1200);
        assert_eq!(throttle.expired(end + DEDUP_FOR), []);
        assert!(throttle.merged.is_empty(), "what does not come again is forgotten");
        assert_eq!(throttle.merged("refused", &late, 1, end + DEDUP_FOR), (true, Vec::new()));
    }

    #[test]
    fn no_more_refusals_are_remembered_than_there_are_places() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        let mut repeats = Vec::new();
        for code in 0..1000 {
            for _ in 0..2 {
                repeats.extend(throttle.merged("refused", &json!({"code": code}), 1, now).1);
            }
        }
        assert_eq!((throttle.merged.len(), repeats.len()), (DEDUP_ENTRIES, 1000 - DEDUP_ENTRIES));
        assert_eq!(repeats[7], Repeats { kind: "refused", fields: json!({"code": 7}), times: 1 });
    }

    #[test]
    fn a_flood_of_leases_fills_few_lines_whatever_it_says_and_hides_no_other_account() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        let (mut lines, mut counted) = (0_u64, 0);
        let day = Duration::from_hours(24);
        // Five a second for a day, each with another name and number.
        for i in 0..5 * 86_400_u32 {
            let now = start + day / (5 * 86_400) * i;
            let fields =
                json!({"what": "granted", "lease": i, "who": format!("name {i}"), "account": "admin"});
            let (recorded, ended) = throttle.budgeted("lease", &fields, 1, now);
            lines += u64::from(recorded) + ended.len() as u64;
            counted += u64::from(recorded) + ended.iter().map(|ended| ended.times).sum::<u64>();
        }
        assert!(lines < 24 * 60 + 20, "{lines}");
        let left = throttle.expired(start + day + day);
        counted += left.iter().map(|ended| ended.times).sum::<u64>();
        assert_eq!(counted, 5 * 86_400, "and none is lost");
        let other = json!({"what": "latched", "source": "person", "by": "ana", "new": true});
        assert!(throttle.budgeted("estop", &other, 1, start + day).0);
        let other = json!({"what": "granted", "lease": 1, "who": "x", "account": "eva"});
        assert!(throttle.budgeted("lease", &other, 1, start + day).0);
    }

    #[test]
    fn what_came_several_times_between_two_turns_counts_so() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        assert!(throttle.merged("stop", &json!({"by": "a"}), 5, now).0);
        assert!(!throttle.merged("stop", &json!({"by": "a"}), 3, now).0);
        let ended = throttle.expired(now + DEDUP_FOR);
        assert_eq!(ended, [Repeats { kind: "stop", fields: json!({"by": "a"}), times: 7 }]);
    }
}
