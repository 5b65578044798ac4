//! Writing the archive.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use tar::{Builder, EntryType, Header};

use super::collect::{self, Contents, Source};
use super::error::ArchiveError;
use super::hashed::Hashed;
use super::manifest::{
    FORMAT, MANIFEST, MOST_RECORDINGS, Manifest, ManifestError, RECORDINGS_LIST, Recording,
};

/// From where and when a backup is.
pub(crate) struct Origin {
    pub(crate) version: String,
    pub(crate) at: Timestamp,
    pub(crate) host: String,
}

/// What was written.
pub(crate) struct Packed {
    pub(crate) manifest: Manifest,
    pub(crate) recordings: Vec<Recording>,
}

/// Writes all of `contents` into `out`, and gives it back. What vanishes meanwhile is noted there. Nothing is written that could not be
/// read again.
pub(crate) fn pack<W: Write>(
    out: W,
    shown: &Path,
    origin: Origin,
    contents: &mut Contents,
    with_recordings: bool,
) -> Result<(W, Packed), ArchiveError> {
    if contents.recordings.len() > MOST_RECORDINGS {
        return Err(ArchiveError::Unrestorable(ManifestError::TooMany));
    }
    for source in &mut contents.files {
        source.entry.sha256 = digest(source)?;
    }
    let manifest = Manifest {
        format: FORMAT,
        havatar: origin.version,
        at: origin.at,
        host: origin.host,
        recordings: with_recordings,
        folders: contents.folders.clone(),
        files: contents.files.iter().map(|source| source.entry.clone()).collect(),
    };
    let list = manifest.text().map_err(ArchiveError::Unrestorable)?;
    let failed = |source| ArchiveError::write(shown, source);
    // Recordings are compressed already, and are most of it.
    let level = if with_recordings { Compression::none() } else { Compression::fast() };
    let mut archive = Archive { tar: Builder::new(GzEncoder::new(out, level)), shown };
    archive.list(MANIFEST, &list)?;
    for Source { entry, from, file } in &contents.files {
        let sha256 = archive.member(&entry.path, entry.mode, entry.size, from, file)?;
        if sha256 != entry.sha256 {
            return Err(ArchiveError::Changed(from.clone()));
        }
    }
    let mut recordings = Vec::new();
    for (path, from) in std::mem::take(&mut contents.recordings) {
        match collect::open(&from)? {
            Ok((file, meta)) => {
                // One that grows is taken as far as it has grown.
                let sha256 = archive.member(&path, 0o600, meta.len(), &from, &file)?;
                recordings.push(Recording { path, size: meta.len(), sha256 });
            }
            Err(why) => contents.leave(&from, why),
        }
    }
    if with_recordings {
        let list = serde_json::to_vec(&recordings).map_err(|error| failed(error.into()))?;
        archive.list(RECORDINGS_LIST, &list)?;
    }
    let gzip = archive.tar.into_inner().map_err(failed)?;
    let out = gzip.finish().map_err(failed)?;
    Ok((out, Packed { manifest, recordings }))
}

/// The hash of a file's first bytes, as many as it had when it was opened: the black box only grows.
fn digest(source: &Source) -> Result<String, ArchiveError> {
    let Source { entry, from, file } = source;
    let failed = |error| ArchiveError::read(from, error);
    let mut reader = Hashed::new(file.take(entry.size));
    io::copy(&mut reader, &mut io::sink()).map_err(failed)?;
    if reader.byte_count() != entry.size {
        return Err(ArchiveError::Changed(from.clone()));
    }
    let mut again = file;
    again.rewind().map_err(failed)?;
    Ok(reader.sha256())
}

struct Archive<'a, W: Write> {
    tar: Builder<GzEncoder<W>>,
    shown: &'a Path,
}

impl<W: Write> Archive<'_, W> {
    fn list(&mut self, name: &str, text: &[u8]) -> Result<(), ArchiveError> {
        let failed = |source| ArchiveError::write(self.shown, source);
        let header = header(name, 0o600, text.len() as u64).map_err(failed)?;
        self.tar.append(&header, text).map_err(failed)
    }

    /// Appends the first `size` bytes of a file, and returns their hash.
    fn member(
        &mut self,
        path: &str,
        mode: u32,
        size: u64,
        from: &Path,
        file: &File,
    ) -> Result<String, ArchiveError> {
        let header = header(path, mode, size).map_err(|source| ArchiveError::write(self.shown, source))?;
        let mut reader = Hashed::new(file.take(size));
        match self.tar.append(&header, &mut reader) {
            Ok(()) if reader.byte_count() == size => Ok(reader.sha256()),
            Ok(()) => Err(ArchiveError::Changed(from.to_owned())),
            Err(source) if reader.has_failed() => Err(ArchiveError::read(from, source)),
            Err(source) => Err(ArchiveError::write(self.shown, source)),
        }
    }
}

fn header(path: &str, mode: u32, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_path(path)?;
    header.set_mode(mode);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}
