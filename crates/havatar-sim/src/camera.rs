//! The camera: paints, waits for its time, stamps, writes.
//!
//! A frame is painted *before* it is due and stamped *after* the wait, as the last thing before it is written.
//! So the stamp is the moment of exposure, and painting is not part of the latency that others measure.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

use crate::frame_clock;
use crate::pace::Pace;
use crate::scene::{Scene, Size};

/// What the camera shoots.
#[derive(Debug, Clone, Copy)]
pub struct Shot {
    /// Width and height of a frame.
    pub size: Size,
    /// Frames a second, at least 1.
    pub fps: u32,
    /// End after this many frames; `None` goes on until the reader leaves.
    pub frames: Option<u64>,
}

/// What was written, once the camera has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Frames handed to the reader.
    pub written: u64,
    /// Slots of the schedule that passed without a frame because the reader was slow.
    pub dropped: u64,
}

/// Time as the camera sees it.
pub trait Clock {
    /// Time since some fixed moment; never jumps.
    fn monotonic(&self) -> Duration;
    /// Time since 1970; may jump when the system's clock is set.
    fn unix(&self) -> Duration;
    /// Returns once `monotonic` has reached this time, at once if it has.
    fn sleep_until(&mut self, monotonic: Duration);
}

/// The system's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A clock that stands at a given Unix time and moves only when it is slept on: frames come as fast as they are
/// read, each one the same in every run.
#[derive(Debug, Clone, Copy)]
pub struct VirtualClock {
    start: Duration,
    slept: Duration,
}

/// Shoots until `shot.frames` are written or the reader is gone, which is no error.
pub fn shoot(shot: Shot, clock: &mut impl Clock, mut out: impl Write) -> io::Result<Taken> {
    let mut scene = Scene::new(shot.size);
    let mut pace = Pace::new(shot.fps);
    let start = clock.monotonic();
    let mut written = 0;
    while shot.frames.is_none_or(|frames| written < frames) {
        let now = clock.monotonic();
        let due = start + pace.next_slot(now.saturating_sub(start)).due;
        scene.paint(clock.unix() + due.saturating_sub(now));
        clock.sleep_until(due);
        scene.stamp(frame_clock::stamp_of(clock.unix()));
        match out.write_all(scene.frame()) {
            Ok(()) => written += 1,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Taken { written, dropped: pace.dropped() })
}

/// Standard output without a buffer in between, and with as large a pipe as the system allows.
///
/// A pipe of 1 MiB instead of 64 KiB makes a frame of 720p two wake-ups instead of twenty.
pub fn frame_pipe() -> io::Result<File> {
    let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // Refused on a file, a terminal or beyond the user's limit: then it stays as it is.
    let _ = fcntl(&out, FcntlArg::F_SETPIPE_SZ(1 << 20));
    Ok(out)
}

impl VirtualClock {
    /// A clock that stands at `unix`.
    pub fn new(unix: Duration) -> Self {
        Self { start: unix, slept: Duration::ZERO }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        read(ClockId::CLOCK_MONOTONIC)
    }

    fn unix(&self) -> Duration {
        read(ClockId::CLOCK_REALTIME)
    }

    fn sleep_until(&mut self, monotonic: Duration) {
        let flags = ClockNanosleepFlags::TIMER_ABSTIME;
        // A signal handler may end the sleep early; the deadline is absolute, so asking again is enough.
        while clock_nanosleep(ClockId::CLOCK_MONOTONIC, flags, &monotonic.into()) == Err(nix::Error::EINTR) {}
    }
}

impl Clock for VirtualClock {
    fn monotonic(&self) -> Duration {
        self.slept
    }

    fn unix(&self) -> Duration {
        self.start + self.slept
    }

    fn sleep_until(&mut self, monotonic: Duration) {
        self.slept = self.slept.max(monotonic);
    }
}

/// The two clocks used exist on every Linux, so reading them cannot fail there.
fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).map(Duration::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    const EPOCH: Duration = Duration::from_millis(1_764_000_000_321);

    /// A clock that a test and its reader move by hand.
    #[derive(Clone, Default)]
    struct HandClock(Rc<Cell<Duration>>);

    impl Clock for HandClock {
        fn monotonic(&self) -> Duration {
            self.0.get()
        }

        fn unix(&self) -> Duration {
            EPOCH + self.0.get()
        }

        fn sleep_until(&mut self, monotonic: Duration) {
            self.0.set(self.0.get().max(monotonic));
        }
    }

    /// Takes `each` of the clock's time for every frame, notes the stamps, and leaves after `limit` frames.
    struct Reader {
        clock: HandClock,
        each: Duration,
        limit: usize,
        seen: Vec<(u32, u32)>,
    }

    impl Write for &mut Reader {
        fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
            if self.seen.len() == self.limit {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let stamp = frame_clock::read(&frame[..size().width() * size().height()], size().width());
            self.seen.push((stamp.expect("a stamp"), frame_clock::stamp_of(self.clock.unix())));
            self.clock.0.set(self.clock.0.get() + self.each);
            Ok(frame.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn size() -> Size {
        Size::new(160, 120).expect("valid")
    }

    fn run(each_ms: u64, limit: usize) -> (Taken, Vec<(u32, u32)>) {
        let mut clock = HandClock::default();
        let mut reader =
            Reader { clock: clock.clone(), each: Duration::from_millis(each_ms), limit, seen: Vec::new() };
        let shot = Shot { size: size(), fps: 25, frames: None };
        let taken = shoot(shot, &mut clock, &mut reader).expect("a reader that leaves is no error");
        (taken, reader.seen)
    }

    #[test]
    fn a_quick_reader_gets_a_frame_every_40_ms_stamped_with_the_moment_of_writing() {
        let (taken, seen) = run(5, 500);
        assert_eq!(taken, Taken { written: 500, dropped: 0 });
        let first = frame_clock::stamp_of(EPOCH);
        for (index, (stamp, at_write)) in seen.into_iter().enumerate() {
            assert_eq!(stamp, at_write);
            assert_eq!(stamp, first + 40 * u32::try_from(index).expect("small"));
        }
    }

    #[test]
    fn a_slow_reader_gets_fewer_frames_and_each_is_fresh() {
        let (taken, seen) = run(100, 200);
        assert_eq!(taken.written, 200);
        assert!((295..=305).contains(&taken.dropped), "100 ms a frame leaves 2 of 5: {taken:?}");
        assert!(seen.iter().all(|(stamp, at_write)| stamp == at_write));
    }

    #[test]
    fn a_limit_ends_it() {
        let mut clock = VirtualClock::new(EPOCH);
        let mut out = Vec::new();
        let shot = Shot { size: size(), fps: 30, frames: Some(7) };
        let taken = shoot(shot, &mut clock, &mut out).expect("a vector takes all");
        assert_eq!(taken, Taken { written: 7, dropped: 0 });
        assert_eq!(out.len(), 7 * size().frame_bytes());
    }

    #[test]
    fn virtual_time_gives_the_same_bytes_in_every_run() {
        let shot = Shot { size: size(), fps: 30, frames: Some(31) };
        let film = || {
            let mut out = Vec::new();
            shoot(shot, &mut VirtualClock::new(EPOCH), &mut out).map(|_| out)
        };
        let (first, second) = (film().expect("written"), film().expect("written"));
        assert_eq!(first, second);
        let last = &first[30 * size().frame_bytes()..];
        let stamp = frame_clock::read(&last[..160 * 120], 160);
        assert_eq!(stamp, Some(frame_clock::stamp_of(EPOCH + Duration::from_secs(1))));
    }

    #[test]
    fn the_systems_clock_wakes_in_time() {
        let mut clock = SystemClock;
        let due = clock.monotonic() + Duration::from_millis(20);
        clock.sleep_until(due);
        assert!(clock.monotonic() >= due);
        clock.sleep_until(Duration::ZERO);
    }
}
