//! What the simulated robot wrote down: what its wheels were told, and what arrived at it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::clock::Moment;

/// How far back a failure's message goes.
const BEFORE: Duration = Duration::from_millis(500);

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entry {
    /// When.
    #[serde(rename = "t_ns")]
    pub at: Moment,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The firmware tells its motors something else than before.
    Duty {
        /// -1000 to 1000.
        left: i32,
        /// Likewise.
        right: i32,
        /// How long before this the simulated board had not been run, ns.
        #[serde(default)]
        gap_ns: u64,
    },
    /// Where the robot really is.
    Pose(Pose),
    /// A frame arrived.
    Rx(Received),
    /// Anything else.
    #[serde(other)]
    Other,
}

/// Where the robot really is.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Pose {
    /// Metres ahead of where it began.
    pub x: f64,
    /// Metres to the left of that.
    pub y: f64,
    /// Degrees, to the left, not wrapped.
    pub heading: f64,
}

/// A frame, as the simulated controller read it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Received {
    /// `HELLO`, `DRIVE` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// mm/s of a `DRIVE`.
    #[serde(default)]
    pub linear: i32,
    /// mrad/s of a `DRIVE`.
    #[serde(default)]
    pub angular: i32,
    /// How long before it was read the simulated board had not been run, ns.
    #[serde(default)]
    pub gap_ns: u64,
    /// The line itself, of a robot that understands text.
    #[serde(default)]
    pub line: Option<String>,
}

impl Received {
    /// It asks the wheels to turn.
    pub fn moves(&self) -> bool {
        self.kind == "STEP" || (self.kind == "DRIVE" && (self.linear, self.angular) != (0, 0))
    }
}

/// Everything that happened so far.
#[derive(Debug, Clone)]
pub struct Timeline(Vec<Entry>);

impl Timeline {
    /// Reads it. A last line that is only half written is left for the next time.
    ///
    /// # Panics
    /// If a whole line cannot be understood.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        Self(whole.lines().map(read).collect())
    }

    /// All of it.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Whether the motors were driven at that moment.
    pub fn moving_at(&self, moment: Moment) -> bool {
        self.driven().take_while(|(at, _)| *at <= moment).last().is_some_and(|(_, driven)| driven)
    }

    /// The first moment from `moment` on after which the motors were not driven again; `None` while they are.
    pub fn zero_after(&self, moment: Moment) -> Option<Moment> {
        let mut zero = Some(moment);
        for (at, driven) in self.driven() {
            zero = match (driven, zero) {
                (true, _) => None,
                (false, None) => Some(at.max(moment)),
                (false, zero) => zero,
            };
        }
        zero
    }

    /// Whether the motors were driven at any moment since then.
    pub fn moved_since(&self, moment: Moment) -> bool {
        self.moving_at(moment) || self.driven().any(|(at, driven)| driven && at > moment)
    }

    /// Frames that arrived later. What was read together with the frame of that moment may have been sent before it.
    pub fn received_after(&self, moment: Moment) -> impl Iterator<Item = (Moment, &Received)> {
        self.0.iter().filter(move |entry| entry.at > moment).filter_map(|entry| match &entry.what {
            What::Rx(frame) => Some((entry.at, frame)),
            _ => None,
        })
    }

    /// When a frame of this type first arrived from then on.
    pub fn first(&self, kind: &str, since: Moment) -> Option<Moment> {
        self.received_after(since).find(|(_, frame)| frame.kind == kind).map(|(at, _)| at)
    }

    /// Stretches of time in which the motors were driven; the last one may still go on. With each end comes how long
    /// the simulated board had not been run before it: a real one would have ended it up to so much sooner.
    pub fn motions(&self) -> Vec<(Moment, Option<(Moment, Duration)>)> {
        let mut motions: Vec<(Moment, Option<(Moment, Duration)>)> = Vec::new();
        for entry in &self.0 {
            let What::Duty { left, right, gap_ns } = entry.what else { continue };
            match ((left, right) != (0, 0), motions.last_mut()) {
                (true, Some((_, None))) => {}
                (true, _) => motions.push((entry.at, None)),
                (false, Some((_, end @ None))) => *end = Some((entry.at, Duration::from_nanos(gap_ns))),
                (false, _) => {}
            }
        }
        motions
    }

    /// Where the robot was when that was last written down.
    pub fn pose(&self) -> Option<Pose> {
        self.0.iter().rev().find_map(|entry| match entry.what {
            What::Pose(pose) => Some(pose),
            _ => None,
        })
    }

    /// What mattered from half a second before that moment on, for a failure's message.
    pub fn tell(&self, moment: Moment) -> String {
        let late =
            self.0.iter().filter(|entry| moment.since(entry.at) <= BEFORE && entry.what != What::Other);
        late.map(|entry| format!("{:?} {:?}", entry.at, entry.what)).collect::<Vec<_>>().join("\n")
    }

    fn driven(&self) -> impl Iterator<Item = (Moment, bool)> + '_ {
        self.0.iter().filter_map(|entry| match entry.what {
            What::Duty { left, right, .. } => Some((entry.at, (left, right) != (0, 0))),
            _ => None,
        })
    }
}
