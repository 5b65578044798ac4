//! The task in which the media side's news meets: it folds them into one status and acts on what follows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use havatar_supervisor::{RunQueue, State, Supervised};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::process_table::{ProcessId, Processes};
use super::stalled_ingest::StalledIngest;
use super::status::{self, MediaStatus};
use super::stream_stats::StreamStats;

/// Processes that waited for a processor for this share of the time cannot be judged by what they did not do.
const STARVED: f64 = 0.2;
/// A wall clock that differs by more than this from the steady one was set.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// The task.
pub(crate) struct Task {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    stats: watch::Receiver<StreamStats>,
    stalled: StalledIngest,
    /// The waits of MediaMTX and the publishers since the first poll without ingest.
    ingest: Option<(Instant, RunQueue)>,
    /// The wall clock and the steady one at the last tick.
    clock: (SystemTime, Instant),
}

impl Task {
    pub(crate) fn new(
        ctx: Arc<Context>,
        processes: Arc<Processes>,
        stats: watch::Receiver<StreamStats>,
    ) -> Self {
        let clock = (SystemTime::now(), Instant::now());
        Self { ctx, processes, stats, stalled: StalledIngest::default(), ingest: None, clock }
    }

    pub(crate) async fn run(mut self, status: watch::Sender<Arc<MediaStatus>>, stop: CancellationToken) {
        let mut snapshots = self.processes.all().each_ref().map(Supervised::subscribe);
        let mut up = self.ctx.mediamtx_up.subscribe();
        let mut streaming = self.ctx.streaming.subscribe();
        let mut private = self.ctx.audio.private();
        let mut encoder = self.ctx.encoder.subscribe();
        let mut overload = self.ctx.overload.subscribe();
        let mut board = self.ctx.board.subscribe();
        let mut video = self.ctx.video.subscribe();
        let mut controls = self.ctx.controls.faults.subscribe();
        let mut streams = self.stats.clone();
        // A device's reason can change without any of the above: folded now and then.
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let [mediamtx, camera, microphone, muxer, speaker, talk] = &mut snapshots;
            tokio::select! {
                () = stop.cancelled() => return,
                Ok(()) = mediamtx.changed() => self.mediamtx_changed(&mediamtx.borrow_and_update().state),
                Ok(()) = camera.changed() => {
                    if matches!(camera.borrow_and_update().state, State::Running { .. }) {
                        self.processes[ProcessId::Muxer].recheck();
                    }
                }
                Ok(()) = microphone.changed() => drop(microphone.borrow_and_update()),
                Ok(()) = muxer.changed() => drop(muxer.borrow_and_update()),
                Ok(()) = speaker.changed() => {
                    if matches!(speaker.borrow_and_update().state, State::Running { .. }) {
                        self.processes[ProcessId::Talk].dependency_restored();
                    }
                }
                Ok(()) = talk.changed() => drop(talk.borrow_and_update()),
                Ok(()) = private.changed() => drop(private.borrow_and_update()),
                Ok(()) = up.changed() => {
                    if up.borrow_and_update().is_some() {
                        for id in ProcessId::DEPENDENTS {
                            // They failed only because it was away.
                            self.processes[id].dependency_restored();
                        }
                    }
                }
                Ok(()) = streaming.changed() => drop(streaming.borrow_and_update()),
                Ok(()) = overload.changed() => drop(overload.borrow_and_update()),
                Ok(()) = board.changed() => drop(board.borrow_and_update()),
                Ok(()) = encoder.changed() => drop(encoder.borrow_and_update()),
                Ok(()) = video.changed() => drop(video.borrow_and_update()),
                Ok(()) = controls.changed() => drop(controls.borrow_and_update()),
                Ok(()) = streams.changed() => {
                    let produced = |id| {
                        let running = matches!(self.processes[id].snapshot().state, State::Running { .. });
                        running.then(|| self.ctx.health[id].progress.produced())
                    };
                    let stalled = self.stalled.observe(&streams.borrow_and_update(), produced);
                    let starved = self.starved_during_poll();
                    for id in stalled.into_iter().filter(|_| !starved) {
                        tracing::warn!(process = %id, "the ingest is stalled: restarting the publisher");
                        self.restart(id);
                    }
                }
                _ = tick.tick() => {
                    if self.clock_stepped() {
                        tracing::warn!("the clock was set: restarting the muxer, which stamps packets by it");
                        self.restart(ProcessId::Muxer);
                    }
                }
            }
            let new = self.status();
            status.send_if_modified(|shown| {
                let changed = **shown != new;
                if changed {
                    *shown = Arc::new(new);
                }
                changed
            });
        }
    }

    /// A MediaMTX that neither runs nor starts is not up. That it is up again, its probe says.
    fn mediamtx_changed(&self, state: &State) {
        if !matches!(state, State::Running { .. } | State::Starting { .. }) {
            self.ctx.mediamtx_up.send_if_modified(|up| up.take().is_some());
        }
    }

    /// Whether MediaMTX and the publishers were kept from running while ingest was missing: then its absence proves nothing,
    /// and a restart would make it last.
    fn starved_during_poll(&mut self) -> bool {
        let suspects = self.stalled.suspects();
        let Some((since, mut queue)) = self.ingest.take() else {
            if suspects {
                let ids = ProcessId::PUBLISHERS.into_iter().chain([ProcessId::Mediamtx]);
                self.ingest =
                    Some((Instant::now(), RunQueue::follow(ids.flat_map(|id| self.processes[id].pids()))));
            }
            return false;
        };
        let waited = queue.waited();
        let starved = waited >= since.elapsed().mul_f64(STARVED);
        if suspects {
            self.ingest = Some((Instant::now(), queue));
        }
        starved
    }

    /// Not awaited here: the status must not wait for a process that is slow to end.
    fn restart(&self, id: ProcessId) {
        let process = self.processes[id].clone();
        tokio::spawn(async move {
            if let Err(error) = process.restart_if_wanted().await {
                tracing::warn!(process = %id, %error, "a process could not be restarted");
            }
        });
    }

    /// A robot without a clock battery wakes in the past, and the network then sets its clock by years.
    fn clock_stepped(&mut self) -> bool {
        let (wall, steady) = std::mem::replace(&mut self.clock, (SystemTime::now(), Instant::now()));
        let expected = wall + self.clock.1.duration_since(steady);
        let off = self.clock.0.duration_since(expected).unwrap_or_else(|error| error.duration());
        off > CLOCK_STEP
    }

    pub(crate) fn status(&self) -> MediaStatus {
        status::fold(&self.ctx, &self.processes, self.stats.borrow().streams.clone())
    }
}
