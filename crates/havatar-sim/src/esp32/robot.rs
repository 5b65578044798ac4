//! Board, body and cable, turned together.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_link::frame::Decoder;
use havatar_link::message::{Header, ToDevice};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::faults::{Command, Damage, garbage};
use super::firmware::{Firmware, Inputs, Outputs};
use super::foreign::Foreign;
use super::physics::Body;
use super::pty::Pty;
use super::timeline::{Timeline, now};

/// A board whose firmware hangs for so long is reset by its hardware watchdog.
const HARDWARE_WATCHDOG: Duration = Duration::from_secs(1);
/// A pose is written down this often while it moves.
const POSE_EVERY: Duration = Duration::from_millis(100);
/// Physics goes by steps of at most this.
const STEP: Duration = Duration::from_millis(2);
/// More bytes than these do not wait for a slow controller.
const MOST_WAITING: usize = 64 * 1024;

/// The whole robot.
#[expect(clippy::struct_excessive_bools, reason = "switches and pins")]
pub(super) struct Robot {
    link: PathBuf,
    pty: Option<Pty>,
    board: Board,
    boots: u32,
    /// What survives a reset.
    stored: (u16, bool),
    booted: Duration,
    body: Body,
    odometer_at: (i32, i32),
    at: Duration,
    outputs: Outputs,
    moving: bool,
    posed: Duration,
    button: bool,
    mute_switch: bool,
    motor_fault: bool,
    frozen_since: Option<(Duration, Duration)>,
    damage: Damage,
    mute: bool,
    slow: Duration,
    waiting: VecDeque<(Duration, Vec<u8>)>,
    dice: StdRng,
    seed: u64,
    ear: Ear,
    timeline: Timeline,
}

enum Board {
    Ours(Firmware),
    Foreign(Foreign),
}

/// Reads along what arrives.
struct Ear {
    decoder: Decoder,
    /// When the first byte of the present frame came.
    first: Option<Duration>,
}

impl Robot {
    pub(super) fn new(link: &Path, seed: u64, text: bool, mut timeline: Timeline) -> io::Result<Self> {
        let at = now();
        let board = if text {
            Board::Foreign(Foreign::default())
        } else {
            Board::Ours(Firmware::boot(1, 0, false, seed))
        };
        timeline.tell(at, "boot", json!({"boot": 1}));
        Ok(Self {
            link: link.to_owned(),
            pty: Some(Pty::plug(link)?),
            board,
            boots: 1,
            stored: (0, false),
            booted: at,
            body: Body::default(),
            odometer_at: (0, 0),
            at,
            outputs: Outputs::default(),
            moving: false,
            posed: at,
            button: false,
            mute_switch: false,
            motor_fault: false,
            frozen_since: None,
            damage: Damage::default(),
            mute: false,
            slow: Duration::ZERO,
            waiting: VecDeque::new(),
            dice: StdRng::seed_from_u64(seed),
            seed,
            ear: Ear { decoder: Decoder::new(), first: None },
            timeline,
        })
    }

    /// The terminal behind the link.
    pub(super) fn port(&self) -> Option<&Path> {
        self.pty.as_ref().map(|pty| pty.name.as_path())
    }

    /// To be waited for.
    pub(super) fn cable(&self) -> Option<BorrowedFd<'_>> {
        self.pty.as_ref().map(|pty| pty.as_fd())
    }

    /// One turn of everything. A board runs all the time and a process does not: how long it had not been run stands
    /// as `gap_ns` beside what it then did, for those who measure the firmware and not the machine.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        self.receive()?;
        let at = now();
        self.hang(at);
        self.tick(at);
        self.move_body(at);
        self.transmit(at)
    }

    /// Carries out a command; the answer's fields.
    pub(super) fn obey(&mut self, command: &Command) -> io::Result<Value> {
        let at = now();
        self.timeline.tell(at, "fault", json!({"fault": format!("{command:?}")}));
        match *command {
            Command::Unplug => self.pty = None,
            Command::Plug { reboot } => {
                self.pty = None;
                if reboot {
                    self.reset(at);
                }
                self.pty = Some(Pty::plug(&self.link)?);
            }
            Command::Reset => self.reset(at),
            Command::PowerCycle => {
                self.odometer_at = self.body.ticks();
                self.reset(at);
            }
            Command::Garbage(count) => {
                let bytes = garbage(count, &mut self.dice);
                self.put(&bytes)?;
            }
            Command::Drop(share) => self.damage.drop = share,
            Command::Double(share) => self.damage.double = share,
            Command::Flip(share) => self.damage.flip = share,
            Command::Slow(ms) => self.slow = Duration::from_millis(ms),
            Command::Mute(mute) => self.mute = mute,
            Command::Battery(charge) => self.body.charge = charge,
            Command::Wall(wall) => self.body.wall = wall,
            Command::Button(pressed) => self.button = pressed,
            Command::MuteSwitch(on) => self.mute_switch = on,
            Command::Freeze(ms) => self.frozen_since = Some((at, at + Duration::from_millis(ms))),
            Command::MotorFault(fault) => self.motor_fault = fault,
            Command::Pose => return Ok(self.pose()),
            Command::Quit => {}
        }
        Ok(json!({}))
    }

    fn receive(&mut self) -> io::Result<()> {
        let Some(pty) = &self.pty else { return Ok(()) };
        let mut room = [0; 512];
        loop {
            let bytes = pty.read(&mut room)?;
            let at = now();
            if bytes.is_empty() {
                return Ok(());
            }
            let bytes = self.damage.pass(bytes, &mut self.dice);
            let ms = millis(at.saturating_sub(self.booted));
            let frozen = self.frozen_since.is_some();
            match &mut self.board {
                Board::Ours(firmware) => {
                    self.ear.hear(&bytes, at, at.saturating_sub(self.at), &mut self.timeline);
                    // A hung board's bytes are lost with its buffer.
                    if !frozen {
                        firmware.receive(&bytes, ms);
                    }
                }
                Board::Foreign(foreign) => {
                    for byte in bytes {
                        if let Some(line) = foreign.receive(byte, self.body.battery_mv()) {
                            self.timeline.tell(at, "rx", json!({"type": "line", "line": line}));
                        }
                    }
                }
            }
        }
    }

    /// A hung board does what it did last, until its hardware watchdog resets it.
    fn hang(&mut self, at: Duration) {
        let Some((since, until)) = self.frozen_since else { return };
        if at >= since + HARDWARE_WATCHDOG {
            self.reset(at);
        } else if at >= until {
            self.frozen_since = None;
        }
    }

    fn tick(&mut self, at: Duration) {
        if self.frozen_since.is_some() {
            return;
        }
        let outputs = match &mut self.board {
            Board::Ours(firmware) => {
                let (left, right) = self.body.ticks();
                let inputs = Inputs {
                    left_ticks: left.wrapping_sub(self.odometer_at.0),
                    right_ticks: right.wrapping_sub(self.odometer_at.1),
                    battery_mv: self.body.battery_mv(),
                    estop_button: self.button.into(),
                    mute_switch: self.mute_switch.into(),
                    motor_fault: self.motor_fault.into(),
                };
                let outputs = firmware.tick(&inputs, millis(at.saturating_sub(self.booted)));
                if outputs.keep != 0 {
                    self.stored = (outputs.latch, outputs.latched != 0);
                    firmware.kept(&outputs);
                }
                outputs
            }
            Board::Foreign(foreign) => {
                let (left_duty, right_duty) = foreign.duties();
                Outputs { left_duty, right_duty, ..Outputs::default() }
            }
        };
        self.set(at, outputs);
    }

    /// Puts outputs on the pins and writes down what changed.
    fn set(&mut self, at: Duration, outputs: Outputs) {
        let old = std::mem::replace(&mut self.outputs, outputs);
        let duty = |outputs: &Outputs| (outputs.left_duty, outputs.right_duty, outputs.brake);
        if duty(&old) != duty(&outputs) {
            let (left, right, brake) = duty(&outputs);
            let gap = nanos(at.saturating_sub(self.at));
            let duty = json!({"left": left, "right": right, "brake": brake != 0, "gap_ns": gap});
            self.timeline.tell(at, "duty", duty);
        }
        if (old.pan, old.tilt) != (outputs.pan, outputs.tilt) {
            self.timeline.tell(at, "head", json!({"pan": outputs.pan, "tilt": outputs.tilt}));
        }
        if (old.light, old.presence) != (outputs.light, outputs.presence) {
            let lights = json!({"light": outputs.light, "presence": outputs.presence});
            self.timeline.tell(at, "lights", lights);
        }
        if old.buzzer_hz != outputs.buzzer_hz {
            self.timeline.tell(at, "buzzer", json!({"hz": outputs.buzzer_hz}));
        }
    }

    fn move_body(&mut self, at: Duration) {
        // A process that was not run for a while catches up in small steps.
        while self.at < at {
            let step = at.saturating_sub(self.at).min(STEP);
            let duties = (self.outputs.left_duty, self.outputs.right_duty);
            self.body.pass(step.as_secs_f64(), duties, self.outputs.brake != 0);
            self.at += step;
        }
        let moving = self.body.moves();
        if moving != self.moving {
            self.moving = moving;
            self.timeline.tell(at, if moving { "moving" } else { "still" }, json!({}));
            self.tell_pose(at);
        } else if moving && at >= self.posed + POSE_EVERY {
            self.tell_pose(at);
        }
    }

    fn tell_pose(&mut self, at: Duration) {
        self.posed = at;
        if self.timeline.wanted() {
            let pose = self.pose();
            self.timeline.tell(at, "pose", pose);
        }
    }

    /// The truth: metres, and degrees.
    fn pose(&self) -> Value {
        let Body { x, y, heading, .. } = self.body;
        json!({"x": x / 1000.0, "y": y / 1000.0, "heading": heading.to_degrees()})
    }

    fn transmit(&mut self, at: Duration) -> io::Result<()> {
        let mut room = [0; 256];
        let mut out = Vec::new();
        match &mut self.board {
            Board::Ours(firmware) => loop {
                let bytes = firmware.transmit(&mut room);
                if bytes.is_empty() {
                    break;
                }
                out.extend_from_slice(bytes);
            },
            Board::Foreign(foreign) => out = foreign.transmit(),
        }
        if !out.is_empty() && !self.mute && self.waiting.len() < MOST_WAITING {
            let bytes = self.damage.pass(&out, &mut self.dice);
            self.waiting.push_back((at + self.slow, bytes));
        }
        while self.waiting.front().is_some_and(|(due, _)| *due <= at) {
            if let Some((_, bytes)) = self.waiting.pop_front() {
                self.put(&bytes)?;
            }
        }
        Ok(())
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        self.pty.as_ref().map_or(Ok(()), |pty| pty.write(bytes))
    }

    /// The board starts anew: motors off, memory gone but for what it stored.
    fn reset(&mut self, at: Duration) {
        self.frozen_since = None;
        self.waiting.clear();
        self.boots += 1;
        self.booted = at;
        let (latch, latched) = self.stored;
        self.board = match self.board {
            Board::Ours(_) => Board::Ours(Firmware::boot(self.boots, latch, latched, self.seed)),
            Board::Foreign(_) => Board::Foreign(Foreign::default()),
        };
        self.timeline.tell(at, "boot", json!({"boot": self.boots}));
        self.set(at, Outputs { latch, latched: latched.into(), ..Outputs::default() });
    }
}

impl Ear {
    fn hear(&mut self, bytes: &[u8], at: Duration, gap: Duration, timeline: &mut Timeline) {
        if !timeline.wanted() {
            return;
        }
        for &byte in bytes {
            let first = *self.first.get_or_insert(at);
            if byte == 0 {
                self.first = None;
            }
            let Some(body) = self.decoder.push(byte) else { continue };
            if let Ok((header, message)) = ToDevice::decode(body) {
                let mut line = described(header, &message);
                line["first_ns"] = json!(nanos(first));
                line["gap_ns"] = json!(nanos(gap));
                timeline.tell(at, "rx", line);
            }
        }
    }
}

fn described(header: Header, message: &ToDevice) -> Value {
    let mut line = json!({"type": header.kind.to_string(), "session": header.session, "seq": header.seq});
    match message {
        ToDevice::Drive(drive) => {
            line["linear"] = json!(drive.linear);
            line["angular"] = json!(drive.angular);
            line["age"] = json!(drive.age);
            line["left"] = json!(drive.left);
        }
        ToDevice::Step(step) => {
            line["id"] = json!(step.id);
            line["kind"] = json!(step.kind.to_string());
            line["amount"] = json!(step.amount);
            line["speed"] = json!(step.speed);
            line["age"] = json!(step.age);
            line["left"] = json!(step.left);
        }
        _ => {}
    }
    line
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The device's clock, which wraps.
fn millis(time: Duration) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the device's clock wraps")]
    let wrapped = time.as_millis() as u32;
    wrapped
}
