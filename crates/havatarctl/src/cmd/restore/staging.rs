//! A folder beside the one that it is to replace.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::archive::owner::{self, Owner};
use crate::archive::unpack;
use crate::disk;

use super::error::RestoreError;

/// A folder that exists or not, with the owner and the mode that it has or is to have.
pub(crate) struct Place {
    /// Without links, if it exists.
    pub(crate) path: PathBuf,
    pub(crate) is_there: bool,
    pub(crate) owner: Owner,
    mode: u32,
    device: Option<u64>,
}

impl Place {
    /// Looks at `path`; `owner` and `mode` are those of a folder that is made anew.
    pub(crate) fn at(path: &Path, owner: Owner, mode: u32) -> Result<Self, RestoreError> {
        let failed = |source| RestoreError::Look { path: path.to_owned(), source };
        match fs::metadata(path) {
            Ok(meta) => Ok(Self {
                path: owner::trusted(path)?,
                is_there: true,
                owner: Owner::of(&meta),
                mode: meta.mode() & 0o7777,
                device: Some(meta.dev()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                path: std::path::absolute(path).map_err(failed)?,
                is_there: false,
                owner,
                mode,
                device: None,
            }),
            Err(source) => Err(failed(source)),
        }
    }

    /// What lies in it under `name` must move with it.
    pub(crate) fn holds(&self, name: &str) -> Result<(), RestoreError> {
        let path = self.path.join(name);
        match fs::metadata(&path) {
            Ok(meta) if Some(meta.dev()) != self.device && !path.is_symlink() => {
                Err(RestoreError::Mounted(path))
            }
            _ => Ok(()),
        }
    }
}

/// The folder that is to take a place. It goes with this value, unless it was moved there.
pub(crate) struct Staging {
    pub(crate) folder: PathBuf,
    /// Whose rights make and delete it.
    owner: Owner,
}

impl Staging {
    /// Makes it, closed to all others. One of that name is what a restore left that was killed: nothing but a part of a backup.
    pub(crate) fn beside(place: &Place) -> Result<Self, RestoreError> {
        Self::make(disk::folder_of(&place.path), &name_of(&place.path), Owner::own())
    }

    /// Makes it within the folder whose files it is to hold first: that may be a disk of its own, and is its owner's to write in.
    pub(crate) fn within(folder: &Path, owner: Owner) -> Result<Self, RestoreError> {
        Self::make(folder, "recordings", owner)
    }

    fn make(parent: &Path, name: &str, owner: Owner) -> Result<Self, RestoreError> {
        let folder = parent.join(format!(".{name}.restoring"));
        let failed = |source| RestoreError::write(&folder, source);
        let _rights = owner.assume().map_err(failed)?;
        unpack::discard(&folder).map_err(failed)?;
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        Ok(Self { folder, owner })
    }

    /// Gives it the owner and the mode of its place, once it holds all.
    pub(crate) fn finish(&self, place: &Place) -> Result<(), RestoreError> {
        let done = File::open(&self.folder).and_then(|folder| {
            fchown(&folder, Some(place.owner.uid), Some(place.owner.gid))?;
            folder.set_permissions(Permissions::from_mode(place.mode))?;
            folder.sync_all()
        });
        done.map_err(|source| RestoreError::Write { path: self.folder.clone(), source })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let Ok(_rights) = self.owner.assume() else { return };
        // What was moved is not here any more.
        let _ = unpack::discard(&self.folder);
    }
}

/// Where the folder at `path` is put aside: beside itself, under a name that tells when.
pub(crate) fn aside(path: &Path, when: &str) -> PathBuf {
    path.with_file_name(format!("{}.before-restore-{when}", name_of(path)))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_its_places_mode_and_goes_unless_it_was_moved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let missing = Place::at(&path, Owner::own(), 0o700).unwrap();
        assert!(!missing.is_there);
        let staging = Staging::beside(&missing).unwrap();
        fs::write(staging.folder.join("x"), "").unwrap();
        drop(staging);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
        let there = Place::at(&path, Owner { uid: 1, gid: 1 }, 0o700).unwrap();
        assert!(there.is_there && there.owner != Owner { uid: 1, gid: 1 });
        there.holds("recordings").unwrap();
        let staging = Staging::beside(&there).unwrap();
        staging.finish(&there).unwrap();
        assert_eq!(fs::metadata(&staging.folder).unwrap().mode() & 0o7777, 0o750);
        assert_eq!(aside(&path, "now"), dir.path().join("state.before-restore-now"));
    }
}
