//! Recorded files: their names and ids, the room for them, and opening and deleting them beneath their directory.
//!
//! MediaMTX's API lists only start times, so the files themselves are the source of truth. An id is a digest of the file's
//! place: it says nothing, and it can only ever name a file that the catalogue found.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use havatar_api::{Recording, RecordingFormat};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::media::BOTH;

use super::error::RecordingError;

/// The name of a recorded file. The newest sorts first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    started_at: Timestamp,
    format: RecordingFormat,
    file: Arc<str>,
}

impl Name {
    /// A name as MediaMTX gives them: `2026-11-23_07-54-34-536690.mp4`, in UTC as it is told to write it.
    pub(crate) fn parse(file: &str) -> Option<Self> {
        let (stem, extension) = file.rsplit_once('.')?;
        let format = match extension {
            "mp4" => RecordingFormat::Fmp4,
            "ts" => RecordingFormat::Mpegts,
            _ => return None,
        };
        Some(Self { started_at: started_at(stem)?, format, file: file.into() })
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    pub(crate) fn id(&self) -> Id {
        let digest = Sha256::digest(format!("{BOTH}/{}", self.file));
        let mut id = [0; Id::LEN];
        id.copy_from_slice(&digest[..Id::LEN]);
        Id(id)
    }

    /// The recording in the words of the API.
    pub(crate) fn recording(&self, id: Id, size: u64, modified: SystemTime, writing: bool) -> Recording {
        Recording {
            id: id.to_text(),
            stream: BOTH.into(),
            file: self.file.to_string(),
            started_at: self.started_at,
            ended_at: Timestamp::try_from(modified).unwrap_or(self.started_at),
            size_bytes: size,
            format: self.format,
            writing,
        }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        other.started_at.cmp(&self.started_at).then_with(|| other.file.cmp(&self.file))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A recording's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id([u8; Self::LEN]);

impl Id {
    const LEN: usize = 15;

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut id = [0; Self::LEN];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut id).ok()?;
        (written == Self::LEN).then_some(Self(id))
    }

    pub(crate) fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

fn started_at(stem: &str) -> Option<Timestamp> {
    let (whole, micros) = stem.rsplit_once('-')?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H-%M-%S", whole).ok()?;
    let micros: i32 = (micros.len() == 6).then(|| micros.parse().ok())??;
    let time = time.with().subsec_nanosecond(micros * 1000).build().ok()?;
    time.in_tz("UTC").ok().map(|zoned| zoned.timestamp())
}

/// Opens a recording for reading. A symbolic link in its place is refused.
pub(crate) fn open(path: &Path) -> Result<File, RecordingError> {
    open_readable(path).map_err(|source| RecordingError::Unavailable { path: path.to_owned(), source })
}

/// The same with the operating system's own error.
pub(super) fn open_readable(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK).open(path)
}

/// Deletes a recording.
pub(crate) fn delete(path: &Path) -> Result<(), RecordingError> {
    fs::remove_file(path).map_err(|source| RecordingError::Unavailable { path: path.to_owned(), source })
}

/// Bytes that are free for recordings in `directory`, which MediaMTX makes with the first file; `None` if the disk does not
/// tell.
pub(crate) fn free_space(directory: &Path) -> Option<u64> {
    let existing = directory.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let stat = nix::sys::statvfs::statvfs(existing).ok()?;
    Some(stat.blocks_available().saturating_mul(stat.fragment_size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_mediamtx_gives_are_recordings_and_the_newest_sorts_first() {
        let mut names: Vec<Name> = [
            "2026-11-23_07-54-34-536690.mp4",
            "notes.txt",
            "2026-11-23_07-54-34-536691.ts",
            "x.mp4",
            "2026.mp4",
            ".mp4",
            "2025-01-01_00-00-00-000000.mp4",
        ]
        .iter()
        .filter_map(|file| Name::parse(file))
        .collect();
        names.sort();
        let files: Vec<&str> = names.iter().map(Name::file).collect();
        let sorted = [
            "2026-11-23_07-54-34-536691.ts",
            "2026-11-23_07-54-34-536690.mp4",
            "2025-01-01_00-00-00-000000.mp4",
        ];
        assert_eq!(files, sorted);
        assert_eq!(names[1].started_at().to_string(), "2026-11-23T07:54:34.53669Z");
    }

    #[test]
    fn an_id_is_read_back_and_nothing_else_is_one() {
        let id = Name::parse("2026-11-23_07-54-34-536690.mp4").unwrap().id();
        let text = id.to_text();
        assert_eq!((text.len(), Id::parse(&text)), (20, Some(id)));
        for wrong in
            ["", "..", "../havatar", "2026-11-23_07-54-34-536690.mp4", &text[1..], &format!("{text}AA")]
        {
            assert_eq!(Id::parse(wrong), None, "{wrong}");
        }
    }
}
