//! The destinations of a pipe's bytes: the log ring, a function per line, or a bounded prefix.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::log_ring::{LogRing, Source};

use super::line_buffer::{LineBuffer, newline};
use super::rate_limited_log::RateLimitedLog;

/// Receives every line of the last stage's stdout, without its end, at most about 2.5 KiB of it. Runs on the
/// reader's task: it must be quick, and must neither block nor panic.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// The destination of the bytes of one pipe.
pub(crate) enum OutputSink {
    Log(RateLimitedLog),
    Lines { sink: LineSink, line: LineBuffer },
    Prefix { prefix: Prefix, limit: usize },
}

/// The first bytes of a pipe, shared with the task that waits for them.
pub(crate) type Prefix = Arc<Mutex<Vec<u8>>>;

impl OutputSink {
    pub(crate) fn log(log: Arc<LogRing>, source: Source, stage: usize) -> Self {
        Self::Log(RateLimitedLog::new(log, source, stage))
    }

    pub(crate) fn lines(sink: LineSink) -> Self {
        Self::Lines { sink, line: LineBuffer::default() }
    }

    /// Stores at most `limit` bytes and discards the rest.
    pub(crate) fn prefix(prefix: Prefix, limit: usize) -> Self {
        Self::Prefix { prefix, limit }
    }

    pub(super) fn write(&mut self, chunk: &[u8], now: Instant) {
        match self {
            Self::Log(log) => log.write(chunk, now),
            Self::Lines { sink, line } => {
                let mut rest = chunk;
                while let Some(end) = newline(rest) {
                    line.extend(&rest[..end]);
                    emit(line, sink);
                    rest = &rest[end + 1..];
                }
                line.extend(rest);
            }
            Self::Prefix { prefix, limit } => {
                let mut prefix = prefix.lock().unwrap_or_else(PoisonError::into_inner);
                let room = limit.saturating_sub(prefix.len());
                prefix.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
        }
    }

    /// The time at which [`OutputSink::flush`] is due.
    pub(super) fn flush_at(&self) -> Option<Instant> {
        match self {
            Self::Log(log) => log.flush_at(),
            Self::Lines { .. } | Self::Prefix { .. } => None,
        }
    }

    pub(super) fn flush(&mut self) {
        if let Self::Log(log) = self {
            log.flush();
        }
    }

    /// Handles the end of the pipe.
    pub(super) fn finish(&mut self) {
        match self {
            Self::Log(log) => log.finish(),
            Self::Lines { sink, line } => {
                if !line.bytes.is_empty() {
                    emit(line, sink);
                }
            }
            Self::Prefix { .. } => {}
        }
    }
}

fn emit(line: &mut LineBuffer, sink: &LineSink) {
    sink(&String::from_utf8_lossy(&line.bytes));
    line.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_gets_every_line() {
        let got = Arc::new(Mutex::new(Vec::new()));
        let sink: LineSink = {
            let got = Arc::clone(&got);
            Arc::new(move |line: &str| got.lock().unwrap().push(line.to_owned()))
        };
        let mut sink = OutputSink::lines(sink);
        for chunk in ["fra", "me=1\nfps=3", "0\nprogress=cont", "inue\nend"] {
            sink.write(chunk.as_bytes(), Instant::now());
        }
        sink.finish();
        assert_eq!(*got.lock().unwrap(), ["frame=1", "fps=30", "progress=continue", "end"]);
    }
}
