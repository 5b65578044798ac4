//! Whom restored files are given to. A backup names users, because numbers are another machine's.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use nix::unistd::{Gid, Group, Uid, User, getegid, geteuid};

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
}

/// The names of a file's user and group, as far as this machine knows them.
pub(crate) fn names(meta: &Metadata) -> (Option<String>, Option<String>) {
    let user = User::from_uid(Uid::from_raw(meta.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(meta.gid())).ok().flatten();
    (user.map(|user| user.name), group.map(|group| group.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_the_services_user_are_named() {
        let folder = Owner { uid: 4711, gid: 4712 };
        assert_eq!(folder.or_named(Some("daemon"), Some("daemon")), folder);
        assert_eq!(folder.or_named(None, None), folder);
        assert_eq!(folder.or_named(Some("root"), Some("no-such-group")), Owner { uid: 0, gid: 4712 });
    }
}
