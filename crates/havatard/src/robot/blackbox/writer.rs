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
use super::queue::{Inbox, Message, Status};
use super::rings::Rings;
use super::segments::Disk;
use super::snapshot::Snapshot;

/// Longest time from a write to its sync, and interval at which a failed disk is retried.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Notes taken from the queue between two writes.
const BATCH: usize = 256;
/// Capacity for lines in memory while the disk fails.
const MAX_LINES: usize = 1024;

/// The writer's state.
pub(super) struct Writer<D> {
    dir: PathBuf,
    status: Arc<Status>,
    most: u64,
    disk: D,
    boot: String,
    /// The number of the newest line.
    newest: u64,
    /// The numbers of earlier runs have been read from the disk; until then lines are numbered from 1.
    based: bool,
    sink: Sink,
    /// The newest line must be synced before anything else.
    urgent: bool,
    synced: Instant,
}

/// Where lines go.
enum Sink {
    Disk(Box<Rings>),
    Memory(Memory),
}

/// Lines that wait for the disk.
#[derive(Default)]
struct Memory {
    lines: VecDeque<Line>,
    /// Lines dropped for lack of room.
    lost: u64,
}

impl<D: Disk> Writer<D> {
    pub(super) fn new(dir: &Path, status: Arc<Status>, most: u64, disk: D) -> Self {
        Self {
            dir: dir.to_owned(),
            status,
            most,
            disk,
            boot: random::text::<6>(),
            newest: 0,
            based: false,
            sink: Sink::Memory(Memory::default()),
            urgent: false,
            synced: Instant::now(),
        }
    }

    /// Runs until a close is requested.
    pub(super) fn run(mut self, inbox: &Inbox) {
        self.reopen();
        loop {
            let wait = SYNC_EVERY.saturating_sub(self.synced.elapsed());
            match inbox.recv_timeout(wait) {
                Ok(first) => {
                    let more = inbox.try_iter().take(BATCH);
                    for message in [first].into_iter().chain(more) {
                        if let Some(done) = self.take(message) {
                            self.settle(true);
                            // The closing handle may have given up waiting.
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

    /// Handles a message. Returns the reply of a close.
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
                // The reader may have given up waiting.
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
        match &mut self.sink {
            Sink::Memory(memory) => memory.add(line),
            Sink::Disk(rings) => {
                let result = rings.push(line, &mut self.disk);
                self.check(result);
            }
        }
    }

    /// Writes pending lines; syncs what is urgent or due; retries a failed disk when `due`.
    fn settle(&mut self, due: bool) {
        let due = due || self.synced.elapsed() >= SYNC_EVERY;
        if due {
            self.synced = Instant::now();
            let lost = self.status.dropped.swap(0, Ordering::Relaxed);
            if lost > 0 {
                self.add_loss(lost, "queue");
            }
            if matches!(self.sink, Sink::Memory(_)) {
                self.reopen();
            }
        }
        if let Sink::Disk(rings) = &mut self.sink {
            let urgent = std::mem::take(&mut self.urgent);
            let sync = urgent || (due && rings.is_dirty());
            let result = if sync { rings.sync(&mut self.disk) } else { rings.write(&mut self.disk) };
            self.check(result);
        }
    }

    fn add_loss(&mut self, count: u64, why: &str) {
        self.add(&Note::now("dropped", &serde_json::json!({"count": count, "why": why})));
    }

    /// After an error, continues in memory with the unwritten lines.
    fn check(&mut self, result: io::Result<()>) {
        let Err(error) = result else { return };
        let was = std::mem::replace(&mut self.sink, Sink::Memory(Memory::default()));
        if let (Sink::Disk(rings), Sink::Memory(memory)) = (was, &mut self.sink) {
            rings.into_unwritten().into_iter().for_each(|line| memory.add(line));
        }
        self.say(&error);
    }

    /// Opens the ring and writes the lines from memory.
    fn reopen(&mut self) {
        let Sink::Memory(memory) = &mut self.sink else { return };
        let opened = Rings::open(&self.dir, self.most, &mut self.disk).and_then(|mut rings| {
            let there = rings.newest_line();
            if !std::mem::replace(&mut self.based, true) {
                memory.lines.iter_mut().for_each(|line| line.n += there);
                self.newest += there;
            }
            // An earlier attempt may have written a part of them.
            let there = if there <= self.newest { there } else { 0 };
            for line in memory.lines.iter().filter(|line| line.n > there) {
                rings.push(line.clone(), &mut self.disk)?;
            }
            rings.sync(&mut self.disk)?;
            Ok(rings)
        });
        match opened {
            Ok(rings) => {
                let lost = memory.lost;
                self.sink = Sink::Disk(Box::new(rings));
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

    /// Logs once that the disk fails.
    fn say(&self, error: &io::Error) {
        let dir = self.dir.display();
        if self.status.failure().replace(format!("{dir} cannot be written: {error}")).is_none() {
            tracing::error!(%dir, %error, "the black box is kept in memory: its disk cannot be written");
        }
    }

    fn snapshot(&self) -> Snapshot {
        match &self.sink {
            Sink::Disk(rings) => {
                let (segments, kept) = rings.snapshot();
                Snapshot { segments, kept, memory: Vec::new() }
            }
            Sink::Memory(memory) => Snapshot {
                memory: memory.lines.iter().flat_map(Line::bytes).collect(),
                ..Snapshot::of_disk(&self.dir)
            },
        }
    }
}

impl Memory {
    fn add(&mut self, line: Line) {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
            self.lost += 1;
        }
        self.lines.push_back(line);
    }
}
