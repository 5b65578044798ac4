//! A share of the runtime's workers: tasks behind one gate are polled one at a time.
//!
//! A client with a hundred connections has a hundred tasks, and the runtime's queue is first come, first served. Behind a gate
//! they occupy one worker at most, one short poll each, and every other client waits for one of them instead of for all. A
//! task that waits for the network holds nothing: the gate is closed during a poll alone.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::sync::Semaphore;
use tokio_util::sync::PollSemaphore;

/// A gate; clones are the same one.
#[derive(Debug, Clone)]
pub(in crate::http) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(in crate::http) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    pub(in crate::http) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The gate of a connection, which changes when its client has proven who it is.
#[derive(Debug, Clone)]
pub(in crate::http) struct CurrentGate(Arc<Mutex<Gate>>);

impl CurrentGate {
    pub(in crate::http) fn new(gate: Gate) -> Self {
        Self(Arc::new(Mutex::new(gate)))
    }

    pub(in crate::http) fn get(&self) -> Gate {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(in crate::http) fn set(&self, gate: Gate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = gate;
    }
}

/// A future that is polled behind a gate.
pub(in crate::http) struct Gated<F> {
    inner: Pin<Box<F>>,
    gate: CurrentGate,
    turn: Option<(Gate, PollSemaphore)>,
}

impl<F: Future> Gated<F> {
    pub(in crate::http) fn new(gate: CurrentGate, inner: F) -> Self {
        Self { inner: Box::pin(inner), gate, turn: None }
    }
}

impl<F: Future> Future for Gated<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let gate = this.gate.get();
        let (_, turn) = match &mut this.turn {
            Some(turn) if turn.0.is(&gate) => turn,
            // What was queued at the former gate is given up with it.
            turn => turn.insert((gate.clone(), PollSemaphore::new(gate.0))),
        };
        // Nothing closes the semaphore, so there is always a permit.
        let _permit = ready!(turn.poll_acquire(context));
        this.inner.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// How many of 16 tasks were ever polled at the same time, each of them many times and for a while.
    fn most_at_once(gates: &[CurrentGate]) -> usize {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..16)
            .map(|n| {
                let (now, most) = (now.clone(), most.clone());
                let mut left = 20;
                let work = poll_fn(move |context| {
                    let at_once = now.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(at_once, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(1));
                    now.fetch_sub(1, Ordering::SeqCst);
                    left -= 1;
                    context.waker().wake_by_ref();
                    if left == 0 { Poll::Ready(()) } else { Poll::Pending }
                });
                runtime.spawn(Gated::new(gates[n % gates.len()].clone(), work))
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        most.load(Ordering::SeqCst)
    }

    #[test]
    fn tasks_of_one_gate_run_one_at_a_time_and_those_of_two_beside_each_other() {
        let gates = [CurrentGate::new(Gate::new()), CurrentGate::new(Gate::new())];
        assert_eq!(most_at_once(&gates[..1]), 1);
        assert_eq!(most_at_once(&gates), 2);
    }

    #[tokio::test]
    async fn a_task_that_waits_keeps_nobody_out_and_moves_to_another_gate() {
        let gate = CurrentGate::new(Gate::new());
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let waiting = tokio::spawn(Gated::new(gate.clone(), gone));
        tokio::task::yield_now().await;
        Gated::new(gate.clone(), async {}).await;
        let other = Gate::new();
        gate.set(other.clone());
        let closed = other.0.clone().acquire_owned().await.unwrap();
        go.send(()).unwrap();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished(), "it went through the gate that it has left");
        drop(closed);
        waiting.await.unwrap().unwrap();
    }
}
