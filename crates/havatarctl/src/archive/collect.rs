//! What goes into a backup: the plain files of a folder, opened at once, so that what replaces them meanwhile changes nothing.

use std::fs::{self, DirEntry, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use serde::Serialize;
use tar::Header;

use super::error::ArchiveError;
use super::manifest::{Entry, Folder, Top, place};
use super::owner;

const VANISHED: &str = "it was deleted while the backup was made";
const LINK: &str = "it is a link";

/// A file, open for reading.
pub(crate) struct Source {
    /// Its hash is not known yet.
    pub(crate) entry: Entry,
    pub(crate) from: PathBuf,
    pub(crate) file: File,
}

/// What is not in the backup although it is there, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LeftOut {
    /// As it is shown: what is no UTF-8 in it is replaced.
    pub(crate) path: String,
    pub(crate) why: &'static str,
}

/// What goes in.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) folders: Vec<Folder>,
    pub(crate) files: Vec<Source>,
    /// Paths in the archive and on the disk: there may be more than a process may open.
    pub(crate) recordings: Vec<(String, PathBuf)>,
    pub(crate) left_out: Vec<LeftOut>,
}

impl Contents {
    /// Adds what `dir` holds, but for what `skip` tells by its name directly in there.
    pub(crate) fn add(
        &mut self,
        top: Top,
        dir: &Path,
        skip: impl Fn(&str) -> bool,
    ) -> Result<(), ArchiveError> {
        let dir = owner::trusted(dir)?;
        for entry in list(&dir).map_err(|source| ArchiveError::read(&dir, source))? {
            if !entry.file_name().to_str().is_some_and(&skip) {
                self.take(top, &entry, top.name())?;
            }
        }
        Ok(())
    }

    /// Notes what is left out, and why.
    pub(crate) fn leave(&mut self, path: &Path, why: &'static str) {
        self.left_out.push(LeftOut { path: path.display().to_string(), why });
    }

    fn take(&mut self, top: Top, entry: &DirEntry, within: &str) -> Result<(), ArchiveError> {
        let (path, name) = (entry.path(), entry.file_name());
        let Some(name) = name.to_str() else {
            self.leave(&path, "its name is not UTF-8");
            return Ok(());
        };
        let inside = format!("{within}/{name}");
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.leave(&path, VANISHED);
                return Ok(());
            }
            Err(source) => return Err(ArchiveError::read(path, source)),
        };
        if !fits(&inside) {
            self.leave(&path, "its path is too long");
        } else if meta.is_dir() {
            return self.take_folder(top, &path, &inside, &meta);
        } else if meta.is_symlink() {
            self.leave(&path, LINK);
        } else if !meta.is_file() {
            self.leave(&path, "it is neither a file nor a folder");
        } else if top == Top::Recordings {
            self.recordings.push((inside, path));
        } else {
            match open(&path)? {
                Ok((file, meta)) => self.files.push(source(inside, path, file, &meta)),
                Err(why) => self.leave(&path, why),
            }
        }
        Ok(())
    }

    fn take_folder(
        &mut self,
        top: Top,
        path: &Path,
        inside: &str,
        meta: &Metadata,
    ) -> Result<(), ArchiveError> {
        let entries = match list(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.leave(path, VANISHED);
                return Ok(());
            }
            Err(source) => return Err(ArchiveError::read(path, source)),
        };
        if top != Top::Recordings {
            let (user, group) = owner::names(meta);
            self.folders.push(Folder { path: inside.to_owned(), mode: meta.mode() & 0o777, user, group });
        }
        for entry in entries {
            self.take(top, &entry, inside)?;
        }
        Ok(())
    }
}

/// Opens a plain file, without following a link or waiting at a pipe; or says why it is left out.
pub(crate) fn open(path: &Path) -> Result<Result<(File, Metadata), &'static str>, ArchiveError> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)
        .and_then(|file| file.metadata().map(|meta| (file, meta)));
    match opened {
        Ok((file, meta)) if meta.is_file() && is_at(&file, path) => Ok(Ok((file, meta))),
        Ok((_, meta)) if meta.is_file() => Ok(Err("it was moved while the backup was made")),
        Ok(_) => Ok(Err("it is neither a file nor a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Err(VANISHED)),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => Ok(Err(LINK)),
        Err(source) => Err(ArchiveError::read(path, source)),
    }
}

/// Whether an open file is that of a path without links. The service's user may write in the state, and could put a link in the place of a
/// folder between two looks: root would read another file through it.
fn is_at(file: &File, path: &Path) -> bool {
    // One that was replaced meanwhile was there when it was opened.
    let mut replaced = path.as_os_str().to_owned();
    replaced.push(" (deleted)");
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        .is_ok_and(|real| real == path || real.as_os_str() == replaced)
}

fn source(inside: String, from: PathBuf, file: File, meta: &Metadata) -> Source {
    let (user, group) = owner::names(meta);
    let (size, mode) = (meta.len(), meta.mode() & 0o777);
    Source { entry: Entry { path: inside, size, mode, user, group, sha256: String::new() }, from, file }
}

/// Whether a path has room in a header of the archive, and is taken out of it again.
fn fits(path: &str) -> bool {
    place(path).is_ok() && Header::new_ustar().set_path(path).is_ok()
}

/// What a folder holds, by name, so that the same folder gives the same archive.
fn list(dir: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(DirEntry::file_name);
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_not_read_through_a_link_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        fs::create_dir(dir.join("real")).unwrap();
        fs::write(dir.join("real/x"), "x").unwrap();
        symlink("real", dir.join("link")).unwrap();
        assert!(matches!(open(&dir.join("real/x")), Ok(Ok(_))));
        assert!(matches!(open(&dir.join("link/x")), Ok(Err(why)) if why.contains("moved")));
        assert!(matches!(open(&dir.join("link")), Ok(Err(LINK))));
        assert!(matches!(open(&dir.join("none")), Ok(Err(VANISHED))));
        let (file, _) = open(&dir.join("real/x")).unwrap().unwrap();
        fs::write(dir.join("new"), "y").unwrap();
        fs::rename(dir.join("new"), dir.join("real/x")).unwrap();
        assert!(is_at(&file, &dir.join("real/x")), "replaced meanwhile");
    }
}
