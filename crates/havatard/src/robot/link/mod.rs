//! Orders into bytes, bytes into news: the controller at the end of the cable, whichever protocol it speaks.

mod native;
mod text;

use tokio::time::Instant;

use super::wire::{LinkNews, Order};

pub(super) use native::Native;
pub(super) use text::Text;

/// What bytes mean and how orders are spelled; it owns no port and reads no clock.
pub(super) trait Speech: Send {
    /// The port has just been opened: what is said first.
    fn begin(&mut self, now: Instant, out: &mut Vec<u8>);
    /// Bytes came.
    fn received(&mut self, bytes: &[u8], now: Instant, news: &mut Vec<LinkNews>);
    /// Spells an order; one that cannot be said now is dropped, for the rules repeat what matters.
    fn say(&mut self, order: &Order, now: Instant, out: &mut Vec<u8>);
    /// What time alone brings: things to say, things lost. When to come again.
    fn poll(&mut self, now: Instant, out: &mut Vec<u8>, news: &mut Vec<LinkNews>) -> Instant;
    /// The port has taken all that was written.
    fn taken(&mut self, now: Instant);
    /// Whether a stop was spelled since this was last asked: whatever waits before it is to be thrown away.
    fn has_stopped(&mut self) -> bool;
    /// What ends a frame of which the rest was thrown away, so that the next one is read.
    fn cut(&self) -> u8;
}
