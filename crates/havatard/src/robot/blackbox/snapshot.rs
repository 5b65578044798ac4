//! What a reader receives: the ring at one moment.

use std::path::Path;

use super::rings::kept_dir;
use super::segments::{self, Segment};

/// The ring at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The files, oldest first, with their present length.
    pub(super) segments: Vec<Segment>,
    /// The files of the kept lines, likewise.
    pub(super) kept: Vec<Segment>,
    /// Newer lines that are on no disk yet.
    pub(super) memory: Vec<u8>,
}

impl Snapshot {
    /// The snapshot of the disk alone, without the writer.
    pub(super) fn of_disk(dir: &Path) -> Self {
        let list = |dir: &Path| segments::list(dir).unwrap_or_default();
        Self { segments: list(dir), kept: list(&kept_dir(dir)), memory: Vec::new() }
    }
}
