//! The six supervised processes: how each is supervised, and the handle by which clients start and stop them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{Launch, Options, Policy, Probe, Redact, State, Stdout, Supervised};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::priority::Prioritized;

use super::audio::speaker::{SpeakerLaunch, TalkLaunch};
use super::confined::Confined;
use super::context::Context;
use super::describe;
use super::error::MediaError;
use super::process_table::{ProcessId, Processes};
use super::publish::camera::CameraLaunch;
use super::publish::ffmpeg;
use super::publish::launch::ProgressProbe;
use super::publish::microphone::MicrophoneLaunch;
use super::publish::muxer::MuxerLaunch;
use super::server::applied_config::AppliedConfig;
use super::server::process::{MediaMtxLaunch, MediaMtxProbe};
use super::server::redact::redact;

/// What can be requested of a supervised process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessVerb {
    /// Run it from now on.
    Start,
    /// Stop it and leave it stopped.
    Stop,
    /// Stop it and start it again.
    Restart,
}

/// The handle of the processes.
#[derive(Clone)]
pub struct ProcessControl {
    pub(crate) table: Arc<Processes>,
}

impl ProcessControl {
    /// Starts, stops or restarts one process, and returns when that is done or under way.
    pub async fn request(&self, name: &str, verb: ProcessVerb) -> Result<api::Process, MediaError> {
        let process = self.find(name)?;
        match verb {
            ProcessVerb::Start => process.start().await,
            ProcessVerb::Stop => process.stop().await,
            ProcessVerb::Restart => process.restart().await,
        }?;
        Ok(describe::process(process))
    }

    /// The last lines of a process.
    pub fn logs(&self, name: &str) -> Result<api::Logs, MediaError> {
        Ok(describe::logs(self.find(name)?))
    }

    /// Seconds since a process became ready, by the steady clock: the wall clock of a robot is set by years when it first
    /// reaches the network. `None` unless it runs.
    pub(crate) fn uptime_s(&self, name: &str) -> Option<f64> {
        match self.find(name).ok()?.snapshot().state {
            State::Running { ready_at, .. } => Some(ready_at.elapsed().as_secs_f64()),
            _ => None,
        }
    }

    fn find(&self, name: &str) -> Result<&Supervised, MediaError> {
        let id = ProcessId::named(name)
            .ok_or_else(|| MediaError::NoSuchProcess(name.chars().take(32).collect()))?;
        Ok(&self.table[id])
    }
}

/// Begins to supervise all of them.
pub(crate) fn spawn(ctx: &Arc<Context>, applied: &Arc<AppliedConfig>) -> Processes {
    // Processes end by `Running::stop`, in order; the supervisor's own cancellation is not used.
    let cancel = CancellationToken::new();
    let (config, streaming) = (ctx.config(), *ctx.streaming.borrow());
    Processes::new(|id| {
        let wanted = id.is_configured(&config) && (streaming || !id.is_publisher());
        match id {
            ProcessId::Mediamtx => mediamtx(ctx, applied, &cancel),
            ProcessId::Camera => publisher(id, ctx, CameraLaunch(ctx.clone()), wanted, &cancel),
            ProcessId::Microphone => publisher(id, ctx, MicrophoneLaunch(ctx.clone()), wanted, &cancel),
            ProcessId::Muxer => {
                publisher(id, ctx, MuxerLaunch { ctx: ctx.clone(), since: None }, wanted, &cancel)
            }
            ProcessId::Speaker => speaker(ctx, wanted, &cancel),
            ProcessId::Talk => publisher(id, ctx, TalkLaunch(ctx.clone()), wanted, &cancel),
        }
    })
}

fn mediamtx(ctx: &Arc<Context>, applied: &Arc<AppliedConfig>, cancel: &CancellationToken) -> Supervised {
    let options = Options {
        policy: Policy {
            probe_every: Duration::from_millis(400),
            // One that served for a while and was killed is restarted at once, every time.
            healthy_after: Duration::from_secs(3),
            // The publishers are stopped before it, and the whole must not take five seconds.
            stop_int: Duration::from_millis(1500),
            stop_term: Duration::from_secs(1),
            ..Policy::default()
        },
        probe: Some(Arc::new(MediaMtxProbe { ctx: ctx.clone(), applied: applied.clone() })),
        redact: Some(Arc::new(redact)),
        ..Options::default()
    };
    let launch = MediaMtxLaunch { ctx: ctx.clone(), applied: applied.clone(), checked: None, doubted: false };
    let launch = Confined { id: ProcessId::Mediamtx, launch, ctx: ctx.clone() };
    let launch = Prioritized(launch, ProcessId::Mediamtx.share());
    Supervised::spawn(ProcessId::Mediamtx.name(), options, launch, &ctx.spawner, cancel.clone())
}

/// Its player is no ffmpeg: its stage reports what has been played.
fn speaker(ctx: &Arc<Context>, wanted: bool, cancel: &CancellationToken) -> Supervised {
    let progress = ctx.health[ProcessId::Speaker].progress.clone();
    let options = Options {
        policy: publisher_policy(),
        probe: Some(Arc::new(ProgressProbe(progress)) as Arc<dyn Probe>),
        wanted,
        ..Options::default()
    };
    let launch = Confined { id: ProcessId::Speaker, launch: SpeakerLaunch(ctx.clone()), ctx: ctx.clone() };
    let launch = Prioritized(launch, ProcessId::Speaker.share());
    Supervised::spawn(ProcessId::Speaker.name(), options, launch, &ctx.spawner, cancel.clone())
}

fn publisher_policy() -> Policy {
    Policy {
        // ffmpeg ends at once on SIGINT; one that does not is stuck in a driver.
        stop_int: Duration::from_secs(1),
        stop_term: Duration::from_millis(500),
        dead_after: Duration::from_millis(700),
        recheck_every: Duration::from_secs(1),
        ready_within: Duration::from_secs(15),
        ..Policy::default()
    }
}

/// Takes credentials out of a line, and whatever is secret in the network camera's URL.
fn hide(ctx: &Context) -> Redact {
    /// A closure whose answer may borrow from its line.
    fn redaction(hide: impl for<'a> Fn(&'a str) -> Cow<'a, str> + Send + Sync + 'static) -> Redact {
        Arc::new(hide)
    }
    let url = ctx.camera_url.subscribe();
    redaction(move |line| {
        let hidden = url.borrow().as_ref().map_or_else(|| line.into(), |url| url.hide(line));
        ffmpeg::redact(&hidden).into_owned().into()
    })
}

/// An ffmpeg, whose `-progress` its probe follows.
fn publisher<L: Launch>(
    id: ProcessId,
    ctx: &Arc<Context>,
    launch: L,
    wanted: bool,
    cancel: &CancellationToken,
) -> Supervised {
    let progress = &ctx.health[id].progress;
    let lines = progress.clone();
    let mut policy = publisher_policy();
    if id == ProcessId::Camera {
        // Asking a slow camera for its formats, probing a source and trying out encoders come before the start.
        policy.ready_within = Duration::from_secs(45);
    }
    let options = Options {
        policy,
        probe: Some(Arc::new(ProgressProbe(progress.clone())) as Arc<dyn Probe>),
        stdout: Stdout::Lines(Arc::new(move |line| lines.line(line, Instant::now()))),
        redact: Some(hide(ctx)),
        wanted,
    };
    let launch = Confined { id, launch, ctx: ctx.clone() };
    let launch = Prioritized(launch, id.share());
    Supervised::spawn(id.name(), options, launch, &ctx.spawner, cancel.clone())
}
