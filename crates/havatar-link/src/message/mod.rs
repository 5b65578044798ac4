//! Messages: what a body says, typed.
//!
//! [`ToDevice`] and [`FromDevice`] are the two directions. Both encode and decode, so that a test can stand on either
//! side. Fields carry the names, the order and the units of `docs/serial-protocol.md`.

use crate::frame::Frame;

mod from_device;
mod name;
mod to_device;
mod values;
mod wire;

pub use from_device::{FromDevice, Refused, Status, Welcome};
pub use name::{Name, NameError};
pub use to_device::{
    Buzzer, Drive, Estop, Head, Hello, Lights, Limits, OutOfRange, Release, Report, Step, Stop, ToDevice,
};
pub use values::{Code, Features, Flags, Kind, Presence, State, StepKind, StepResult, StopReason};

use wire::{Field, Reader, Writer};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

pub(crate) const HEADER_BYTES: usize = 9;

/// What every body begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The message's type.
    pub kind: Kind,
    /// The session it belongs to; 0 before there is one.
    pub session: u32,
    /// The sender's count in this session, from 1.
    pub seq: u32,
}

impl Header {
    fn split(body: &[u8]) -> Result<(Self, Reader<'_>), MessageError> {
        let mut from = Reader(body);
        let mut read = || {
            Some(Self {
                kind: Kind::read(&mut from)?,
                session: u32::read(&mut from)?,
                seq: u32::read(&mut from)?,
            })
        };
        let header = read().ok_or(MessageError::NoHeader(body.len()))?;
        Ok((header, from))
    }

    fn begin(self) -> Writer {
        let mut to = Writer::new();
        self.kind.write(&mut to);
        self.session.write(&mut to);
        self.seq.write(&mut to);
        to
    }
}

/// An undamaged body that is no message of the direction it was read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Shorter than a header.
    #[error("{0} bytes are too few for a header")]
    NoHeader(usize),
    /// A type that does not exist, or that goes the other way.
    #[error("unexpected message type: {0}")]
    Unexpected(Kind),
    /// A known type, but its length or its name is not what the specification allows.
    #[error("malformed {kind} of {length} bytes")]
    Malformed {
        /// The type.
        kind: Kind,
        /// The body's length, bytes.
        length: usize,
    },
}

fn frame_of(body: &Writer) -> Frame {
    // No message is longer than a frame can carry: checked by the compiler in `messages!`.
    Frame::new(body.body()).unwrap_or_else(|_| unreachable!("a message fits into a frame"))
}
