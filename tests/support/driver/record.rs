//! What a driver has sent and received, and the stamps of its messages.

use std::sync::{Mutex, MutexGuard, PoisonError};

use havatar_api::{DriveEvent, DriveMessage, Stamp};

use crate::clock::Moment;

/// What a driver with a good video reports.
const GOOD_PICTURE_MS: f64 = 40.0;

/// A message with a stamp that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// When.
    pub at: Moment,
    /// Its number.
    pub seq: u64,
    /// The shares of speed and turn that it asks for, if it is one that drives.
    pub shares: Option<(f64, f64)>,
}

/// An event received on the socket.
#[derive(Debug, Clone)]
pub struct ReceivedEvent {
    /// When.
    pub at: Moment,
    /// What.
    pub event: DriveEvent,
}

/// What a driver and its socket share.
#[derive(Debug)]
pub(super) struct Shared {
    record: Mutex<Record>,
    /// The driver's own clock has a zero of its own.
    zero_ms: f64,
}

/// All of it so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) sent: Vec<Sent>,
    pub(super) received: Vec<ReceivedEvent>,
    /// Why the socket ended: the close code, or what broke.
    pub(super) ended: Option<(Moment, String)>,
    pub(super) seq: u64,
    pub(super) press: u64,
    pub(super) beat: u64,
    pub(super) beat_ms: f64,
    pub(super) picture_ms: Option<f64>,
}

impl Shared {
    /// Nothing yet. The driver's clock has a random zero.
    pub(super) fn new() -> Self {
        Self {
            record: Mutex::new(Record { picture_ms: Some(GOOD_PICTURE_MS), ..Record::default() }),
            zero_ms: Moment::now().ms() - rand::random_range(0.0..1e7),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_ms(&self) -> f64 {
        Moment::now().ms() - self.zero_ms
    }

    pub(super) fn stamp(&self) -> Stamp {
        let mut record = self.lock();
        record.seq += 1;
        Stamp {
            seq: record.seq,
            t: self.now_ms(),
            beat: record.beat,
            beat_t: record.beat_ms,
            picture_ms: record.picture_ms,
        }
    }

    pub(super) fn note(&self, message: &DriveMessage) {
        let (at, shares) = match message {
            DriveMessage::Hold { at, linear, angular } | DriveMessage::Latch { at, linear, angular, .. } => {
                (at, Some((*linear, *angular)))
            }
            DriveMessage::Step { at, .. } | DriveMessage::Alive { at } | DriveMessage::Neutral { at } => {
                (at, None)
            }
            DriveMessage::Hello { .. } | DriveMessage::Stop | DriveMessage::Estop => return,
        };
        self.lock().sent.push(Sent { at: Moment::now(), seq: at.seq, shares });
    }
}
