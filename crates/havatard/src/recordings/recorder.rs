//! Recording: what is wanted, made so at MediaMTX, and believed only when a file grows.
//!
//! The request is persisted in the state directory, so that a crash of the daemon or of MediaMTX does not end a
//! recording; an orderly stop of the daemon does. MediaMTX forgets the switch whenever it restarts or reads
//! its settings anew, so the switch is set again each time it comes up. None of that makes `recording`
//! true: that word is reserved for a file that was seen to grow within the last moments.

use std::path::Path;
use std::time::Duration;

use havatar_api::RecordingStatus;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::media::{BOTH, RecordSwitch};
use crate::store::Persisted;

use super::error::RecordingError;
use super::files;

const TICK: Duration = Duration::from_millis(500);
/// A file that has not grown for this long is not being recorded to. Parts come every 200 ms.
const GROWS_WITHIN: Duration = Duration::from_millis(1600);
/// How long a start waits to see growth before it answers with what there is.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long an orderly end waits for MediaMTX to close the file.
const CLOSE_WITHIN: Duration = Duration::from_millis(700);
/// More askers than this at one time are refused.
const MOST_WAITING: usize = 32;
/// Below this much free space nothing is recorded: the file system would be full within minutes.
const RESERVE: u64 = 64 << 20;

type Reply = oneshot::Sender<Result<RecordingStatus, RecordingError>>;

pub(crate) enum Command {
    Start(Reply),
    Stop(Reply),
}

/// The recorder's handle.
#[derive(Clone)]
pub(crate) struct Recorder {
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<RecordingStatus>,
}

impl Recorder {
    /// Takes up what is wanted from `state_dir`.
    pub(crate) fn spawn(
        switch: RecordSwitch,
        state_dir: &Path,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (commands, inbox) = mpsc::channel(8);
        let (status, seen) = watch::channel(RecordingStatus::default());
        let file = state_dir.join("recording-wanted");
        let task = Task {
            wanted: file.exists(),
            wanted_since: Instant::now(),
            file: Persisted::new("whether to record", file, |on: &bool| Ok(on.then(Vec::new))),
            switch,
            status,
            growth: None,
            confirmed: None,
            full: false,
            refused: None,
            waiting: Vec::new(),
        };
        let handle = tokio::spawn(task.run(inbox, stop));
        (Self { commands, status: seen }, handle)
    }

    pub(crate) fn status(&self) -> watch::Receiver<RecordingStatus> {
        self.status.clone()
    }

    pub(crate) async fn start(&self) -> Result<RecordingStatus, RecordingError> {
        self.ask(Command::Start).await
    }

    pub(crate) async fn stop(&self) -> Result<RecordingStatus, RecordingError> {
        self.ask(Command::Stop).await
    }

    async fn ask(&self, command: fn(Reply) -> Command) -> Result<RecordingStatus, RecordingError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|_| RecordingError::Busy)?;
        answer.await.map_err(|_| RecordingError::ShuttingDown)?
    }
}

struct Task {
    switch: RecordSwitch,
    file: Persisted<bool>,
    wanted: bool,
    wanted_since: Instant,
    status: watch::Sender<RecordingStatus>,
    growth: Option<Growth>,
    /// What MediaMTX's switch was last read as; `None` when it may have forgotten.
    confirmed: Option<bool>,
    /// The disk is nearly full: recording is held off until there is room again.
    full: bool,
    /// What MediaMTX said when the switch could not be set.
    refused: Option<String>,
    waiting: Vec<(Reply, Instant)>,
}

/// The file that is being written, and when its size last changed.
struct Growth {
    file: String,
    size: u64,
    /// `None` until a change was seen: a file that merely exists proves nothing.
    grew_at: Option<Instant>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, stop: CancellationToken) {
        let mut up = self.switch.subscribe();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let unsettled = self.confirmed != Some(self.on()) && self.switch.is_reachable();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(command) = inbox.recv() => self.command(command).await,
                Ok(()) = up.changed() => {
                    up.borrow_and_update();
                    self.confirmed = None;
                    let _ = self.settle().await;
                }
                _ = tick.tick(), if self.wanted || unsettled || self.status.borrow().recording => {
                    let _ = self.settle().await;
                }
            }
            self.look().await;
        }
        self.close().await;
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Start(reply) => {
                if self.waiting.len() >= MOST_WAITING {
                    let _ = reply.send(Err(RecordingError::Busy));
                    return;
                }
                if let Err(error) = enough_space(&self.switch.directory(), RESERVE) {
                    let _ = reply.send(Err(error));
                    return;
                }
                if !self.wanted {
                    self.wanted = true;
                    self.wanted_since = Instant::now();
                    self.growth = None;
                    self.persist().await;
                }
                let _ = self.settle().await;
                self.waiting.push((reply, Instant::now() + ANSWER_WITHIN));
            }
            Command::Stop(reply) => {
                self.wanted = false;
                self.persist().await;
                let settled = self.settle().await;
                self.growth = None;
                self.look().await;
                // Not settled: tried again until MediaMTX has confirmed it, and said.
                let _ = reply.send(settled.map(|()| self.status.borrow().clone()));
            }
        }
    }

    /// What MediaMTX's switch should be.
    fn on(&self) -> bool {
        self.wanted && !self.full
    }

    /// Makes MediaMTX's switch what it should be. It is read first, and again whenever nothing grows: a
    /// restart or a reload of its settings sets it back without a word.
    async fn settle(&mut self) -> Result<(), RecordingError> {
        self.watch_space();
        let on = self.on();
        let growing = self.status.borrow().recording;
        if !self.switch.is_reachable() || (self.confirmed == Some(on) && (growing || !on)) {
            return Ok(());
        }
        match self.switch.set(on).await {
            Ok(()) => {
                self.confirmed = Some(on);
                self.refused = None;
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, on, "MediaMTX's recording switch could not be set; trying again");
                self.confirmed = None;
                self.refused = Some(error.to_string());
                Err(error.into())
            }
        }
    }

    /// Below the reserve recording is held off; it goes on with twice as much room.
    fn watch_space(&mut self) {
        if self.wanted {
            let needed = if self.full { 2 * RESERVE } else { RESERVE };
            let full = enough_space(&self.switch.directory(), needed).is_err();
            if full != self.full {
                tracing::warn!(full, "free space for recordings changed");
                self.full = full;
            }
        } else {
            self.full = false;
        }
    }

    /// Looks at the file that is being written and tells what that means.
    async fn look(&mut self) {
        if self.wanted {
            let directory = self.switch.directory().join(BOTH);
            let last = self.growth.as_ref().map(|growth| growth.file.clone());
            // A memory card may take its time; the threads that answer MediaMTX must not wait for it.
            let found = tokio::task::spawn_blocking(move || newest(&directory, last.as_deref())).await;
            if let Ok(Some((file, size))) = found {
                let now = Instant::now();
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
        }
        self.tell(Instant::now());
    }

    fn tell(&mut self, now: Instant) {
        let growing = self
            .growth
            .as_ref()
            .filter(|growth| growth.grew_at.is_some_and(|at| now.duration_since(at) < GROWS_WITHIN));
        let recording = self.wanted && growing.is_some();
        let overdue = now.duration_since(self.wanted_since) >= ANSWER_WITHIN;
        let status = RecordingStatus {
            wanted: self.wanted,
            recording,
            id: growing.map(|growth| files::id(&growth.file)),
            since: growing
                .and_then(|growth| files::started_at(Path::new(&growth.file).file_stem()?.to_str()?)),
            size_bytes: growing.map(|growth| growth.size),
            fault: (self.wanted && !recording && overdue).then(|| self.why_not()),
        };
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            if shown.recording != status.recording {
                tracing::info!(recording = status.recording, file = ?status.id, "recording changed");
            }
            *shown = status.clone();
            changed
        });
        for (reply, deadline) in std::mem::take(&mut self.waiting) {
            if recording || now >= deadline || !self.wanted {
                let _ = reply.send(Ok(status.clone()));
            } else if !reply.is_closed() {
                self.waiting.push((reply, deadline));
            }
        }
    }

    fn why_not(&self) -> String {
        if !self.switch.is_reachable() {
            return "MediaMTX is away; recording goes on when it is back".into();
        }
        if self.full {
            return "the disk is nearly full; recording goes on when there is room: delete old recordings"
                .into();
        }
        self.refused
            .clone()
            .or_else(|| self.switch.recorder_error())
            .unwrap_or_else(|| "no picture or sound arrives to be recorded".into())
    }

    /// Without a writable state directory the request lives as long as the daemon.
    async fn persist(&self) {
        // The writer has logged a failure.
        let _ = self.file.set(self.wanted).written().await;
    }

    /// An orderly end: the open file is closed by MediaMTX, and the next start does not record unasked.
    async fn close(mut self) {
        if self.wanted {
            self.wanted = false;
            self.persist().await;
            // A MediaMTX that hangs must not hold up the stop; it is ended next, and the file plays anyway.
            let _ = tokio::time::timeout(CLOSE_WITHIN, self.settle()).await;
        }
    }
}

/// The file that was written to last, by its name and size. `last` is looked at alone while it is fresh, so
/// that a folder of thousands is not read twice a second.
fn newest(directory: &Path, last: Option<&str>) -> Option<(String, u64)> {
    let stat = |name: &str| {
        let meta = std::fs::symlink_metadata(directory.join(name)).ok().filter(std::fs::Metadata::is_file)?;
        Some((meta.modified().ok()?, meta.len()))
    };
    if let Some(name) = last
        && let Some((modified, size)) = stat(name)
        && modified.elapsed().is_ok_and(|age| age < GROWS_WITHIN)
    {
        return Some((name.to_owned(), size));
    }
    std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
            stem.is_some_and(|stem| files::started_at(stem).is_some())
        })
        .filter_map(|name| stat(&name).map(|(modified, size)| (modified, name, size)))
        .max()
        .map(|(_, name, size)| (name, size))
}

fn enough_space(directory: &Path, needed: u64) -> Result<(), RecordingError> {
    // The directory itself is made by MediaMTX with the first file.
    let existing = directory.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let Ok(stat) = nix::sys::statvfs::statvfs(existing) else { return Ok(()) };
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    if free < needed {
        return Err(RecordingError::NoSpace { path: directory.to_owned(), free_mib: free >> 20 });
    }
    Ok(())
}
