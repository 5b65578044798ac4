//! Unix sockets in the runtime directory, which are this user's alone.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;

/// Listens for connections under `name`.
pub(crate) fn listen(dir: &Path, name: &str) -> io::Result<UnixListener> {
    bind(&dir.join(name), |path| UnixListener::bind(path))
}

/// Receives datagrams under `name`.
pub(crate) fn datagrams(dir: &Path, name: &str) -> io::Result<UnixDatagram> {
    bind(&dir.join(name), |path| UnixDatagram::bind(path))
}

/// Binds a socket, and replaces one that an earlier process left.
fn bind<T>(path: &Path, bind: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(with_path(path, &error)),
        _ => {}
    }
    let socket = bind(path).map_err(|error| with_path(path, &error))?;
    // The directory is private; this covers one whose mode was changed.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(socket)
}

fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot listen at {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_its_users_alone_and_takes_the_place_of_an_old_one() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let _listener = listen(dir.path(), "a").unwrap();
            let _datagrams = datagrams(dir.path(), "b").unwrap();
            for name in ["a", "b"] {
                let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{name}");
            }
        }
        let error = listen(&dir.path().join("nowhere"), "a").unwrap_err();
        assert!(error.to_string().contains("nowhere/a"), "{error}");
    }
}
