//! How fields stand in a body, and the two macros that turn the specification's tables into types.

use core::fmt;

use crate::frame::BODY_MAX;

/// A body under construction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    bytes: [u8; BODY_MAX],
    length: usize,
}

impl Writer {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; BODY_MAX], length: 0 }
    }

    /// Appends. What is beyond the longest body is left out; that no message has so much is checked where the
    /// messages are defined.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        for (slot, &byte) in self.bytes.iter_mut().skip(self.length).zip(bytes) {
            *slot = byte;
            self.length += 1;
        }
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

/// The part of a body that was not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }
}

/// A value with a place in a body.
pub(crate) trait Field: Sized {
    /// Bytes; the most, if the value decides.
    const SIZE: usize;
    fn write(&self, to: &mut Writer);
    /// `None` if the body is too short for it, or says something that the specification rules out.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
    /// The value as it stands on the wire.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Field for $type {
            const SIZE: usize = size_of::<$type>();

            fn write(&self, to: &mut Writer) {
                to.put(&self.to_le_bytes());
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                from.take().map(Self::from_le_bytes)
            }

            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
number!(u8, u16, u32, i16, i32);

/// An enum of one byte: named values, and `Unknown` for every other. `Display` says it in words.
macro_rules! values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $number:literal => $value:ident $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
            /// A number that this version does not know. Never taken for something good.
            Unknown(u8),
        }

        impl From<u8> for $name {
            fn from(number: u8) -> Self {
                match number {
                    $($number => Self::$value,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<$name> for u8 {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$value => $number,)*
                    $name::Unknown(other) => other,
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(Self::$value => f.write_str($words),)*
                    Self::Unknown(other) => write!(f, "unknown ({other})"),
                }
            }
        }

        impl $crate::message::wire::Field for $name {
            const SIZE: usize = 1;

            fn write(&self, to: &mut $crate::message::wire::Writer) {
                to.put(&[u8::from(*self)]);
            }

            fn read(from: &mut $crate::message::wire::Reader<'_>) -> Option<Self> {
                u8::read(from).map(Self::from)
            }

            fn show(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}", u8::from(*self))
            }
        }
    };
}
pub(crate) use values;
