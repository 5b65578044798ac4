//! The log ring of a process: its last lines, bounded in bytes and in lines per second.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Removes secrets from a line before it is stored. Must be quick and must not block.
pub type Redact = Arc<dyn for<'a> Fn(&'a str) -> Cow<'a, str> + Send + Sync>;

/// One stored line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The time at which it was read.
    pub at: SystemTime,
    /// The writer.
    pub source: Source,
    /// The stage of the pipeline that wrote it, from 1; 0 for the supervisor.
    pub stage: usize,
    /// The line without its end, without control characters, at most about 2 KiB; a longer one ends in
    /// ` [cut]`. Bytes that are not UTF-8 are shown as U+FFFD.
    pub text: String,
}

/// The writer of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The process, to its stdout.
    Stdout,
    /// The process, to its stderr.
    Stderr,
    /// The supervisor, reporting on the process.
    Supervisor,
}

impl Source {
    /// `stdout`, `stderr` or `supervisor`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Supervisor => "supervisor",
        }
    }
}

/// Lines stored per process.
pub(crate) const CAPACITY: usize = 200;
/// Lines of a process that are stored per second; the rest are counted.
pub(crate) const LINES_PER_SECOND: u32 = 200;
/// Bytes stored of one line.
pub(crate) const MAX_LINE: usize = 2048;
/// Bytes collected of one line. The excess lets the redaction match a secret that begins before the truncation.
pub(crate) const MAX_RAW_LINE: usize = MAX_LINE + TRUNCATION_MARGIN;
const TRUNCATION_MARGIN: usize = 512;
/// The window of the rate limit.
const WINDOW: Duration = Duration::from_secs(1);

pub(crate) struct LogRing {
    ring: Mutex<Ring>,
    redact: Option<Redact>,
}

struct Ring {
    lines: VecDeque<LogLine>,
    dropped: u64,
    window: Instant,
    used: u32,
}

impl LogRing {
    pub(crate) fn new(redact: Option<Redact>) -> Self {
        let lines = VecDeque::with_capacity(CAPACITY);
        Self { ring: Mutex::new(Ring { lines, dropped: 0, window: Instant::now(), used: 0 }), redact }
    }

    /// The stored lines, oldest first, and the number of lines dropped since the start.
    pub(crate) fn lines(&self) -> (Vec<LogLine>, u64) {
        let ring = self.ring();
        (ring.lines.iter().cloned().collect(), ring.dropped)
    }

    /// Stores a line of the supervisor itself, outside the rate limit. Returns it redacted.
    pub(crate) fn push_supervisor_line(&self, text: &str) -> String {
        let text = self.sanitize(text.as_bytes(), false);
        let stored = text.clone();
        self.ring().push(LogLine { at: SystemTime::now(), source: Source::Supervisor, stage: 0, text });
        stored
    }

    /// The number of lines that may still be stored in this window, and the end of the window.
    pub(crate) fn allowance(&self, now: Instant) -> (u32, Instant) {
        let mut ring = self.ring();
        if now.saturating_duration_since(ring.window) >= WINDOW {
            ring.window = now;
            ring.used = 0;
        }
        (LINES_PER_SECOND.saturating_sub(ring.used), ring.window + WINDOW)
    }

    /// Stores one line of the process and takes it off the allowance.
    pub(crate) fn push_output_line(&self, source: Source, stage: usize, raw: &[u8], truncated: bool) {
        let text = self.sanitize(raw, truncated);
        let mut ring = self.ring();
        ring.used = ring.used.saturating_add(1);
        ring.push(LogLine { at: SystemTime::now(), source, stage, text });
    }

    /// Counts lines that are not stored.
    pub(crate) fn count_dropped(&self, count: u64) {
        self.ring().dropped += count;
    }

    /// Corrects the count for lines that were counted as dropped and are stored after all.
    pub(crate) fn uncount_dropped(&self, count: u64) {
        let mut ring = self.ring();
        ring.dropped = ring.dropped.saturating_sub(count);
    }

    /// The text without its secrets.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redact.as_ref().map_or_else(|| text.to_owned(), |redact| redact(text).into_owned())
    }

    fn sanitize(&self, raw: &[u8], truncated: bool) -> String {
        let mut text = String::from_utf8_lossy(raw).into_owned();
        // Before redaction, so that control characters cannot split a secret.
        text.retain(|c| c == '\t' || !c.is_control());
        let mut text = self.redacted(&text);
        // The redaction does not match a secret that the collected bytes cut off: drop the margin it could fill.
        let safe = if truncated { text.len().saturating_sub(TRUNCATION_MARGIN) } else { text.len() };
        let end = text.floor_char_boundary(MAX_LINE.min(safe));
        if truncated || end < text.len() {
            text.truncate(end);
            text.push_str(" [cut]");
        }
        text.shrink_to_fit();
        text
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, line: LogLine) {
        if self.lines.len() == CAPACITY {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(log: &LogRing) -> String {
        log.lines().0[0].text.clone()
    }

    #[test]
    fn bad_utf8_does_not_exceed_the_limit() {
        let log = LogRing::new(None);
        log.push_output_line(Source::Stderr, 1, &[0xff; MAX_LINE], false);
        let text = only(&log);
        assert!(text.len() <= MAX_LINE + 6, "{}", text.len());
        assert!(text.ends_with("\u{fffd} [cut]"));
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let log = LogRing::new(None);
        log.push_output_line(Source::Stderr, 1, b"\x1b[31ma\tb\x07\0c", false);
        assert_eq!(only(&log), "[31ma\tbc");
    }

    #[test]
    fn a_secret_at_the_truncation_is_not_stored_in_part() {
        let redact: Redact =
            Arc::new(|text| text.replace("rtsp://user:secret@host", "rtsp://***@host").into());
        for lead in MAX_LINE - 40..MAX_RAW_LINE {
            let log = LogRing::new(Some(Arc::clone(&redact)));
            let mut raw = vec![b'x'; lead];
            raw.extend_from_slice(b" rtsp://user:secret@host/");
            raw.resize(lead + 4000, b'y');
            log.push_output_line(Source::Stderr, 1, &raw[..MAX_RAW_LINE], true);
            let text = only(&log);
            assert!(!text.contains("user:") && text.ends_with(" [cut]"), "{lead}: {text}");
        }
    }

    #[test]
    fn the_newest_lines_stay() {
        let log = LogRing::new(None);
        for number in 0..CAPACITY + 7 {
            log.push_supervisor_line(&number.to_string());
        }
        let (lines, dropped) = log.lines();
        assert_eq!((lines.len(), dropped), (CAPACITY, 0));
        assert_eq!(lines[0].text, "7");
    }
}
