//! The robot's lifecycle: from the config to the motion loop, and to the final stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use havatar_api as api;
use havatar_supervisor::Spawner;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config, RobotLines, RobotPort, RobotProtocol};
use crate::priority;

use super::arbiter::SpeedLimits;
use super::blackbox::{BlackBox, WriterHandle};
use super::core::{Core, Latched};
use super::estop_file::EstopFile;
use super::link::{Native, Text};
use super::port::Lines;
use super::shared::Shared;
use super::simulated::Simulated;
use super::task::{self, Cable};
use super::{Robot, estop_persistence, lease_numbers, motion_watch};

/// What the robot needs from the daemon.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Directory of the e-stop and the black box.
    pub state_dir: PathBuf,
    /// Directory of the simulated robot's port.
    pub runtime_dir: PathBuf,
    /// Spawns the simulated robot.
    pub spawner: Spawner,
}

/// What ends with the daemon.
pub struct Running {
    robot: Robot,
    surroundings: Surroundings,
    config: config::Robot,
    cable: watch::Sender<Cable>,
    simulated: Option<(Simulated, CancellationToken)>,
    stop: CancellationToken,
    /// Sent to, or dropped, when the motion loop has ended.
    ended: oneshot::Receiver<()>,
    over: bool,
    /// The motion loop takes its turns.
    alive: watch::Receiver<bool>,
    persistence: JoinHandle<()>,
    writer: WriterHandle,
}

impl Robot {
    /// Restores the e-stop of an earlier run and starts to look for the controller. Blocks on the disk: call it before
    /// serving.
    ///
    /// # Errors
    /// If the thread of the motion loop cannot be started.
    pub fn start(config: &Config, surroundings: Surroundings) -> anyhow::Result<(Self, Running)> {
        let config = config.robot.clone();
        let (file, found) = EstopFile::load(&surroundings.state_dir);
        if let Some(why) = &found.why {
            tracing::error!("the e-stop is latched: {why}; release it when you have looked");
        } else if found.state.latched {
            tracing::warn!("the e-stop is latched, as it was when havatard ended");
        }
        let latched = found.state.latched.then(|| Latched {
            source: found.state.source.unwrap_or(havatar_api::EstopSource::Robot),
            by: found.state.by.clone(),
            at: found.state.at,
        });
        let size = u64::from(config.black_box_mib) * 1024 * 1024;
        let (black_box, writer) = BlackBox::open(&surroundings.state_dir.join("black-box"), size);
        let first_lease = lease_numbers::first_lease(&surroundings.state_dir);
        let now = Instant::now();
        let name = config.port.to_string();
        let core = Core::new(&name, speed_limits(&config), first_lease, (latched, found.saved), now);
        let shared = Arc::new(Shared::new(core, black_box, now));
        let stop = shared.stop.clone();
        let simulated = simulate(&config, &surroundings);
        let (cable, cables) = watch::channel(cable(&config, simulated.as_ref().map(|(robot, _)| robot)));
        let (end, ended) = oneshot::channel();
        let (looped, token) = (shared.clone(), stop.clone());
        std::thread::Builder::new()
            .name("motion".to_owned())
            .spawn(move || {
                motion(looped, cables, token);
                let _ = end.send(());
            })
            .context("cannot start the motion loop")?;
        let persistence = tokio::spawn(estop_persistence::run(shared.clone(), file, stop.clone()));
        let (watched, alive) = watch::channel(true);
        tokio::spawn(motion_watch::run(shared.clone(), watched, stop.clone()));
        tokio::spawn(warn(shared.state.subscribe(), stop.clone()));
        let robot = Self(shared);
        let running = Running {
            robot: robot.clone(),
            surroundings,
            config,
            cable,
            simulated,
            stop,
            ended,
            over: false,
            alive,
            persistence,
            writer,
        };
        Ok((robot, running))
    }
}

impl Running {
    /// Applies a reloaded config. If it changes the robot, the wheels are stopped first.
    pub async fn apply(&mut self, config: &Config) {
        let config = &config.robot;
        if *config == self.config {
            return;
        }
        self.robot.0.update(|core, _| core.configure(&config.port.to_string(), speed_limits(config)));
        if config.port != self.config.port {
            if let Some((simulated, stop)) = self.simulated.take() {
                stop.cancel();
                simulated.process.closed().await;
            }
            self.simulated = simulate(config, &self.surroundings);
        }
        self.cable.send_replace(cable(config, self.simulated.as_ref().map(|(robot, _)| robot)));
        self.config = config.clone();
    }

    /// Returns when the motion loop has ended, which it must not before [`halt`](Self::halt).
    pub async fn broken(&mut self) {
        if !self.over {
            let _ = (&mut self.ended).await;
            self.over = true;
        }
    }

    /// Follows whether the motion loop takes its turns, as far as the machine lets it. Otherwise the daemon is to be restarted.
    pub fn alive(&self) -> watch::Receiver<bool> {
        self.alive.clone()
    }

    /// Stops the wheels for good.
    pub async fn halt(&mut self) {
        self.robot.0.update(|core, _| core.close());
        self.stop.cancel();
        self.broken().await;
    }

    /// Ends everything else, after [`halt`](Self::halt).
    pub async fn stop(mut self) {
        let _ = self.persistence.await;
        if let Some((simulated, stop)) = self.simulated.take() {
            stop.cancel();
            simulated.process.closed().await;
        }
        let writer = self.writer;
        let _ = tokio::task::spawn_blocking(move || writer.close()).await;
    }
}

/// Logs what this robot cannot guarantee, once for each time that it is found. A task of its own: a slow log must block
/// neither the rules nor the motion loop.
async fn warn(mut state: watch::Receiver<Arc<api::RobotState>>, stop: CancellationToken) {
    let mut told = Vec::new();
    loop {
        let warnings = state.borrow_and_update().link.warnings.clone();
        for warning in warnings.iter().filter(|warning| !told.contains(*warning)) {
            tracing::warn!(code = warning.code, "{}", warning.message);
        }
        told = warnings;
        tokio::select! {
            () = stop.cancelled() => return,
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

/// The motion thread.
fn motion(shared: Arc<Shared>, cables: watch::Receiver<Cable>, stop: CancellationToken) {
    // Encoders use all the time that they can get.
    priority::prefer_motion();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            runtime.block_on(task::run(shared, cables, stop));
            // A driver that hangs while it opens a port blocks its thread, not the daemon.
            runtime.shutdown_background();
        }
        Err(error) => tracing::error!(%error, "the motion loop cannot start"),
    }
}

fn simulate(config: &config::Robot, surroundings: &Surroundings) -> Option<(Simulated, CancellationToken)> {
    (config.port == RobotPort::Simulated).then(|| {
        let stop = CancellationToken::new();
        (Simulated::start(&surroundings.runtime_dir, &surroundings.spawner, stop.clone()), stop)
    })
}

fn speed_limits(config: &config::Robot) -> SpeedLimits {
    SpeedLimits {
        linear: f64::from(config.max_speed.mm_s()),
        angular: f64::from(config.max_turn).to_radians() * 1000.0,
    }
}

fn cable(config: &config::Robot, simulated: Option<&Simulated>) -> Cable {
    let port = match &config.port {
        RobotPort::None => None,
        RobotPort::Simulated => simulated.map(|robot| robot.port.clone()),
        RobotPort::Path(path) => Some(path.clone()),
    };
    let lines = match config.lines {
        RobotLines::Keep => Lines::Keep,
        RobotLines::High => Lines::High,
        RobotLines::Low => Lines::Low,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 785")]
    let most = (config.max_speed.mm_s(), speed_limits(config).angular.ceil() as u16);
    // A text protocol with unusable lines does not pass the config's check.
    let dialect = match (config.protocol, &config.text) {
        (RobotProtocol::Text, Some(text)) => {
            let silence = Duration::from_millis(text.silence_ms.into());
            text.dialect().ok().map(|dialect| (dialect, silence))
        }
        _ => None,
    };
    Cable {
        port,
        baud: config.baud,
        lines,
        codec: Arc::new(move |now| match &dialect {
            Some((dialect, silence)) => Box::new(Text::new(dialect.clone(), *silence, most, now)),
            None => Box::new(Native::new(most, now)),
        }),
    }
}
