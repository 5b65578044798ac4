//! Which files are trusted: those that nobody else can have written, and secrets that nobody else can have read.
//!
//! A config decides which programs are run: a user who can write it runs programs as havatard's. What is trusted is
//! judged on the open file, so that nothing is exchanged between the look and the reading.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{getegid, geteuid};

/// What others may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Read it.
    Public,
    /// Nothing.
    Secret,
}

/// Why a file was not opened.
#[derive(Debug)]
pub enum Distrust {
    /// It is not there, or cannot be read.
    Io(io::Error),
    /// Others could have written or read it.
    Exposed {
        /// What is wrong with it: `can be written by others (mode 0666)`.
        why: String,
        /// What to do.
        fix: String,
    },
}

impl std::fmt::Display for Distrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Exposed { why, fix } => write!(f, "{why}: {fix}"),
        }
    }
}

impl std::error::Error for Distrust {}

impl From<Distrust> for io::Error {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::Io(error) => error,
            exposed @ Distrust::Exposed { .. } => Self::new(io::ErrorKind::PermissionDenied, exposed),
        }
    }
}

/// Opens a regular file for reading, if it and the folders above it are trusted.
///
/// # Errors
/// [`Distrust`]
pub fn open(path: &Path, trust: Trust) -> Result<File, Distrust> {
    // Without waiting for the writer of a pipe in its place.
    let file = File::options()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(Distrust::Io)?;
    let meta = file.metadata().map_err(Distrust::Io)?;
    if !meta.is_file() {
        return Err(Distrust::Io(io::Error::other("is not a file")));
    }
    judge(path, &meta, trust)?;
    folders(path)?;
    Ok(file)
}

/// A folder of our own: ours or root's, and nobody else may write in it.
///
/// # Errors
/// [`Distrust`]
pub fn folder(path: &Path) -> Result<(), Distrust> {
    let meta = fs::metadata(path).map_err(Distrust::Io)?;
    if meta.mode() & 0o022 != 0 {
        let why = format!("can be written by others (mode {:04o})", meta.mode() & 0o7777);
        return Err(exposed(why, format!("run chmod go-w {}", quoted(path))));
    }
    owner(path, &meta)
}

fn judge(path: &Path, meta: &Metadata, trust: Trust) -> Result<(), Distrust> {
    owner(path, meta)?;
    let mode = meta.mode() & 0o7777;
    if mode & 0o022 != 0 {
        let fix = match trust {
            Trust::Public => format!("run chmod go-w {}", quoted(path)),
            Trust::Secret => format!("run chmod 600 {}", quoted(path)),
        };
        return Err(exposed(format!("can be written by others (mode {mode:04o})"), fix));
    }
    // The usual way to give a service a secret of root's: its own group may read it.
    // Nothing for all others: its lowest three bits are zero.
    let given = mode.trailing_zeros() >= 3
        && meta.uid() == 0
        && !geteuid().is_root()
        && meta.gid() == getegid().as_raw();
    if trust == Trust::Secret && mode & 0o077 != 0 && !given {
        return Err(exposed(
            format!("can be read by others (mode {mode:04o})"),
            format!("run chmod 600 {}", quoted(path)),
        ));
    }
    Ok(())
}

fn owner(path: &Path, meta: &Metadata) -> Result<(), Distrust> {
    let (us, uid) = (geteuid(), meta.uid());
    if uid == 0 || uid == us.as_raw() {
        return Ok(());
    }
    Err(exposed(
        format!("belongs to the user with number {uid}, neither to root nor to havatard's user ({us})"),
        format!("run chown {us} {}, if its content is yours", quoted(path)),
    ))
}

/// The folders that a path leads through, links followed: a user who can write in one can put another file in the place of ours.
fn folders(path: &Path) -> Result<(), Distrust> {
    let parent = |path: &Path| path.parent().map(Path::to_owned);
    let named = std::path::absolute(path).ok().as_deref().and_then(parent);
    let real = path.canonicalize().ok().as_deref().and_then(parent);
    for folder in [&named, &real].into_iter().flatten() {
        owner(folder, &fs::metadata(folder).map_err(Distrust::Io)?)
            .map_err(|distrust| within(folder, distrust))?;
    }
    let above = |folder: &PathBuf| folder.ancestors().map(Path::to_owned).collect::<Vec<_>>();
    for folder in [&named, &real].into_iter().flatten().flat_map(above) {
        let Ok(meta) = fs::metadata(&folder) else { continue };
        let mode = meta.mode() & 0o7777;
        // In a sticky folder, like /tmp, nobody removes or renames what is not theirs.
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            let why = format!("can be written by everybody (mode {mode:04o})");
            return Err(within(&folder, exposed(why, format!("run chmod o-w {}", quoted(&folder)))));
        }
    }
    Ok(())
}

fn within(folder: &Path, distrust: Distrust) -> Distrust {
    match distrust {
        Distrust::Exposed { why, fix } => {
            exposed(format!("lies below {}, which {why}", folder.display()), fix)
        }
        io @ Distrust::Io(_) => io,
    }
}

fn exposed(why: String, fix: String) -> Distrust {
    Distrust::Exposed { why, fix }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Why and fix; panics if it is trusted.
    fn refused(path: &Path, trust: Trust) -> (String, String) {
        match open(path, trust) {
            Err(Distrust::Exposed { why, fix }) => (why, fix),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_others_can_write_or_secrets_that_they_can_read_are_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a file");
        fs::write(&path, "x").unwrap();
        let name = format!("'{}'", path.display());
        for (mode, public, secret) in [
            (0o600, None, None),
            (0o400, None, None),
            (0o644, None, Some("chmod 600")),
            (0o640, None, Some("chmod 600")),
            (0o604, None, Some("chmod 600")),
            (0o664, Some("chmod go-w"), Some("chmod 600")),
            (0o620, Some("chmod go-w"), Some("chmod 600")),
            (0o602, Some("chmod go-w"), Some("chmod 600")),
            (0o666, Some("chmod go-w"), Some("chmod 600")),
        ] {
            set(&path, mode);
            for (trust, wanted) in [(Trust::Public, public), (Trust::Secret, secret)] {
                let Some(cure) = wanted else {
                    assert!(open(&path, trust).is_ok(), "{mode:o} {trust:?}");
                    continue;
                };
                let (why, fix) = refused(&path, trust);
                assert_eq!(fix, format!("run {cure} {name}"), "{mode:o} {trust:?}");
                assert!(why.contains(&format!("{mode:04o}")), "{why}");
            }
        }
    }

    #[test]
    fn a_folder_that_everybody_writes_in_is_no_place_for_a_trusted_file() {
        let dir = tempfile::tempdir().unwrap();
        let (open_folder, inner) = (dir.path().join("open"), dir.path().join("open/inner"));
        fs::create_dir_all(&inner).unwrap();
        let path = inner.join("file");
        fs::write(&path, "x").unwrap();
        set(&path, 0o600);
        assert!(open(&path, Trust::Secret).is_ok());
        set(&open_folder, 0o777);
        let (why, fix) = refused(&path, Trust::Public);
        assert!(
            why.contains("everybody") && fix == format!("run chmod o-w {}", open_folder.display()),
            "{why}: {fix}"
        );
        set(&open_folder, 0o1777);
        assert!(open(&path, Trust::Secret).is_ok(), "sticky");
        // Through a link as well.
        set(&open_folder, 0o777);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        refused(&link, Trust::Public);
        set(&open_folder, 0o755);
        assert!(open(&link, Trust::Public).is_ok());
    }

    #[test]
    fn a_file_or_folder_of_another_user_is_refused() {
        if !geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "x").unwrap();
        set(&path, 0o600);
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        let (why, fix) = refused(&path, Trust::Public);
        assert!(why.contains("65534") && fix.starts_with("run chown 0 "), "{why}: {fix}");
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        assert!(open(&path, Trust::Secret).is_ok());
        std::os::unix::fs::chown(dir.path(), Some(65534), None).unwrap();
        let (why, _) = refused(&path, Trust::Public);
        assert!(why.contains("lies below"), "{why}");
        assert!(folder(dir.path()).is_err());
    }

    #[test]
    fn a_folder_of_our_own_is_written_by_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        assert!(folder(dir.path()).is_ok());
        for mode in [0o770, 0o777, 0o1777, 0o702] {
            set(dir.path(), mode);
            assert!(folder(dir.path()).is_err(), "{mode:o}");
        }
        set(dir.path(), 0o755);
        assert!(folder(dir.path()).is_ok());
    }
}
