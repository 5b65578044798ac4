//! Reading the archive: nothing but what its list names, in that order, into folders that are not in use yet.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown, lchown};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use nix::sys::statvfs::statvfs;
use tar::Archive;

use super::error::ArchiveError;
use super::hashed::Hashed;
use super::manifest::{
    Folder, LONGEST_LIST, LONGEST_RECORDING, MANIFEST, MOST_RECORDINGS, Manifest, ManifestError,
    RECORDINGS_LIST, Recording, Top, place,
};
use super::owner::Owner;

/// Room that is left on a disk beside what is unpacked, in bytes.
const RESERVE: u64 = 64 * 1024 * 1024;
/// What may follow the last member, in bytes: archives are filled up to whole blocks.
const LONGEST_END: u64 = 1024 * 1024;

/// A folder to unpack into, and whose it becomes.
pub(crate) struct Target {
    pub(crate) folder: PathBuf,
    pub(crate) owner: Owner,
}

impl Target {
    /// Whose a file or folder becomes that the backup names these for. Nothing of the state is another user's than the service's.
    fn owner_of(&self, path: &str, user: Option<&str>, group: Option<&str>) -> Owner {
        if path.starts_with("state/") { self.owner } else { self.owner.or_named(user, group) }
    }
}

/// Where the folders of a backup are unpacked.
pub(crate) struct Targets {
    pub(crate) config: Target,
    pub(crate) state: Target,
    pub(crate) recordings: Target,
    /// With whose rights recordings are written: in a folder of another user's, with that user's alone.
    pub(crate) recordings_as: Owner,
}

impl Targets {
    fn of(&self, top: Top) -> &Target {
        match top {
            Top::Config => &self.config,
            Top::State => &self.state,
            Top::Recordings => &self.recordings,
        }
    }

    /// Where a path of the list goes, and the folder that it stays within.
    fn find(&self, path: &str) -> Result<(&Target, PathBuf), ManifestError> {
        let (top, rest) = place(path).map_err(|why| ManifestError::Path { path: path.to_owned(), why })?;
        let target = self.of(top);
        Ok((target, target.folder.join(rest)))
    }
}

/// What was unpacked.
pub(crate) struct Unpacked {
    pub(crate) manifest: Manifest,
    pub(crate) recordings: Vec<Recording>,
    /// The paths of those recordings that were written.
    pub(crate) added: Vec<String>,
}

/// Verifies all of an archive, and writes what `wanted` tells by its path. After an error the targets hold an unknown part of it.
pub(crate) fn unpack<R: Read>(
    source: R,
    shown: &Path,
    targets: &Targets,
    wanted: impl Fn(&str) -> bool,
) -> Result<Unpacked, ArchiveError> {
    let reader = Reader { shown, targets };
    let mut archive = Archive::new(GzDecoder::new(source));
    // Raw: a member that describes another one, like a long name, is no plain file, and is refused.
    let mut members = archive.entries().map_err(|error| reader.damaged(error))?.raw(true);

    let first = reader.next(&mut members)?;
    let text = reader.list(first, MANIFEST, LONGEST_LIST)?;
    let manifest = Manifest::parse(&text).map_err(|error| reader.refused(error))?;
    Reader::room(&targets.state.folder, manifest.bytes())?;
    for folder in &manifest.folders {
        reader.make(folder)?;
    }
    for entry in &manifest.files {
        let mut member = reader.next(&mut members)?;
        reader.expect(&member, &entry.path)?;
        let file = if wanted(&entry.path) {
            let (target, to) = targets.find(&entry.path).map_err(|error| reader.refused(error))?;
            let owner = target.owner_of(&entry.path, entry.user.as_deref(), entry.group.as_deref());
            Some(NewFile::create(to, entry.mode, owner)?)
        } else {
            None
        };
        let sha256 = reader.copy(&mut member, entry.size, file)?;
        if sha256 != entry.sha256 {
            return Err(reader.refused(ManifestError::Differs { path: entry.path.clone() }));
        }
    }
    let (recordings, added) = if manifest.recordings {
        reader.recordings(&mut members, &wanted)?
    } else {
        (Vec::new(), Vec::new())
    };
    if let Some(surplus) = members.next() {
        surplus.map_err(|error| reader.damaged(error))?;
        return Err(reader.refused(ManifestError::Surplus));
    }
    // Modes last: a folder may be closed to writing.
    for folder in manifest.folders.iter().rev() {
        reader.close(folder)?;
    }
    reader.end(archive.into_inner())?;
    Ok(Unpacked { manifest, recordings, added })
}

type Member<'a, R> = tar::Entry<'a, GzDecoder<R>>;
type Members<'a, R> = tar::Entries<'a, GzDecoder<R>>;

struct Reader<'a> {
    shown: &'a Path,
    targets: &'a Targets,
}

impl Reader<'_> {
    fn damaged(&self, source: io::Error) -> ArchiveError {
        ArchiveError::Damaged { path: self.shown.to_owned(), source }
    }

    fn refused(&self, source: ManifestError) -> ArchiveError {
        ArchiveError::Refused { path: self.shown.to_owned(), source }
    }

    fn next<'m, R: Read>(&self, members: &mut Members<'m, R>) -> Result<Member<'m, R>, ArchiveError> {
        let member = members.next().ok_or_else(|| self.refused(ManifestError::Short))?;
        let member = member.map_err(|error| self.damaged(error))?;
        if member.header().entry_type().is_file() {
            return Ok(member);
        }
        let path = name(&member);
        Err(self.refused(ManifestError::NotAFile { path }))
    }

    fn expect<R: Read>(&self, member: &Member<'_, R>, listed: &str) -> Result<(), ArchiveError> {
        let found = name(member);
        if found == listed {
            return Ok(());
        }
        Err(self.refused(ManifestError::Order { found, listed: listed.to_owned() }))
    }

    /// The text of a list, of at most so many bytes.
    fn list<R: Read>(
        &self,
        member: Member<'_, R>,
        listed: &str,
        longest: u64,
    ) -> Result<Vec<u8>, ArchiveError> {
        self.expect(&member, listed)?;
        let size = member.size();
        if size > longest {
            return Err(self.refused(ManifestError::TooLong));
        }
        let mut text = Vec::new();
        member.take(longest).read_to_end(&mut text).map_err(|error| self.damaged(error))?;
        if text.len() as u64 == size { Ok(text) } else { Err(self.refused(ManifestError::Short)) }
    }

    /// Recordings up to their list, which must be of these very ones; and the paths of those that were written.
    fn recordings<R: Read>(
        &self,
        members: &mut Members<'_, R>,
        wanted: &impl Fn(&str) -> bool,
    ) -> Result<(Vec<Recording>, Vec<String>), ArchiveError> {
        let Targets { recordings: Target { folder, .. }, recordings_as, .. } = self.targets;
        let _rights = recordings_as.assume().map_err(|source| ArchiveError::write(folder, source))?;
        let (mut found, mut added) = (Vec::new(), Vec::new());
        loop {
            let mut member = self.next(members)?;
            let path = name(&member);
            if path == RECORDINGS_LIST {
                let longest = LONGEST_RECORDING * (found.len() as u64 + 1);
                let text = self.list(member, RECORDINGS_LIST, longest)?;
                let listed: Vec<Recording> =
                    serde_json::from_slice(&text).map_err(|error| self.refused(error.into()))?;
                if listed == found {
                    return Ok((found, added));
                }
                return Err(self.refused(ManifestError::Differs { path }));
            }
            if found.len() == MOST_RECORDINGS {
                return Err(self.refused(ManifestError::TooMany));
            }
            let refused = |why| self.refused(ManifestError::Path { path: path.clone(), why });
            let (top, _) = place(&path).map_err(refused)?;
            if top != Top::Recordings {
                return Err(refused("which is no recording"));
            }
            let size = member.size();
            let file = if wanted(&path) {
                let (target, to) = self.targets.find(&path).map_err(|error| self.refused(error))?;
                Self::room(&target.folder, size)?;
                folders_above(&to, &target.folder, target.owner)?;
                added.push(path.clone());
                Some(NewFile::create(to, 0o600, target.owner)?)
            } else {
                None
            };
            let sha256 = self.copy(&mut member, size, file)?;
            found.push(Recording { path, size, sha256 });
        }
    }

    /// Copies a member into its file, or nowhere, and returns its hash.
    fn copy<R: Read>(
        &self,
        member: &mut Member<'_, R>,
        size: u64,
        mut file: Option<NewFile>,
    ) -> Result<String, ArchiveError> {
        let path = name(member);
        if member.size() != size {
            return Err(self.refused(ManifestError::Differs { path }));
        }
        let mut reader = Hashed::new(member);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.damaged(error)),
            };
            if let Some(file) = &mut file {
                file.write(&buffer[..count])?;
            }
        }
        if reader.byte_count() != size {
            return Err(self.refused(ManifestError::Short));
        }
        file.map_or(Ok(()), NewFile::finish)?;
        Ok(reader.sha256())
    }

    fn room(folder: &Path, needed: u64) -> Result<(), ArchiveError> {
        let stat = statvfs(folder).map_err(|errno| ArchiveError::read(folder, errno.into()))?;
        let free = stat.blocks_available().saturating_mul(stat.fragment_size());
        if needed.saturating_add(RESERVE) <= free {
            return Ok(());
        }
        Err(ArchiveError::NoRoom { path: folder.to_owned(), free, needed })
    }

    fn make(&self, folder: &Folder) -> Result<(), ArchiveError> {
        let (_, path) = self.targets.find(&folder.path).map_err(|error| self.refused(error))?;
        DirBuilder::new().mode(0o700).create(&path).map_err(|source| ArchiveError::write(&path, source))
    }

    /// Gives a folder its owner and its mode.
    fn close(&self, folder: &Folder) -> Result<(), ArchiveError> {
        let (target, path) = self.targets.find(&folder.path).map_err(|error| self.refused(error))?;
        let owner = target.owner_of(&folder.path, folder.user.as_deref(), folder.group.as_deref());
        let done = File::open(&path).and_then(|open| {
            fchown(&open, Some(owner.uid), Some(owner.gid))?;
            open.set_permissions(Permissions::from_mode(folder.mode & 0o777))?;
            open.sync_all()
        });
        done.map_err(|source| ArchiveError::write(&path, source))
    }

    /// Reads to the very end: its last bytes are authenticated only then.
    fn end<R: Read>(&self, mut gzip: GzDecoder<R>) -> Result<(), ArchiveError> {
        let end = io::copy(&mut (&mut gzip).take(LONGEST_END), &mut io::sink())
            .map_err(|error| self.damaged(error))?;
        if end == LONGEST_END {
            return Err(self.refused(ManifestError::Surplus));
        }
        io::copy(&mut gzip.into_inner(), &mut io::sink()).map_err(|error| self.damaged(error))?;
        Ok(())
    }
}

fn name<R: Read>(member: &Member<'_, R>) -> String {
    String::from_utf8_lossy(&member.path_bytes()).into_owned()
}

/// Makes the folders between `top` and a file.
fn folders_above(file: &Path, top: &Path, owner: Owner) -> Result<(), ArchiveError> {
    let mut missing: Vec<&Path> =
        file.ancestors().skip(1).take_while(|folder| *folder != top && !folder.exists()).collect();
    missing.reverse();
    for folder in missing {
        let made = DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .and_then(|()| lchown(folder, Some(owner.uid), Some(owner.gid)));
        made.map_err(|source| ArchiveError::write(folder, source))?;
    }
    Ok(())
}

/// A file that is being unpacked. Nobody else can read it before it has its owner and its mode.
struct NewFile {
    file: File,
    path: PathBuf,
    mode: u32,
    owner: Owner,
}

impl NewFile {
    fn create(path: PathBuf, mode: u32, owner: Owner) -> Result<Self, ArchiveError> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => Ok(Self { file, path, mode, owner }),
            Err(source) => Err(ArchiveError::write(path, source)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.file.write_all(bytes).map_err(|source| ArchiveError::write(&self.path, source))
    }

    fn finish(self) -> Result<(), ArchiveError> {
        let done = fchown(&self.file, Some(self.owner.uid), Some(self.owner.gid))
            .and_then(|()| self.file.set_permissions(Permissions::from_mode(self.mode & 0o777)))
            .and_then(|()| self.file.sync_all());
        done.map_err(|source| ArchiveError::write(self.path, source))
    }
}

/// Deletes what was unpacked in vain.
pub(crate) fn discard(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
