//! A viewer: a real ffmpeg that reads a stream over RTSP, decodes it, and comes back when it is thrown out.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use havatar_sim::frame_clock;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::{tools, wait};

const WIDTH: usize = 320;
const HEIGHT: usize = 180;
/// A stamp older than this is no stamp of ours.
const OLDEST: Duration = Duration::from_mins(1);

/// One decoded frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// When it was decoded.
    pub at: SystemTime,
    /// When it was painted, if it carries the frame clock: what is shown while the camera is away does not.
    pub painted: Option<SystemTime>,
    /// Which connection brought it, from 1.
    pub session: u64,
    /// Tells its picture from others.
    pub picture: u64,
}

impl Frame {
    /// How old the picture was when it had been decoded.
    pub fn age(&self) -> Option<Duration> {
        self.at.duration_since(self.painted?).ok()
    }
}

/// An RTSP viewer that reconnects whenever its connection ends.
#[derive(Debug)]
pub struct Viewer {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    frames: Vec<Frame>,
    sessions: u64,
}

impl Viewer {
    pub(crate) fn open(url: &str) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = tokio::spawn(watch(url.to_owned(), seen.clone()));
        Self { seen, task }
    }

    /// Waits for the first frame that was painted after `moment`.
    ///
    /// # Panics
    /// If none comes within the time.
    pub async fn painted_after(&self, moment: SystemTime, within: Duration) -> Frame {
        wait::eventually(within, "a frame arrives that was painted afterwards", async || {
            self.find(|frame| frame.painted.is_some_and(|at| at > moment))
        })
        .await
    }

    /// Waits for the first frame that arrives after `moment` and is as `is` says.
    ///
    /// # Panics
    /// If none comes within the time.
    pub async fn arrives(&self, moment: SystemTime, within: Duration, is: impl Fn(&Frame) -> bool) -> Frame {
        wait::eventually(within, "such a frame arrives", async || {
            self.find(|frame| frame.at > moment && is(frame))
        })
        .await
    }

    /// Waits until the picture moves: several different frames after `moment`.
    ///
    /// # Panics
    /// If it does not within the time.
    pub async fn moves(&self, moment: SystemTime, within: Duration) {
        wait::eventually(within, "the picture moves", async || {
            let mut pictures: Vec<u64> =
                self.frames().iter().filter(|frame| frame.at > moment).map(|frame| frame.picture).collect();
            pictures.dedup();
            (pictures.len() >= 5).then_some(())
        })
        .await;
    }

    /// All frames so far.
    pub fn frames(&self) -> Vec<Frame> {
        self.lock().frames.clone()
    }

    /// Connections that brought a frame.
    pub fn sessions(&self) -> u64 {
        self.lock().sessions
    }

    fn find(&self, is: impl Fn(&Frame) -> bool) -> Option<Frame> {
        self.lock().frames.iter().find(|frame| is(frame)).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// When each frame of a file was painted, in the order in which they are played; frames without the clock, and those
/// older than a minute, are left out.
///
/// # Panics
/// If the file cannot be decoded.
pub async fn painted_in(file: &Path) -> Vec<SystemTime> {
    let path = file.to_str().expect("UTF-8");
    let size = format!("scale={WIDTH}:{HEIGHT}");
    let args =
        ["-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-vf", &size, "-vsync", "passthrough"];
    let args = [&args[..], &["-pix_fmt", "gray", "-f", "rawvideo", "-"]].concat();
    let output = tools::run("ffmpeg", &args).await;
    assert!(output.status.success(), "{}", tools::complaints(&output));
    output.stdout.chunks_exact(WIDTH * HEIGHT).filter_map(|luma| examine(luma, 0).painted).collect()
}

async fn watch(url: String, seen: Arc<Mutex<Seen>>) {
    loop {
        let mut command = Command::new("ffmpeg");
        command.args([
            "-nostdin",
            "-v",
            "error",
            "-threads",
            "1",
            "-fflags",
            "nobuffer",
            "-flags",
            "low_delay",
        ]);
        command.args(["-probesize", "32768", "-analyzeduration", "100000", "-rtsp_transport", "tcp"]);
        command.args(["-timeout", "8000000", "-i", &url, "-map", "0:v:0", "-vf"]);
        command.arg(format!("scale={WIDTH}:{HEIGHT}")).args(["-vsync", "passthrough"]);
        command.args(["-pix_fmt", "gray", "-f", "rawvideo", "-flush_packets", "1", "pipe:1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut ffmpeg = command.spawn().expect("ffmpeg starts");
        let mut stdout = ffmpeg.stdout.take().expect("a pipe");
        let mut luma = vec![0; WIDTH * HEIGHT];
        let mut first = true;
        while stdout.read_exact(&mut luma).await.is_ok() {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.sessions += u64::from(std::mem::take(&mut first));
            let session = seen.sessions;
            seen.frames.push(examine(&luma, session));
        }
        let _ = ffmpeg.wait().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn examine(luma: &[u8], session: u64) -> Frame {
    let at = SystemTime::now();
    let painted = frame_clock::read(luma, WIDTH).and_then(|stamp| {
        let now = frame_clock::stamp_of(at.duration_since(UNIX_EPOCH).ok()?);
        let age = Duration::from_millis(frame_clock::age_ms(stamp, now).into());
        (age < OLDEST).then(|| at - age)
    });
    let mut hasher = DefaultHasher::new();
    luma.hash(&mut hasher);
    Frame { at, painted, session, picture: hasher.finish() }
}
