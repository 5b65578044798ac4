//! Private files of the state directory: read only when nobody else could have written or read them,
//! written whole or not at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use nix::fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2};

use super::{AuthError, Secret, random_text};

/// The file that holds the admin token.
pub const ADMIN_TOKEN: &str = "admin-token";

/// File name of the token that watches over RTSP and HLS, and does nothing else.
pub const WATCH_TOKEN: &str = "watch-token";

const LARGEST: u64 = 1024 * 1024;
const SHORTEST_TOKEN: usize = 32;

/// Reads a token, or makes one on the first run.
pub(super) fn token(state_dir: &Path, name: &str) -> Result<Secret, AuthError> {
    let path = state_dir.join(name);
    // Two rounds: if another daemon makes the file between our look and our rename, its token is the one.
    for _ in 0..2 {
        match read_private(&path) {
            Ok(text) => return parse_token(path, &text),
            Err(AuthError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(other) => return Err(other),
        }
        let secret = Secret::random();
        match write_private(&path, format!("{}\n", secret.expose()).as_bytes(), Existing::Keep) {
            Ok(()) => return Ok(secret),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(AuthError::Write { path, source }),
        }
    }
    Err(AuthError::Write { path, source: io::ErrorKind::AlreadyExists.into() })
}

/// The text of a private file: a regular file, ours or root's, closed to group and world.
pub(super) fn read_private(path: &Path) -> Result<String, AuthError> {
    let failed = |source| AuthError::Read { path: path.to_owned(), source };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)
        .map_err(|source| {
            if source.raw_os_error() == Some(nix::libc::ELOOP) {
                AuthError::NotAFile { path: path.to_owned() }
            } else {
                failed(source)
            }
        })?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(AuthError::NotAFile { path: path.to_owned() });
    }
    if meta.mode() & 0o077 != 0 {
        return Err(AuthError::Exposed { path: path.to_owned(), mode: meta.mode() & 0o7777 });
    }
    let me = nix::unistd::geteuid();
    if meta.uid() != me.as_raw() && meta.uid() != 0 {
        return Err(AuthError::ForeignOwner { path: path.to_owned(), uid: meta.uid() });
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Whether a file that is already there is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// Fail with `AlreadyExists`.
    Keep,
    /// Put the new one in its place.
    Replace,
}

/// Writes a file of mode 0600 beside its place and renames it there, so that a crash or a full disk leaves
/// either the old file or the new one.
pub(super) fn write_private(path: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", random_text::<9>()));
    let scratch = Scratch(path.with_file_name(name));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&scratch.0)?;
    file.write_all(content)?;
    file.sync_all()?;
    let flags = match existing {
        Existing::Keep => RenameFlags::RENAME_NOREPLACE,
        Existing::Replace => RenameFlags::empty(),
    };
    renameat2(AT_FDCWD, &scratch.0, AT_FDCWD, path, flags)?;
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// Removes what a failed write left; after the rename there is nothing under this name.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn parse_token(path: PathBuf, text: &str) -> Result<Secret, AuthError> {
    let token = text.trim();
    if token.len() < SHORTEST_TOKEN || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(AuthError::WeakToken { path });
    }
    Ok(Secret::from_text(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn dir() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_first_run_makes_a_private_token_and_later_ones_keep_it() {
        let dir = dir();
        let made = token(dir.path(), ADMIN_TOKEN).unwrap();
        let path = dir.path().join(ADMIN_TOKEN);
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), made.expose());
        assert_eq!(token(dir.path(), ADMIN_TOKEN).unwrap().expose(), made.expose());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no scratch file stays behind");
    }

    #[test]
    fn many_first_runs_at_once_agree_on_one_token() {
        let dir = dir();
        let tokens: Vec<String> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| token(dir.path(), ADMIN_TOKEN).unwrap().expose().to_owned()))
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(tokens.iter().all(|token| *token == tokens[0]));
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let dir = dir();
        token(dir.path(), ADMIN_TOKEN).unwrap();
        let path = dir.path().join(ADMIN_TOKEN);
        for mode in [0o640, 0o604, 0o620, 0o666] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = token(dir.path(), ADMIN_TOKEN).err().unwrap();
            assert!(matches!(error, AuthError::Exposed { mode: m, .. } if m == mode), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_symlink_a_folder_and_a_short_token_are_refused() {
        let dir = dir();
        let path = dir.path().join(ADMIN_TOKEN);
        symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(token(dir.path(), ADMIN_TOKEN), Err(AuthError::NotAFile { .. })));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(token(dir.path(), ADMIN_TOKEN), Err(AuthError::NotAFile { .. })));
        std::fs::remove_dir(&path).unwrap();
        write_private(&path, b"hunter2\n", Existing::Keep).unwrap();
        assert!(matches!(token(dir.path(), ADMIN_TOKEN), Err(AuthError::WeakToken { .. })));
    }

    #[test]
    fn a_missing_state_directory_is_named() {
        let error = token(Path::new("/nonexistent/state"), ADMIN_TOKEN).err().unwrap();
        assert!(error.to_string().contains("/nonexistent/state/admin-token"), "{error}");
    }
}
