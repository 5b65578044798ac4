//! Reads the ring while the writer appends to it and deletes the oldest file.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Take};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use nix::fcntl::OFlag;

use super::line::{MAX_LINE, number_of};
use super::segments::Segment;
use super::snapshot::Snapshot;

/// Size of a chunk, give or take a line.
const CHUNK: usize = 64 * 1024;

/// The rest of a snapshot. A file deleted meanwhile is skipped: the gap in the numbers shows it.
#[derive(Debug)]
pub(super) struct Reader {
    dir: PathBuf,
    left: VecDeque<Segment>,
    open: Option<BufReader<Take<File>>>,
    /// Lines that are only in memory.
    memory: Option<Vec<u8>>,
    since: Option<u64>,
}

impl Reader {
    pub(super) fn new(dir: &Path, snapshot: Snapshot, since: Option<u64>) -> Self {
        Self {
            dir: dir.to_owned(),
            left: snapshot.segments.into(),
            open: None,
            memory: Some(snapshot.memory),
            since,
        }
    }

    /// The next lines; `None` at the end. Blocks on the disk.
    pub(super) fn next_chunk(&mut self) -> Option<Bytes> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            if let Some(file) = &mut self.open {
                match next_line(file) {
                    Ok(Some(line)) => take(self.since, &line, &mut chunk),
                    // An unreadable file must not hide those after it.
                    Ok(None) | Err(_) => self.open = None,
                }
            } else if let Some(segment) = self.left.pop_front() {
                self.open = open(&self.dir, segment);
            } else if let Some(memory) = self.memory.take() {
                memory.split(|&byte| byte == b'\n').for_each(|line| take(self.since, line, &mut chunk));
            } else {
                break;
            }
        }
        (!chunk.is_empty()).then(|| chunk.into())
    }
}

fn take(since: Option<u64>, line: &[u8], chunk: &mut Vec<u8>) {
    if number_of(line).is_some_and(|n| since.is_none_or(|since| n > since)) {
        chunk.extend_from_slice(line);
        chunk.push(b'\n');
    }
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
