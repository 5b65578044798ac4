//! A line while it is received, bounded in bytes.

use crate::log_ring::MAX_RAW_LINE;

/// Collects the bytes of one line. A carriage return starts it over, as on a terminal, so that a progress display
/// that never ends its line does not grow.
#[derive(Default)]
pub(crate) struct LineBuffer {
    pub(super) bytes: Vec<u8>,
    /// More bytes were received than are stored.
    pub(super) truncated: bool,
    /// The line was stored before its end was received.
    pub(super) emitted: bool,
    returned: bool,
}

impl LineBuffer {
    pub(super) fn extend(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        if self.returned {
            self.clear();
        }
        let (part, returned) = part.strip_suffix(b"\r").map_or((part, false), |part| (part, true));
        let part = part.iter().rposition(|byte| *byte == b'\r').map_or(part, |last| {
            self.clear();
            &part[last + 1..]
        });
        self.returned = returned;
        let room = MAX_RAW_LINE - self.bytes.len();
        self.truncated |= part.len() > room;
        self.bytes.extend_from_slice(&part[..part.len().min(room)]);
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.truncated, self.emitted, self.returned) = (false, false, false);
    }
}

/// The position of the first newline.
pub(super) fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}
