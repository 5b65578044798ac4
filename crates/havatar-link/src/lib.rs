//! What `havatard` and the motor controller say to each other, over a serial cable or anything like one.
//!
//! # Theory of operation
//!
//! The protocol is written down in `docs/serial-protocol.md`; this crate is the host's half of it, with enough of
//! the device's to test against. It opens no port, reads no clock, keeps no queue and needs no `std` (only [`text`] allocates): bytes and the
//! time go in, frames and events come out. That makes it possible to show it anything at all, and it is shown just that
//! by the fuzzer.
//!
//! **Three layers.** [`frame`] turns bodies into bytes and finds them again in a damaged stream: COBS so that a zero
//! always ends a frame, CRC-32 so that a damaged one is not taken for another. [`message`] gives bodies a meaning; its
//! types *are* the tables of the specification, down to the lengths, which the compiler adds up. [`host`] decides
//! what to believe.
//!
//! **Belief.** The host draws a nonce and greets; the device draws a session number and welcomes, echoing the nonce. Only
//! frames of that session count, and only in ascending order. So nothing recorded earlier can be played back, on either
//! side, and a device that restarted is found out by its first frame. Silence, another session, another boot: each ends
//! belief at once, and only a new greeting begins it.
//!
//! **Age.** A set-point carries a stamp of the *device's* clock, so that the device itself can tell how long the frame was
//! under way, and how old the command is that it carries. What the host knows of that clock is only a lower bound
//! (`clock.rs`): too low makes a command look older than it is, which stops the wheels; too high could keep old commands
//! alive, and cannot happen.
//!
//! **Older firmware.** [`text`] is for robots that speak lines of text. It shares nothing with the rest but the units.
//!
//! **Unknown is never good.** States, results and codes that a later version may bring are kept as `Unknown` with their
//! number. Lengths are exact. What does not fit is dropped and counted.
//!
//! ```
//! use core::time::Duration;
//! use havatar_link::host::{Event, Host};
//! use havatar_link::message::Drive;
//!
//! # fn port() -> Vec<u8> { Vec::new() }
//! # fn write(_: &[u8]) {}
//! let mut host = Host::new();
//! let now = Duration::ZERO;
//! write(host.hello(0x5EED, now).as_bytes());
//! host.received(&port(), now, |event| {
//!     if let Event::Status(status) = event {
//!         println!("{}", status.state);
//!     }
//! });
//! if let Some(stamp) = host.stamp(now) {
//!     let drive = Drive { stamp, age: 40, left: 250, linear: 200, angular: 0 };
//!     write(host.encode(drive, now)?.as_bytes());
//! }
//! # Ok::<(), havatar_link::host::SendError>(())
//! ```

#![no_std]

extern crate alloc;

mod clock;
pub mod frame;
pub mod host;
pub mod message;
pub mod text;
