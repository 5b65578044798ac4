//! The black box: what happened to the robot, on one clock, in a ring of files that survives crashes.
//!
//! The motion loop calls [`BlackBox::note`], so it never waits: a note goes into a bounded queue, or is counted as dropped
//! if the queue is full. One thread (`writer`) owns the disk: it numbers the lines, packs them into `segments`, syncs, and
//! continues in memory while the disk is full or gone. A read (`reader`) is a snapshot: it contains the notes made before
//! it, and ends.
//!
//! A line is `{"n":…,"boot":"…","t_ms":…,"at":"…","kind":"…", …}`:
//! `n` counts lines over all runs, and a gap is a loss; `boot` identifies the run of the daemon; `t_ms` is `CLOCK_BOOTTIME`,
//! which continues over restarts of the daemon and over suspend, and starts again when the machine boots; `at` is the wall
//! clock, which may jump. Both times are those of the event, not of its writing. Lines stand in the order of the queue: two
//! threads that note at the same instant may appear in either order.

mod event_recorder;
mod line;
mod queue;
mod reader;
mod rings;
mod segments;
mod snapshot;
mod throttle;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use serde::Serialize;

use self::line::Note;
use self::queue::{Message, Status};
use self::reader::Reader;
use self::segments::{Disk, RealDisk};
use self::snapshot::Snapshot;
use self::writer::Writer;

pub(super) use self::event_recorder::EventRecorder;

/// Capacity of the queue for notes.
const QUEUE: usize = 2048;
/// Further capacity that notes leave free: however fast they come, requests to read and to close still get in, in order.
const RESERVED: usize = 64;
/// Longest wait of a reader, or of a close, for a writer whose disk hangs.
const WRITER_TIMEOUT: Duration = Duration::from_secs(2);
/// Interval at which a reader or a close retries a full queue.
const QUEUE_POLL: Duration = Duration::from_millis(5);

/// Handle to the black box; clones share it.
#[derive(Debug, Clone)]
pub(super) struct BlackBox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    queue: SyncSender<Message>,
    status: Arc<Status>,
}

/// Handle to the writer thread.
#[derive(Debug)]
pub(super) struct WriterHandle(Arc<Shared>);

impl BlackBox {
    /// Opens the box in the directory `dir`, which is created if it is missing, and starts its thread. Its files never exceed
    /// `most_bytes` bytes (at least 32 KiB). An unusable disk is no error: see [`failing`](Self::failing).
    pub(super) fn open(dir: &Path, most_bytes: u64) -> (Self, WriterHandle) {
        Self::open_on(dir, most_bytes, RealDisk)
    }

    fn open_on(dir: &Path, most_bytes: u64, disk: impl Disk) -> (Self, WriterHandle) {
        let (queue, inbox) = sync_channel(QUEUE + RESERVED);
        let status = Arc::new(Status::default());
        let writer = Writer::new(dir, Arc::clone(&status), most_bytes, disk);
        let shared = Arc::new(Shared { dir: dir.to_owned(), queue, status });
        let started = std::thread::Builder::new().name("black box".into()).spawn(move || writer.run(&inbox));
        if let Err(error) = started {
            tracing::error!(%error, "the black box has no thread: nothing is recorded");
            *shared.status.failure() = Some(format!("its thread could not be started: {error}"));
        }
        let black_box = Self(shared);
        let version = env!("CARGO_PKG_VERSION");
        black_box.note("opened", serde_json::json!({"version": version, "most_bytes": most_bytes}));
        (black_box.clone(), WriterHandle(black_box.0))
    }

    /// Notes an event. Never blocks, and allocates no more than the line.
    ///
    /// `fields` become an object of at most 2 KiB (a value of another type stands under `value`), without the names that every
    /// line has. The kinds `estop`, `lease` and `link` are synced to the disk at once.
    pub(super) fn note(&self, kind: &'static str, fields: impl Serialize) {
        let status = &self.0.status;
        if status.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            status.waiting.fetch_sub(1, Ordering::Relaxed);
            status.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut note = Note::now(kind, &fields);
        // The first note that gets through again reports the dropped ones.
        note.lost = status.dropped.swap(0, Ordering::Relaxed);
        let lost = note.lost + 1;
        if self.0.queue.try_send(Message::Note(note)).is_err() {
            status.waiting.fetch_sub(1, Ordering::Relaxed);
            status.dropped.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Why nothing reaches the disk now, as a text; `None` while all is well.
    pub(super) fn failing(&self) -> Option<String> {
        self.0.status.failure().clone()
    }

    /// All lines, or those whose `n` is greater than `since`, oldest first, as JSON lines. It contains every note made before
    /// the first poll; it ends, and holds at most one chunk of a file in memory.
    pub(super) fn read(&self, since: Option<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let begin = Reading::Asked(Arc::clone(&self.0), since);
        stream::try_unfold(begin, |reading| async move {
            // Disk and writer may be slow.
            tokio::task::spawn_blocking(move || reading.next()).await.map_err(io::Error::other)
        })
    }
}

impl WriterHandle {
    /// Writes and syncs all notes, and ends the thread. Blocks; if the disk hangs, for at most four seconds.
    pub(super) fn close(self) {
        let (done, ended) = sync_channel(1);
        if !self.0.send(Message::Close(done)) || ended.recv_timeout(WRITER_TIMEOUT).is_err() {
            tracing::warn!("the black box's last lines may be lost: its disk does not answer");
        }
    }
}

enum Reading {
    Asked(Arc<Shared>, Option<u64>),
    Going(Box<Reader>),
}

impl Reading {
    fn next(self) -> Option<(Bytes, Self)> {
        let mut reader = match self {
            Self::Asked(shared, since) => Box::new(Reader::new(&shared.dir, shared.snapshot(), since)),
            Self::Going(reader) => reader,
        };
        reader.next_chunk().map(|chunk| (chunk, Self::Going(reader)))
    }
}

impl Shared {
    /// What is there now. Blocks.
    fn snapshot(&self) -> Snapshot {
        let (reply, answer) = sync_channel(1);
        let asked = self.send(Message::Snapshot(reply));
        let answer = asked.then(|| answer.recv_timeout(WRITER_TIMEOUT).ok()).flatten();
        answer.unwrap_or_else(|| Snapshot::of_disk(&self.dir))
    }

    /// Sends a request to the writer, waiting for room if necessary. Whether it was sent.
    fn send(&self, mut message: Message) -> bool {
        for _ in 0..WRITER_TIMEOUT.as_millis() / QUEUE_POLL.as_millis() {
            match self.queue.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(unsent)) => message = unsent,
            }
            std::thread::sleep(QUEUE_POLL);
        }
        false
    }
}

#[cfg(test)]
mod tests;
