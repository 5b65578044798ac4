//! The daemon's log: lines for standard error, written by a thread of their own.
//!
//! A journal that is stuck, or a terminal on hold, takes nothing for as long as it likes. A caller therefore hands its line
//! over and goes on; lines beyond a bounded number are dropped and counted, and the log itself says how many.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait for the writer at most: some hundred KiB.
const MOST_LINES: usize = 4096;
/// How often lost lines are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The log. Dropped, it writes what is left, for a second at most.
pub struct Log {
    lines: NonBlocking,
    _writer: WorkerGuard,
}

impl Log {
    /// Starts the log of the whole process: `HAVATAR_LOG` filters it, and panics go into it too.
    pub fn start() -> Self {
        let (lines, writer) = writer(io::stderr());
        let filter = EnvFilter::try_from_env("HAVATAR_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(lines.clone())
            .with_ansi(io::stderr().is_terminal())
            .with_target(false);
        // journald adds timestamps itself.
        if in_journal() {
            log.without_time().init();
        } else {
            log.init();
        }
        // The standard hook would write to standard error itself, and wait for it.
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        Self { lines, _writer: writer }
    }

    /// Logs, from time to time, how many lines were lost. Never ends.
    pub fn tell_lost(&self) -> impl Future<Output = ()> + Send + use<> {
        tell_lost(self.lines.error_counter())
    }

    /// The reason why the process ends, as the last line.
    pub fn end_with(mut self, message: &str) {
        // In one piece: each piece would be a line of its own for the writer.
        let _ = self.lines.write_all(format!("{message}\n").as_bytes());
    }
}

/// Standard error is the journal's.
pub fn in_journal() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

fn writer(to: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MOST_LINES).thread_name("log").finish(to)
}

async fn tell_lost(lost: ErrorCounter) {
    let mut told = 0;
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let now = lost.dropped_lines();
        if now > told {
            tracing::warn!(lines = now - told, in_all = now, "lines of this log were lost: it took no more");
            // This line may be lost itself, and is then counted with the next.
            told = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Condvar, Mutex};

    use super::*;

    /// Whether it takes anything, and what it took.
    type Taken = (bool, Vec<u8>);

    /// Takes nothing until it is let.
    #[derive(Clone, Default)]
    struct Stuck(Arc<(Mutex<Taken>, Condvar)>);

    impl Stuck {
        fn let_go(&self) {
            self.0.0.lock().unwrap().0 = true;
            self.0.1.notify_all();
        }

        fn taken(&self) -> usize {
            String::from_utf8(self.0.0.lock().unwrap().1.clone()).unwrap().lines().count()
        }
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut state = self.0.1.wait_while(self.0.0.lock().unwrap(), |(go, _)| !*go).unwrap();
            state.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_takes_nothing_holds_nobody_up_and_what_is_lost_is_counted() {
        let stuck = Stuck::default();
        let (mut lines, writer) = writer(stuck.clone());
        let written = MOST_LINES + 1000;
        // On one thread, which would never get past the first of them.
        for number in 0..written {
            lines.write_all(format!("line {number}\n").as_bytes()).unwrap();
        }
        let lost = lines.error_counter().dropped_lines();
        assert!((900..=1000).contains(&lost), "{lost}: one is in the writer's hands, some with it");
        stuck.let_go();
        drop(lines);
        drop(writer);
        assert_eq!(stuck.taken() + lost, written);
    }
}
