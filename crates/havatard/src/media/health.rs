//! What a process's launch and probe know of it: whether it produces, and why its device is away.

use std::sync::{Mutex, PoisonError};

use super::publish::progress::Progress;

/// One process's.
#[derive(Default)]
pub(crate) struct Health {
    pub(crate) progress: Progress,
    away: Mutex<Option<String>>,
}

impl Health {
    /// Why the device that it depends on is away, if it is.
    pub(crate) fn away(&self) -> Option<String> {
        self.lock().clone()
    }

    pub(crate) fn set_away(&self, why: Option<String>) {
        *self.lock() = why;
    }

    /// The reason is replaced whole, so a panic elsewhere cannot leave it half changed.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
