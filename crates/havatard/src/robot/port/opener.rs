//! Opens and closes ports away from the motion loop.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::{Lines, OpenError, Port, open_blocking};

/// A driver that takes longer to open a port hangs.
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// Opens and closes ports, at most one thread for each path: a driver that hangs blocks that thread only, however often the
/// path is requested.
#[derive(Debug)]
pub(in crate::robot) struct PortOpener {
    /// Time after which a driver counts as hanging.
    within: Duration,
    /// Ports being opened or closed.
    busy: HashMap<PathBuf, JoinHandle<Option<Result<Port, OpenError>>>>,
}

impl Default for PortOpener {
    fn default() -> Self {
        Self { within: OPEN_WITHIN, busy: HashMap::new() }
    }
}

impl PortOpener {
    /// Opens a port exclusively. Cancel safe: a port opened by then is closed again.
    pub(in crate::robot) async fn open(
        &mut self,
        path: &Path,
        baud: u32,
        lines: Lines,
    ) -> Result<Port, OpenError> {
        let owned = path.to_owned();
        self.run(path, move || Some(open_blocking(&owned, baud, lines))).await
    }

    /// Closes a port.
    pub(in crate::robot) fn close(&mut self, path: &Path, port: Port) {
        self.busy.insert(
            path.to_owned(),
            tokio::task::spawn_blocking(move || {
                drop(port);
                None
            }),
        );
    }

    async fn run(
        &mut self,
        path: &Path,
        open: impl FnOnce() -> Option<Result<Port, OpenError>> + Send + 'static,
    ) -> Result<Port, OpenError> {
        let hangs = || {
            OpenError::Refused(format!("{} does not open; unplug it and plug it in again", path.display()))
        };
        let earlier = self.finished(path).await.ok_or_else(hangs)?;
        if let Some(Ok(Some(Ok(port)))) = earlier {
            // Opened for a request that was cancelled, perhaps at another speed.
            self.close(path, port);
            self.finished(path).await.ok_or_else(hangs)?;
        }
        self.busy.insert(path.to_owned(), tokio::task::spawn_blocking(open));
        match self.finished(path).await.ok_or_else(hangs)? {
            Some(Ok(Some(opened))) => opened,
            _ => Err(OpenError::Refused(format!("opening {} failed inside", path.display()))),
        }
    }

    /// The result of the pending operation on this path, if there is one; `None` if it hangs.
    async fn finished(
        &mut self,
        path: &Path,
    ) -> Option<Option<Result<Option<Result<Port, OpenError>>, JoinError>>> {
        let Some(task) = self.busy.get_mut(path) else { return Some(None) };
        let done = tokio::time::timeout(self.within, task).await.ok()?;
        self.busy.remove(path);
        Some(Some(done))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, mpsc};

    use super::*;

    #[tokio::test]
    async fn a_driver_that_hangs_keeps_one_thread_and_its_name_is_free_when_it_returns() {
        let begun = Arc::new(AtomicU32::new(0));
        let (release, hold) = mpsc::channel::<()>();
        let mut opener = PortOpener { within: Duration::from_millis(30), ..PortOpener::default() };
        let path = Path::new("/dev/hangs");
        let counted = begun.clone();
        let first = opener.run(path, move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = hold.recv();
            Some(Err(OpenError::Refused("late".to_owned())))
        });
        assert!(matches!(first.await, Err(OpenError::Refused(why)) if why.contains("does not open")));
        for _ in 0..5 {
            let counted = begun.clone();
            let again = opener.run(path, move || {
                counted.fetch_add(1, Ordering::SeqCst);
                None
            });
            assert!(matches!(again.await, Err(OpenError::Refused(why)) if why.contains("does not open")));
        }
        assert_eq!(begun.load(Ordering::SeqCst), 1, "one thread");
        // Another name is not kept waiting.
        let away = opener.open(Path::new("/dev/havatar-is-not-there"), 9600, Lines::Keep).await;
        assert!(matches!(away, Err(OpenError::Away(_))));
        drop(release);
        opener.within = OPEN_WITHIN;
        let now = opener.run(path, || Some(Err(OpenError::Refused("as it is now".to_owned())))).await;
        assert!(matches!(now, Err(OpenError::Refused(why)) if why == "as it is now"));
    }
}
