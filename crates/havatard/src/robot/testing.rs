//! For tests: a cable without hardware, and a controller whose every frame a test chooses.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use havatar_api::{DriveMessage, IfHeld, LeaseAnswer, LeaseRequest, Refusal, Stamp, StepMove};
use havatar_link::frame::Decoder;
use havatar_link::message::{
    Features, Flags, FromDevice, Kind, Name, Presence, State, Status, StepResult, StopReason, ToDevice,
    VERSION, Welcome,
};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::arbiter::SpeedLimits;
use super::blackbox::BlackBox;
use super::core::Core;
use super::link::{Codec, Native};
use super::port::Lines;
use super::shared::Shared;
use super::task::{self, Cable};
use super::{DriveSession, Robot, Who};

/// What the robot of a test is configured to at most.
const SPEED_LIMITS: SpeedLimits = SpeedLimits { linear: 250.0, angular: 785.0 };
/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A pseudo-terminal. The controller's end is here, the other one is opened by name.
pub(crate) struct Plug {
    master: OwnedFd,
    /// Held open, for a controller lives on while nobody has its port open.
    pub(crate) slave: OwnedFd,
    pub(crate) name: PathBuf,
}

impl Plug {
    pub(crate) fn new() -> Self {
        let pair = openpty(None, None).unwrap();
        let mut settings = tcgetattr(&pair.slave).unwrap();
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).unwrap();
        for fd in [&pair.master, &pair.slave] {
            fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        }
        let name = ttyname(&pair.slave).unwrap();
        Self { master: pair.master, slave: pair.slave, name }
    }

    /// What has come from the daemon.
    pub(crate) fn take(&self) -> Vec<u8> {
        let (mut all, mut room) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = nix::unistd::read(&self.master, &mut room) {
            all.extend_from_slice(&room[..count]);
        }
        all
    }

    /// At most so many of the bytes that have come.
    pub(crate) fn take_some(&self, most: usize) -> Vec<u8> {
        let mut room = vec![0; most];
        let count = nix::unistd::read(&self.master, &mut room).unwrap_or(0);
        room.truncate(count);
        room
    }

    /// To the daemon; what has no room is lost, as on a line without flow control.
    pub(crate) fn put(&self, bytes: &[u8]) {
        let _ = nix::unistd::write(&self.master, bytes);
    }
}

/// A motor controller in so far as it answers, and remembers what it was told. It obeys the e-stop and nothing else.
pub(crate) struct Device {
    decoder: Decoder,
    pub(crate) boot: u32,
    pub(crate) session: u32,
    pub(crate) state: State,
    pub(crate) latch: u16,
    pub(crate) latched: bool,
    /// The switch that closes eyes and ears.
    muted: bool,
    /// What the light shows.
    presence: Presence,
    /// Says nothing any more.
    silent: bool,
    seq: u32,
    clock: u32,
    /// The highest `seq` accepted in the session. A new one begins with the handshake complete, for tests that receive
    /// by hand.
    pub(crate) accepted: u32,
    /// Everything that was ever understood.
    pub(crate) told: Vec<ToDevice>,
}

impl Device {
    pub(crate) fn new(boot: u32) -> Self {
        Self {
            decoder: Decoder::new(),
            boot,
            session: 0,
            state: State::Held,
            latch: 0,
            latched: false,
            muted: false,
            presence: Presence::Nobody,
            silent: false,
            seq: 0,
            clock: 1000,
            accepted: 0,
            told: Vec::new(),
        }
    }

    /// Hears bytes; what it answers at once.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut messages = Vec::new();
        self.decoder.push_all(bytes, |body| messages.extend(ToDevice::decode(body)));
        let mut answer = Vec::new();
        for (header, message) in messages {
            self.told.push(message);
            if header.session == self.session {
                self.accepted = self.accepted.max(header.seq);
            }
            match message {
                ToDevice::Hello(hello) => {
                    // A session of its own each time, and never the former one.
                    (self.session, self.seq) = (self.session.wrapping_add(7919).max(1), 1);
                    self.accepted = 2;
                    answer.extend_from_slice(&self.welcome(hello.nonce));
                }
                ToDevice::Estop(_) if !self.latched => {
                    (self.latched, self.latch) = (true, self.latch + 1);
                }
                ToDevice::Release(release) if release.latch == self.latch => self.latched = false,
                ToDevice::Lights(lights) => self.presence = lights.presence,
                _ => {}
            }
        }
        answer
    }

    /// An answer to the greeting with this nonce.
    pub(crate) fn welcome(&self, nonce: u32) -> Vec<u8> {
        FromDevice::from(self.welcome_message(nonce)).frame(self.session, self.seq).as_bytes().to_vec()
    }

    pub(crate) fn welcome_message(&self, nonce: u32) -> Welcome {
        Welcome {
            version: VERSION,
            echo: nonce,
            session: self.session,
            boot: self.boot,
            clock: self.clock,
            features: Features(0x1ff),
            max_linear: 500,
            max_reverse: 250,
            max_angular: 1500,
            watchdog: 250,
            name: Name::new("bench").unwrap(),
        }
    }

    /// The next report, `ms` after the one before.
    pub(crate) fn status(&mut self, ms: u32) -> Vec<u8> {
        self.seq += 1;
        self.clock += ms;
        let status = self.status_message();
        FromDevice::from(status).frame(self.session, self.seq).as_bytes().to_vec()
    }

    pub(crate) fn status_message(&self) -> Status {
        Status {
            clock: self.clock,
            accepted: self.accepted,
            boot: self.boot,
            state: if self.latched { State::Estop } else { self.state },
            flags: Flags(u16::from(self.latched) | u16::from(self.muted) << 6),
            latch: self.latch,
            step: 0,
            step_result: StepResult::None,
            linear: 0,
            angular: 0,
            x: 0,
            y: 0,
            heading: 0,
            battery_mv: 0,
            battery_percent: 255,
            pan: 0,
            tilt: 0,
            light: 0,
            presence: self.presence,
            stop_reason: StopReason::Stop,
            trips: 0,
            bad_frames: 0,
        }
    }

    /// Does what it was told last.
    fn follow(&mut self) {
        for message in self.told.iter().rev() {
            self.state = match message {
                ToDevice::Drive(drive) if (drive.linear, drive.angular) == (0, 0) => State::Ready,
                ToDevice::Drive(_) => State::Driving,
                ToDevice::Step(_) => State::Stepping,
                ToDevice::Stop(_) | ToDevice::Hello(_) => State::Held,
                _ => continue,
            };
            return;
        }
    }

    /// The set-points that would turn the wheels.
    pub(crate) fn motions(&self) -> usize {
        self.told.iter().filter(|message| is_motion(message)).count()
    }
}

pub(crate) fn is_motion(message: &ToDevice) -> bool {
    match message {
        ToDevice::Drive(drive) => (drive.linear, drive.angular) != (0, 0),
        ToDevice::Step(_) => true,
        _ => false,
    }
}

/// The messages in bytes for the controller, and how many frames among them were damaged.
pub(crate) fn decoded(bytes: &[u8]) -> (Vec<ToDevice>, u64) {
    let (mut decoder, mut all) = (Decoder::new(), Vec::new());
    decoder.push_all(bytes, |body| all.push(ToDevice::decode(body).unwrap().1));
    (all, decoder.damaged())
}

impl Robot {
    /// A robot with the motion loop at this port, until `stop`.
    pub(crate) fn for_tests_at(port: &Path, stop: CancellationToken) -> Self {
        Self::for_tests_speaking(port, stop, |now| Box::new(Native::new((250, 785), now)))
    }

    pub(super) fn for_tests_speaking(
        port: &Path,
        stop: CancellationToken,
        codec: impl Fn(Instant) -> Box<dyn Codec> + Send + Sync + 'static,
    ) -> Self {
        let shared = shared();
        let cable =
            Cable { port: Some(port.to_owned()), baud: 115_200, lines: Lines::Keep, codec: Arc::new(codec) };
        let (sender, cables) = watch::channel(cable);
        let looped = shared.clone();
        tokio::spawn(async move {
            task::run(looped, cables, stop).await;
            drop(sender);
        });
        Self(shared)
    }
}

/// A robot whose controller is always there, drives as it is told and remembers all of it.
pub(crate) struct Bench {
    pub(crate) robot: Robot,
    device: Arc<Mutex<Device>>,
    /// The end of the loop and of the player.
    _end: DropGuard,
}

impl Bench {
    /// Begins to play; returns when the robot may be driven.
    pub(crate) async fn start() -> Self {
        let (plug, stop) = (Plug::new(), CancellationToken::new());
        let robot = Robot::for_tests_at(&plug.name, stop.clone());
        let device = Arc::new(Mutex::new(Device::new(1)));
        let (played, end) = (device.clone(), stop.clone());
        tokio::spawn(async move {
            while !end.is_cancelled() {
                {
                    let mut device = played.lock().unwrap();
                    let answer = device.receive(&plug.take());
                    if !device.silent {
                        plug.put(&answer);
                    }
                    if device.session != 0 && !device.silent {
                        device.follow();
                        plug.put(&device.status(5));
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        until("telemetry", || robot.state().telemetry.is_some().then_some(())).await;
        Self { robot, device, _end: stop.drop_guard() }
    }

    pub(crate) fn motions(&self) -> usize {
        self.device.lock().unwrap().motions()
    }

    /// Whether the newest of all set-points and stops is one that ends motion.
    pub(crate) fn stands(&self) -> bool {
        let device = self.device.lock().unwrap();
        let wheels = |m: &&ToDevice| matches!(m.kind(), Kind::Drive | Kind::Step | Kind::Stop | Kind::Estop);
        device.told.iter().rev().find(wheels).is_none_or(|message| !is_motion(message))
    }

    pub(crate) fn told(&self) -> Vec<ToDevice> {
        self.device.lock().unwrap().told.clone()
    }

    /// Turns the switch that closes eyes and ears.
    pub(crate) fn mute(&self, on: bool) {
        self.device.lock().unwrap().muted = on;
    }

    /// The controller answers no more, or again.
    pub(crate) fn silence(&self, silent: bool) {
        self.device.lock().unwrap().silent = silent;
    }

    /// The presence that the light was told last.
    pub(crate) fn light(&self) -> Option<u8> {
        let device = self.device.lock().unwrap();
        device.told.iter().rev().find_map(|message| match message {
            ToDevice::Lights(lights) => Some(lights.presence.into()),
            _ => None,
        })
    }

    /// How many tones there were.
    pub(crate) fn tones(&self) -> usize {
        let device = self.device.lock().unwrap();
        device.told.iter().filter(|message| message.kind() == Kind::Buzzer).count()
    }
}

/// The rules, with a black box that keeps nothing.
pub(super) fn shared() -> Arc<Shared> {
    let now = Instant::now();
    let core = Core::new("port", SPEED_LIMITS, 0, (None, true), now);
    let (black_box, _) = BlackBox::open(&std::env::temp_dir().join(crate::random::text::<8>()), 0);
    Arc::new(Shared::new(core, black_box, now))
}

/// A driver with a good network, recent video and a drive session.
pub(crate) struct Driver {
    session: DriveSession,
    base: Instant,
    seq: u64,
}

impl Driver {
    pub(crate) fn new(robot: &Robot) -> Self {
        let who =
            Who { name: "ana".to_owned(), account: "ana".to_owned(), key: "ana".to_owned(), admin: false };
        let request = LeaseRequest { name: None, if_held: IfHeld::Refuse };
        let LeaseAnswer::Granted { token, .. } = robot.acquire(&who, &request).unwrap() else {
            panic!("nobody has the robot")
        };
        Self { session: robot.open_drive_session(&who, &token).unwrap(), base: Instant::now(), seq: 0 }
    }

    fn stamp(&mut self) -> Stamp {
        let beat = self.session.beat().unwrap();
        self.seq += 1;
        let t = self.base.elapsed().as_secs_f64() * 1000.0;
        Stamp { seq: self.seq, t, beat, beat_t: t, picture_ms: Some(20.0) }
    }

    pub(crate) fn neutral(&mut self) -> Result<(), Refusal> {
        let at = self.stamp();
        self.session.receive(&DriveMessage::Neutral { at })
    }

    pub(crate) fn hold(&mut self, linear: f64) -> Result<(), Refusal> {
        let at = self.stamp();
        self.session.receive(&DriveMessage::Hold { at, linear, angular: 0.0 })
    }

    pub(crate) fn step(&mut self, press: u64) -> Result<(), Refusal> {
        let at = self.stamp();
        self.session.receive(&DriveMessage::Step { at, press, step: StepMove::Cm(20) })
    }

    pub(crate) fn say(&self, message: &DriveMessage) -> Result<(), Refusal> {
        self.session.receive(message)
    }
}

/// Does something every few milliseconds until it gives a value.
pub(crate) async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never came true: {what}"))
}
