//! What a reader receives: the ring at one moment.

use std::path::Path;

use super::segments::{self, Segment};

/// The ring at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The files, oldest first, with their present length.
    pub(super) segments: Vec<Segment>,
    /// Newer lines that are on no disk yet.
    pub(super) memory: Vec<u8>,
}

impl Snapshot {
    /// The snapshot of the disk alone, without the writer.
    pub(super) fn of_disk(dir: &Path) -> Self {
        Self { segments: segments::list(dir).unwrap_or_default(), memory: Vec::new() }
    }
}
