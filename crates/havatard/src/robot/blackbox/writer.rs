//! The thread that owns the black box's disk.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, SyncSender};
use std::time::Duration;

use tokio::time::Instant;

use crate::random;

use super::line::{Line, Note};
use super::segments::{self, Disk, Segment, Segments};
use super::{Inbox, Message, Status};

/// What is written waits no longer for its sync; and a disk that fails is tried again this often.
const BEAT: Duration = Duration::from_secs(1);
/// Notes that are taken between two writes.
const BATCH: usize = 256;
/// Lines that are kept in memory while the disk fails.
const MOST_LINES: usize = 1024;

/// What a reader is given.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The files, oldest first, as long as they are now.
    pub(super) segments: Vec<Segment>,
    /// Lines after them, that are on no disk.
    pub(super) memory: Vec<u8>,
}

impl Snapshot {
    /// What can be seen without the writer.
    pub(super) fn of_disk(dir: &Path) -> Self {
        Self { segments: segments::list(dir).unwrap_or_default(), memory: Vec::new() }
    }
}

/// The writer's state.
pub(super) struct Pen<D> {
    dir: PathBuf,
    status: Arc<Status>,
    most: u64,
    disk: D,
    boot: String,
    /// The number of the newest line.
    newest: u64,
    /// The disk has said what earlier runs wrote; until then lines are numbered from 1.
    based: bool,
    place: Place,
    /// The newest line must be synced before anything else.
    urgent: bool,
    synced: Instant,
}

/// Where lines go.
enum Place {
    Disk(Segments),
    Memory(Memory),
}

/// Lines that wait for the disk.
#[derive(Default)]
struct Memory {
    lines: VecDeque<Line>,
    /// Lines that there was no room for.
    lost: u64,
}

impl<D: Disk> Pen<D> {
    pub(super) fn new(dir: &Path, status: Arc<Status>, most: u64, disk: D) -> Self {
        Self {
            dir: dir.to_owned(),
            status,
            most,
            disk,
            boot: random::text::<6>(),
            newest: 0,
            based: false,
            place: Place::Memory(Memory::default()),
            urgent: false,
            synced: Instant::now(),
        }
    }

    /// Writes until it is told to end.
    pub(super) fn run(mut self, inbox: &Inbox) {
        self.reopen();
        loop {
            let wait = BEAT.saturating_sub(self.synced.elapsed());
            match inbox.recv_timeout(wait) {
                Ok(first) => {
                    let more = inbox.try_iter().take(BATCH);
                    for message in [first].into_iter().chain(more) {
                        if let Some(done) = self.take(message) {
                            self.settle(true);
                            // Nobody who closes need be there still.
                            let _ = done.try_send(());
                            return;
                        }
                    }
                    self.settle(false);
                }
                Err(RecvTimeoutError::Timeout) => self.settle(true),
                Err(RecvTimeoutError::Disconnected) => return self.settle(true),
            }
        }
    }

    /// The end, if it was asked for.
    fn take(&mut self, message: Message) -> Option<SyncSender<()>> {
        match message {
            Message::Note(note) => {
                self.status.waiting.fetch_sub(1, Ordering::Relaxed);
                if let Some(loss) = note.loss() {
                    self.add(&loss);
                }
                self.add(&note);
            }
            Message::Snapshot(reply) => {
                self.settle(false);
                // A reader that has gone away needs no answer.
                let _ = reply.try_send(self.snapshot());
            }
            Message::Close(done) => return Some(done),
        }
        None
    }

    fn add(&mut self, note: &Note) {
        self.newest += 1;
        self.urgent |= note.is_urgent();
        let line = note.line(self.newest, &self.boot);
        match &mut self.place {
            Place::Memory(memory) => memory.add(line),
            Place::Disk(segments) => {
                let result = segments.push(line, &mut self.disk);
                self.check(result);
            }
        }
    }

    /// Writes what waits; syncs what is urgent or due; tries a disk that failed when `due`.
    fn settle(&mut self, due: bool) {
        let due = due || self.synced.elapsed() >= BEAT;
        if due {
            self.synced = Instant::now();
            let lost = self.status.dropped.swap(0, Ordering::Relaxed);
            if lost > 0 {
                self.add_loss(lost, "queue");
            }
            if matches!(self.place, Place::Memory(_)) {
                self.reopen();
            }
        }
        if let Place::Disk(segments) = &mut self.place {
            let urgent = std::mem::take(&mut self.urgent);
            let sync = urgent || (due && segments.is_dirty());
            let result = if sync { segments.sync(&mut self.disk) } else { segments.write(&mut self.disk) };
            self.check(result);
        }
    }

    fn add_loss(&mut self, count: u64, why: &str) {
        self.add(&Note::now("dropped", &serde_json::json!({"count": count, "why": why})));
    }

    /// After an error, goes on in memory with what was not written.
    fn check(&mut self, result: io::Result<()>) {
        let Err(error) = result else { return };
        let was = std::mem::replace(&mut self.place, Place::Memory(Memory::default()));
        if let (Place::Disk(segments), Place::Memory(memory)) = (was, &mut self.place) {
            segments.into_unwritten().into_iter().for_each(|line| memory.add(line));
        }
        self.say(&error);
    }

    /// Opens the ring and puts into it what waited in memory.
    fn reopen(&mut self) {
        let Place::Memory(memory) = &mut self.place else { return };
        let opened = Segments::open(&self.dir, self.most, &mut self.disk).and_then(|mut segments| {
            let there = segments.newest_line();
            if !std::mem::replace(&mut self.based, true) {
                memory.lines.iter_mut().for_each(|line| line.n += there);
                self.newest += there;
            }
            // An earlier try may have come half way.
            let there = if there <= self.newest { there } else { 0 };
            for line in memory.lines.iter().filter(|line| line.n > there) {
                segments.push(line.clone(), &mut self.disk)?;
            }
            segments.sync(&mut self.disk)?;
            Ok(segments)
        });
        match opened {
            Ok(segments) => {
                let lost = memory.lost;
                self.place = Place::Disk(segments);
                if lost > 0 {
                    self.add_loss(lost, "disk");
                }
                if self.status.failure().take().is_some() {
                    tracing::info!(dir = %self.dir.display(), "the black box is written again");
                }
            }
            Err(error) => self.say(&error),
        }
    }

    /// Says once that the disk fails.
    fn say(&self, error: &io::Error) {
        let dir = self.dir.display();
        if self.status.failure().replace(format!("{dir} cannot be written: {error}")).is_none() {
            tracing::error!(%dir, %error, "the black box is kept in memory: its disk cannot be written");
        }
    }

    fn snapshot(&self) -> Snapshot {
        match &self.place {
            Place::Disk(segments) => Snapshot { segments: segments.snapshot(), memory: Vec::new() },
            Place::Memory(memory) => Snapshot {
                memory: memory.lines.iter().flat_map(Line::bytes).collect(),
                ..Snapshot::of_disk(&self.dir)
            },
        }
    }
}

impl Memory {
    fn add(&mut self, line: Line) {
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
            self.lost += 1;
        }
        self.lines.push_back(line);
    }
}
