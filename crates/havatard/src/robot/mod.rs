//! The robot's wheels, head and lights: who may move them, how, and the cable to the controller that does.

mod error;
mod wire;

use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use error::RobotError;

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

#[derive(Debug)]
struct Shared {
    state: watch::Sender<Arc<api::RobotState>>,
}

impl Robot {
    /// The robot as it is.
    pub fn state(&self) -> Arc<api::RobotState> {
        self.0.state.borrow().clone()
    }

    /// Wakes when the robot has changed: at once for what matters, five times a second for what merely moves.
    pub fn subscribe(&self) -> watch::Receiver<Arc<api::RobotState>> {
        self.0.state.subscribe()
    }

    /// Gives the robot to somebody, or asks whoever has it.
    pub fn acquire(&self, _who: &Who, _request: &api::LeaseRequest) -> Result<api::LeaseAnswer, RobotError> {
        Err(api::Refusal::RobotOff.into())
    }

    /// Says that the holder is alive, for clients without a drive socket.
    pub fn keep(&self, _token: &str) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Gives the robot back, through a stop.
    pub fn release(&self, _token: &str) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// The driver's answer to whoever asked for the robot.
    pub fn answer(&self, _reply: &api::LeaseReply) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Opens the driver's seat for a lease. An earlier seat of the same lease ends, through a stop.
    pub fn sit(&self, _token: &str) -> Result<Seat, RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Stops the wheels, whoever asks. Idempotent.
    pub fn stop(&self, _who: &Who) {}

    /// Latches the e-stop, whoever asks. Idempotent. Done when the controller has been told and the disk has been tried.
    pub async fn estop(&self, _who: &Who) -> api::Estop {
        std::future::ready(self.state().estop.clone()).await
    }

    /// Releases the e-stop, in two steps.
    pub async fn release_estop(
        &self,
        _who: &Who,
        _request: &api::EstopRelease,
    ) -> Result<api::EstopReleased, RobotError> {
        std::future::ready(Err(api::Refusal::RobotOff.into())).await
    }

    /// Begins a bounded move.
    pub fn step(&self, _request: &api::StepRequest) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Turns the head.
    pub fn head(&self, _request: &api::HeadRequest) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Sets the lamp.
    pub fn lights(&self, _request: &api::LightsRequest) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }

    /// Sounds the buzzer.
    pub fn buzzer(&self, _request: &api::BuzzerRequest) -> Result<(), RobotError> {
        Err(api::Refusal::NoLease.into())
    }
}

/// The driver's seat: a live drive socket's hold on the robot. Dropped, it stops the wheels at once.
#[derive(Debug)]
pub struct Seat {
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
        api::DriveEvent::Welcome {
            lease: self.lease,
            beat_ms: 100,
            repeat_ms: 50,
            deadman_ms: 250,
            oldest_ms: 300,
            max_linear: 0.25,
            max_angular: 45.0,
        }
    }

    /// A message of the driver's (never `Hello`). In force when this returns; a refusal has changed nothing,
    /// or has stopped.
    pub fn hear(&self, _message: &api::DriveMessage) -> Result<(), api::Refusal> {
        Err(api::Refusal::RobotOff)
    }

    /// A message came that could not be read, or too many: stops the wheels.
    pub fn fault(&self) {}

    /// Draws the next beat, to be sent at once.
    pub fn beat(&self) -> u64 {
        0
    }

    /// Somebody asks for the robot: their name.
    pub fn asked(&self) -> Option<String> {
        None
    }

    /// Cancelled when this seat is over: lease lost, handed over, stale, or another seat took its place.
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Why it is over, and who drives now.
    pub fn why_ended(&self) -> (api::Refusal, Option<String>) {
        (api::Refusal::LeaseLost, None)
    }
}
