//! Reads the ring while the writer appends to it and deletes the oldest file.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Take};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use nix::fcntl::OFlag;

use super::line::{MAX_LINE, number_of};
use super::rings::kept_dir;
use super::segments::Segment;
use super::snapshot::Snapshot;

/// Size of a chunk, give or take a line.
const CHUNK: usize = 64 * 1024;

/// The rest of a snapshot. A file deleted meanwhile is skipped: the gap in the numbers shows it.
#[derive(Debug)]
pub(super) struct Reader {
    dir: PathBuf,
    /// The kept lines that are older than all others.
    kept: VecDeque<Segment>,
    /// The first number of those others.
    all_from: Option<u64>,
    left: VecDeque<Segment>,
    open: Option<BufReader<Take<File>>>,
    /// The open file is one of kept lines.
    is_kept: bool,
    /// Lines that are only in memory.
    memory: Option<Vec<u8>>,
    since: Option<u64>,
}

impl Reader {
    pub(super) fn new(dir: &Path, snapshot: Snapshot, since: Option<u64>) -> Self {
        let first = |segment: &Segment| first_number(open(dir, *segment)?);
        Self {
            dir: dir.to_owned(),
            kept: snapshot.kept.into(),
            all_from: snapshot.segments.iter().find_map(first),
            left: snapshot.segments.into(),
            open: None,
            is_kept: false,
            memory: Some(snapshot.memory),
            since,
        }
    }

    /// The next lines; `None` at the end. Blocks on the disk.
    pub(super) fn next_chunk(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            if let Some(file) = &mut self.open {
                let below = self.all_from.filter(|_| self.is_kept);
                match next_line(file) {
                    Ok(Some(line)) => take(self.since, below, &line, &mut chunk),
                    // An unreadable file must not hide those after it.
                    Ok(None) | Err(_) => self.open = None,
                }
            } else if let Some(segment) = self.kept.pop_front() {
                (self.open, self.is_kept) = (open(&kept_dir(&self.dir), segment), true);
            } else if let Some(segment) = self.left.pop_front() {
                (self.open, self.is_kept) = (open(&self.dir, segment), false);
            } else if let Some(memory) = self.memory.take() {
                memory.split(|&byte| byte == b'\n').for_each(|line| take(self.since, None, line, &mut chunk));
            } else {
                break;
            }
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }
}

/// Takes a line whose number is above `since` and below `below`.
fn take(since: Option<u64>, below: Option<u64>, line: &[u8], chunk: &mut Vec<u8>) {
    let wanted = |n: u64| since.is_none_or(|since| n > since) && below.is_none_or(|below| n < below);
    if number_of(line).is_some_and(wanted) {
        chunk.extend_from_slice(line);
        chunk.push(b'\n');
    }
}

/// The number of the first line that has one.
fn first_number(mut file: BufReader<Take<File>>) -> Option<u64> {
    while let Ok(Some(line)) = next_line(&mut file) {
        if let Some(n) = number_of(&line) {
            return Some(n);
        }
    }
    None
}

/// The next line without its end; an overlong line comes back empty.
fn next_line(file: &mut BufReader<Take<File>>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    file.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() == MAX_LINE {
        file.skip_until(b'\n')?;
        line.clear();
    }
    Ok(Some(line))
}

fn open(dir: &Path, segment: Segment) -> Option<BufReader<Take<File>>> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(segment.path(dir)).ok()?;
    file.metadata().is_ok_and(|meta| meta.is_file()).then(|| BufReader::new(file.take(segment.bytes)))
}
