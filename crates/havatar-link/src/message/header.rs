//! The header of a message, and the errors of decoding one.

use crate::frame::Frame;

use super::values::Kind;
use super::wire::{Field, Reader, Writer};

pub(crate) const HEADER_BYTES: usize = 9;

/// The header of every body.
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
    pub(super) fn split(body: &[u8]) -> Result<(Self, Reader<'_>), MessageError> {
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

    pub(super) fn begin(self) -> Writer {
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

pub(super) fn frame_of(body: &Writer) -> Frame {
    // No message is longer than a frame can carry: checked at compile time in `messages!`.
    Frame::new(body.body()).unwrap_or_else(|_| unreachable!("a message fits into a frame"))
}
