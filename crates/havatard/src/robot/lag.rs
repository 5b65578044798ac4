//! The speed that the lag of video and commands allows: lowered at once, raised after two seconds of improvement.

use std::time::Duration;

use tokio::time::Instant;

/// What the lag allows, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Full,
    Slower,
    Slow,
    StepsOnly,
    Nothing,
}

impl Level {
    /// The level for a lag: age of the video plus age of the command.
    pub(super) fn of(lag: Duration) -> Self {
        match lag.as_micros() {
            0..=200_000 => Self::Full,
            200_001..=300_000 => Self::Slower,
            300_001..=500_000 => Self::Slow,
            500_001..=800_000 => Self::StepsOnly,
            _ => Self::Nothing,
        }
    }

    /// Share of the full speed for held and latched motions, in percent.
    pub(super) fn percent(self) -> u8 {
        match self {
            Self::Full => 100,
            Self::Slower => 60,
            Self::Slow => 30,
            Self::StepsOnly | Self::Nothing => 0,
        }
    }
}

/// How long an improvement must last before the level rises.
const UP_AFTER: Duration = Duration::from_secs(2);

/// The level in force.
#[derive(Debug, Default)]
pub(super) struct Lag {
    level: Option<Level>,
    /// Since when every report was better than the level, and the worst of those reports.
    better: Option<(Instant, Level)>,
}

impl Lag {
    pub(super) fn report(&mut self, lag: Duration, now: Instant) {
        let reported = Level::of(lag);
        let Some(level) = self.level else {
            self.level = Some(reported);
            return;
        };
        if reported >= level {
            (self.level, self.better) = (Some(reported), None);
            return;
        }
        let (since, worst) =
            self.better.map_or((now, reported), |(since, worst)| (since, worst.max(reported)));
        if now.duration_since(since) >= UP_AFTER {
            (self.level, self.better) = (Some(worst), None);
        } else {
            self.better = Some((since, worst));
        }
    }

    /// `None` before the first report.
    pub(super) fn level(&self) -> Option<Level> {
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_table() {
        for (lag, percent, level) in [
            (0, 100, Level::Full),
            (200, 100, Level::Full),
            (201, 60, Level::Slower),
            (300, 60, Level::Slower),
            (301, 30, Level::Slow),
            (500, 30, Level::Slow),
            (501, 0, Level::StepsOnly),
            (800, 0, Level::StepsOnly),
            (801, 0, Level::Nothing),
        ] {
            assert_eq!((Level::of(ms(lag)).percent(), Level::of(ms(lag))), (percent, level), "{lag}");
        }
    }

    #[test]
    fn down_at_once_up_after_two_seconds_of_better() {
        let (mut lag, start) = (Lag::default(), Instant::now());
        assert_eq!(lag.level(), None);
        lag.report(ms(100), start);
        assert_eq!(lag.level(), Some(Level::Full));
        lag.report(ms(400), start + ms(50));
        assert_eq!(lag.level(), Some(Level::Slow));
        for at in (100..2100).step_by(50) {
            lag.report(ms(100), start + ms(at));
            assert_eq!(lag.level(), Some(Level::Slow), "{at}");
        }
        lag.report(ms(100), start + ms(2100));
        assert_eq!(lag.level(), Some(Level::Full));
    }

    #[test]
    fn one_bad_report_begins_the_wait_anew_and_it_rises_only_to_the_worst_meanwhile() {
        let (mut lag, start) = (Lag::default(), Instant::now());
        lag.report(ms(700), start);
        lag.report(ms(100), start + ms(100));
        lag.report(ms(250), start + ms(1000));
        lag.report(ms(100), start + ms(2100));
        assert_eq!(lag.level(), Some(Level::Slower));
        lag.report(ms(100), start + ms(2200));
        lag.report(ms(250), start + ms(3000));
        lag.report(ms(100), start + ms(3100));
        lag.report(ms(100), start + ms(5000));
        assert_eq!(lag.level(), Some(Level::Slower));
        lag.report(ms(100), start + ms(5100));
        assert_eq!(lag.level(), Some(Level::Full));
    }
}
