//! Values that outlive the daemon, each in a file of its own.
//!
//! [`Persisted::set`] never waits: a disk may take seconds. One writer a file runs off the async runtime while there is
//! something to write, and takes the latest value each time. A request that is gone loses its answer, never the write.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::disk::{self, Existing};

/// What a file is to hold: bytes, or `None` for no file.
pub(crate) type Content = Option<Vec<u8>>;

/// One file and the value that it is to hold. Clones share both.
pub(crate) struct Persisted<T>(Arc<Inner<T>>);

/// A value on its way to the disk.
pub(crate) struct Pending {
    number: u64,
    written: watch::Receiver<Written>,
}

type Save<T> = dyn Fn(&T) -> io::Result<()> + Send + Sync;

struct Inner<T> {
    /// Names the value in the log.
    what: &'static str,
    save: Box<Save<T>>,
    queue: Mutex<Queue<T>>,
    written: watch::Sender<Written>,
}

/// At most one value waits; a newer one replaces it.
struct Queue<T> {
    next: Option<T>,
    /// Counts the values that were set.
    last: u64,
    /// A writer runs.
    writing: bool,
}

/// The newest value whose write has ended, and how.
#[derive(Clone, Default)]
struct Written {
    number: u64,
    error: Option<Arc<io::Error>>,
}

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
        Self(Arc::new(Inner {
            what,
            save: Box::new(save),
            queue: Mutex::new(Queue { next: None, last: 0, writing: false }),
            written: watch::Sender::default(),
        }))
    }

    /// Makes `value` the latest. It is written, whether the answer is awaited or not.
    pub(crate) fn set(&self, value: T) -> Pending {
        let mut queue = self.0.queue();
        queue.next = Some(value);
        queue.last += 1;
        if !queue.writing {
            queue.writing = true;
            let inner = self.0.clone();
            tokio::task::spawn_blocking(move || inner.write());
        }
        Pending { number: queue.last, written: self.0.written.subscribe() }
    }

    /// Waits until all that was set before has been written, or could not be.
    pub(crate) async fn flush(&self) {
        let pending = Pending { number: self.0.queue().last, written: self.0.written.subscribe() };
        let _ = pending.written().await;
    }
}

impl Pending {
    /// Waits until this value, or a newer one in its place, is on the disk.
    ///
    /// # Errors
    /// The disk could not be written. The writer has logged it.
    pub(crate) async fn written(mut self) -> Result<(), Arc<io::Error>> {
        match self.written.wait_for(|written| written.number >= self.number).await {
            Ok(written) => written.error.clone().map_or(Ok(()), Err),
            Err(_) => Err(Arc::new(io::Error::other("the writer ended"))),
        }
    }
}

impl<T> Clone for Persisted<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Inner<T> {
    /// The writer: runs until nothing is left to write.
    fn write(&self) {
        loop {
            let (value, number) = {
                let mut queue = self.queue();
                let Some(value) = queue.next.take() else {
                    queue.writing = false;
                    return;
                };
                (value, queue.last)
            };
            let error = (self.save)(&value).err().map(Arc::new);
            let before = self.written.send_replace(Written { number, error: error.clone() });
            match (error, before.error) {
                // Logged once, until the disk can be written again.
                (Some(error), None) => tracing::warn!(
                    %error,
                    "{} cannot be persisted: it is in memory only, and a restart brings back what is on the disk",
                    self.what
                ),
                (None, Some(_)) => tracing::info!("{} is persisted again", self.what),
                _ => {}
            }
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

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
