//! The two rings of the black box: all lines, and once more those of leases and e-stops, in a room of their own.
//!
//! A drive fills the first ring within the hour. Who had the robot, and who stopped it, is asked for days later: those lines
//! are few, and stay until their own room is full of them.

use std::io;
use std::path::{Path, PathBuf};

use super::line::Line;
use super::segments::{Disk, MIN_BYTES, Segment, Segments};

/// The kept lines have this part of the whole.
const KEPT_SHARE: u64 = 4;

/// Both rings, open for writing. After an error they must be reopened.
#[derive(Debug)]
pub(super) struct Rings {
    all: Segments,
    /// None in a box too small for two.
    kept: Option<Segments>,
}

/// Where the kept lines of a black box are.
pub(super) fn kept_dir(dir: &Path) -> PathBuf {
    dir.join("kept")
}

impl Rings {
    /// Opens the rings, or creates them; together they never exceed `most` bytes.
    pub(super) fn open(dir: &Path, most: u64, disk: &mut impl Disk) -> io::Result<Self> {
        let share = most / KEPT_SHARE;
        let share = if share >= MIN_BYTES && most - share >= MIN_BYTES { share } else { 0 };
        let all = Segments::open(dir, most - share, disk)?;
        let kept = (share > 0).then(|| Segments::open(&kept_dir(dir), share, disk)).transpose()?;
        Ok(Self { all, kept })
    }

    /// The number of the newest line at the time of opening, 0 if there was none.
    pub(super) fn newest_line(&self) -> u64 {
        let kept = self.kept.as_ref().map_or(0, Segments::newest_line);
        self.all.newest_line().max(kept)
    }

    /// Adds a line, unless an earlier attempt has written it.
    pub(super) fn push(&mut self, line: Line, disk: &mut impl Disk) -> io::Result<()> {
        let kept = match &mut self.kept {
            Some(kept) if line.is_kept => kept.push(line.clone(), disk),
            _ => Ok(()),
        };
        // Also after an error, so that the line counts as unwritten.
        self.all.push(line, disk).and(kept)
    }

    /// Writes all lines to the operating system.
    pub(super) fn write(&mut self, disk: &mut impl Disk) -> io::Result<()> {
        self.all.write(disk)?;
        self.kept.as_mut().map_or(Ok(()), |kept| kept.write(disk))
    }

    /// Writes all lines, and waits until they survive a power cut.
    pub(super) fn sync(&mut self, disk: &mut impl Disk) -> io::Result<()> {
        self.all.sync(disk)?;
        self.kept.as_mut().map_or(Ok(()), |kept| kept.sync(disk))
    }

    /// Whether anything was written since the last sync.
    pub(super) fn is_dirty(&self) -> bool {
        self.all.is_dirty() || self.kept.as_ref().is_some_and(Segments::is_dirty)
    }

    /// All files with their present length: those of all lines, and those of the kept ones.
    pub(super) fn snapshot(&self) -> (Vec<Segment>, Vec<Segment>) {
        (self.all.snapshot(), self.kept.as_ref().map(Segments::snapshot).unwrap_or_default())
    }

    /// After an error: the lines that were not written.
    pub(super) fn into_unwritten(self) -> Vec<Line> {
        let mut lines = self.all.into_unwritten();
        // The first ring may have been written already when the second failed.
        for line in self.kept.into_iter().flat_map(Segments::into_unwritten) {
            if !lines.iter().any(|other| other.n == line.n) {
                lines.push(line);
            }
        }
        lines.sort_unstable_by_key(|line| line.n);
        lines
    }
}
