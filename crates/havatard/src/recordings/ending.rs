//! Why the recorder ends: whether a person stopped the daemon, or it failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why the recorder ends. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// `asked`: by a person.
    pub(super) fn set(&self, asked: bool) {
        self.0.store(asked, Ordering::Release);
    }

    /// A person stopped the daemon, and thereby the recording.
    pub(super) fn is_a_persons(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
