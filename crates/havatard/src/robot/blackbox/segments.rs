//! The ring of files: `00000001.jsonl` and so on, each an eighth of the whole; the newest replaces the oldest.
//!
//! Only files of this pattern are touched, and no link is followed. The size limit counts all of them.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use crate::disk;

use super::line::{Line, MAX_LINE, number_of};

/// Smallest size of the ring: a segment holds at least one line.
pub(super) const MIN_BYTES: u64 = 32 * 1024;
/// Segments in the ring.
const SEGMENTS: u64 = 8;
/// Largest single write, in bytes.
const BATCH: usize = 64 * 1024;
/// How far from the end of a segment the newest line's number is searched.
const TAIL: u64 = 64 * 1024;

const _: () = assert!(MIN_BYTES / SEGMENTS >= MAX_LINE as u64);

/// The call that fails when a disk is full; tests replace it.
pub(super) trait Disk: Send + 'static {
    /// Writes all bytes, or an unknown part of them and fails.
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
}

/// The file system.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }
}

/// One file of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) bytes: u64,
}

impl Segment {
    pub(super) fn path(self, dir: &Path) -> PathBuf {
        dir.join(format!("{:08}.jsonl", self.number))
    }
}

/// The files of the ring, oldest first. Anything but a regular file is left out.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Some(number) = segment_number(&entry.file_name()) else { continue };
        match entry.metadata() {
            Ok(meta) if meta.is_file() => found.push(Segment { number, bytes: meta.len() }),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_unstable_by_key(|segment| segment.number);
    Ok(found)
}

/// The ring, open for writing. After an error it must be reopened.
#[derive(Debug)]
pub(super) struct Segments {
    dir: PathBuf,
    most: u64,
    /// Oldest first; the last one is `file`.
    kept: VecDeque<Segment>,
    file: File,
    /// Bytes of all segments.
    total: u64,
    /// Lines not written yet, and their bytes.
    pending: Vec<Line>,
    bytes: Vec<u8>,
    dirty: bool,
    newest_line: u64,
}

impl Segments {
    /// Opens the ring, or creates it.
    pub(super) fn open(dir: &Path, most: u64, disk: &mut impl Disk) -> io::Result<Self> {
        make_directory(dir)?;
        let mut kept = VecDeque::from(list(dir)?);
        let mut total = kept.iter().map(|segment| segment.bytes).sum();
        let newest_line = kept.iter().rev().find_map(|segment| last_number(&segment.path(dir))).unwrap_or(0);
        let newest_segment = kept.back().map_or(0, |newest| newest.number);
        let most = most.max(MIN_BYTES);
        trim(dir, &mut kept, &mut total, most)?;
        let newest = match kept.back() {
            Some(&newest) if newest.bytes < most / SEGMENTS => Some(newest),
            _ => None,
        };
        let file = match newest {
            Some(newest) => open_for_appending(&newest.path(dir))?,
            None => create(dir, &mut kept, newest_segment)?,
        };
        let (pending, bytes, dirty) = (Vec::new(), Vec::new(), false);
        let dir = dir.to_owned();
        let mut ring = Self { dir, most, kept, file, total, pending, bytes, dirty, newest_line };
        if !ring.ends_whole()? {
            // Ends the line that a crash cut short; readers skip it.
            ring.bytes.push(b'\n');
            ring.write(disk)?;
        }
        Ok(ring)
    }

    /// The number of the newest line at the time of opening, 0 if there was none.
    pub(super) fn newest_line(&self) -> u64 {
        self.newest_line
    }

    /// Adds a line, to be written by the next [`write`](Self::write) at the latest.
    pub(super) fn push(&mut self, line: Line, disk: &mut impl Disk) -> io::Result<()> {
        let bytes = line.bytes();
        let filled = self.open_bytes() + (self.bytes.len() + bytes.len()) as u64;
        let room = if filled > self.most / SEGMENTS { self.rotate(disk) } else { Ok(()) };
        // Also after an error, so that the line counts as unwritten.
        self.pending.push(line);
        self.bytes.extend(bytes);
        room?;
        if self.bytes.len() >= BATCH { self.write(disk) } else { Ok(()) }
    }

    fn rotate(&mut self, disk: &mut impl Disk) -> io::Result<()> {
        self.sync(disk)?;
        let newest = self.kept.back().map_or(0, |newest| newest.number);
        self.file = create(&self.dir, &mut self.kept, newest)?;
        Ok(())
    }

    /// Writes all lines to the operating system.
    pub(super) fn write(&mut self, disk: &mut impl Disk) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = self.bytes.len() as u64;
        trim(&self.dir, &mut self.kept, &mut self.total, self.most - bytes)?;
        self.dirty = true;
        if let Err(error) = disk.write(&mut self.file, &self.bytes) {
            // Remove the partial line; if that fails, the next opening ends it.
            let _ = self.file.set_len(self.open_bytes());
            return Err(error);
        }
        self.pending.clear();
        self.bytes.clear();
        self.total += bytes;
        if let Some(open) = self.kept.back_mut() {
            open.bytes += bytes;
        }
        Ok(())
    }

    /// Writes all lines, and waits until they survive a power cut.
    pub(super) fn sync(&mut self, disk: &mut impl Disk) -> io::Result<()> {
        self.write(disk)?;
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Whether anything was written since the last sync.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// All files with their present length.
    pub(super) fn snapshot(&self) -> Vec<Segment> {
        self.kept.iter().copied().collect()
    }

    /// After an error: the lines that were not written.
    pub(super) fn into_unwritten(self) -> Vec<Line> {
        self.pending
    }

    fn open_bytes(&self) -> u64 {
        self.kept.back().map_or(0, |open| open.bytes)
    }

    fn ends_whole(&self) -> io::Result<bool> {
        let bytes = self.open_bytes();
        if bytes == 0 {
            return Ok(true);
        }
        let mut last = [0];
        std::os::unix::fs::FileExt::read_exact_at(&self.file, &mut last, bytes - 1)?;
        Ok(last == *b"\n")
    }
}

/// Deletes the oldest files until all are at most `most` bytes; the newest stays if it is within them.
fn trim(dir: &Path, kept: &mut VecDeque<Segment>, total: &mut u64, most: u64) -> io::Result<()> {
    while *total > most
        && let Some(&oldest) = kept.front()
    {
        match fs::remove_file(oldest.path(dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        kept.pop_front();
        *total -= oldest.bytes;
    }
    Ok(())
}

fn make_directory(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => return result,
    }
    let meta = fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    if meta.mode() & 0o077 != 0 {
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Creates the segment after number `number`.
fn create(dir: &Path, kept: &mut VecDeque<Segment>, mut number: u64) -> io::Result<File> {
    loop {
        number += 1;
        let segment = Segment { number, bytes: 0 };
        let opened =
            OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(segment.path(dir));
        match opened {
            // The name belongs to something else.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => {
                disk::sync_directory(dir)?;
                kept.push_back(segment);
                return Ok(file);
            }
        }
    }
}

fn open_for_appending(path: &Path) -> io::Result<File> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    OpenOptions::new().read(true).append(true).custom_flags(flags).open(path)
}

/// Number of the last complete line of a segment.
fn last_number(path: &Path) -> Option<u64> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    tail.split(|&byte| byte == b'\n').rev().find_map(number_of)
}

/// The number in `00000012.jsonl`, in exactly this form.
fn segment_number(name: &std::ffi::OsStr) -> Option<u64> {
    let name = name.to_str()?;
    let digits = name.strip_suffix(".jsonl")?;
    // The ring never needs more digits, even if it is written for centuries.
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 15)?;
    (number > 0 && format!("{number:08}.jsonl") == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_spelling_count() {
        let number = |name: &str| segment_number(name.as_ref());
        assert_eq!(number("00000001.jsonl"), Some(1));
        assert_eq!(number("123456789.jsonl"), Some(123_456_789));
        let others = ["1.jsonl", "00000000.jsonl", "0000000a.jsonl", "+0000001.jsonl", "000000001.jsonl"];
        for other in others.into_iter().chain(["00000001.json", ".jsonl", "99999999999999999999.jsonl"]) {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
