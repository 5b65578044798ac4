//! The link to the controller: encodes device commands into bytes, and decodes bytes into link events, for either protocol.

mod native;
mod text;

use tokio::time::Instant;

use crate::robot::wire::{DeviceCommand, LinkEvent};

pub(super) use self::native::Native;
pub(super) use self::text::Text;

/// A codec: one protocol with its session. It owns no port and reads no clock.
pub(super) trait Codec: Send {
    /// The port has been opened: encodes what is sent first.
    fn open(&mut self, now: Instant, out: &mut Vec<u8>);
    /// Decodes received bytes.
    fn received(&mut self, bytes: &[u8], now: Instant, events: &mut Vec<LinkEvent>);
    /// Encodes a command. One that cannot be sent now is dropped, because the rules repeat what matters.
    fn encode(&mut self, command: &DeviceCommand, now: Instant, out: &mut Vec<u8>);
    /// Advances the time: frames that are due, sessions that are lost. Returns when to poll again.
    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, events: &mut Vec<LinkEvent>) -> Instant;
    /// The port has transmitted all that was written.
    fn drained(&mut self, now: Instant);
    /// Whether a stop was encoded since the last call; pending bytes before it are to be discarded.
    fn take_stop_encoded(&mut self) -> bool;
    /// The byte that ends a truncated frame, so that the next one is decoded.
    fn delimiter(&self) -> u8;
}
