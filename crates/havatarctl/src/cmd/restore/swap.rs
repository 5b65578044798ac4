//! Putting folders in place: all of them, or none. A folder that was there is kept beside it, and nothing is deleted.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::disk;

use super::error::RestoreError;

/// A folder that takes a place.
pub(crate) struct Swap {
    /// The new folder; if it does not stay in its place, it is here again.
    pub(crate) staged: PathBuf,
    pub(crate) target: PathBuf,
    /// Whether there is one in its place.
    pub(crate) is_there: bool,
    /// Where that one goes.
    pub(crate) aside: PathBuf,
    /// What moves from that one into the new one.
    pub(crate) along: Option<&'static str>,
}

/// Puts all in place; after an error all is as it was before.
pub(crate) fn all(swaps: &[Swap]) -> Result<(), RestoreError> {
    for (at, swap) in swaps.iter().enumerate() {
        if let Err(error) = swap.place() {
            for done in swaps[..at].iter().rev() {
                done.put_back().map_err(|errno| done.stuck(errno))?;
            }
            return Err(error);
        }
    }
    for Swap { target, aside, along, .. } in swaps {
        // It is in place; a power cut may still undo it, and leaves one of both whole.
        let _ = disk::sync_directory(disk::folder_of(target));
        if along.is_some() {
            let _ = disk::sync_directory(target);
            let _ = disk::sync_directory(aside);
        }
    }
    Ok(())
}

impl Swap {
    fn place(&self) -> Result<(), RestoreError> {
        self.exchange().map_err(|errno| self.refused(errno))?;
        let moved = self.along.map_or(Ok(()), |name| move_along(&self.aside, &self.target, name));
        moved.or_else(|errno| {
            self.exchange_back().map_err(|errno| self.stuck(errno))?;
            Err(self.refused(errno))
        })
    }

    fn exchange(&self) -> Result<(), Errno> {
        if !self.is_there {
            return disk::rename_to_free(&self.staged, &self.target);
        }
        // Under the name of the former first: what is under that name is never deleted.
        disk::rename_to_free(&self.staged, &self.aside)?;
        disk::exchange(&self.aside, &self.target).or_else(|errno| {
            disk::rename_to_free(&self.aside, &self.staged)?;
            match errno {
                Errno::EINVAL | Errno::ENOSYS => self.one_after_the_other(),
                errno => Err(errno),
            }
        })
    }

    /// For file systems that cannot exchange. A power cut in between leaves the former beside its place.
    fn one_after_the_other(&self) -> Result<(), Errno> {
        disk::rename_to_free(&self.target, &self.aside)?;
        disk::rename_to_free(&self.staged, &self.target).or_else(|errno| {
            disk::rename_to_free(&self.aside, &self.target)?;
            Err(errno)
        })
    }

    fn put_back(&self) -> Result<(), Errno> {
        if let Some(name) = self.along {
            move_along(&self.target, &self.aside, name)?;
        }
        self.exchange_back()
    }

    fn exchange_back(&self) -> Result<(), Errno> {
        if !self.is_there {
            return disk::rename_to_free(&self.target, &self.staged);
        }
        if disk::exchange(&self.aside, &self.target).is_ok() {
            return disk::rename_to_free(&self.aside, &self.staged);
        }
        disk::rename_to_free(&self.target, &self.staged)?;
        disk::rename_to_free(&self.aside, &self.target)
    }

    fn refused(&self, errno: Errno) -> RestoreError {
        RestoreError::Place { path: self.target.clone(), source: io::Error::from(errno) }
    }

    fn stuck(&self, errno: Errno) -> RestoreError {
        RestoreError::Stuck {
            path: self.target.clone(),
            aside: self.aside.clone(),
            source: io::Error::from(errno),
        }
    }
}

/// Moves what lies in one folder under `name` into another.
fn move_along(from: &Path, to: &Path, name: &str) -> Result<(), Errno> {
    disk::rename_to_free(&from.join(name), &to.join(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn swap(dir: &Path, name: &str) -> Swap {
        Swap {
            staged: dir.join(format!(".{name}.restoring")),
            target: dir.join(name),
            is_there: dir.join(name).exists(),
            aside: dir.join(format!("{name}.before")),
            along: None,
        }
    }

    fn folder(path: &Path, text: &str) {
        fs::create_dir(path).unwrap();
        fs::write(path.join("x"), text).unwrap();
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path.join("x")).unwrap()
    }

    #[test]
    fn the_new_takes_its_place_and_the_former_is_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        folder(&dir.join("state"), "former");
        fs::create_dir(dir.join("state/recordings")).unwrap();
        folder(&dir.join(".state.restoring"), "new");
        folder(&dir.join(".config.restoring"), "new");
        let state = Swap { along: Some("recordings"), ..swap(dir, "state") };
        all(&[state, swap(dir, "config")]).unwrap();
        assert_eq!([text(&dir.join("state")), text(&dir.join("config"))], ["new", "new"]);
        assert_eq!(text(&dir.join("state.before")), "former");
        assert!(dir.join("state/recordings").exists() && !dir.join("state.before/recordings").exists());
    }

    #[test]
    fn a_failure_at_any_step_puts_the_former_back() {
        for taken in ["state.before", "config.before", ".state.restoring/recordings"] {
            let dir = tempfile::tempdir().unwrap();
            let dir = dir.path();
            for name in ["state", "config"] {
                folder(&dir.join(name), "former");
                folder(&dir.join(format!(".{name}.restoring")), "new");
            }
            fs::create_dir(dir.join("state/recordings")).unwrap();
            fs::create_dir(dir.join(taken)).unwrap();
            let state = Swap { along: Some("recordings"), ..swap(dir, "state") };
            let refused = all(&[state, swap(dir, "config")]).unwrap_err();
            assert!(matches!(refused, RestoreError::Place { .. }), "{taken}: {refused}");
            assert_eq!(
                [text(&dir.join("state")), text(&dir.join("config"))],
                ["former", "former"],
                "{taken}"
            );
            assert!(dir.join("state/recordings").exists(), "{taken}");
            assert_eq!(text(&dir.join(".state.restoring")), "new", "{taken}: it is where it is deleted");
        }
    }

    #[test]
    fn a_place_that_was_free_is_free_again() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        folder(&dir.join(".state.restoring"), "new");
        folder(&dir.join(".config.restoring"), "new");
        let state = swap(dir, "state");
        let config = swap(dir, "config");
        // It appears in between, as by an installation.
        folder(&dir.join("config"), "other");
        assert!(all(&[state, config]).is_err());
        assert!(!dir.join("state").exists());
        assert_eq!(text(&dir.join("config")), "other");
    }
}
