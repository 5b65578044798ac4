//! What the handles and the writer of the black box share: the messages of the queue, and the status.

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::line::Note;
use super::snapshot::Snapshot;

/// Shared by the writer and the handles; the writer does not keep the handles alive.
#[derive(Debug, Default)]
pub(super) struct Status {
    /// Dropped notes that no line reports yet.
    pub(super) dropped: AtomicU64,
    /// Notes in the queue, or about to be.
    pub(super) waiting: AtomicUsize,
    failing: Mutex<Option<String>>,
}

#[derive(Debug)]
pub(super) enum Message {
    Note(Note),
    Snapshot(SyncSender<Snapshot>),
    Close(SyncSender<()>),
}

impl Status {
    pub(super) fn failure(&self) -> MutexGuard<'_, Option<String>> {
        // Replaced whole, so a panic cannot leave it half changed.
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) type Inbox = Receiver<Message>;
