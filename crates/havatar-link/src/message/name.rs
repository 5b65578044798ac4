//! The name that a device gives itself.

use core::{fmt, str};

use super::wire::{Field, Reader, Writer};

/// 1 to 24 bytes of UTF-8 without control characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    bytes: [u8; Name::MAX],
    length: usize,
}

impl Name {
    /// The longest name, bytes.
    pub const MAX: usize = 24;

    /// Checks and takes a name.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let mut bytes = [0; Self::MAX];
        let room = bytes.get_mut(..name.len()).ok_or(NameError::Length(name.len()))?;
        if name.is_empty() {
            return Err(NameError::Length(0));
        }
        if name.contains(char::is_control) {
            return Err(NameError::Control);
        }
        room.copy_from_slice(name.as_bytes());
        Ok(Self { bytes, length: name.len() })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty or too long.
    #[error("a name has 1 to {max} bytes, not {0}", max = Name::MAX)]
    Length(usize),
    /// It would spoil a log.
    #[error("a name has no control characters")]
    Control,
}

impl Field for Name {
    const SIZE: usize = Self::MAX;

    fn write(&self, to: &mut Writer) {
        to.put(self.as_str().as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::new(str::from_utf8(from.rest()).ok()?).ok()
    }

    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
