//! Frames: `COBS(body ++ crc) ++ 00`.
//!
//! [`Frame::new`] makes one, [`Decoder`] finds the bodies in whatever comes down a cable. Both work in place, in
//! arrays of fixed size.
//!
//! CRC-32 has one blind spot: after a body and its own check sum it stands where it stands after four zeros. So a body that
//! began with four zeros could follow, without them, on a frame whose closing `00` was lost, and the sum would hold. No body
//! of the protocol begins with a zero: there is no message of type 0.

use crc::{CRC_32_ISO_HDLC, Crc};

/// The shortest body, bytes: a header with nothing after it.
pub const BODY_MIN: usize = 9;
/// The longest body, bytes.
pub const BODY_MAX: usize = 64;

const CRC_BYTES: usize = 4;
const OPEN_MAX: usize = BODY_MAX + CRC_BYTES;
/// COBS adds one byte to anything shorter than 254.
const ENCODED_MAX: usize = OPEN_MAX + 1;
/// A zero that cuts off what was on the line, the encoded bytes, and the zero that ends them.
const FRAME_MAX: usize = 1 + ENCODED_MAX + 1;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// One frame, ready for the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    bytes: [u8; FRAME_MAX],
    length: usize,
}

impl Frame {
    /// Frames `body`, which must have [`BODY_MIN`] to [`BODY_MAX`] bytes.
    pub fn new(body: &[u8]) -> Result<Self, BodyLength> {
        Self::build(body, 0)
    }

    /// The same with a `00` before it, which ends whatever half frame or noise stands on the line. For the first
    /// frame after a port was opened.
    pub fn after_noise(body: &[u8]) -> Result<Self, BodyLength> {
        Self::build(body, 1)
    }

    fn build(body: &[u8], lead: usize) -> Result<Self, BodyLength> {
        let wrong = BodyLength(body.len());
        if body.len() < BODY_MIN {
            return Err(wrong);
        }
        let mut open = [0; OPEN_MAX];
        let (text, rest) = open.split_at_mut_checked(body.len()).ok_or(wrong)?;
        let sum = rest.first_chunk_mut().ok_or(wrong)?;
        text.copy_from_slice(body);
        *sum = CRC.checksum(body).to_le_bytes();

        let mut bytes = [0; FRAME_MAX];
        let room = bytes.get_mut(lead..FRAME_MAX - 1).ok_or(wrong)?;
        let open = open.get(..body.len() + CRC_BYTES).ok_or(wrong)?;
        let encoded = cobs::try_encode(open, room).map_err(|_| wrong)?;
        Ok(Self { bytes, length: lead + encoded + 1 })
    }

    /// The bytes to write, the closing `00` included.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// A body that no frame can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body of {0} bytes does not fit into a frame, which carries {BODY_MIN} to {BODY_MAX}")]
pub struct BodyLength(pub usize);

/// Finds the undamaged bodies in a stream of bytes.
///
/// It holds one frame at most. After garbage of any kind and length it is in step again with the next `00`.
#[derive(Clone, Debug)]
pub struct Decoder {
    bytes: [u8; ENCODED_MAX],
    length: usize,
    /// More came than any frame has: everything up to the next `00` is dropped.
    skipping: bool,
    damaged: u64,
}

impl Decoder {
    /// A decoder at the beginning of a frame.
    pub const fn new() -> Self {
        Self { bytes: [0; ENCODED_MAX], length: 0, skipping: false, damaged: 0 }
    }

    /// Takes one byte; gives the body if that byte ends an undamaged frame.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        if byte == 0 {
            let body = self.end()?;
            return self.bytes.get(..body);
        }
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        } else if !self.skipping {
            self.skipping = true;
            self.damaged += 1;
        }
        None
    }

    /// Takes many bytes and shows each body in them to `each`.
    pub fn push_all(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        for &byte in bytes {
            if let Some(body) = self.push(byte) {
                each(body);
            }
        }
    }

    /// How many frames were dropped as damaged so far. Empty ones are not frames; an over-long one counts once.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The length of the body that now stands at the beginning of `bytes`.
    fn end(&mut self) -> Option<usize> {
        let length = core::mem::take(&mut self.length);
        if core::mem::take(&mut self.skipping) || length == 0 {
            return None;
        }
        let body = self.bytes.get_mut(..length).and_then(open);
        if body.is_none() {
            self.damaged += 1;
        }
        body
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Decodes in place; the length of the body if its check sum holds.
fn open(encoded: &mut [u8]) -> Option<usize> {
    let length = cobs::decode_in_place(encoded).ok()?;
    let (body, sum) = encoded.get(..length)?.split_last_chunk()?;
    let sound = body.len() >= BODY_MIN && CRC.checksum(body) == u32::from_le_bytes(*sum);
    sound.then_some(body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(bytes: &[u8]) -> alloc::vec::Vec<alloc::vec::Vec<u8>> {
        let mut found = alloc::vec::Vec::new();
        Decoder::new().push_all(bytes, |body| found.push(body.to_vec()));
        found
    }

    #[test]
    fn the_check_sum_is_that_of_the_specification() {
        assert_eq!(CRC.checksum(b"123456789"), 0xCBF4_3926);
    }

    /// The reason why there is no type 0; if this fails, the check sum is another one.
    #[test]
    fn four_leading_zeros_are_what_the_check_sum_cannot_tell() {
        let (first, rest) = ([7; 12], [9; 10]);
        let joined = [first.as_slice(), &CRC.checksum(&first).to_le_bytes(), &rest].concat();
        let zeros = [&[0; 4][..], &rest].concat();
        assert_eq!(CRC.checksum(&joined), CRC.checksum(&zeros));
        assert_ne!(CRC.checksum(&joined), CRC.checksum(&[&[1, 0, 0, 0][..], &rest].concat()));
    }

    #[test]
    fn the_longest_body_takes_69_encoded_bytes_and_the_shortest_14() {
        assert_eq!(Frame::new(&[7; BODY_MAX]).unwrap().as_bytes().len(), 69 + 1);
        assert_eq!(Frame::new(&[0; BODY_MIN]).unwrap().as_bytes().len(), 14 + 1);
        assert_eq!(Frame::after_noise(&[7; BODY_MAX]).unwrap().as_bytes().len(), 1 + 69 + 1);
        assert_eq!(Frame::new(&[0; BODY_MIN - 1]), Err(BodyLength(8)));
        assert_eq!(Frame::new(&[0; BODY_MAX + 1]), Err(BodyLength(65)));
    }

    #[test]
    fn a_frame_that_is_sound_but_carries_too_little_is_damaged() {
        let mut open = [0; 12];
        let sum = CRC.checksum(&open[..8]).to_le_bytes();
        open[8..].copy_from_slice(&sum);
        let mut bytes = [0; 14];
        let length = cobs::encode(&open, &mut bytes);
        let mut decoder = Decoder::new();
        decoder.push_all(&bytes[..=length], |body| panic!("{body:?}"));
        assert_eq!(decoder.damaged(), 1);
    }

    #[test]
    fn what_is_too_long_counts_once_and_hides_nothing_that_follows() {
        let good = Frame::new(&[1; 20]).unwrap();
        let mut bytes = alloc::vec![1; 1000];
        bytes.push(0);
        bytes.extend(good.as_bytes());
        assert_eq!(bodies(&bytes), [alloc::vec![1; 20]]);
        let mut decoder = Decoder::new();
        decoder.push_all(&bytes, |_| ());
        assert_eq!(decoder.damaged(), 1);
    }

    #[test]
    fn a_leading_zero_saves_the_frame_from_the_noise_before_it() {
        let mut bytes = alloc::vec![0x55; 11];
        bytes.extend(Frame::new(&[1; 20]).unwrap().as_bytes());
        assert!(bodies(&bytes).is_empty());
        let mut bytes = alloc::vec![0x55; 11];
        bytes.extend(Frame::after_noise(&[1; 20]).unwrap().as_bytes());
        assert_eq!(bodies(&bytes).len(), 1);
    }
}
