//! The robot's wheels, head and lights: who may move them, how, and the cable to the controller that does.
//!
//! The rules are pure and in one place: `core` joins `lease` (who drives), `clock` (how old a message is), `lag` (how
//! fast), `arbiter` (which motion is in force) and the e-stop. They stand behind a lock held for microseconds, not
//! behind a channel: a driver's message is judged, and refused if need be, in the call that brings it, and
//! there is no queue in which an old command could survive. `wire` is all that rules and cable say to each other.
//!
//! Nothing here knows HTTP, sockets or sessions; a [`Seat`] is what a live drive socket holds, and dropping it stops
//! the wheels.

mod arbiter;
mod blackbox;
mod clock;
mod core;
mod error;
mod estop_persistence;
mod lag;
mod latch;
mod lease;
mod link;
mod port;
mod running;
mod shared;
mod simulated;
mod task;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use havatar_api as api;
use havatar_api::Refusal;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::secrets::{Fingerprint, Secret};

use self::lease::Outcome;
use self::shared::Shared;

pub use error::{RobotError, words};
pub use running::{Running, Surroundings};

/// Longest name of a driver, in characters.
const LONGEST_NAME: usize = 40;
/// Reach of the head, degrees.
const PAN: f64 = 90.0;
const TILT: f64 = 45.0;
/// How long an answer waits for the disk.
const SAVE_WITHIN: Duration = Duration::from_secs(1);

/// Somebody who asks something of the robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// What others are told.
    pub name: String,
    /// Tells one sign-in from another: two tabs of one sign-in have the same.
    pub key: String,
    /// May take the robot from somebody.
    pub admin: bool,
}

/// Handle to the robot; clones share it. Every verb but those that wait for the disk is done when it returns.
#[derive(Debug, Clone)]
pub struct Robot(Arc<Shared>);

impl Robot {
    /// A robot with nothing at the end of its cable.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let (caps, now) = (arbiter::Caps { linear: 250.0, angular: 785.0 }, Instant::now());
        let core = core::Core::new("", caps, 0, (None, true), now);
        let (black_box, _) =
            blackbox::BlackBox::open(&std::env::temp_dir().join(crate::random::text::<8>()), 0);
        Self(Arc::new(Shared::new(core, black_box, now)))
    }

    /// The robot as it is.
    pub fn state(&self) -> Arc<api::RobotState> {
        self.0.state.borrow().clone()
    }

    /// Wakes when the robot has changed: at once for what matters, ten times a second for what merely moves.
    pub fn subscribe(&self) -> watch::Receiver<Arc<api::RobotState>> {
        self.0.state.subscribe()
    }

    /// Gives the robot to somebody, or asks whoever has it.
    ///
    /// # Errors
    /// `lease_held`; `out_of_range` for a name too long or empty.
    pub fn acquire(&self, who: &Who, request: &api::LeaseRequest) -> Result<api::LeaseAnswer, RobotError> {
        let name = request.name.as_deref().map_or(who.name.as_str(), str::trim);
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let said =
                format!("name must have 1 to {LONGEST_NAME} characters, none of them a control character");
            return Err(RobotError::saying(Refusal::OutOfRange, said));
        }
        let who = Who { name: name.to_owned(), ..who.clone() };
        let token = Secret::random();
        let (outcome, driver) = self.0.with(|core, now| {
            let outcome = core.acquire(&who, request.if_held, token.digest(), Timestamp::now(), now);
            (outcome, core.driver())
        });
        match (outcome, driver) {
            (Ok(Outcome::Granted(lease)), _) => Ok(api::LeaseAnswer::Granted {
                lease,
                token: token.expose().to_owned(),
                stale_after_ms: millis(lease::STALE),
            }),
            (Ok(Outcome::Asked), driver) => Ok(api::LeaseAnswer::Asked { driver }),
            (Err(Refusal::LeaseHeld), Some(driver)) => {
                let said = format!("{} has the robot: ask for it with if_held=ask", driver.who);
                Err(RobotError::saying(Refusal::LeaseHeld, said))
            }
            (Err(refusal), _) => Err(refusal.into()),
        }
    }

    /// Says that the holder is alive, for clients without a drive socket.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn keep(&self, token: &str) -> Result<(), RobotError> {
        Ok(self.0.with(|core, now| core.keep(&Fingerprint::of(token), now))?)
    }

    /// Gives the robot back, through a stop.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn release(&self, token: &str) -> Result<(), RobotError> {
        Ok(self.0.with(|core, now| core.release(&Fingerprint::of(token), now))?)
    }

    /// The driver's answer to whoever asked for the robot.
    ///
    /// # Errors
    /// `no_lease` (also if nobody asks), `lease_lost`.
    pub fn answer(&self, reply: &api::LeaseReply) -> Result<(), RobotError> {
        Ok(self.0.with(|core, now| core.answer(&Fingerprint::of(&reply.token), reply.hand_over, now))?)
    }

    /// Opens the driver's seat for a lease. An earlier seat of the same lease ends, through a stop.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn sit(&self, who: &Who, token: &str) -> Result<Seat, RobotError> {
        let (id, lease) = self.0.with(|core, now| core.sit(&Fingerprint::of(token), now))?;
        let ended = self.0.seat(id);
        Ok(Seat { shared: self.0.clone(), who: who.clone(), id, lease, ended })
    }

    /// Stops the wheels, whoever asks. Idempotent.
    pub fn stop(&self, who: &Who) {
        self.0.with(|core, _| core.stop(&who.name));
    }

    /// Latches the e-stop, whoever asks. Idempotent. In force when called; the answer waits for the disk, a
    /// second at most.
    pub async fn estop(&self, who: &Who) -> api::Estop {
        let version = self.0.with(|core, _| core.estop(who, Timestamp::now()));
        self.saved(version).await
    }

    /// Releases the e-stop, in two steps.
    ///
    /// # Errors
    /// `estop_button` while the button is pressed; `press_again` for a code that is wrong, used, late or of an
    /// earlier latching.
    pub async fn release_estop(
        &self,
        who: &Who,
        request: &api::EstopRelease,
    ) -> Result<api::EstopReleased, RobotError> {
        let Some(confirm) = &request.confirm else {
            let code = Secret::random();
            self.0.with(|core, now| core.begin_release(who, code.digest(), now))?;
            return Ok(api::EstopReleased {
                estop: self.0.look(|core| core.estop_state()),
                confirm: Some(code.expose().to_owned()),
                expires_in_s: Some(core::CODE_VALID.as_secs()),
            });
        };
        let done = self.0.with(|core, now| core.finish_release(who, &Fingerprint::of(confirm), now));
        let version = done.map_err(|refusal| match refusal {
            Refusal::PressAgain => {
                let said = "that code does not release this e-stop: it is wrong, used, over a minute old, or of an earlier one; begin again";
                RobotError::saying(refusal, said)
            }
            other => other.into(),
        })?;
        Ok(api::EstopReleased { estop: self.saved(version).await, confirm: None, expires_in_s: None })
    }

    /// Begins a bounded move.
    ///
    /// # Errors
    /// Any refusal of a `step` on the socket, and `no_socket`.
    pub fn step(&self, request: &api::StepRequest) -> Result<(), RobotError> {
        Ok(self.0.with(|core, now| core.step(request, now))?)
    }

    /// Turns the head.
    ///
    /// # Errors
    /// `out_of_range`, `not_supported`, and those of the lease and the link.
    pub fn head(&self, request: &api::HeadRequest) -> Result<(), RobotError> {
        let pan = hundredths("pan", request.pan, PAN)?;
        let tilt = hundredths("tilt", request.tilt, TILT)?;
        Ok(self.0.with(|core, now| core.head(&Fingerprint::of(&request.token), pan, tilt, now))?)
    }

    /// Sets the lamp.
    ///
    /// # Errors
    /// `not_supported`, and those of the lease and the link.
    pub fn lights(&self, request: &api::LightsRequest) -> Result<(), RobotError> {
        Ok(self.0.with(|core, now| core.lights(&Fingerprint::of(&request.token), request.light, now))?)
    }

    /// Sounds the buzzer.
    ///
    /// # Errors
    /// `out_of_range`, `not_supported`, and those of the lease and the link.
    pub fn buzzer(&self, request: &api::BuzzerRequest) -> Result<(), RobotError> {
        let token = Fingerprint::of(&request.token);
        Ok(self.0.with(|core, now| core.buzzer(&token, request.hz, request.ms, now))?)
    }

    /// Says how many watch, for those beside the robot: its light shows it, and a short sound tells of the first who comes.
    pub fn watched(&self, watchers: u32) {
        if self.0.look(|core| core.watchers() != watchers) {
            self.0.with(|core, now| core.watched(watchers, now));
        }
    }

    /// What happened to the robot, oldest first, as JSON lines: all that there is, or what came after line `since`.
    pub fn black_box(&self, since: Option<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        self.0.black_box.read(since)
    }

    async fn saved(&self, version: u64) -> api::Estop {
        let mut tried = self.0.tried.subscribe();
        let _ = tokio::time::timeout(SAVE_WITHIN, tried.wait_for(|tried| *tried >= version)).await;
        self.0.look(|core| core.estop_state())
    }
}

/// The driver's seat: a live drive socket's hold on the robot. Dropped, it stops the wheels at once.
#[derive(Debug)]
pub struct Seat {
    shared: Arc<Shared>,
    who: Who,
    id: u64,
    lease: u64,
    ended: CancellationToken,
}

impl Seat {
    /// The lease's number.
    pub fn lease(&self) -> u64 {
        self.lease
    }

    /// What the welcome says.
    pub fn welcome(&self) -> api::DriveEvent {
        let (max_linear, max_angular) = self.shared.look(|core| core.top_speed());
        api::DriveEvent::Welcome {
            lease: self.lease,
            beat_ms: millis(clock::BEAT),
            repeat_ms: millis(core::REPEAT),
            deadman_ms: millis(arbiter::DEADMAN),
            oldest_ms: millis(clock::OLDEST),
            max_linear,
            max_angular,
        }
    }

    /// A message of the driver's (never `Hello`). In force when this returns; a refusal has changed nothing,
    /// or has stopped.
    ///
    /// # Errors
    /// Why it had no effect.
    pub fn hear(&self, message: &api::DriveMessage) -> Result<(), Refusal> {
        self.shared.with(|core, now| match message {
            api::DriveMessage::Estop => {
                core.estop(&self.who, Timestamp::now());
                Ok(())
            }
            message => core.hear(self.id, message, now),
        })
    }

    /// A message came that could not be read, or too many: stops the wheels.
    pub fn fault(&self) {
        self.shared.with(|core, _| core.fault(self.id));
    }

    /// Draws the next beat, to be sent at once; `None` if this seat is over.
    pub fn beat(&self) -> Option<u64> {
        self.shared.look(|core| core.beat(self.id, Instant::now()))
    }

    /// Somebody asks for the robot: their name.
    pub fn asked(&self) -> Option<String> {
        self.shared.look(|core| core.asking().map(str::to_owned))
    }

    /// Cancelled when this seat is over: lease lost, handed over, stale, or another seat took its place.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Why it is over, and who drives now.
    pub fn why_ended(&self) -> (Refusal, Option<String>) {
        (Refusal::LeaseLost, self.shared.look(|core| core.driver()).map(|driver| driver.who))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.with(|core, _| core.leave(self.id));
    }
}

fn hundredths(what: &str, degrees: f64, most: f64) -> Result<i16, RobotError> {
    if !degrees.is_finite() || degrees.abs() > most {
        let said = format!("{what} must be -{most} to {most} degrees");
        return Err(RobotError::saying(Refusal::OutOfRange, said));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 9000")]
    Ok((degrees * 100.0).round() as i16)
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
