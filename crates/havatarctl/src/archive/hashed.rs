//! A reader that hashes and counts what passes through it.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// A reader, with the hash and the number of the bytes that were read.
pub(crate) struct Hashed<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
    failed: bool,
}

impl<R: Read> Hashed<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0, failed: false }
    }

    /// Bytes that were read.
    pub(crate) fn byte_count(&self) -> u64 {
        self.bytes
    }

    /// Whether reading failed: of a copy it tells which side did.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// SHA-256 of what was read, as hexadecimal digits.
    pub(crate) fn sha256(self) -> String {
        self.hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.hasher.update(&buffer[..count]);
                self.bytes += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failed |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_counted_and_hashed() {
        let mut reader = Hashed::new(&b"abc"[..]);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        assert_eq!((reader.byte_count(), reader.has_failed()), (3, false));
        assert_eq!(reader.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
