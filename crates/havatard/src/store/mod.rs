//! Values that outlive the daemon, each in a file of its own, and other work that blocks on a disk.
//!
//! A disk may take seconds, or hang; the threads that answer requests must not wait for it. [`Offload`] does such work off the
//! async runtime: setting a value never waits, one worker runs at a time, and takes the latest value each time. A request
//! that is gone loses its answer, never the write. [`Persisted`] is that for a file.

mod offload;

use std::io;
use std::path::PathBuf;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::disk::{self, Existing};

pub(crate) use offload::{Offload, Pending};

/// Runs work that blocks on a thread of its own.
///
/// # Errors
/// It panicked, or the runtime is shutting down.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

/// Runs work that blocks between its awaits on a thread of its own. If this is dropped, the work is dropped at its next await.
///
/// # Errors
/// It panicked, or the runtime is shutting down.
pub(crate) async fn on_own_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> io::Result<T> {
    let dropped = CancellationToken::new();
    let _guard = dropped.clone().drop_guard();
    let runtime = Handle::current();
    let done = blocking(move || runtime.block_on(dropped.run_until_cancelled(work))).await?;
    done.ok_or_else(|| io::ErrorKind::Interrupted.into())
}

/// What a file is to hold: bytes, or `None` for no file.
pub(crate) type Content = Option<Vec<u8>>;

/// One file and the value that it is to hold. Clones share both.
pub(crate) struct Persisted<T>(Offload<T>);

impl<T: Send + 'static> Persisted<T> {
    /// Persists to `file`, as `encode` says: mode 0600, by an atomic rename, synced with its directory.
    pub(crate) fn new(
        what: &'static str,
        file: PathBuf,
        encode: impl Fn(&T) -> io::Result<Content> + Send + Sync + 'static,
    ) -> Self {
        Self::with(what, move |value| match encode(value)? {
            Some(bytes) => disk::write(&file, &bytes, Existing::Replace),
            None => match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        })
    }

    fn with(what: &'static str, save: impl Fn(&T) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Offload::new(save).telling(move |before, now| match (before, now) {
            // Logged once, until the disk can be written again.
            (None, Some(error)) => tracing::warn!(
                %error,
                "{what} cannot be persisted: it is in memory only, and a restart brings back what is on the disk"
            ),
            (Some(_), None) => tracing::info!("{what} is persisted again"),
            _ => {}
        }))
    }

    /// Makes `value` the latest. It is written, whether the answer is awaited or not.
    pub(crate) fn set(&self, value: T) -> Pending {
        self.0.set(value)
    }

    /// Waits until all that was set before has been written, or could not be.
    pub(crate) async fn flush(&self) {
        self.0.flush().await;
    }
}

impl<T> Clone for Persisted<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    /// A disk that says which value it begins to write, and ends when it is told how.
    fn slow_disk() -> (Persisted<u8>, tokio::sync::mpsc::UnboundedReceiver<u8>, mpsc::Sender<io::Result<()>>)
    {
        let (begun, begins) = tokio::sync::mpsc::unbounded_channel();
        let (end, ends) = mpsc::channel::<io::Result<()>>();
        let ends = Mutex::new(ends);
        let persisted = Persisted::with("it", move |value| {
            begun.send(*value).unwrap();
            ends.lock().unwrap().recv().unwrap()
        });
        (persisted, begins, end)
    }

    #[tokio::test]
    async fn of_what_changes_while_a_slow_disk_works_the_latest_is_written_and_nothing_is_lost_at_the_end() {
        let (persisted, mut begins, end) = slow_disk();
        persisted.flush().await;
        assert!(begins.try_recv().is_err(), "what is there at the start is not written");
        let first = persisted.set(10);
        assert_eq!(begins.recv().await, Some(10));
        let (second, third) = (persisted.set(20), persisted.set(30));
        end.send(Ok(())).unwrap();
        first.written().await.unwrap();
        assert_eq!(begins.recv().await, Some(30));
        persisted.set(40);
        end.send(Ok(())).unwrap();
        second.written().await.unwrap();
        third.written().await.unwrap();
        assert_eq!(begins.recv().await, Some(40));
        let flush = tokio::spawn({
            let persisted = persisted.clone();
            async move { persisted.flush().await }
        });
        tokio::task::yield_now().await;
        assert!(!flush.is_finished());
        end.send(Ok(())).unwrap();
        flush.await.unwrap();
        drop(persisted);
        assert_eq!(begins.recv().await, None);
    }

    #[tokio::test]
    async fn a_write_is_finished_although_the_request_is_gone() {
        let (persisted, mut begins, end) = slow_disk();
        let request = tokio::spawn({
            let persisted = persisted.clone();
            async move { persisted.set(1).written().await }
        });
        assert_eq!(begins.recv().await, Some(1));
        let waiting = persisted.set(2);
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        drop(waiting);
        end.send(Ok(())).unwrap();
        assert_eq!(begins.recv().await, Some(2), "neither the abort nor the drop takes it back");
        end.send(Ok(())).unwrap();
        persisted.flush().await;
    }

    #[tokio::test]
    async fn a_disk_that_fails_is_told_to_whom_it_concerns_and_tried_again_with_the_next_value() {
        let (persisted, mut begins, end) = slow_disk();
        let lost = persisted.set(1);
        end.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        assert_eq!(lost.written().await.unwrap_err().kind(), io::ErrorKind::StorageFull);
        let kept = persisted.set(2);
        end.send(Ok(())).unwrap();
        kept.written().await.unwrap();
        assert_eq!((begins.recv().await, begins.recv().await), (Some(1), Some(2)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_requests_at_once_leave_the_last_one_and_never_two_writers() {
        use std::sync::atomic::{AtomicBool, Ordering};
        static BUSY: AtomicBool = AtomicBool::new(false);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("value");
        let persisted = Persisted::new("it", file.clone(), |value: &u32| {
            assert!(!BUSY.swap(true, Ordering::SeqCst), "a second writer");
            std::thread::yield_now();
            BUSY.store(false, Ordering::SeqCst);
            Ok(Some(value.to_string().into_bytes()))
        });
        for value in 0..200 {
            persisted.set(value);
            if value % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        persisted.flush().await;
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "199");
    }

    #[tokio::test]
    async fn no_content_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("flag");
        let flag = Persisted::new("it", file.clone(), |on: &bool| Ok(on.then(Vec::new)));
        for on in [false, true, true, false, false] {
            flag.set(on).written().await.unwrap();
            assert_eq!(file.exists(), on);
        }
        let nowhere = Persisted::new("it", dir.path().join("no/folder"), |(): &()| Ok(Some(Vec::new())));
        nowhere.set(()).written().await.unwrap_err();
    }
}
