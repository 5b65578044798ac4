//! The admin token's file. It is used only if no other user can read it: a token that others can read is no longer a secret.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;

/// Where havatard stores the token.
pub(crate) const DEFAULT_FILE: &str = "/var/lib/havatar/admin-token";

/// More than any token has, in bytes.
const LONGEST: u64 = 4096;

/// A token, ready to be sent and to nothing else: it has no `Display`, and its `Debug` says "Sensitive".
#[derive(Debug)]
pub(crate) struct Token {
    /// `Bearer ...`
    pub(crate) header: HeaderValue,
    /// Where it was read from.
    pub(crate) file: PathBuf,
}

/// Why the token cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "there is no token file {}: havatard makes it when it first runs, in its state directory; \
         name another with --token-file",
        _0.display()
    )]
    Missing(PathBuf),
    #[error("{} may not be read by this user: use sudo", _0.display())]
    Closed(PathBuf),
    #[error("{} can be read by others (mode {mode:04o}): chmod 600 {}", file.display(), file.display())]
    Exposed { file: PathBuf, mode: u32 },
    #[error("{} is not a file", _0.display())]
    NotAFile(PathBuf),
    #[error("{} does not hold a token", _0.display())]
    NotAToken(PathBuf),
    #[error("cannot read {}", file.display())]
    Read { file: PathBuf, source: io::Error },
}

/// Reads the token from `file`.
pub(crate) fn read(file: &Path) -> Result<Token, TokenError> {
    let file = file.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => TokenError::Missing(file.clone()),
        io::ErrorKind::PermissionDenied => TokenError::Closed(file.clone()),
        _ => TokenError::Read { file: file.clone(), source },
    };
    // Without O_NONBLOCK, opening a named pipe would block.
    let open =
        OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&file).map_err(failed)?;
    let meta = open.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(TokenError::NotAFile(file));
    }
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(TokenError::Exposed { file, mode });
    }
    let mut bytes = Vec::new();
    open.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    let text = bytes.trim_ascii();
    if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
        return Err(TokenError::NotAToken(file));
    }
    let Ok(mut header) = HeaderValue::from_bytes(&[b"Bearer ", text].concat()) else {
        return Err(TokenError::NotAToken(file));
    };
    header.set_sensitive(true);
    Ok(Token { header, file })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn with(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        (dir, file)
    }

    #[test]
    fn a_private_token_is_read_and_not_shown() {
        let (_dir, file) = with(b" s3cret-token\n", 0o600);
        let token = read(&file).unwrap();
        assert_eq!(token.header.as_bytes(), b"Bearer s3cret-token");
        assert!(!format!("{token:?}").contains("s3cret"));
        let (_dir, file) = with(b"s3cret-token", 0o400);
        assert!(read(&file).is_ok());
    }

    #[test]
    fn a_token_that_others_can_read_is_refused_with_the_fix() {
        for mode in [0o640, 0o604, 0o620, 0o601, 0o644] {
            let (_dir, file) = with(b"s3cret-token", mode);
            let error = read(&file).unwrap_err();
            assert!(matches!(error, TokenError::Exposed { .. }), "{mode:o}");
            assert!(error.to_string().ends_with(&format!("chmod 600 {}", file.display())), "{error}");
        }
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        for content in [&b""[..], b"\n", b"two words", b"line\nline", b"\xff\xfe"] {
            let (_dir, file) = with(content, 0o600);
            assert!(matches!(read(&file), Err(TokenError::NotAToken(_))), "{content:?}");
        }
        let (dir, file) = with(b"x", 0o600);
        assert!(matches!(read(dir.path()), Err(TokenError::NotAFile(_))));
        assert!(matches!(read(&file.with_file_name("none")), Err(TokenError::Missing(_))));
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).unwrap();
        assert!(matches!(read(&pipe), Err(TokenError::NotAFile(_))), "and it is not waited for");
    }
}
