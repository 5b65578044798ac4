//! Writes lines into the log ring within its rate limit; beyond it, only counts them and stores the last ones.

use std::sync::Arc;

use tokio::time::Instant;

use crate::log_ring::{LogRing, Source};

use super::line_buffer::{LineBuffer, newline};

/// Splits one pipe into lines and stores them in the log ring while its allowance lasts.
pub(crate) struct RateLimitedLog {
    log: Arc<LogRing>,
    source: Source,
    stage: usize,
    line: LineBuffer,
    dropped: Option<Dropped>,
}

/// Lines dropped in the current second, and their last bytes: the last lines of a process before it exits are worth
/// more than the first.
struct Dropped {
    until: Instant,
    count: u64,
    tail: Vec<u8>,
}

const TAIL: usize = 4096;
const TAIL_LINES: usize = 20;

impl RateLimitedLog {
    pub(super) fn new(log: Arc<LogRing>, source: Source, stage: usize) -> Self {
        Self { log, source, stage, line: LineBuffer::default(), dropped: None }
    }

    pub(super) fn write(&mut self, chunk: &[u8], now: Instant) {
        if self.dropped.as_ref().is_some_and(|dropped| now >= dropped.until) {
            self.flush();
        }
        let (mut allowance, until) = self.log.allowance(now);
        let mut rest = chunk;
        while let Some(end) = newline(rest) {
            if allowance == 0 {
                rest = self.drop_lines(rest, until);
                break;
            }
            self.line.extend(&rest[..end]);
            allowance -= u32::from(self.store_line());
            self.line.clear();
            rest = &rest[end + 1..];
        }
        self.line.extend(rest);
        // A line that never ends is stored as soon as it is too long.
        if self.line.truncated && !self.line.emitted && allowance > 0 {
            self.store_line();
            self.line.emitted = true;
        }
    }

    /// The time at which the dropped lines are due to be reported.
    pub(super) fn flush_at(&self) -> Option<Instant> {
        self.dropped.as_ref().map(|dropped| dropped.until)
    }

    /// Reports the number of dropped lines and stores the last of them.
    pub(super) fn flush(&mut self) {
        let Some(Dropped { mut count, tail, .. }) = self.dropped.take() else { return };
        // A full tail begins in the middle of a line.
        let whole = if tail.len() < TAIL { 0 } else { newline(&tail).map_or(tail.len(), |first| first + 1) };
        let mut last: Vec<&[u8]> =
            tail[whole..].rsplit(|byte| *byte == b'\n').skip(1).take(TAIL_LINES).collect();
        last.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let stored = last.len() as u64;
        count -= stored;
        self.log.uncount_dropped(stored);
        if count > 0 {
            let source = self.source.as_str();
            self.log.push_supervisor_line(&format!(
                "{count} lines of {source} were dropped: too many in a second"
            ));
        }
        for raw in last.into_iter().rev() {
            self.store_tail_line(raw);
        }
    }

    pub(super) fn finish(&mut self) {
        self.flush();
        self.store_line();
        self.line.clear();
    }

    /// Whether the line was stored: empty lines and those already emitted are not.
    fn store_line(&self) -> bool {
        let line = &self.line;
        let store = !line.emitted && !line.bytes.is_empty();
        if store {
            self.log.push_output_line(self.source, self.stage, &line.bytes, line.truncated);
        }
        store
    }

    fn store_tail_line(&self, raw: &[u8]) {
        let mut line = LineBuffer::default();
        line.extend(raw);
        if !line.bytes.is_empty() {
            self.log.push_output_line(self.source, self.stage, &line.bytes, line.truncated);
        }
    }

    /// Counts all whole lines and returns the bytes after the last of them.
    fn drop_lines<'a>(&mut self, rest: &'a [u8], until: Instant) -> &'a [u8] {
        let end = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (mut lines, rest) = rest.split_at(end);
        if self.line.emitted {
            // Skip the end of the line that is stored already.
            lines = &lines[newline(lines).map_or(end, |first| first + 1)..];
        }
        let count = lines.iter().map(|byte| u64::from(*byte == b'\n')).sum();
        let dropped = self.dropped.get_or_insert_with(|| Dropped { until, count: 0, tail: Vec::new() });
        dropped.count += count;
        // The first of these lines may have begun in an earlier chunk.
        if !self.line.emitted {
            dropped.extend_tail(&self.line.bytes);
        }
        dropped.extend_tail(lines);
        self.log.count_dropped(count);
        self.line.clear();
        rest
    }
}

impl Dropped {
    fn extend_tail(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL)..];
        let excess = (self.tail.len() + bytes.len()).saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::log_ring::MAX_RAW_LINE;

    use super::*;

    fn limited() -> (Arc<LogRing>, RateLimitedLog) {
        let ring = Arc::new(LogRing::new(None));
        (Arc::clone(&ring), RateLimitedLog::new(ring, Source::Stderr, 1))
    }

    fn texts(ring: &LogRing) -> Vec<String> {
        ring.lines().0.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_survive_any_chunking_of_the_stream() {
        let bytes = b"one\r\ntwo\n\nprogress 1\rprogress 2\rthree\nf\xc3\xbcnf\nlast";
        for size in 1..=bytes.len() {
            let (ring, mut log) = limited();
            for chunk in bytes.chunks(size) {
                log.write(chunk, Instant::now());
            }
            log.finish();
            assert_eq!(texts(&ring), ["one", "two", "three", "fünf", "last"], "chunks of {size}");
        }
    }

    #[test]
    fn a_line_that_never_ends_is_stored_once_and_truncated() {
        let (ring, mut log) = limited();
        for _ in 0..1000 {
            log.write(&[b'x'; 1000], Instant::now());
        }
        assert_eq!(texts(&ring).len(), 1, "it is stored before its end");
        log.write(b"\nnext\n", Instant::now());
        let texts = texts(&ring);
        assert_eq!(texts.len(), 2);
        assert!(texts[0].ends_with("x [cut]") && texts[0].len() <= 2100);
        assert_eq!(texts[1], "next");
        assert!(log.line.bytes.capacity() <= 2 * MAX_RAW_LINE);
    }

    #[test]
    fn a_progress_display_does_not_grow() {
        let (ring, mut log) = limited();
        for frame in 0..5000 {
            log.write(format!("frame={frame}\r").as_bytes(), Instant::now());
        }
        log.write(b"\nError: broken\n", Instant::now());
        assert_eq!(texts(&ring), ["frame=4999", "Error: broken"]);
    }

    #[tokio::test(start_paused = true)]
    async fn excess_lines_are_counted_and_the_last_of_them_are_stored() {
        for size in [7, 100, 4096, 32 << 10] {
            let (ring, mut log) = limited();
            let bytes: Vec<u8> = (1..=20_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
            for chunk in bytes.chunks(size) {
                log.write(chunk, Instant::now());
            }
            log.finish();
            let (lines, dropped) = ring.lines();
            let stored: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(dropped, 20_000 - 200 - 20, "chunks of {size}");
            assert_eq!(stored.len(), 200);
            assert_eq!(stored[178], "line 200");
            assert_eq!(stored[179], format!("{dropped} lines of stderr were dropped: too many in a second"));
            assert_eq!(lines[179].source, Source::Supervisor);
            assert_eq!((stored[180], stored[199]), ("line 19981", "line 20000"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_later_the_allowance_is_full_again() {
        let (ring, mut log) = limited();
        log.write("x\n".repeat(1000).as_bytes(), Instant::now());
        assert_eq!(log.flush_at(), Some(Instant::now() + Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        log.write(b"after\n", Instant::now());
        assert_eq!(texts(&ring).last().map(String::as_str), Some("after"));
        assert!(log.dropped.is_none());
    }
}
