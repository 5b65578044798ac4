//! Finds lines in a stream of bytes.

use core::str;

/// The longest line that is read, bytes without its end.
pub const LINE_MAX: usize = 256;

/// Holds one line at most. Lines end with `\n`, `\r` or both; empty ones mean nothing. What is longer, or is not UTF-8, is
/// dropped and counted.
#[derive(Clone, Debug)]
pub struct Lines {
    bytes: [u8; LINE_MAX],
    length: usize,
    skipping: bool,
    dropped: u64,
}

impl Lines {
    /// At the beginning of a line.
    pub const fn new() -> Self {
        Self { bytes: [0; LINE_MAX], length: 0, skipping: false, dropped: 0 }
    }

    /// Takes one byte; gives the line if that byte ends one.
    pub fn push(&mut self, byte: u8) -> Option<&str> {
        if byte == b'\n' || byte == b'\r' {
            return self.end();
        }
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        } else if !self.skipping {
            self.skipping = true;
            self.dropped += 1;
        }
        None
    }

    /// Takes many bytes and shows each line in them to `each`.
    pub fn push_all(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for &byte in bytes {
            if let Some(line) = self.push(byte) {
                each(line);
            }
        }
    }

    /// How many lines were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn end(&mut self) -> Option<&str> {
        let length = core::mem::take(&mut self.length);
        if core::mem::take(&mut self.skipping) || length == 0 {
            return None;
        }
        let line = self.bytes.get(..length).and_then(|bytes| str::from_utf8(bytes).ok());
        if line.is_none() {
            self.dropped += 1;
        }
        line
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::new()
    }
}
