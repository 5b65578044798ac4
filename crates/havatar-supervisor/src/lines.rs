//! Reading what a process writes: always draining, in fixed memory, whatever comes.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::journal::{Journal, RAW_LINE, Source};

/// Gets every line of the last stage's stdout, without its end, at most about 2.5 KiB of it. Runs on the
/// reader's task: it must be quick, and must neither block nor panic.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Where the bytes of one pipe go.
pub(crate) enum Intake {
    Journal(Flood),
    Lines { sink: LineSink, line: Line },
    Head { kept: Head, most: usize },
}

/// The first bytes of a pipe, shared with the one who waits for them.
pub(crate) type Head = Arc<Mutex<Vec<u8>>>;

impl Intake {
    pub(crate) fn journal(journal: Arc<Journal>, source: Source, stage: usize) -> Self {
        Self::Journal(Flood { journal, source, stage, line: Line::default(), pending: None })
    }

    pub(crate) fn lines(sink: LineSink) -> Self {
        Self::Lines { sink, line: Line::default() }
    }

    /// Keeps at most so many bytes, and reads on without keeping.
    pub(crate) fn head(kept: Head, most: usize) -> Self {
        Self::Head { kept, most }
    }
}

/// Reads until every writer has closed the pipe.
pub(crate) async fn pump(pipe: OwnedFd, mut intake: Intake) {
    let Ok(mut pipe) = pipe::Receiver::from_owned_fd(pipe) else { return };
    let mut buffer = vec![0; BUFFER];
    let mut pace = Pace { since: Instant::now(), bytes: 0 };
    loop {
        let read = pipe.read(&mut buffer);
        let read = match intake.settles_at() {
            None => read.await,
            Some(at) => {
                let Ok(read) = timeout_at(at, read).await else {
                    intake.settle();
                    continue;
                };
                read
            }
        };
        let now = Instant::now();
        match read {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                intake.take(&buffer[..count], now);
                pace.hold_back(count, now).await;
            }
        }
    }
    intake.finish();
}

const BUFFER: usize = 32 << 10;

/// A writer without measure would cost this program a whole core. Up to about 250 MB/s nothing is held back.
struct Pace {
    since: Instant,
    bytes: usize,
}

impl Pace {
    const BYTES: usize = 4 << 20;
    const TIME: Duration = Duration::from_millis(16);

    async fn hold_back(&mut self, count: usize, now: Instant) {
        self.bytes += count;
        if now >= self.since + Self::TIME {
            *self = Self { since: now, bytes: 0 };
        } else if self.bytes >= Self::BYTES {
            sleep_until(self.since + Self::TIME).await;
            *self = Self { since: Instant::now(), bytes: 0 };
        }
    }
}

impl Intake {
    fn take(&mut self, chunk: &[u8], now: Instant) {
        match self {
            Self::Journal(flood) => flood.take(chunk, now),
            Self::Lines { sink, line } => {
                let mut rest = chunk;
                while let Some(end) = newline(rest) {
                    line.extend(&rest[..end]);
                    line.hand_to(sink);
                    rest = &rest[end + 1..];
                }
                line.extend(rest);
            }
            Self::Head { kept, most } => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = most.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
        }
    }

    fn settles_at(&self) -> Option<Instant> {
        match self {
            Self::Journal(flood) => flood.pending.as_ref().map(|pending| pending.until),
            Self::Lines { .. } | Self::Head { .. } => None,
        }
    }

    fn settle(&mut self) {
        if let Self::Journal(flood) = self {
            flood.settle();
        }
    }

    fn finish(&mut self) {
        match self {
            Self::Journal(flood) => flood.finish(),
            Self::Lines { sink, line } => {
                if !line.bytes.is_empty() {
                    line.hand_to(sink);
                }
            }
            Self::Head { .. } => {}
        }
    }
}

/// Lines into the journal, as long as it has room for them in this second; then only counted.
pub(crate) struct Flood {
    journal: Arc<Journal>,
    source: Source,
    stage: usize,
    line: Line,
    pending: Option<Pending>,
}

/// Lines that were dropped in the current second, and the last bytes of them: what a process says before
/// it dies is worth more than what it said at first.
struct Pending {
    until: Instant,
    dropped: u64,
    tail: Vec<u8>,
}

const TAIL: usize = 4096;
const TAIL_LINES: usize = 20;

impl Flood {
    fn take(&mut self, chunk: &[u8], now: Instant) {
        if self.pending.as_ref().is_some_and(|pending| now >= pending.until) {
            self.settle();
        }
        let (mut allowance, until) = self.journal.allowance(now);
        let mut rest = chunk;
        while let Some(end) = newline(rest) {
            if allowance == 0 {
                rest = self.drop_lines(rest, until);
                break;
            }
            self.line.extend(&rest[..end]);
            allowance -= u32::from(self.keep_line());
            self.line.clear();
            rest = &rest[end + 1..];
        }
        self.line.extend(rest);
        // A line that never ends is shown as soon as it is too long.
        if self.line.cut && !self.line.told && allowance > 0 {
            self.keep_line();
            self.line.told = true;
        }
    }

    /// Whether there was a line to keep: empty ones, and those told already, are not.
    fn keep_line(&self) -> bool {
        let line = &self.line;
        let worth = !line.told && !line.bytes.is_empty();
        if worth {
            self.journal.keep(self.source, self.stage, &line.bytes, line.cut);
        }
        worth
    }

    /// Counts all whole lines and returns what follows the last of them.
    fn drop_lines<'a>(&mut self, rest: &'a [u8], until: Instant) -> &'a [u8] {
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (mut lines, rest) = rest.split_at(end);
        if self.line.told {
            // The end of a line that was shown already.
            lines = &lines[newline(lines).map_or(end, |first| first + 1)..];
        }
        let count = lines.iter().map(|byte| u64::from(*byte == b'\n')).sum();
        let pending = self.pending.get_or_insert_with(|| Pending { until, dropped: 0, tail: Vec::new() });
        pending.dropped += count;
        // The first of these lines may have begun in an earlier chunk.
        if !self.line.told {
            pending.add(&self.line.bytes);
        }
        pending.add(lines);
        self.journal.drop_lines(count);
        self.line.clear();
        rest
    }

    /// Tells how much was dropped and shows the last of it.
    fn settle(&mut self) {
        let Some(Pending { mut dropped, tail, .. }) = self.pending.take() else { return };
        // Where the tail was full, it begins in the middle of a line.
        let whole = if tail.len() < TAIL { 0 } else { newline(&tail).map_or(tail.len(), |first| first + 1) };
        let mut last: Vec<&[u8]> =
            tail[whole..].rsplit(|byte| *byte == b'\n').skip(1).take(TAIL_LINES).collect();
        last.truncate(usize::try_from(dropped).unwrap_or(usize::MAX));
        let shown = last.len() as u64;
        dropped -= shown;
        self.journal.undrop(shown);
        if dropped > 0 {
            let source = self.source.as_str();
            self.journal.remark(&format!("{dropped} lines of {source} were dropped: too many in a second"));
        }
        for raw in last.into_iter().rev() {
            self.line_apart(raw);
        }
    }

    fn line_apart(&self, raw: &[u8]) {
        let mut line = Line::default();
        line.extend(raw);
        if !line.bytes.is_empty() {
            self.journal.keep(self.source, self.stage, &line.bytes, line.cut);
        }
    }

    fn finish(&mut self) {
        self.settle();
        self.keep_line();
        self.line.clear();
    }
}

impl Pending {
    fn add(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL)..];
        let excess = (self.tail.len() + bytes.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(bytes);
    }
}

/// A line as it grows. A carriage return starts it over, as on a terminal, so that a progress display
/// that never ends its line does not grow.
#[derive(Default)]
pub(crate) struct Line {
    bytes: Vec<u8>,
    /// More came than is kept.
    cut: bool,
    /// It was handed on before its end came.
    told: bool,
    returned: bool,
}

impl Line {
    fn extend(&mut self, part: &[u8]) {
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
        let room = RAW_LINE - self.bytes.len();
        self.cut |= part.len() > room;
        self.bytes.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn clear(&mut self) {
        self.bytes.clear();
        (self.cut, self.told, self.returned) = (false, false, false);
    }

    fn hand_to(&mut self, sink: &LineSink) {
        sink(&String::from_utf8_lossy(&self.bytes));
        self.clear();
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn flood() -> (Arc<Journal>, Flood) {
        let journal = Arc::new(Journal::new(None));
        let Intake::Journal(flood) = Intake::journal(Arc::clone(&journal), Source::Stderr, 1) else {
            unreachable!()
        };
        (journal, flood)
    }

    fn texts(journal: &Journal) -> Vec<String> {
        journal.lines().0.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_survive_any_cut_of_the_stream() {
        let bytes = b"one\r\ntwo\n\nprogress 1\rprogress 2\rthree\nf\xc3\xbcnf\nlast";
        for size in 1..=bytes.len() {
            let (journal, mut flood) = flood();
            for chunk in bytes.chunks(size) {
                flood.take(chunk, Instant::now());
            }
            flood.finish();
            assert_eq!(texts(&journal), ["one", "two", "three", "fünf", "last"], "chunks of {size}");
        }
    }

    #[test]
    fn a_line_that_never_ends_is_shown_once_and_cut() {
        let (journal, mut flood) = flood();
        for _ in 0..1000 {
            flood.take(&[b'x'; 1000], Instant::now());
        }
        assert_eq!(texts(&journal).len(), 1, "it is shown before its end");
        flood.take(b"\nnext\n", Instant::now());
        let texts = texts(&journal);
        assert_eq!(texts.len(), 2);
        assert!(texts[0].ends_with("x [cut]") && texts[0].len() <= 2100);
        assert_eq!(texts[1], "next");
        assert!(flood.line.bytes.capacity() <= 2 * RAW_LINE);
    }

    #[test]
    fn a_progress_display_does_not_grow() {
        let (journal, mut flood) = flood();
        for frame in 0..5000 {
            flood.take(format!("frame={frame}\r").as_bytes(), Instant::now());
        }
        flood.take(b"\nError: broken\n", Instant::now());
        assert_eq!(texts(&journal), ["frame=4999", "Error: broken"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_counted_and_its_last_lines_are_kept() {
        for size in [7, 100, 4096, 32 << 10] {
            let (journal, mut flood) = flood();
            let bytes: Vec<u8> = (1..=20_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
            for chunk in bytes.chunks(size) {
                flood.take(chunk, Instant::now());
            }
            flood.finish();
            let (lines, dropped) = journal.lines();
            let kept: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(dropped, 20_000 - 200 - 20, "chunks of {size}");
            assert_eq!(kept.len(), 200);
            assert_eq!(kept[178], "line 200");
            assert_eq!(kept[179], format!("{dropped} lines of stderr were dropped: too many in a second"));
            assert_eq!(lines[179].source, Source::Supervisor);
            assert_eq!((kept[180], kept[199]), ("line 19981", "line 20000"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_later_there_is_room_again() {
        let (journal, mut flood) = flood();
        flood.take("x\n".repeat(1000).as_bytes(), Instant::now());
        let until = flood.pending.as_ref().map(|pending| pending.until);
        assert_eq!(until, Some(Instant::now() + Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        flood.take(b"after\n", Instant::now());
        assert_eq!(texts(&journal).last().map(String::as_str), Some("after"));
        assert!(flood.pending.is_none());
    }

    #[test]
    fn a_sink_gets_every_line() {
        let got = Arc::new(Mutex::new(Vec::new()));
        let sink: LineSink = {
            let got = Arc::clone(&got);
            Arc::new(move |line: &str| got.lock().unwrap().push(line.to_owned()))
        };
        let mut intake = Intake::lines(sink);
        for chunk in ["fra", "me=1\nfps=3", "0\nprogress=cont", "inue\nend"] {
            intake.take(chunk.as_bytes(), Instant::now());
        }
        intake.finish();
        assert_eq!(*got.lock().unwrap(), ["frame=1", "fps=30", "progress=continue", "end"]);
    }
}
