//! Where one message ends and the next begins: bytes cut into pieces that belong together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is handed on whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// A whole message of a WebSocket, which may be repeated or held back by itself.
    pub(super) message: bool,
}

/// Cuts the bytes of one direction.
pub(super) trait Cutter {
    /// What is whole now; the rest is kept for later.
    fn cut(&mut self, bytes: &[u8], out: &mut Vec<Piece>);
    /// What is left when nothing more comes.
    fn rest(&mut self) -> Option<Piece>;
}

fn as_is(bytes: &[u8]) -> Piece {
    Piece { bytes: bytes.to_vec(), message: false }
}

/// Longest message that is taken apart from its neighbours.
const LONGEST: usize = 64 * 1024;
/// Longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;

/// The side that connected. Its bytes pass as they come until the other side has answered `101`; from then on they are frames
/// of a WebSocket.
pub(super) struct Messages {
    upgraded: Arc<AtomicBool>,
    begun: Vec<u8>,
    /// These are no frames after all, or one is too long to be kept.
    lost: bool,
}

impl Messages {
    pub(super) fn new(upgraded: Arc<AtomicBool>) -> Self {
        Self { upgraded, begun: Vec::new(), lost: false }
    }
}

impl Cutter for Messages {
    fn cut(&mut self, bytes: &[u8], out: &mut Vec<Piece>) {
        if self.lost || !self.upgraded.load(Ordering::Relaxed) {
            out.push(as_is(bytes));
            return;
        }
        self.begun.extend_from_slice(bytes);
        while let Some(head) = Head::read(&self.begun) {
            if head.length > LONGEST {
                self.lost = true;
                out.extend(self.rest());
                return;
            }
            if self.begun.len() < head.length {
                return;
            }
            let later = self.begun.split_off(head.length);
            out.push(Piece { bytes: std::mem::replace(&mut self.begun, later), message: head.alone });
        }
    }

    fn rest(&mut self) -> Option<Piece> {
        (!self.begun.is_empty()).then(|| Piece { bytes: std::mem::take(&mut self.begun), message: false })
    }
}

/// The first bytes of a frame (RFC 6455, 5.2).
struct Head {
    /// Of the whole frame.
    length: usize,
    /// A message in one frame: neither a part of one nor a ping, pong or close.
    alone: bool,
}

impl Head {
    /// `None` until enough of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (size, payload) = match second & 0x7F {
            126 => (2, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
            127 => (8, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
            short => (0, u64::from(short)),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        let payload = usize::try_from(payload).unwrap_or(usize::MAX);
        let last_of_its_kind = first & 0x80 != 0;
        Some(Self {
            length: payload.saturating_add(2 + size + mask),
            alone: last_of_its_kind && matches!(first & 0x0F, 1 | 2),
        })
    }
}

/// The side that answers. Its bytes pass as they come; the head of its first answer tells whether this is a WebSocket now.
pub(super) struct Answers {
    upgraded: Arc<AtomicBool>,
    /// Empty once the head has been seen.
    head: Option<Vec<u8>>,
}

impl Answers {
    pub(super) fn new(upgraded: Arc<AtomicBool>) -> Self {
        Self { upgraded, head: Some(Vec::new()) }
    }
}

impl Cutter for Answers {
    fn cut(&mut self, bytes: &[u8], out: &mut Vec<Piece>) {
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            let whole = head.windows(4).any(|end| end == b"\r\n\r\n");
            if whole && head.starts_with(b"HTTP/1.1 101 ") {
                // Before the answer goes on, so before the other side can have sent a frame.
                self.upgraded.store(true, Ordering::Relaxed);
            }
            if whole || head.len() > LONGEST_HEAD {
                self.head = None;
            }
        }
        out.push(as_is(bytes));
    }

    fn rest(&mut self) -> Option<Piece> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked text frame.
    fn text(payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x81];
        match u16::try_from(payload.len()).unwrap() {
            short @ ..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                frame.push(0x80 | 0x7E);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    fn upgraded() -> Messages {
        Messages::new(Arc::new(AtomicBool::new(true)))
    }

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        let close = vec![0x88, 0x80, 0, 0, 0, 0];
        let frames = [text(b"one"), text(&[b'x'; 300]), close, text(b"")];
        let stream = frames.concat();
        for size in [1, 2, 3, 7, stream.len()] {
            let (mut cutter, mut out) = (upgraded(), Vec::new());
            stream.chunks(size).for_each(|bytes| cutter.cut(bytes, &mut out));
            let found: Vec<_> = out.iter().map(|piece| (piece.bytes.clone(), piece.message)).collect();
            let wanted: Vec<_> = frames.iter().cloned().zip([true, true, false, true]).collect();
            assert_eq!(found, wanted, "cut into {size}");
            assert_eq!(cutter.rest(), None);
        }
    }

    #[test]
    fn a_part_of_a_message_is_none() {
        let (mut cutter, mut out) = (upgraded(), Vec::new());
        let mut first = text(b"begun");
        first[0] = 0x01;
        cutter.cut(&first, &mut out);
        assert_eq!(out, [Piece { bytes: first, message: false }]);
    }

    #[test]
    fn a_frame_too_long_to_be_kept_passes_with_all_that_follows() {
        let (mut cutter, mut out) = (upgraded(), Vec::new());
        let huge = [&[0x82, 0xFF][..], &u64::MAX.to_be_bytes(), b"its beginning"].concat();
        cutter.cut(&huge, &mut out);
        cutter.cut(b"more", &mut out);
        assert_eq!(out, [as_is(&huge), as_is(b"more")]);
    }

    #[test]
    fn bytes_pass_as_they_come_unless_the_answer_says_otherwise() {
        for (answer, is_one) in [
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 no", false),
        ] {
            let flag = Arc::new(AtomicBool::new(false));
            let (mut up, mut down, mut out) = (Messages::new(flag.clone()), Answers::new(flag), Vec::new());
            up.cut(b"GET / HTTP/1.1\r\n\r\n", &mut out);
            // One byte after the other.
            answer.bytes().for_each(|byte| down.cut(&[byte], &mut out));
            out.clear();
            up.cut(&text(b"hello"), &mut out);
            assert_eq!(out[0].message, is_one, "{answer}");
        }
    }
}
