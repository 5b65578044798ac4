//! The robot's wheels, head and lights: who may move them, which motion is in force, and the link to the motor controller.
//!
//! The rules are pure and stand in one place: `core` joins `lease` (who drives), `clock` (the age of a message), `lag`
//! (the speed that a late video allows), `arbiter` (the motion in force) and the e-stop. They stand behind a lock that is
//! held for microseconds, not behind a channel: the call that brings a driver's message also judges it, so there is no
//! queue in which an old command could survive. `wire` holds the types that rules and link exchange.
//!
//! Nothing here knows HTTP, sockets or sign-ins. A live drive socket holds a [`DriveSession`]; dropping it stops the
//! wheels.

mod arbiter;
mod blackbox;
mod clock;
mod core;
mod error;
mod estop_file;
mod estop_persistence;
mod lag;
mod lease;
mod lease_numbers;
mod link;
mod motion_watch;
mod port;
mod running;
mod shared;
mod simulated;
mod task;
#[cfg(test)]
pub(crate) mod testing;
mod who;
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

pub use self::error::{RobotError, refusal_message};
pub use self::running::{Running, Surroundings};
pub use self::who::Who;

/// Longest name of a driver, in characters.
const LONGEST_NAME: usize = 40;
/// Range of the head to either side, degrees.
const PAN: f64 = 90.0;
const TILT: f64 = 45.0;
/// Longest wait for the disk before a request is answered.
const SAVE_WITHIN: Duration = Duration::from_secs(1);

/// Handle to the robot; clones share it. Only the e-stop's methods wait (for the disk); all others act at once.
#[derive(Debug, Clone)]
pub struct Robot(Arc<Shared>);

impl Robot {
    /// A robot without a controller.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let (limits, now) = (arbiter::SpeedLimits { linear: 250.0, angular: 785.0 }, Instant::now());
        let core = core::Core::new("", limits, 0, (None, true), now);
        let (black_box, _) =
            blackbox::BlackBox::open(&std::env::temp_dir().join(crate::random::text::<8>()), 0);
        Self(Arc::new(Shared::new(core, black_box, now)))
    }

    /// The newest state.
    pub fn state(&self) -> Arc<api::RobotState> {
        self.0.state.borrow().clone()
    }

    /// How long ago the motion loop took its last turn: a quarter of a second at most, unless it hangs or the machine is
    /// overloaded.
    pub fn loop_age(&self) -> Duration {
        self.0.loop_age(Instant::now())
    }

    /// Subscribes to the state: important changes are published at once, others ten times a second.
    pub fn subscribe(&self) -> watch::Receiver<Arc<api::RobotState>> {
        self.0.state.subscribe()
    }

    /// Grants the lease, or passes the request on to its holder.
    ///
    /// # Errors
    /// `lease_held`; `out_of_range` for a name too long or empty.
    pub fn acquire(&self, who: &Who, request: &api::LeaseRequest) -> Result<api::LeaseAnswer, RobotError> {
        let name = request.name.as_deref().map_or(who.name.as_str(), str::trim);
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let detail =
                format!("name must have 1 to {LONGEST_NAME} characters, none of them a control character");
            return Err(RobotError::with_detail(Refusal::OutOfRange, detail));
        }
        let who = Who { name: name.to_owned(), ..who.clone() };
        let token = Secret::random();
        let (outcome, driver, reserved, wait) = self.0.update(|core, now| {
            let bound = bound(token.expose(), &who);
            let outcome = core.acquire(&who, request.if_held, bound, Timestamp::now(), now);
            (outcome, core.driver(), core.reservation(), core.refused_for(&who, now))
        });
        match outcome {
            Ok(Outcome::Granted(lease)) => Ok(api::LeaseAnswer::Granted {
                lease,
                token: token.expose().to_owned(),
                stale_after_ms: millis(lease::STALE),
            }),
            Ok(Outcome::Asked) => Ok(api::LeaseAnswer::Asked { driver }),
            Err(Refusal::LeaseHeld) => {
                let detail = match (driver, reserved) {
                    (Some(driver), _) => format!("{} has the robot: ask for it with if_held=ask", driver.who),
                    (None, Some(reserved)) => {
                        format!("the robot is reserved for {} a moment longer: try again then", reserved.who)
                    }
                    (None, None) => refusal_message(Refusal::LeaseHeld).to_owned(),
                };
                Err(RobotError::with_detail(Refusal::LeaseHeld, detail).retry_after(wait))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Renews the lease, for clients without a drive socket.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn keep_alive(&self, who: &Who, token: &str) -> Result<(), RobotError> {
        Ok(self.0.update(|core, now| core.keep_alive(&bound(token, who), now))?)
    }

    /// Gives the lease back, and stops the wheels.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn release(&self, who: &Who, token: &str) -> Result<(), RobotError> {
        Ok(self.0.update(|core, now| core.release(&bound(token, who), now))?)
    }

    /// A sign-in is over: its lease ends with it, and the wheels stop.
    pub fn sign_out(&self, who: &Who) {
        self.0.update(|core, now| core.sign_out(&who.key, now));
    }

    /// Whether this sign-in has the robot.
    pub fn is_driver(&self, who: &Who) -> bool {
        self.0.read(|core| core.is_driver(&who.key))
    }

    /// Waits until a lease is over.
    pub async fn lease_over(&self, lease: u64) {
        let mut state = self.subscribe();
        let over =
            |state: &Arc<api::RobotState>| state.driver.as_ref().is_none_or(|driver| driver.lease != lease);
        let _ = state.wait_for(over).await;
    }

    /// The driver's answer to a request for the lease.
    ///
    /// # Errors
    /// `no_lease` (also without a pending request), `lease_lost`.
    pub fn answer(&self, who: &Who, reply: &api::LeaseReply) -> Result<(), RobotError> {
        Ok(self.0.update(|core, now| core.answer(&bound(&reply.token, who), reply.hand_over, now))?)
    }

    /// Opens the drive session of a lease. It replaces an earlier session of the same lease, and stops the wheels.
    ///
    /// # Errors
    /// `no_lease`, `lease_lost`.
    pub fn open_drive_session(&self, who: &Who, token: &str) -> Result<DriveSession, RobotError> {
        let (id, lease) = self.0.update(|core, now| core.open_session(&bound(token, who), now))?;
        let ended = self.0.register_session(id);
        Ok(DriveSession { shared: self.0.clone(), who: who.clone(), id, lease, ended })
    }

    /// Stops the wheels. Anybody may. Idempotent.
    pub fn stop(&self, who: &Who) {
        self.0.update(|core, _| core.stop(&who.name));
    }

    /// Latches the e-stop. Anybody may. Idempotent. In force when called; the answer waits for the disk, at most
    /// [`SAVE_WITHIN`].
    pub async fn estop(&self, who: &Who) -> api::Estop {
        let version = self.0.update(|core, _| core.estop(who, Timestamp::now()));
        self.saved(version).await
    }

    /// As [`Self::estop`], for a caller that has no use for the answer: the latch is persisted all the same.
    pub fn estop_now(&self, who: &Who) {
        self.0.update(|core, _| core.estop(who, Timestamp::now()));
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
            self.0.update(|core, now| core.begin_release(who, code.digest(), now))?;
            return Ok(api::EstopReleased {
                estop: self.0.read(|core| core.estop_state()),
                confirm: Some(code.expose().to_owned()),
                expires_in_s: Some(core::CODE_VALID.as_secs()),
            });
        };
        let done = self.0.update(|core, now| core.finish_release(who, &Fingerprint::of(confirm), now));
        let version = done.map_err(|refusal| match refusal {
            Refusal::PressAgain => {
                let detail = "that code does not release this e-stop: it is wrong, used, over a minute old, or of an earlier one; begin again";
                RobotError::with_detail(refusal, detail)
            }
            other => other.into(),
        })?;
        Ok(api::EstopReleased { estop: self.saved(version).await, confirm: None, expires_in_s: None })
    }

    /// Starts a step: a move of bounded length.
    ///
    /// # Errors
    /// Any refusal of a `step` on the drive socket, and `no_socket`.
    pub fn step(&self, who: &Who, request: &api::StepRequest) -> Result<(), RobotError> {
        let request = api::StepRequest { token: within(&request.token, who), ..request.clone() };
        Ok(self.0.update(|core, now| core.step(&request, now))?)
    }

    /// Turns the head.
    ///
    /// # Errors
    /// `out_of_range`, `not_supported`, and those of the lease and the link.
    pub fn head(&self, who: &Who, request: &api::HeadRequest) -> Result<(), RobotError> {
        let pan = hundredths("pan", request.pan, PAN)?;
        let tilt = hundredths("tilt", request.tilt, TILT)?;
        Ok(self.0.update(|core, now| core.head(&bound(&request.token, who), pan, tilt, now))?)
    }

    /// Sets the lamp.
    ///
    /// # Errors
    /// `not_supported`, and those of the lease and the link.
    pub fn lights(&self, who: &Who, request: &api::LightsRequest) -> Result<(), RobotError> {
        Ok(self.0.update(|core, now| core.lights(&bound(&request.token, who), request.light, now))?)
    }

    /// Sounds the buzzer.
    ///
    /// # Errors
    /// `out_of_range`, `not_supported`, and those of the lease and the link.
    pub fn buzzer(&self, who: &Who, request: &api::BuzzerRequest) -> Result<(), RobotError> {
        let token = bound(&request.token, who);
        Ok(self.0.update(|core, now| core.buzzer(&token, request.hz, request.ms, now))?)
    }

    /// Publishes the number of watchers to the people beside the robot: its presence light shows it, and a chirp announces the
    /// first one.
    pub fn set_watchers(&self, watchers: u32) {
        if self.0.read(|core| core.watchers() != watchers) {
            self.0.update(|core, now| core.set_watchers(watchers, now));
        }
    }

    /// The black box as JSON lines, oldest first: all of them, or those after line `since`.
    pub fn black_box(&self, since: Option<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        self.0.black_box.read(since)
    }

    async fn saved(&self, version: u64) -> api::Estop {
        let mut tried = self.0.tried.subscribe();
        let _ = tokio::time::timeout(SAVE_WITHIN, tried.wait_for(|tried| *tried >= version)).await;
        self.0.read(|core| core.estop_state())
    }
}

/// A live drive socket's hold on the robot. Dropping it stops the wheels at once.
#[derive(Debug)]
pub struct DriveSession {
    shared: Arc<Shared>,
    who: Who,
    id: u64,
    lease: u64,
    ended: CancellationToken,
}

impl DriveSession {
    /// The lease's number.
    pub fn lease(&self) -> u64 {
        self.lease
    }

    /// The first event of the drive socket.
    pub fn welcome(&self) -> api::DriveEvent {
        let (max_linear, max_angular) = self.shared.read(|core| core.top_speed());
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

    /// Judges a message of the driver (never `Hello`) and applies it before it returns. A refused message has changed nothing,
    /// or has stopped the wheels.
    ///
    /// # Errors
    /// The refusal.
    pub fn receive(&self, message: &api::DriveMessage) -> Result<(), Refusal> {
        self.shared.update(|core, now| match message {
            api::DriveMessage::Estop => {
                core.estop(&self.who, Timestamp::now());
                Ok(())
            }
            message => core.receive(self.id, message, now),
        })
    }

    /// Stops the wheels: the client sent an unreadable message, or too many.
    pub fn fault(&self) {
        self.shared.update(|core, _| core.fault(self.id));
    }

    /// Draws the number of the next beat, to be sent at once; `None` once this session has ended.
    pub fn beat(&self) -> Option<u64> {
        self.shared.read(|core| core.beat(self.id, Instant::now()))
    }

    /// The name of the person who requests the lease.
    pub fn requested_by(&self) -> Option<String> {
        self.shared.read(|core| core.asking().map(str::to_owned))
    }

    /// Cancelled when this session ends: lease lost, handed over or expired, or replaced by another session.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Why this session ended, and who drives now.
    pub fn end_reason(&self) -> (Refusal, Option<String>) {
        (Refusal::LeaseLost, self.shared.read(|core| core.driver()).map(|driver| driver.who))
    }
}

impl Drop for DriveSession {
    fn drop(&mut self) {
        self.shared.update(|core, _| core.close_session(self.id));
    }
}

/// The fingerprint of a lease's token within the sign-in that it was given to: in the hands of another it opens nothing.
fn bound(token: &str, who: &Who) -> Fingerprint {
    Fingerprint::of(&within(token, who))
}

fn within(token: &str, who: &Who) -> String {
    format!("{token}\n{}", who.key)
}

fn hundredths(what: &str, degrees: f64, most: f64) -> Result<i16, RobotError> {
    if !degrees.is_finite() || degrees.abs() > most {
        let detail = format!("{what} must be -{most} to {most} degrees");
        return Err(RobotError::with_detail(Refusal::OutOfRange, detail));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 9000")]
    Ok((degrees * 100.0).round() as i16)
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
