//! The last lines of a process: a ring with a ceiling on memory and on work.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Takes secrets out of a line before it is kept. Must be quick and must not block.
pub type Redact = Arc<dyn for<'a> Fn(&'a str) -> Cow<'a, str> + Send + Sync>;

/// One kept line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read.
    pub at: SystemTime,
    /// Who wrote it.
    pub source: Source,
    /// Which program of a pipeline wrote it, from 1; 0 for the supervisor.
    pub stage: usize,
    /// The line without its end, without control characters, at most about 2 KiB; a longer one ends in
    /// ` [cut]`. Bytes that are not UTF-8 are shown as U+FFFD.
    pub text: String,
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The process, to its stdout.
    Stdout,
    /// The process, to its stderr.
    Stderr,
    /// The supervisor, about the process.
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

/// Lines kept per process.
pub(crate) const KEPT: usize = 200;
/// Lines of a process that are kept per second; the rest are counted.
pub(crate) const PER_SECOND: u32 = 200;
/// Bytes kept of one line.
pub(crate) const LINE: usize = 2048;
/// Bytes collected of one line. With the excess, a secret that begins before the cut is seen whole.
pub(crate) const RAW_LINE: usize = LINE + CUT_BACK;
const CUT_BACK: usize = 512;
const WINDOW: Duration = Duration::from_secs(1);

pub(crate) struct Journal {
    ring: Mutex<Ring>,
    redact: Option<Redact>,
}

struct Ring {
    lines: VecDeque<LogLine>,
    dropped: u64,
    window: Instant,
    used: u32,
}

impl Journal {
    pub(crate) fn new(redact: Option<Redact>) -> Self {
        let lines = VecDeque::with_capacity(KEPT);
        Self { ring: Mutex::new(Ring { lines, dropped: 0, window: Instant::now(), used: 0 }), redact }
    }

    /// The kept lines, oldest first, and how many were dropped since the beginning.
    pub(crate) fn lines(&self) -> (Vec<LogLine>, u64) {
        let ring = self.ring();
        (ring.lines.iter().cloned().collect(), ring.dropped)
    }

    /// A line of the supervisor itself, not limited. Returns it as it is kept.
    pub(crate) fn remark(&self, text: &str) -> String {
        let text = self.clean(text.as_bytes(), false);
        let kept = text.clone();
        self.ring().push(LogLine { at: SystemTime::now(), source: Source::Supervisor, stage: 0, text });
        kept
    }

    /// How many lines may still be kept in this window, and when the window ends.
    pub(crate) fn allowance(&self, now: Instant) -> (u32, Instant) {
        let mut ring = self.ring();
        if now.saturating_duration_since(ring.window) >= WINDOW {
            ring.window = now;
            ring.used = 0;
        }
        (PER_SECOND.saturating_sub(ring.used), ring.window + WINDOW)
    }

    /// Keeps one line of the process and takes it off the allowance.
    pub(crate) fn keep(&self, source: Source, stage: usize, raw: &[u8], cut: bool) {
        let text = self.clean(raw, cut);
        let mut ring = self.ring();
        ring.used = ring.used.saturating_add(1);
        ring.push(LogLine { at: SystemTime::now(), source, stage, text });
    }

    /// Counts lines that are not kept.
    pub(crate) fn drop_lines(&self, count: u64) {
        self.ring().dropped += count;
    }

    /// Takes back lines that were counted as dropped and are kept after all.
    pub(crate) fn undrop(&self, count: u64) {
        let mut ring = self.ring();
        ring.dropped = ring.dropped.saturating_sub(count);
    }

    /// What may be shown of a text.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redact.as_ref().map_or_else(|| text.to_owned(), |redact| redact(text).into_owned())
    }

    fn clean(&self, raw: &[u8], cut: bool) -> String {
        let mut text = String::from_utf8_lossy(raw).into_owned();
        // Before redaction, so that a secret cannot hide behind them.
        text.retain(|c| c == '\t' || !c.is_control());
        let mut text = self.redacted(&text);
        // A secret in which the collected bytes end is not recognised: what it could fill is not shown.
        let safe = if cut { text.len().saturating_sub(CUT_BACK) } else { text.len() };
        let end = text.floor_char_boundary(LINE.min(safe));
        if cut || end < text.len() {
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
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(journal: &Journal) -> String {
        journal.lines().0[0].text.clone()
    }

    #[test]
    fn bad_utf8_does_not_outgrow_the_ceiling() {
        let journal = Journal::new(None);
        journal.keep(Source::Stderr, 1, &[0xff; LINE], false);
        let text = only(&journal);
        assert!(text.len() <= LINE + 6, "{}", text.len());
        assert!(text.ends_with("\u{fffd} [cut]"));
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let journal = Journal::new(None);
        journal.keep(Source::Stderr, 1, b"\x1b[31ma\tb\x07\0c", false);
        assert_eq!(only(&journal), "[31ma\tbc");
    }

    #[test]
    fn a_secret_at_the_cut_is_not_kept_in_part() {
        let redact: Redact =
            Arc::new(|text| text.replace("rtsp://user:secret@host", "rtsp://***@host").into());
        for lead in LINE - 40..RAW_LINE {
            let journal = Journal::new(Some(Arc::clone(&redact)));
            let mut raw = vec![b'x'; lead];
            raw.extend_from_slice(b" rtsp://user:secret@host/");
            raw.resize(lead + 4000, b'y');
            journal.keep(Source::Stderr, 1, &raw[..RAW_LINE], true);
            let text = only(&journal);
            assert!(!text.contains("user:") && text.ends_with(" [cut]"), "{lead}: {text}");
        }
    }

    #[test]
    fn the_newest_lines_stay() {
        let journal = Journal::new(None);
        for number in 0..KEPT + 7 {
            journal.remark(&number.to_string());
        }
        let (lines, dropped) = journal.lines();
        assert_eq!((lines.len(), dropped), (KEPT, 0));
        assert_eq!(lines[0].text, "7");
    }
}
