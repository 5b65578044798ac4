//! Messages: what a body says, typed.
//!
//! [`ToDevice`] and [`FromDevice`] are the two directions. Both encode and decode, so that a test can stand on either
//! side. Fields carry the names, the order and the units of `docs/serial-protocol.md`.

mod from_device;
mod header;
mod macros;
mod name;
mod to_device;
mod values;
mod wire;

pub use from_device::{FromDevice, Refused, Status, Welcome};
pub use header::{Header, MessageError};
pub use name::{Name, NameError};
pub use to_device::{
    Buzzer, Drive, Estop, Head, Hello, Lights, Limits, OutOfRange, Release, Report, Step, Stop, ToDevice,
};
pub use values::{Code, Features, Flags, Kind, Presence, State, StepKind, StepResult, StopReason};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;
