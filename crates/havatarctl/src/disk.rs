//! Renames that never replace, or that exchange, and what makes them outlive a power cut.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

/// Renames `from` to a name that is free.
///
/// # Errors
/// `EEXIST`: there is something under that name.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        // Some file systems (exFAT, NFS) cannot do both in one step.
        Err(Errno::EINVAL) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(Errno::EEXIST);
            }
            renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::empty())
        }
        result => result,
    }
}

/// Exchanges two folders in one step: at no moment is there none under either name.
///
/// # Errors
/// `EINVAL`: the file system has no such step.
pub(crate) fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)
}

/// Makes what was created, renamed or removed in a folder survive a power cut.
pub(crate) fn sync_directory(dir: &Path) -> io::Result<()> {
    match File::open(dir)?.sync_all() {
        // A file system that knows no such thing.
        Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => Ok(()),
        result => result,
    }
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_replaces_nothing_and_an_exchange_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(one.join("x"), "1").unwrap();
        assert_eq!(rename_to_free(&one, &other), Err(Errno::EEXIST));
        exchange(&one, &other).unwrap();
        assert!(other.join("x").exists() && !one.join("x").exists());
        rename_to_free(&one, &dir.path().join("third")).unwrap();
        assert!(!one.exists());
        sync_directory(dir.path()).unwrap();
    }

    #[test]
    fn the_folder_of_a_bare_name_is_this_one() {
        assert_eq!(folder_of(Path::new("a.age")), Path::new("."));
        assert_eq!(folder_of(Path::new("/x/a.age")), Path::new("/x"));
    }
}
