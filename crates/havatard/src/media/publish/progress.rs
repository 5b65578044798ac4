//! Whether a publisher really produces: what ffmpeg says of itself with `-progress`.
//!
//! ffmpeg prints a block of `key=value` lines a few times a second. A process that runs and prints but whose
//! frame count and output time stand still is as dead to a viewer as one that exited, so the probe asks for
//! progress, not for life.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without progress for this long a publisher counts as silent. Blocks come every 250 ms; three may be late.
const SILENT_AFTER: Duration = Duration::from_millis(900);

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
}

impl Progress {
    /// Forgets the previous run; called before each launch.
    pub(crate) fn reset(&self) {
        *self.lock() = State::default();
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
                    state.moved_at = Some(now);
                }
            }
            "out_time_us" => {
                if let Ok(time) = value.parse::<i64>()
                    && time > state.out_time_us
                {
                    state.out_time_us = time;
                    state.moved_at = Some(now);
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
            state.moved_at = Some(now);
        }
    }

    /// Ok while output grows; otherwise what to say about it.
    pub(crate) fn check(&self, now: Instant) -> Result<(), String> {
        match self.lock().moved_at {
            None => Err("no output yet".into()),
            Some(at) if now.duration_since(at) < SILENT_AFTER => Ok(()),
            Some(at) => Err(format!("no new output for {:.1} s", now.duration_since(at).as_secs_f64())),
        }
    }

    /// All frames of this run.
    pub(crate) fn frames(&self) -> u64 {
        self.lock().frames
    }

    /// Frames a second as ffmpeg reckons them.
    pub(crate) fn fps(&self) -> Option<f64> {
        self.lock().fps
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
}
