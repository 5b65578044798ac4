//! Recording: what is wanted, made so at MediaMTX, and believed only when a file grows.
//!
//! The wish is kept in the state directory, so that a crash of the daemon or of MediaMTX does not end a
//! recording; an orderly stop of the daemon does. MediaMTX forgets the switch whenever it restarts or reads
//! its settings anew, so the switch is set again each time it comes up. None of that makes `recording`
//! true: that word is reserved for a file that was seen to grow within the last moments.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use havatar_api::RecordingStatus;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::{BOTH, MediaError, files, recordings};

const TICK: Duration = Duration::from_millis(500);
/// A file that has not grown for this long is not being recorded to. Parts come every 200 ms.
const GROWS_WITHIN: Duration = Duration::from_millis(1600);
/// How long a start waits to see growth before it answers with what there is.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Below this much free space a recording is not begun: the file system would be full within minutes.
const RESERVE: u64 = 64 << 20;

type Reply = oneshot::Sender<Result<RecordingStatus, MediaError>>;

pub(super) enum Command {
    Start(Reply),
    Stop(Reply),
}

/// The recorder's handle.
#[derive(Clone)]
pub(super) struct Recorder {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<RecordingStatus>,
}

impl Recorder {
    pub(super) fn spawn(ctx: Arc<Context>, stop: CancellationToken) -> (Self, tokio::task::JoinHandle<()>) {
        let (commands, inbox) = mpsc::channel(8);
        let (status, seen) = watch::channel(RecordingStatus::default());
        let wish = ctx.state_dir.join("recording-wanted");
        let task = Task {
            wanted: wish.exists(),
            wanted_since: Instant::now(),
            wish,
            ctx,
            status,
            growth: None,
            refused: None,
            waiting: Vec::new(),
        };
        let handle = tokio::spawn(task.run(inbox, stop));
        (Self { commands, status: seen }, handle)
    }

    pub(super) fn status(&self) -> watch::Receiver<RecordingStatus> {
        self.status.clone()
    }

    pub(super) async fn start(&self) -> Result<RecordingStatus, MediaError> {
        self.ask(Command::Start).await
    }

    pub(super) async fn stop(&self) -> Result<RecordingStatus, MediaError> {
        self.ask(Command::Stop).await
    }

    async fn ask(&self, command: fn(Reply) -> Command) -> Result<RecordingStatus, MediaError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|_| MediaError::Busy)?;
        answer.await.map_err(|_| MediaError::ShuttingDown)?
    }
}

struct Task {
    ctx: Arc<Context>,
    wish: PathBuf,
    wanted: bool,
    wanted_since: Instant,
    status: watch::Sender<RecordingStatus>,
    growth: Option<Growth>,
    /// What MediaMTX or the disk said when recording was last switched on.
    refused: Option<String>,
    waiting: Vec<(Reply, Instant)>,
}

/// The newest file and when its size last changed.
struct Growth {
    file: String,
    size: u64,
    /// `None` until a change was seen: a file that merely exists proves nothing.
    grew_at: Option<Instant>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, stop: CancellationToken) {
        let mut up = self.ctx.mediamtx_up.subscribe();
        up.mark_changed();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = inbox.recv() => self.command(command).await,
                Ok(()) = up.changed() => {
                    let is_up = up.borrow_and_update().is_some();
                    if is_up && self.wanted {
                        self.switch(true).await;
                    }
                }
                _ = tick.tick(), if self.wanted || self.status.borrow().recording => {}
            }
            self.look();
        }
        self.close().await;
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Start(reply) => {
                if let Err(error) = enough_space(&self.ctx.recordings()) {
                    let _ = reply.send(Err(error));
                    return;
                }
                if !self.wanted {
                    self.wanted = true;
                    self.wanted_since = Instant::now();
                    self.growth = None;
                    self.remember();
                }
                if self.ctx.up() {
                    self.switch(true).await;
                }
                self.waiting.push((reply, Instant::now() + ANSWER_WITHIN));
            }
            Command::Stop(reply) => {
                self.wanted = false;
                self.remember();
                if self.ctx.up() {
                    self.switch(false).await;
                }
                self.growth = None;
                self.look();
                let _ = reply.send(Ok(self.status.borrow().clone()));
            }
        }
    }

    /// Sets MediaMTX's switch and reads it back.
    async fn switch(&mut self, on: bool) {
        self.refused = match self.ctx.client().set_record(BOTH, on).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(%error, on, "MediaMTX's recording switch could not be set");
                Some(error.to_string())
            }
        };
    }

    /// Looks at the newest file and tells what that means.
    fn look(&mut self) {
        let now = Instant::now();
        let directory = self.ctx.recordings().join(BOTH);
        if self.wanted
            && let Some((file, size)) = newest(&directory)
        {
            match &mut self.growth {
                Some(growth) if growth.file == file => {
                    if size > growth.size {
                        growth.size = size;
                        growth.grew_at = Some(now);
                    }
                }
                _ => self.growth = Some(Growth { file, size, grew_at: None }),
            }
        }
        let growing = self
            .growth
            .as_ref()
            .filter(|growth| growth.grew_at.is_some_and(|at| now.duration_since(at) < GROWS_WITHIN));
        let recording = self.wanted && growing.is_some();
        let overdue = now.duration_since(self.wanted_since) >= ANSWER_WITHIN;
        let status = RecordingStatus {
            wanted: self.wanted,
            recording,
            id: growing.map(|growth| recordings::id(&growth.file)),
            since: growing
                .and_then(|growth| recordings::started_at(Path::new(&growth.file).file_stem()?.to_str()?)),
            size_bytes: growing.map(|growth| growth.size),
            fault: (self.wanted && !recording && overdue).then(|| self.why_not()),
        };
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            if shown.recording != status.recording {
                tracing::info!(recording = status.recording, file = ?status.id, "recording changed");
            }
            *shown = status;
            changed
        });
        let status = self.status.borrow().clone();
        for (reply, deadline) in std::mem::take(&mut self.waiting) {
            if recording || now >= deadline || !self.wanted {
                let _ = reply.send(Ok(status.clone()));
            } else {
                self.waiting.push((reply, deadline));
            }
        }
    }

    fn why_not(&self) -> String {
        if !self.ctx.up() {
            return "MediaMTX is away; recording goes on when it is back".into();
        }
        if let Err(error) = enough_space(&self.ctx.recordings()) {
            return error.to_string();
        }
        self.refused.clone().unwrap_or_else(|| "no picture or sound arrives to be recorded".into())
    }

    /// Best effort: without a writable state directory the wish lives as long as the daemon.
    fn remember(&self) {
        let result = if self.wanted {
            files::write_atomically(&self.wish, b"", 0o600)
        } else {
            match std::fs::remove_file(&self.wish) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        };
        if let Err(error) = result {
            tracing::warn!(file = %self.wish.display(), %error, "whether to record is not remembered over a restart");
        }
    }

    /// An orderly end: the open file is closed by MediaMTX, and the next start does not record unasked.
    async fn close(mut self) {
        if self.wanted {
            self.wanted = false;
            self.remember();
            if self.ctx.up() {
                self.switch(false).await;
            }
        }
    }
}

fn newest(directory: &Path) -> Option<(String, u64)> {
    let name = std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            Path::new(name)
                .file_stem()
                .and_then(|stem| stem.to_str())
                .is_some_and(|stem| recordings::started_at(stem).is_some())
        })
        .max()?;
    let size = std::fs::symlink_metadata(directory.join(&name)).ok()?.len();
    Some((name, size))
}

fn enough_space(directory: &Path) -> Result<(), MediaError> {
    // The directory itself is made by MediaMTX with the first file.
    let existing = directory.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let Ok(stat) = nix::sys::statvfs::statvfs(existing) else { return Ok(()) };
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    if free < RESERVE {
        return Err(MediaError::NoSpace { path: directory.to_owned(), free_mib: free >> 20 });
    }
    Ok(())
}
