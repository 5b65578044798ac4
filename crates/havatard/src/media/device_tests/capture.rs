//! Captures the frames of a test as they come, and counts them.

use std::time::Duration;

use havatar_supervisor::Pipeline;
use tokio::time::Instant;

use crate::media::context::Context;
use crate::media::paths::CAMERA_TEST;
use crate::priority::{Share, prioritized};

use super::frame::{Frame, Frames, NoPixmap};
use super::input;

/// How long ffmpeg has to end by itself.
pub(super) const END_WITHIN: Duration = Duration::from_millis(500);
/// A camera that has given no frame by then gives none.
const FIRST_WITHIN: Duration = Duration::from_secs(15);
/// Frames are counted for so long after the first one, if ffmpeg does not end by itself.
const COUNTED: Duration = Duration::from_millis(1500);

/// Frames as they came.
pub(super) struct Captured {
    /// The last of them.
    pub(super) last: Frame,
    /// From the begin to the first of them.
    pub(super) first_after: Duration,
    /// Frames a second; `None` if there was one alone.
    pub(super) fps: Option<f64>,
    /// What ffmpeg said.
    pub(super) said: String,
}

/// Runs a pipeline that gives pixmaps, and takes them as they come.
///
/// # Errors
/// What its programs said, if no frame came.
pub(super) async fn capture(ctx: &Context, pipeline: Pipeline) -> Result<Captured, String> {
    let begun = Instant::now();
    let pipeline = prioritized(pipeline, Share::Rest);
    let started = ctx.spawner.stream_output_as(CAMERA_TEST, pipeline, &[]).await;
    let mut output = started.map_err(|error| error.to_string())?;
    let (mut frames, mut counter) = (Frames::default(), Counter::default());
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let limit = counter.first.map_or(FIRST_WITHIN, |first| COUNTED.saturating_sub(first.elapsed()));
        if limit.is_zero() {
            break;
        }
        match output.read_within(&mut bytes, limit).await {
            Some(Ok(count)) if count > 0 => frames.push(&bytes[..count]),
            _ => break,
        }
        if counter.count_all(&mut frames).is_err() {
            break;
        }
    }
    let end = output.finish(END_WITHIN).await;
    let said = end.stderr;
    let fps = counter.fps(end.failed.is_none().then_some(input::SECONDS));
    let Counter { first: Some(first), newest: Some(last), .. } = counter else { return Err(said) };
    Ok(Captured { last, first_after: first.duration_since(begun), fps, said })
}

/// Counts frames by the time of their arrival.
#[derive(Debug, Default)]
struct Counter {
    first: Option<Instant>,
    last: Option<Instant>,
    /// Frames after the first.
    more: u32,
    newest: Option<Frame>,
}

impl Counter {
    /// Counts the frames that are whole.
    fn count_all(&mut self, frames: &mut Frames) -> Result<(), NoPixmap> {
        while let Some(frame) = frames.take()? {
            self.count(frame, Instant::now());
        }
        Ok(())
    }

    fn count(&mut self, frame: Frame, now: Instant) {
        if self.first.is_none() {
            self.first = Some(now);
        } else {
            self.more += 1;
        }
        self.last = Some(now);
        self.newest = Some(frame);
    }

    /// Frames a second, to one decimal; `None` unless there are several. `of` are the seconds that they show, where that is known: the
    /// frames that a stream keeps for a new reader come all at once.
    fn fps(&self, of: Option<f64>) -> Option<f64> {
        let seconds = self.last?.duration_since(self.first?).as_secs_f64();
        let as_they_came = (self.more > 0 && seconds > 0.0).then(|| f64::from(self.more) / seconds)?;
        let shown = of.map_or(as_they_came, |seconds| f64::from(self.more + 1) / seconds);
        Some((as_they_came.min(shown) * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        let mut frames = Frames::default();
        frames.push(b"P6\n1 1\n255\nxyz");
        frames.take().unwrap().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_counted_between_the_first_and_the_last() {
        let start = Instant::now();
        let mut counter = Counter::default();
        assert_eq!(counter.fps(None), None);
        for at in 0..=15 {
            counter.count(frame(), start + Duration::from_millis(2000 + 100 * at));
            assert_eq!(counter.fps(None), (at > 0).then_some(10.0), "{at}");
        }
        assert_eq!(counter.first, Some(start + Duration::from_secs(2)));
        assert_eq!(counter.fps(Some(2.0)), Some(8.0), "sixteen of two seconds that came faster");
        assert_eq!(counter.fps(Some(1.0)), Some(10.0), "sixteen of a second that came slower");
    }
}
