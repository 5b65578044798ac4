//! The recorded files: listing, opening and deleting them beneath their directory, and seeing one grow.
//!
//! MediaMTX's API lists only start times, so the files themselves are the source of truth. An id is a digest
//! of the file's place: it says nothing, and it can only ever name a file that the listing found.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use havatar_api::{Recording, RecordingFormat};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::media::BOTH;

use super::error::RecordingError;

/// A file that was written to this recently is taken to be in use. MediaMTX writes a part five times a second.
const IN_USE: Duration = Duration::from_secs(3);

/// A recorded file and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) recording: Recording,
    pub(crate) path: PathBuf,
}

/// Everything recorded below `directory`, newest first.
pub(crate) fn list(directory: &Path) -> Result<Vec<Found>, RecordingError> {
    let folder = directory.join(BOTH);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| RecordingError::Unavailable { path: folder.clone(), source })?,
    };
    let now = SystemTime::now();
    let mut found: Vec<Found> = entries.flatten().filter_map(|entry| examine(&entry, now)).collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.recording.started_at));
    Ok(found)
}

/// One recording by its id.
pub(crate) fn find(directory: &Path, id: &str) -> Result<Found, RecordingError> {
    list(directory)?
        .into_iter()
        .find(|found| found.recording.id == id)
        .ok_or_else(|| RecordingError::NoSuchRecording(id.chars().take(64).collect()))
}

/// Opens a recording for reading. A symbolic link in its place is refused.
pub(crate) fn open(found: &Found) -> Result<File, RecordingError> {
    fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(&found.path)
        .map_err(|source| RecordingError::Unavailable { path: found.path.clone(), source })
}

/// Deletes a recording, never one that is being written.
pub(crate) fn delete(found: &Found) -> Result<(), RecordingError> {
    if found.recording.writing {
        return Err(RecordingError::BeingWritten(found.recording.id.clone()));
    }
    fs::remove_file(&found.path)
        .map_err(|source| RecordingError::Unavailable { path: found.path.clone(), source })
}

fn examine(entry: &fs::DirEntry, now: SystemTime) -> Option<Found> {
    let path = entry.path();
    let format = match path.extension()?.to_str()? {
        "mp4" => RecordingFormat::Fmp4,
        "ts" => RecordingFormat::Mpegts,
        _ => return None,
    };
    let started_at = started_at(path.file_stem()?.to_str()?)?;
    // Not followed: a link planted here must not lead out of the directory.
    let meta = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let modified = meta.modified().ok()?;
    let file = path.file_name()?.to_str()?.to_owned();
    let recording = Recording {
        id: id(&file),
        stream: BOTH.into(),
        file,
        started_at,
        ended_at: Timestamp::try_from(modified).ok()?,
        size_bytes: meta.len(),
        format,
        // A modification time in the future is a clock that was set back: better to keep the file for now.
        writing: now.duration_since(modified).map_or(true, |age| age < IN_USE),
    };
    Some(Found { recording, path })
}

/// `2026-11-23_07-54-34-536690`, in UTC as MediaMTX is told to write it.
pub(crate) fn started_at(stem: &str) -> Option<Timestamp> {
    let (whole, micros) = stem.rsplit_once('-')?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H-%M-%S", whole).ok()?;
    let micros: i32 = (micros.len() == 6).then(|| micros.parse().ok())??;
    let time = time.with().subsec_nanosecond(micros * 1000).build().ok()?;
    time.in_tz("UTC").ok().map(|zoned| zoned.timestamp())
}

pub(crate) fn id(file: &str) -> String {
    let digest = Sha256::digest(format!("{BOTH}/{file}"));
    URL_SAFE_NO_PAD.encode(&digest[..15])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(path: &Path, seconds: u64) {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn lists_only_what_mediamtx_wrote_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        assert!(list(dir.path()).unwrap().is_empty(), "nothing was ever recorded");
        let folder = dir.path().join(BOTH);
        fs::create_dir(&folder).unwrap();
        let names = [
            "2026-11-23_07-54-34-536690.mp4",
            "2026-11-23_07-54-34-536691.ts",
            "notes.txt",
            "x.mp4",
            "2026.mp4",
        ];
        for name in names {
            fs::write(folder.join(name), name).unwrap();
            age(&folder.join(name), 60);
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.join("2026-11-23_07-54-34-000000.mp4")).unwrap();
        let found = list(dir.path()).unwrap();
        let files: Vec<&str> = found.iter().map(|it| it.recording.file.as_str()).collect();
        assert_eq!(files, ["2026-11-23_07-54-34-536691.ts", "2026-11-23_07-54-34-536690.mp4"]);
        assert_eq!(found[1].recording.started_at.to_string(), "2026-11-23T07:54:34.53669Z");
    }

    #[test]
    fn a_file_in_use_is_never_deleted_and_an_id_leads_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(BOTH);
        fs::create_dir(&folder).unwrap();
        let path = folder.join("2026-11-23_07-54-34-536690.mp4");
        fs::write(&path, "x").unwrap();
        let found = list(dir.path()).unwrap().remove(0);
        assert!(matches!(delete(&found), Err(RecordingError::BeingWritten(_))));
        age(&path, 60);
        let id = found.recording.id;
        for wrong in ["", "..", "../havatar", "2026-11-23_07-54-34-536690.mp4", &id[1..]] {
            assert!(matches!(find(dir.path(), wrong), Err(RecordingError::NoSuchRecording(_))), "{wrong}");
        }
        delete(&find(dir.path(), &id).unwrap()).unwrap();
        assert!(!path.exists());
    }
}
