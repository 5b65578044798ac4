//! Tokens in the state directory.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{self, Existing};
use crate::secrets::Secret;

use super::types::AuthError;

/// The file that holds the admin token.
pub const ADMIN_TOKEN: &str = "admin-token";

/// The file that holds the watch token, which allows watching over RTSP and HLS and nothing else.
pub const WATCH_TOKEN: &str = "watch-token";

const SHORTEST_TOKEN: usize = 32;

/// Reads a token, or creates one on the first run.
pub(super) fn token(state_dir: &Path, name: &str) -> Result<Secret, AuthError> {
    let path = state_dir.join(name);
    // Two rounds: if another daemon creates the file between the read and the rename, its token is used.
    for _ in 0..2 {
        match disk::read(&path) {
            Ok(text) => return parse_token(path, &text),
            Err(error) if error.is_absent() => {}
            Err(other) => return Err(other.into()),
        }
        let secret = Secret::random();
        match disk::write(&path, format!("{}\n", secret.expose()).as_bytes(), Existing::Keep) {
            Ok(()) => return Ok(secret),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(AuthError::Write { path, source }),
        }
    }
    Err(AuthError::Write { path, source: io::ErrorKind::AlreadyExists.into() })
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
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

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
    fn a_token_that_is_not_private_or_too_short_is_refused() {
        let dir = dir();
        let path = dir.path().join(ADMIN_TOKEN);
        token(dir.path(), ADMIN_TOKEN).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = token(dir.path(), ADMIN_TOKEN).err().unwrap();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        disk::write(&path, b"hunter2\n", Existing::Replace).unwrap();
        assert!(matches!(token(dir.path(), ADMIN_TOKEN), Err(AuthError::WeakToken { .. })));
    }

    #[test]
    fn a_missing_state_directory_is_named() {
        let error = token(Path::new("/nonexistent/state"), ADMIN_TOKEN).err().unwrap();
        assert!(error.to_string().contains("/nonexistent/state/admin-token"), "{error}");
    }
}
