//! Recording: what is wanted, made so at MediaMTX, and believed only when a file grows.
//!
//! The request is persisted in the state directory, so that neither a crash nor a restart, an upgrade or a power failure ends a
//! recording; a person does, by a request. MediaMTX forgets the switch whenever it restarts or reads
//! its settings anew, so the switch is set again each time it comes up. None of that makes `recording`
//! true: that word is reserved for a file that was seen to grow within the last moments.
//!
//! The disk is never waited for here: its answers come as they come, and requests are answered meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use havatar_api::RecordingStatus;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::media::{BOTH, RecordSwitch};
use crate::store::{Pending, Persisted};

use super::catalogue::Catalogue;
use super::error::RecordingError;
use super::sync::Syncer;

const TICK: Duration = Duration::from_millis(500);
/// A file that has not grown for this long is not being recorded to. Parts come every 200 ms.
const GROWS_WITHIN: Duration = Duration::from_millis(1600);
/// How long a start waits to see growth before it answers with what there is.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// How long a start waits to hear how full the disk is.
const LOOK_WITHIN: Duration = Duration::from_secs(1);
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
    file: Persisted<bool>,
    status: watch::Receiver<RecordingStatus>,
    armed: watch::Receiver<bool>,
}

impl Recorder {
    /// Takes up what is wanted from `state_dir`.
    pub(super) fn spawn(
        switch: RecordSwitch,
        catalogue: Catalogue,
        state_dir: &Path,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (commands, inbox) = mpsc::channel(8);
        let (status, seen) = watch::channel(RecordingStatus::default());
        let (armed_tx, armed) = watch::channel(false);
        let file = state_dir.join("recording-wanted");
        let wanted = file.exists();
        let file = Persisted::new("whether to record", file, |on: &bool| Ok(on.then(Vec::new)));
        let task = Task {
            wanted,
            wanted_since: Instant::now(),
            file: file.clone(),
            switch,
            catalogue,
            status,
            armed: armed_tx,
            looking: None,
            confirmed: None,
            full: false,
            refused: None,
            waiting: Vec::new(),
            sync: Syncer::new(),
        };
        let handle = tokio::spawn(task.run(inbox, stop));
        (Self { commands, file, status: seen, armed }, handle)
    }

    /// Waits until the request is on the disk.
    pub(crate) async fn flush(&self) {
        self.file.flush().await;
    }

    pub(crate) fn status(&self) -> watch::Receiver<RecordingStatus> {
        self.status.clone()
    }

    /// Whether MediaMTX records, or may record: what it sees and hears can be watched later. It is said from before the
    /// switch is set until MediaMTX has confirmed that it is off, whether a file grows or not.
    pub(crate) fn armed(&self) -> watch::Receiver<bool> {
        self.armed.clone()
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

/// A look at the disk that is under way.
type Looking = std::pin::Pin<Box<dyn Future<Output = Result<(), Arc<std::io::Error>>> + Send>>;

struct Task {
    switch: RecordSwitch,
    catalogue: Catalogue,
    file: Persisted<bool>,
    wanted: bool,
    wanted_since: Instant,
    status: watch::Sender<RecordingStatus>,
    armed: watch::Sender<bool>,
    /// Since when, and its end.
    looking: Option<(Instant, Looking)>,
    /// What MediaMTX's switch was last read as; `None` when it may have forgotten.
    confirmed: Option<bool>,
    /// The disk is nearly full: recording is held off until there is room again.
    full: bool,
    /// What MediaMTX said when the switch could not be set.
    refused: Option<String>,
    waiting: Vec<(Reply, Instant)>,
    sync: Syncer,
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
                () = looked(&mut self.looking) => self.looking = None,
                Some(command) = inbox.recv() => self.command(command).await,
                Ok(()) = up.changed() => {
                    up.borrow_and_update();
                    self.confirmed = None;
                    if !self.switch.is_reachable() {
                        // One that has ended records nothing, and the next begins with the switch off.
                        self.arm(false);
                    }
                    let _ = self.settle().await;
                }
                _ = tick.tick(), if self.wanted || unsettled || self.status.borrow().recording => {
                    if self.wanted && self.looking.is_none() {
                        self.look();
                    }
                    let _ = self.settle().await;
                }
            }
            self.tell(Instant::now());
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
                // A disk that does not tell in time may be busy: whether it takes anything, its growth will tell.
                let _ = tokio::time::timeout(LOOK_WITHIN, self.new_look().written()).await;
                if let Some(error) = self.too_full(RESERVE) {
                    let _ = reply.send(Err(error));
                    return;
                }
                if !self.wanted {
                    self.wanted = true;
                    self.wanted_since = Instant::now();
                    self.file.set(true);
                }
                let _ = self.settle().await;
                self.waiting.push((reply, Instant::now() + ANSWER_WITHIN));
            }
            Command::Stop(reply) => {
                self.wanted = false;
                let persisted = self.file.set(false);
                let settled = self.settle().await;
                self.tell(Instant::now());
                // Not settled: tried again until MediaMTX has confirmed it, and said.
                let answer = settled.map(|()| self.status.borrow().clone());
                tokio::spawn(async move {
                    // The writer has logged a failure.
                    let _ = persisted.written().await;
                    let _ = reply.send(answer);
                });
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
        if on {
            self.arm(true);
        }
        match self.switch.set(on).await {
            Ok(()) => {
                self.arm(on);
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

    fn arm(&self, on: bool) {
        self.armed.send_if_modified(|armed| std::mem::replace(armed, on) != on);
    }

    /// Below the reserve recording is held off; it goes on with twice as much room.
    fn watch_space(&mut self) {
        let needed = if self.full { 2 * RESERVE } else { RESERVE };
        let full = self.wanted && self.too_full(needed).is_some();
        if full != std::mem::replace(&mut self.full, full) && self.wanted {
            tracing::warn!(full, "free space for recordings changed");
        }
    }

    /// Why nothing can be recorded, if less is free than needed.
    fn too_full(&self, needed: u64) -> Option<RecordingError> {
        let free = self.catalogue.free().filter(|free| *free < needed)?;
        Some(RecordingError::NoSpace { path: self.switch.directory(), free_mib: free >> 20 })
    }

    fn look(&mut self) {
        self.looking = Some((Instant::now(), Box::pin(self.new_look().written())));
    }

    fn new_look(&self) -> Pending {
        self.catalogue.look(self.switch.directory(), self.on())
    }

    fn tell(&mut self, now: Instant) {
        // What has grown before it was wanted is of an earlier recording.
        let growing = self.catalogue.growing().filter(|growing| {
            self.wanted && growing.at >= self.wanted_since && now.duration_since(growing.at) < GROWS_WITHIN
        });
        let recording = growing.is_some();
        let file =
            growing.as_ref().map(|growing| self.switch.directory().join(BOTH).join(growing.name.file()));
        self.sync.grows(file, now);
        let overdue = now.duration_since(self.wanted_since) >= ANSWER_WITHIN;
        let status = RecordingStatus {
            wanted: self.wanted,
            recording,
            id: growing.as_ref().map(|growing| growing.name.id().to_text()),
            since: growing.as_ref().map(|growing| growing.name.started_at()),
            size_bytes: growing.as_ref().map(|growing| growing.size),
            fault: (self.wanted && !recording && overdue).then(|| self.why_not(now)),
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

    fn why_not(&self, now: Instant) -> String {
        if !self.switch.is_reachable() {
            return "MediaMTX is away; recording goes on when it is back".into();
        }
        if self.full {
            return "the disk is nearly full; recording goes on when there is room: delete old recordings"
                .into();
        }
        let silent = self.looking.as_ref().map(|(since, _)| now.duration_since(*since));
        if let Some(silent) = silent.filter(|silent| *silent >= ANSWER_WITHIN) {
            return format!(
                "the disk of the recordings has not answered for {} s; they go on when it does",
                silent.as_secs()
            );
        }
        self.refused
            .clone()
            .or_else(|| self.switch.recorder_error())
            .unwrap_or_else(|| "no picture or sound arrives to be recorded".into())
    }

    /// Has MediaMTX close the open file. The request stays: the next start goes on.
    async fn close(mut self) {
        if !self.wanted {
            return;
        }
        self.wanted = false;
        // A MediaMTX that hangs must not hold up the stop; it is ended next, and the file plays anyway.
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.settle()).await;
        self.sync.grows(None, Instant::now());
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.sync.flush()).await;
    }
}

/// Waits for the look that is under way, if there is one. Cancel-safe.
async fn looked(looking: &mut Option<(Instant, Looking)>) {
    match looking {
        Some((_, looking)) => drop(looking.await),
        None => std::future::pending().await,
    }
}
