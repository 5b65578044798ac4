//! Recordings from a backup among those that are there. None is replaced.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::archive::owner::Owner;
use crate::disk;

use super::error::RestoreError;

/// Recordings that were moved among the others, with the rights of the folder's owner. They go back with this value, unless it is kept.
pub(crate) struct Merge<'a> {
    staged: &'a Path,
    folder: &'a Path,
    owner: Owner,
    moved: Vec<&'a str>,
    made: Vec<PathBuf>,
}

impl<'a> Merge<'a> {
    /// Moves the recordings of these paths from `staged` into `folder`.
    pub(crate) fn of(
        paths: impl Iterator<Item = &'a str>,
        staged: &'a Path,
        folder: &'a Path,
        owner: Owner,
    ) -> Result<Self, RestoreError> {
        let _rights = owner.assume().map_err(|source| RestoreError::write(folder, source))?;
        let mut merge = Self { staged, folder, owner, moved: Vec::new(), made: Vec::new() };
        for path in paths {
            let to = folder.join(path);
            merge.folders_above(&to).map_err(|source| RestoreError::Place { path: to.clone(), source })?;
            match disk::rename_to_free(&staged.join(path), &to) {
                Ok(()) => merge.moved.push(path),
                // It is there already.
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(RestoreError::Place { path: to, source: errno.into() }),
            }
        }
        Ok(merge)
    }

    /// Leaves them where they are, and returns how many there are.
    pub(crate) fn keep(mut self) -> usize {
        self.made.clear();
        std::mem::take(&mut self.moved).len()
    }

    fn folders_above(&mut self, file: &Path) -> io::Result<()> {
        let within = file.ancestors().skip(1).take_while(|above| *above != self.folder);
        let mut above: Vec<&Path> = within.collect();
        above.reverse();
        for folder in above {
            match fs::symlink_metadata(folder) {
                Ok(meta) if meta.is_dir() => continue,
                // Its owner's rights bound where a link leads; none is followed all the same.
                Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            DirBuilder::new().mode(0o700).create(folder)?;
            self.made.push(folder.to_owned());
        }
        Ok(())
    }
}

impl Drop for Merge<'_> {
    fn drop(&mut self) {
        let Ok(_rights) = self.owner.assume() else { return };
        for path in self.moved.iter().rev() {
            // One that cannot be moved back is a recording more.
            let _ = disk::rename_to_free(&self.folder.join(path), &self.staged.join(path));
        }
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    #[test]
    fn a_link_among_them_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (staged, folder) = (dir.path().join("staged"), dir.path().join("recordings"));
        let elsewhere = dir.path().join("elsewhere");
        for path in [&staged.join("havatar"), &folder, &elsewhere] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(staged.join("havatar/a.mp4"), "x").unwrap();
        std::os::unix::fs::symlink(&elsewhere, folder.join("havatar")).unwrap();
        assert!(Merge::of(["havatar/a.mp4"].into_iter(), &staged, &folder, Owner::own()).is_err());
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    }

    #[test]
    fn root_moves_them_with_the_owners_rights_alone() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("NOT TESTED: only root can take another user's rights");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (staged, folder) = (dir.path().join("staged"), dir.path().join("recordings"));
        for path in [&staged.join("havatar"), &folder] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(staged.join("havatar/a.mp4"), "x").unwrap();
        let nobody = Owner { uid: 65534, gid: 65534 };
        let merge = || Merge::of(["havatar/a.mp4"].into_iter(), &staged, &folder, nobody);
        assert!(merge().is_err(), "the folders are root's");
        for path in [dir.path(), &folder, &staged, &staged.join("havatar")] {
            chown(path, Some(nobody.uid), Some(nobody.gid)).unwrap();
        }
        assert_eq!(merge().unwrap().keep(), 1);
        assert_eq!(Owner::of(&fs::metadata(folder.join("havatar")).unwrap()), nobody);
    }

    #[test]
    fn they_replace_nothing_and_go_back_unless_they_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (staged, folder) = (dir.path().join("staged"), dir.path().join("recordings"));
        fs::create_dir_all(staged.join("havatar")).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(staged.join("havatar/a.mp4"), "the backup's").unwrap();
        fs::write(staged.join("b.mp4"), "the backup's").unwrap();
        fs::write(folder.join("b.mp4"), "there").unwrap();
        let paths = || ["havatar/a.mp4", "b.mp4"].into_iter();

        drop(Merge::of(paths(), &staged, &folder, Owner::own()).unwrap());
        assert!(staged.join("havatar/a.mp4").exists() && !folder.join("havatar").exists());

        assert_eq!(Merge::of(paths(), &staged, &folder, Owner::own()).unwrap().keep(), 1);
        assert_eq!(fs::read(folder.join("havatar/a.mp4")).unwrap(), b"the backup's");
        assert_eq!(fs::read(folder.join("b.mp4")).unwrap(), b"there");
    }
}
