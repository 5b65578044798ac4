//! Reads the output of processes: drains every pipe continuously, in fixed memory, at a bounded rate.

use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until, timeout_at};

mod line_buffer;
mod rate_limited_log;
mod sink;

pub use sink::LineSink;
pub(crate) use sink::{OutputSink, Prefix};

/// Reads until every writer has closed the pipe.
pub(crate) async fn drain(pipe: OwnedFd, mut sink: OutputSink) {
    let Ok(mut pipe) = pipe::Receiver::from_owned_fd(pipe) else { return };
    let mut buffer = vec![0; BUFFER];
    let mut rate = RateLimit { since: Instant::now(), bytes: 0 };
    loop {
        let read = pipe.read(&mut buffer);
        let read = match sink.flush_at() {
            None => read.await,
            Some(at) => {
                let Ok(read) = timeout_at(at, read).await else {
                    sink.flush();
                    continue;
                };
                read
            }
        };
        let now = Instant::now();
        match read {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                sink.write(&buffer[..count], now);
                rate.throttle(count, now).await;
            }
        }
    }
    sink.finish();
}

const BUFFER: usize = 32 << 10;

/// Limits the bytes read per second, so that an unbounded writer does not cost this program a whole core. Up to
/// about 250 MB/s it delays nothing.
struct RateLimit {
    since: Instant,
    bytes: usize,
}

impl RateLimit {
    const BYTES: usize = 4 << 20;
    const WINDOW: Duration = Duration::from_millis(16);

    async fn throttle(&mut self, count: usize, now: Instant) {
        self.bytes += count;
        if now >= self.since + Self::WINDOW {
            *self = Self { since: now, bytes: 0 };
        } else if self.bytes >= Self::BYTES {
            sleep_until(self.since + Self::WINDOW).await;
            *self = Self { since: Instant::now(), bytes: 0 };
        }
    }
}
