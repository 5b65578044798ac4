//! Whether a publisher really produces: what ffmpeg says of itself with `-progress`.
//!
//! ffmpeg prints a block of `key=value` lines a few times a second. A process that runs and prints but whose
//! frame count and output time stand still is as dead to a viewer as one that exited, so the probe asks for
//! progress, not for life. How long it may stand still follows from the rate of the source: one that gives a
//! frame every five seconds is alive.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without progress for this long a publisher counts as silent. Blocks come every 250 ms; three may be late.
const SILENT_AFTER: Duration = Duration::from_millis(900);
/// A source whose rate is not known may take this long for its next frame, until its own pace is known.
const UNKNOWN_PACE: Duration = Duration::from_secs(20);
/// No source is waited for longer than this.
const LONGEST_SILENCE: Duration = Duration::from_secs(90);
/// So many of its frames may be missing.
const MISSING_FRAMES: f64 = 3.0;
/// Lines of one block come together.
const SAME_BLOCK: Duration = Duration::from_millis(20);
/// Its own pace is known from so many steps.
const STEPS: usize = 8;

/// What is to be expected of a publisher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    /// Frames a second, if they are known.
    pub(crate) fps: Option<f64>,
    /// How long it may take for the first.
    pub(crate) ready_within: Duration,
    /// It may be joined between two key frames.
    pub(crate) live: bool,
    /// It does not count as silent before this, whatever its rate.
    pub(crate) least: Duration,
}

/// The counters of one publisher, fed with the lines of its standard output.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    frames: u64,
    out_time_us: i64,
    fps: Option<f64>,
    moved_at: Option<Instant>,
    pace: Option<Pace>,
    /// The last times from one growth to the next.
    steps: VecDeque<Duration>,
}

impl Progress {
    /// Forgets the previous run; called before each launch.
    pub(crate) fn reset(&self) {
        *self.lock() = State::default();
    }

    /// Sets what is to be expected of the launch; without it, a publisher gives something several times a second.
    pub(crate) fn expect(&self, pace: Pace) {
        self.lock().pace = Some(pace);
    }

    /// What is expected of the launch.
    pub(crate) fn pace(&self) -> Option<Pace> {
        self.lock().pace
    }

    /// Takes one line; anything that is not understood is ignored, since ffmpeg adds keys over time.
    pub(crate) fn line(&self, line: &str, now: Instant) {
        let Some((key, value)) = line.split_once('=') else { return };
        let value = value.trim();
        let mut state = self.lock();
        match key.trim() {
            "frame" => {
                if let Ok(frames) = value.parse::<u64>()
                    && frames > state.frames
                {
                    state.frames = frames;
                    state.moved(now);
                }
            }
            "out_time_us" => {
                if let Ok(time) = value.parse::<i64>()
                    && time > state.out_time_us
                {
                    state.out_time_us = time;
                    state.moved(now);
                }
            }
            "fps" => state.fps = value.parse().ok().filter(|fps: &f64| fps.is_finite() && *fps > 0.0),
            _ => {}
        }
    }

    /// So much has been produced, as another component counts it.
    pub(crate) fn reached(&self, count: u64, now: Instant) {
        let mut state = self.lock();
        if count > state.frames {
            state.frames = count;
            state.moved(now);
        }
    }

    /// Ok while output grows; otherwise what to say about it.
    pub(crate) fn check(&self, now: Instant) -> Result<(), String> {
        let state = self.lock();
        match state.moved_at {
            None if state.pace.is_some_and(|pace| pace.live) => {
                Err("no picture yet: the source has sent no key frame".into())
            }
            None => Err("no output yet".into()),
            Some(at) if now.duration_since(at) < state.silent_after() => Ok(()),
            Some(at) => Err(format!("no new output for {:.1} s", now.duration_since(at).as_secs_f64())),
        }
    }

    /// All frames of this run.
    pub(crate) fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// How much has been produced: it grows with each frame.
    pub(crate) fn produced(&self) -> u64 {
        let state = self.lock();
        state.frames.wrapping_add(state.out_time_us.unsigned_abs())
    }

    /// Frames a second as ffmpeg reckons them.
    pub(crate) fn fps(&self) -> Option<f64> {
        self.lock().fps
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn moved(&mut self, now: Instant) {
        if let Some(before) = self.moved_at.replace(now)
            && now.duration_since(before) > SAME_BLOCK
        {
            self.steps.push_back(now - before);
            if self.steps.len() > STEPS {
                self.steps.pop_front();
            }
        }
    }

    fn silent_after(&self) -> Duration {
        let nominal = match self.pace {
            Some(Pace { fps: Some(fps), .. }) => {
                SILENT_AFTER + Duration::try_from_secs_f64(MISSING_FRAMES / fps).unwrap_or(LONGEST_SILENCE)
            }
            Some(Pace { fps: None, .. }) if self.steps.len() < STEPS => UNKNOWN_PACE,
            None | Some(Pace { fps: None, .. }) => SILENT_AFTER,
        };
        // What it has done before, it may do again.
        let longest = self.steps.iter().max().filter(|_| self.pace.is_some());
        let usual = longest.map_or(Duration::ZERO, |longest| longest.mul_f64(MISSING_FRAMES));
        let least = self.pace.map_or(Duration::ZERO, |pace| pace.least);
        nominal.max(usual).max(least).min(LONGEST_SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_block_without_growth_is_silence() {
        let progress = Progress::default();
        let start = Instant::now();
        assert!(progress.check(start).is_err());
        for line in ["frame=1", "fps=29.97", "out_time_us=N/A", "progress=continue", "", "=", "frame=x"] {
            progress.line(line, start);
        }
        assert!(progress.check(start).is_ok());
        assert_eq!(progress.fps(), Some(29.97));
        let later = start + SILENT_AFTER;
        progress.line("frame=1", later);
        assert!(progress.check(later).is_err());
        progress.line("out_time_us=200000", later);
        assert!(progress.check(later).is_ok(), "sound has no frames, but its time moves");
        progress.reset();
        assert!(progress.check(later).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_may_be_uneven_whatever_rate_it_tells() {
        let progress = Progress::default();
        let (start, least) = (Instant::now(), Duration::from_secs(10));
        let pace = Pace { fps: Some(25.0), ready_within: Duration::from_mins(1), live: true, least };
        progress.expect(pace);
        progress.line("frame=1", start);
        assert!(progress.check(start + Duration::from_secs(9)).is_ok(), "it gives one in nine seconds");
        assert!(progress.check(start + Duration::from_secs(11)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_source_is_silent_when_frames_of_its_own_are_missing() {
        let ready_within = Duration::from_mins(1);
        let start = Instant::now();
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        for fps in [Some(0.2), None] {
            let progress = Progress::default();
            progress.expect(Pace { fps, ready_within, live: true, least: Duration::ZERO });
            assert!(progress.check(start).unwrap_err().contains("key frame"));
            for frame in 1..=12_u32 {
                let at = after(5.0 * f64::from(frame));
                progress.line(&format!("frame={frame}"), at);
                assert!(progress.check(at + Duration::from_millis(4990)).is_ok(), "{fps:?} {frame}");
            }
            assert!(
                progress.check(after(60.0 + 16.0)).is_err(),
                "{fps:?}: three frames of its own are missing"
            );
        }
        // One that turned out to be fast is judged as such.
        let progress = Progress::default();
        progress.expect(Pace { fps: None, ready_within, live: true, least: Duration::ZERO });
        for frame in 1..=12_u32 {
            progress.line(&format!("frame={frame}"), after(0.25 * f64::from(frame)));
        }
        assert!(progress.check(after(3.0 + 0.8)).is_ok() && progress.check(after(3.0 + 1.0)).is_err());
    }
}
