//! The lock of the state directory: a running daemon holds it, and no daemon starts while this program does.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{OpenOptionsExt as _, fchown};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

use crate::archive::owner::Owner;
use crate::archive::state_files::LOCK;

use super::error::RestoreError;

/// Holds a state directory until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock of `state_dir`, at once or not at all. A lock file that is made is the directory's owner's: the daemon, which is no
    /// root, must be able to open it.
    pub(crate) fn take(state_dir: &Path, owner: Owner) -> Result<Self, RestoreError> {
        let path = state_dir.join(LOCK);
        let failed = |source| RestoreError::write(&path, source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
            .open(&path)
            .map_err(failed)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => {
                fchown(&*file, Some(owner.uid), Some(owner.gid)).map_err(failed)?;
                Ok(Self { _file: file })
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                let holder =
                    pid.trim().parse::<u32>().map_or_else(|_| String::new(), |pid| format!(" (pid {pid})"));
                Err(RestoreError::Running { path: state_dir.to_owned(), holder })
            }
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_the_holder_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let held = Lock::take(dir.path(), Owner::own()).unwrap();
        std::fs::write(dir.path().join(LOCK), "4711\n").unwrap();
        let refused = Lock::take(dir.path(), Owner::own()).unwrap_err().to_string();
        assert!(refused.contains("(pid 4711)") && refused.ends_with("systemctl stop havatard"), "{refused}");
        drop(held);
        Lock::take(dir.path(), Owner::own()).unwrap();
    }
}
