//! Too little processor time, or too much heat: noticed by what the picture's processes wait for and by what the board
//! tells (`board.rs`), told in the status, and given way to.
//!
//! Three things follow while it lasts. The supervisor rations restarts, since each costs more of what is missing; the picture
//! gives way in steps (`ladder`), if it falls behind; and both are shown. The wheels are never slowed by it: the motion loop
//! goes before everything else, and its own rules slow a driver whose picture is late.

mod board;
mod ladder;

use std::ffi::OsString;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{RunQueue, State};
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::config::{CameraSource, Config, Size};

use self::board::Sensors;
use self::ladder::{BEHIND, Ladder, Observation};
use super::context::Context;
use super::process_table::{ProcessId, Processes};
use super::publish::ffmpeg::VideoCodec;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Share of the time for which the picture's processes wait for a processor when there is too little, and when there is enough
/// again.
const SHORT_FROM: f64 = 0.5;
const ENOUGH_BELOW: f64 = 0.25;
/// How long it has been so before it counts.
const SHORT_AFTER: Duration = Duration::from_secs(6);
const ENOUGH_AFTER: Duration = Duration::from_secs(10);
/// While any task of the whole machine waits for less than this share of the time, none of ours is looked at.
const CALM: f64 = 0.2;

/// The config for the camera's publisher: with as much of the picture as there is time for. What a V4L2 device gives is reduced
/// behind it ([`reduction`]), because it gives certain sizes only.
pub(crate) fn camera_config(ctx: &Context) -> Arc<Config> {
    let config = ctx.config();
    let step = *ctx.picture_step.borrow();
    if step == 0 || config.media.camera.source == CameraSource::V4l2 {
        return config;
    }
    let mut reduced = Config::clone(&config);
    reduced.media.camera = ladder::reduced(&config.media.camera, step);
    Arc::new(reduced)
}

/// Frames a second of the picture as it is published now.
pub(crate) fn fps(ctx: &Context) -> u32 {
    ladder::reduced(&ctx.config().media.camera, *ctx.picture_step.borrow()).fps
}

/// Puts the reduction of what a V4L2 device gives into the arguments of its encoder.
pub(crate) fn reduction(ctx: &Context, mut args: Vec<OsString>) -> Vec<OsString> {
    let (config, step) = (ctx.config(), *ctx.picture_step.borrow());
    let camera = ladder::reduced(&config.media.camera, step);
    let filters = args.iter().position(|arg| arg == "-vf").and_then(|at| args.get_mut(at + 1));
    if let Some(filters) = filters.filter(|_| step > 0) {
        let mut chain =
            OsString::from(format!("fps={},scale={}:{},", camera.fps, camera.size.width, camera.size.height));
        chain.push(&*filters);
        *filters = chain;
    }
    args
}

/// Watches until `stop`.
pub(crate) async fn run(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let mut watch = Watch::new(ctx, processes);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => watch.look(),
        }
    }
}

struct Watch {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    queue: Option<(Vec<u32>, RunQueue)>,
    last: Instant,
    /// All waits of the machine, and the camera's frames, at the last look.
    waits: Option<Duration>,
    frames: u64,
    short: Shortage,
    sensors: Sensors,
    ladder: Ladder,
}

impl Watch {
    fn new(ctx: Arc<Context>, processes: Arc<Processes>) -> Self {
        Self {
            ctx,
            processes,
            queue: None,
            last: Instant::now(),
            waits: pressure(),
            frames: 0,
            short: Shortage::default(),
            sensors: Sensors::of_this_machine(),
            ladder: Ladder::default(),
        }
    }

    fn look(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        let share = self.waiting_share(passed);
        let was = self.short.0;
        let short = self.short.observe(share, passed);
        if short != was {
            tracing::warn!(
                short,
                waiting_percent = (share * 100.0).round(),
                "processor time is short, or enough again"
            );
            self.ctx.spawner.set_rationed(short);
        }
        let board = self.sensors.read();
        let hot = self.sensors.is_hot();
        self.ctx.board.send_if_modified(|shown| std::mem::replace(shown, board) != board);
        let observed = self.picture(short, hot, passed);
        let step = observed.and_then(|observed| self.ladder.observe(observed, passed));
        if let Some(step) = step {
            self.take(step);
        }
        if step.is_some() || short != was {
            self.tell(short);
        }
    }

    /// The share of the time for which the picture's processes waited.
    fn waiting_share(&mut self, passed: Duration) -> f64 {
        let passed = passed.as_secs_f64().max(0.001);
        let waits = pressure();
        let calm = match (waits, std::mem::replace(&mut self.waits, waits)) {
            (Some(now), Some(before)) => now.saturating_sub(before).as_secs_f64() < CALM * passed,
            _ => false,
        };
        if calm {
            self.queue = None;
            return 0.0;
        }
        let pids: Vec<u32> = [ProcessId::Camera, ProcessId::Mediamtx]
            .iter()
            .flat_map(|id| self.processes[*id].pids())
            .collect();
        match &mut self.queue {
            Some((of, queue)) if *of == pids => queue.waited().as_secs_f64() / passed,
            queue => {
                *queue = Some((pids.clone(), RunQueue::of(pids)));
                0.0
            }
        }
    }

    /// What is to be seen of the picture; `None` while it cannot be reduced, or is not there.
    fn picture(&mut self, short: bool, hot: bool, passed: Duration) -> Option<Observation> {
        let frames = self.ctx.health[ProcessId::Camera].progress.frames();
        let new = frames.saturating_sub(std::mem::replace(&mut self.frames, frames));
        let runs = matches!(self.processes[ProcessId::Camera].snapshot().state, State::Running { .. });
        let copied = self.ctx.encoder.borrow().as_ref().is_some_and(|it| it.name == VideoCodec::Copy.name());
        if !runs || copied {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "frames of some seconds")]
        let rate = new as f64 / passed.as_secs_f64().max(0.001);
        let behind = rate < BEHIND * f64::from(fps(&self.ctx));
        Some(match (short, behind) {
            (true, true) => Observation::Behind,
            _ if hot => Observation::Hot,
            (true, false) => Observation::Busy,
            (false, _) => Observation::Spare,
        })
    }

    fn take(&self, step: usize) {
        let before = self.ctx.picture_step.send_replace(step);
        tracing::warn!(
            fps = fps(&self.ctx),
            step,
            before,
            "the picture is adapted to the processor time and the heat that there are"
        );
        // The muxer steadies the picture's times by its frame rate.
        for id in [ProcessId::Camera, ProcessId::Muxer] {
            let process = self.processes[id].clone();
            tokio::spawn(async move { process.restart_if_wanted().await });
        }
    }

    fn tell(&self, short: bool) {
        let (config, step) = (self.ctx.config(), *self.ctx.picture_step.borrow());
        let camera = ladder::reduced(&config.media.camera, step);
        let Size { width, height } = camera.picture_size();
        let picture = (step > 0).then_some(api::ReducedPicture { fps: camera.fps, width, height });
        self.ctx.overload.send_modify(|shown| {
            let since = shown.as_ref().map_or_else(Timestamp::now, |shown| shown.since);
            *shown = (short || step > 0).then_some(api::Overload { since, picture });
        });
    }
}

/// Whether there is too little, and for how long it has been otherwise.
#[derive(Default)]
struct Shortage(bool, Duration);

impl Shortage {
    fn observe(&mut self, share: f64, passed: Duration) -> bool {
        let otherwise = if self.0 { share < ENOUGH_BELOW } else { share >= SHORT_FROM };
        self.1 = if otherwise { self.1 + passed } else { Duration::ZERO };
        if self.1 >= if self.0 { ENOUGH_AFTER } else { SHORT_AFTER } {
            *self = Self(!self.0, Duration::ZERO);
        }
        self.0
    }
}

/// The time for which any task of the machine waited for a processor, since the machine started; `None` if its kernel does not
/// count. Not a disk's file: nothing is waited for.
fn pressure() -> Option<Duration> {
    parse_pressure(&fs::read_to_string("/proc/pressure/cpu").ok()?)
}

fn parse_pressure(text: &str) -> Option<Duration> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let micros = some.rsplit_once("total=")?.1.trim().parse().ok()?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_what_lasts() {
        let mut short = Shortage::default();
        let secs = Duration::from_secs;
        for _ in 0..10 {
            assert!(!short.observe(0.9, secs(4)));
            assert!(!short.observe(0.4, secs(2)), "a moment");
        }
        assert!(!short.observe(0.5, secs(4)));
        assert!(short.observe(0.6, secs(2)));
        for _ in 0..10 {
            assert!(short.observe(0.1, secs(8)));
            assert!(short.observe(0.3, secs(2)), "not enough yet");
        }
        assert!(short.observe(0.1, secs(8)));
        assert!(!short.observe(0.1, secs(2)));
    }

    #[test]
    fn the_kernels_figure() {
        let text = "some avg10=14.36 avg60=13.63 avg300=6.14 total=25467764\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(parse_pressure(text), Some(Duration::from_micros(25_467_764)));
        assert_eq!(parse_pressure(""), None);
        assert_eq!(parse_pressure("some total=x"), None);
    }
}
