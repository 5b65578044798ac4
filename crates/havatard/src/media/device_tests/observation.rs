//! Whether a test looks at the room or hears it: it is shown at the robot, like all that does.

use std::sync::Arc;

use tokio::sync::watch;

/// Tests that look or listen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observation {
    /// One does now.
    pub now: bool,
    /// How many ever did: one that is over already shows here.
    pub ever: u64,
}

/// Such a test. It counts until it is dropped.
#[derive(Debug)]
pub(super) struct Observing(Arc<watch::Sender<Observation>>);

impl Observing {
    /// Counts one from now on. There is one at a time.
    pub(super) fn begin(observation: &Arc<watch::Sender<Observation>>) -> Self {
        observation.send_modify(|observation| {
            observation.now = true;
            observation.ever += 1;
        });
        Self(observation.clone())
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        self.0.send_modify(|observation| observation.now = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_over_was_counted() {
        let sender = Arc::new(watch::Sender::default());
        let observation = sender.subscribe();
        let observing = Observing::begin(&sender);
        assert_eq!(*observation.borrow(), Observation { now: true, ever: 1 });
        drop(observing);
        assert_eq!(*observation.borrow(), Observation { now: false, ever: 1 });
    }
}
