//! Whom restored files are given to, and with whose rights they are written. A backup names users, because numbers are another
//! machine's.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User, getegid, geteuid, setfsgid, setfsuid, setgroups};

use super::error::ArchiveError;

/// The service's user and group.
pub(crate) const SERVICE: &str = "havatar";

/// A user and a group by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Owner {
    /// The owner of a file or folder.
    pub(crate) fn of(meta: &Metadata) -> Self {
        Self { uid: meta.uid(), gid: meta.gid() }
    }

    /// This process's own.
    pub(crate) fn own() -> Self {
        Self { uid: geteuid().as_raw(), gid: getegid().as_raw() }
    }

    /// The service's user, where root asks and there is one.
    pub(crate) fn service() -> Self {
        let user = if geteuid().is_root() { User::from_name(SERVICE).ok().flatten() } else { None };
        user.map_or_else(Self::own, |user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
    }

    /// The users that a backup names, if they are root or the service's; this one for all others.
    pub(crate) fn or_named(self, user: Option<&str>, group: Option<&str>) -> Self {
        let known = |name: &str| name == "root" || name == SERVICE;
        let uid = user
            .filter(|name| known(name))
            .and_then(|name| User::from_name(name).ok().flatten())
            .map_or(self.uid, |user| user.uid.as_raw());
        let gid = group
            .filter(|name| known(name))
            .and_then(|name| Group::from_name(name).ok().flatten())
            .map_or(self.gid, |group| group.gid.as_raw());
        Self { uid, gid }
    }

    /// Gives this thread the owner's rights to files, where root asks: in a folder that another user may write in, root could be led
    /// anywhere by a link that is put there between two looks.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(crate) fn assume(self) -> io::Result<Rights> {
        if self.uid == 0 || !geteuid().is_root() {
            return Ok(Rights(None));
        }
        // Root needs none of its groups, and they would open more than the owner may.
        setgroups(&[])?;
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        let former = (setfsgid(gid), setfsuid(uid));
        let rights = Rights(Some(former));
        // Neither of them tells whether it was obeyed; of a number that is nobody's it tells what holds.
        if setfsuid(Uid::from_raw(u32::MAX)) == uid && setfsgid(Gid::from_raw(u32::MAX)) == gid {
            Ok(rights)
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

/// An owner's rights to files; the former ones hold again once this is dropped.
pub(crate) struct Rights(Option<(Gid, Uid)>);

impl Drop for Rights {
    fn drop(&mut self) {
        if let Some((gid, uid)) = self.0 {
            setfsuid(uid);
            setfsgid(gid);
        }
    }
}

/// A folder's path without links. Root does not follow one to it that another user has made: it may lead anywhere.
pub(crate) fn trusted(folder: &Path) -> Result<PathBuf, ArchiveError> {
    // Without a slash at the end, behind which a link is followed.
    let folder: PathBuf = folder.components().collect();
    let failed = |source| ArchiveError::read(&folder, source);
    let meta = fs::symlink_metadata(&folder).map_err(failed)?;
    if meta.is_symlink() && meta.uid() != 0 && geteuid().is_root() {
        return Err(ArchiveError::Linked(folder));
    }
    folder.canonicalize().map_err(failed)
}

/// The names of a file's user and group, as far as this machine knows them.
pub(crate) fn names(meta: &Metadata) -> (Option<String>, Option<String>) {
    let user = User::from_uid(Uid::from_raw(meta.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(meta.gid())).ok().flatten();
    (user.map(|user| user.name), group.map(|group| group.name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, lchown, symlink};

    use super::*;

    const NOBODY: Owner = Owner { uid: 65534, gid: 65534 };

    #[test]
    fn only_root_and_the_services_user_are_named() {
        let folder = Owner { uid: 4711, gid: 4712 };
        assert_eq!(folder.or_named(Some("daemon"), Some("daemon")), folder);
        assert_eq!(folder.or_named(None, None), folder);
        assert_eq!(folder.or_named(Some("root"), Some("no-such-group")), Owner { uid: 0, gid: 4712 });
    }

    #[test]
    fn a_link_is_followed_by_root_only_if_root_made_it() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap().join("real");
        let link = dir.path().join("link");
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(trusted(&link).unwrap(), real);
        assert_eq!(trusted(&real.join(".")).unwrap(), real);
        if !geteuid().is_root() {
            eprintln!("NOT TESTED: only root can make another user's link");
            return;
        }
        lchown(&link, Some(NOBODY.uid), Some(NOBODY.gid)).unwrap();
        for path in [link.clone(), link.join("")] {
            assert!(matches!(trusted(&path), Err(ArchiveError::Linked(_))), "{}", path.display());
        }
    }

    #[test]
    fn root_has_the_owners_rights_and_then_its_own_again() {
        if !geteuid().is_root() {
            eprintln!("NOT TESTED: only root can take another user's rights");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (own, others) = (dir.path().join("own"), dir.path().join("others"));
        fs::create_dir(&own).unwrap();
        fs::create_dir(&others).unwrap();
        for path in [dir.path(), own.as_path()] {
            chown(path, Some(NOBODY.uid), Some(NOBODY.gid)).unwrap();
        }
        let rights = NOBODY.assume().unwrap();
        fs::write(own.join("x"), "x").unwrap();
        drop(NOBODY.assume().unwrap());
        let refused = fs::write(others.join("x"), "x").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        drop(rights);
        fs::write(others.join("x"), "x").unwrap();
        assert_eq!(Owner::of(&fs::metadata(own.join("x")).unwrap()), NOBODY);
        assert_eq!(Owner::of(&fs::metadata(others.join("x")).unwrap()), Owner::own());
    }
}
