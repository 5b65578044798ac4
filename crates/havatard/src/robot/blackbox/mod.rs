//! The black box: what happened to the robot, on one clock, in a ring of files that outlives crashes.
//!
//! [`BlackBox::note`] is called from the loop that drives the wheels, so it never waits: a note is put into a queue of
//! fixed length, or counted as dropped if there is no room. One thread (`writer`) owns the disk: it numbers the
//! lines, packs them into `segments`, syncs, and goes on in memory while the disk is full or gone. Reading (`reader`) is
//! a snapshot of what was there when it was asked for, taken up to the notes made before, and ends.
//!
//! A line is `{"n":…,"boot":"…","t_ms":…,"at":"…","kind":"…", …}`:
//! `n` counts lines over all runs, and a gap is a loss; `boot` names the run of the daemon; `t_ms` is `CLOCK_BOOTTIME`, which
//! goes on over restarts of the daemon and over suspend, and begins anew when the machine boots; `at` is the wall clock, which may
//! jump. Both times are of the event, not of its writing. Lines stand in the order in which they came to the queue: two
//! threads that note in the same instant may appear in either order.

mod event_recorder;
mod line;
mod reader;
mod segments;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use serde::Serialize;

use line::Note;
use reader::Reader;
use segments::{Disk, Real};
use writer::{Pen, Snapshot};

pub(super) use event_recorder::Scribe;

/// Notes that wait for the disk at most.
const QUEUE: usize = 2048;
/// Room in the queue that notes leave: however fast they come, readers get in, and behind those that came before.
const SPARE: usize = 64;
/// A reader, or whoever closes, waits so long for a writer whose disk hangs, and then goes on without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at a full queue, by those who may wait.
const LOOK: Duration = Duration::from_millis(5);

/// Handle to the black box; clones share it.
#[derive(Debug, Clone)]
pub(super) struct BlackBox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    queue: SyncSender<Message>,
    status: Arc<Status>,
}

/// What the writer shares with the handles, which it does not keep alive.
#[derive(Debug, Default)]
struct Status {
    /// Notes for which there was no room, and which no line tells of yet.
    dropped: AtomicU64,
    /// Notes that are in the queue, or about to be.
    waiting: AtomicUsize,
    failing: Mutex<Option<String>>,
}

#[derive(Debug)]
enum Message {
    Note(Note),
    Snapshot(SyncSender<Snapshot>),
    Close(SyncSender<()>),
}

/// The writing thread.
#[derive(Debug)]
pub(super) struct Writer(Arc<Shared>);

impl BlackBox {
    /// Opens the box in the directory `dir`, which is made if need be, and starts its thread. Never more than `most_bytes`
    /// bytes of files are in it (32 KiB at least). A disk that cannot be used is no error: see [`failing`](Self::failing).
    pub(super) fn open(dir: &Path, most_bytes: u64) -> (Self, Writer) {
        Self::open_on(dir, most_bytes, Real)
    }

    fn open_on(dir: &Path, most_bytes: u64, disk: impl Disk) -> (Self, Writer) {
        let (queue, inbox) = sync_channel(QUEUE + SPARE);
        let status = Arc::new(Status::default());
        let pen = Pen::new(dir, Arc::clone(&status), most_bytes, disk);
        let shared = Arc::new(Shared { dir: dir.to_owned(), queue, status });
        let started = std::thread::Builder::new().name("black box".into()).spawn(move || pen.run(&inbox));
        if let Err(error) = started {
            tracing::error!(%error, "the black box has no thread: nothing is recorded");
            *shared.status.failure() = Some(format!("its thread could not be started: {error}"));
        }
        let black_box = Self(shared);
        let version = env!("CARGO_PKG_VERSION");
        black_box.note("opened", serde_json::json!({"version": version, "most_bytes": most_bytes}));
        (black_box.clone(), Writer(black_box.0))
    }

    /// Records something. Never blocks, and allocates no more than the line.
    ///
    /// `fields` become an object (what serializes to something else stands under `value`) of at most 2 KiB, without the names
    /// that every line has. The kinds `estop`, `lease` and `link` are synced to the disk at once.
    pub(super) fn note(&self, kind: &'static str, fields: impl Serialize) {
        let status = &self.0.status;
        if status.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE {
            status.waiting.fetch_sub(1, Ordering::Relaxed);
            status.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut note = Note::now(kind, &fields);
        // The first that gets through again tells how many did not.
        note.lost = status.dropped.swap(0, Ordering::Relaxed);
        let lost = note.lost + 1;
        if self.0.queue.try_send(Message::Note(note)).is_err() {
            status.waiting.fetch_sub(1, Ordering::Relaxed);
            status.dropped.fetch_add(lost, Ordering::Relaxed);
        }
    }

    /// Why nothing reaches the disk now, in words; `None` while all is well.
    pub(super) fn failing(&self) -> Option<String> {
        self.0.status.failure().clone()
    }

    /// All lines that there are, or those whose `n` is greater than `since`, oldest first, as JSON lines. Every note
    /// made before the first poll is in it; it ends, and holds no more than a chunk of a file in memory.
    pub(super) fn read(&self, since: Option<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let begin = Reading::Asked(Arc::clone(&self.0), since);
        stream::try_unfold(begin, |reading| async move {
            // The disk may be slow, and so may be the writer.
            tokio::task::spawn_blocking(move || reading.next()).await.map_err(io::Error::other)
        })
    }
}

impl Writer {
    /// Puts all that was noted on the disk and ends the thread. Blocks; if the disk hangs, for four seconds at most.
    pub(super) fn close(self) {
        let (done, ended) = sync_channel(1);
        if !self.0.send(Message::Close(done)) || ended.recv_timeout(PATIENCE).is_err() {
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
        let answer = asked.then(|| answer.recv_timeout(PATIENCE).ok()).flatten();
        answer.unwrap_or_else(|| Snapshot::of_disk(&self.dir))
    }

    /// Sends what is not a note, and may wait for room. Whether it was sent.
    fn send(&self, mut message: Message) -> bool {
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            match self.queue.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(unsent)) => message = unsent,
            }
            std::thread::sleep(LOOK);
        }
        false
    }
}

impl Status {
    fn failure(&self) -> MutexGuard<'_, Option<String>> {
        // Replaced whole: a panic elsewhere cannot leave it half changed.
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Inbox = Receiver<Message>;

#[cfg(test)]
mod tests;
