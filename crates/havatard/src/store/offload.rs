//! Work that blocks, done off the async runtime for the latest of the values that it is given.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The work and the value that it is to be done for. Clones share both.
pub(crate) struct Offload<T>(Arc<Inner<T>>);

/// A value that waits for its turn.
pub(crate) struct Pending {
    number: u64,
    done: watch::Receiver<Done>,
}

type Work<T> = dyn Fn(&T) -> io::Result<()> + Send + Sync;
type Tell = dyn Fn(Option<&io::Error>, Option<&io::Error>) + Send + Sync;

struct Inner<T> {
    work: Box<Work<T>>,
    /// Is told of each outcome, with the one before.
    tell: Box<Tell>,
    queue: Mutex<Queue<T>>,
    done: watch::Sender<Done>,
}

/// At most one value waits; a newer one replaces it.
struct Queue<T> {
    next: Option<T>,
    /// Counts the values that were set.
    last: u64,
    /// There is a worker.
    working: bool,
}

/// The newest value for which the work has ended, and how.
#[derive(Clone, Default)]
struct Done {
    number: u64,
    error: Option<Arc<io::Error>>,
}

impl<T: Send + 'static> Offload<T> {
    /// Work that is done once for each value, or for a newer one in its place. A panic in it is an error.
    pub(crate) fn new(work: impl Fn(&T) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::build(Box::new(work), Box::new(|_, _| ()))
    }

    /// The same; after each time, `tell` gets the error before and the error now.
    pub(crate) fn telling(
        self,
        tell: impl Fn(Option<&io::Error>, Option<&io::Error>) + Send + Sync + 'static,
    ) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self::build(inner.work, Box::new(tell)),
            Err(shared) => Self(shared),
        }
    }

    fn build(work: Box<Work<T>>, tell: Box<Tell>) -> Self {
        let queue = Mutex::new(Queue { next: None, last: 0, working: false });
        Self(Arc::new(Inner { work, tell, queue, done: watch::Sender::default() }))
    }

    /// Makes `value` the latest. The work is done for it, whether the answer is awaited or not.
    pub(crate) fn set(&self, value: T) -> Pending {
        let (number, idle) = {
            let mut queue = self.0.queue();
            queue.next = Some(value);
            queue.last += 1;
            (queue.last, !std::mem::replace(&mut queue.working, true))
        };
        let done = self.0.done.subscribe();
        if idle {
            let worker = Worker { inner: self.0.clone(), finished: false };
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || worker.run())),
                Err(_) => drop(std::thread::Builder::new().spawn(move || worker.run())),
            }
        }
        Pending { number, done }
    }

    /// Waits until the work has ended for all that was set before.
    pub(crate) async fn flush(&self) {
        let pending = Pending { number: self.0.queue().last, done: self.0.done.subscribe() };
        let _ = pending.written().await;
    }
}

impl Pending {
    /// Waits until the work has been done for this value, or for a newer one in its place.
    ///
    /// # Errors
    /// The work failed.
    pub(crate) async fn written(mut self) -> Result<(), Arc<io::Error>> {
        match self.done.wait_for(|done| done.number >= self.number).await {
            Ok(done) => done.error.clone().map_or(Ok(()), Err),
            Err(_) => Err(Arc::new(io::Error::other("the work was given up"))),
        }
    }
}

impl<T> Clone for Offload<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The right to do the work. If it is dropped before all is done (the runtime ends, and runs nothing more), those who wait
/// are told, and the next value gets a worker of its own.
struct Worker<T> {
    inner: Arc<Inner<T>>,
    finished: bool,
}

impl<T> Worker<T> {
    /// Runs until nothing is left to do.
    fn run(mut self) {
        loop {
            let (value, number) = {
                let mut queue = self.inner.queue();
                let Some(value) = queue.next.take() else {
                    (queue.working, self.finished) = (false, true);
                    return;
                };
                (value, queue.last)
            };
            let result = catch_unwind(AssertUnwindSafe(|| (self.inner.work)(&value)));
            self.inner.finish(number, result.unwrap_or_else(|_| Err(io::Error::other("it panicked"))));
        }
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let number = {
            let mut queue = self.inner.queue();
            (queue.next, queue.working) = (None, false);
            queue.last
        };
        self.inner.finish(number, Err(io::Error::other("it was given up")));
    }
}

impl<T> Inner<T> {
    fn finish(&self, number: u64, result: io::Result<()>) {
        let error = result.err().map(Arc::new);
        let before = self.done.send_replace(Done { number, error: error.clone() });
        (self.tell)(before.error.as_deref(), error.as_deref());
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_the_work_is_an_error_and_the_next_value_gets_its_turn() {
        let offload = Offload::new(|value: &u8| {
            assert!(*value != 1, "on purpose");
            Ok(())
        });
        for _ in 0..3 {
            assert!(offload.set(1).written().await.is_err());
            offload.flush().await;
            offload.set(2).written().await.unwrap();
        }
    }

    #[test]
    fn a_runtime_that_ends_leaves_nobody_waiting() {
        let offload = Offload::new(|_: &u8| Ok(()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        runtime.shutdown_background();
        let given_up = {
            let _inside = handle.enter();
            offload.set(1)
        };
        let next = tokio::runtime::Builder::new_current_thread().build().unwrap();
        next.block_on(async {
            assert!(given_up.written().await.is_err());
            offload.set(2).written().await.unwrap();
        });
    }

    #[test]
    fn without_a_runtime_the_work_is_done_as_well() {
        let offload = Offload::new(|_: &u8| Ok(()));
        let pending = offload.set(1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(pending.written()).unwrap();
    }
}
