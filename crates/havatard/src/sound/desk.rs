//! A stage's line to the daemon.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::DESK_SOCKET;
use super::wire::{LONGEST, Report};

pub(crate) struct Desk {
    socket: UnixDatagram,
    daemon: PathBuf,
}

impl Desk {
    /// Listens under `name` in the runtime directory.
    pub(crate) fn open(dir: &Path, name: &str) -> io::Result<Self> {
        let socket = at_place(&dir.join(name), |place| UnixDatagram::bind(place))?;
        Ok(Self { socket, daemon: dir.join(DESK_SOCKET) })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, daemon: self.daemon.clone() })
    }

    /// Tells the daemon. One that does not listen just now hears the next report.
    pub(crate) fn tell(&self, report: Report) {
        let _ = self.socket.send_to(report.to_string().as_bytes(), &self.daemon);
    }

    /// Waits for orders; what is none is passed over.
    pub(crate) fn orders<T: FromStr>(&self) -> io::Result<T> {
        let mut buffer = [0; LONGEST];
        loop {
            let count = self.socket.recv(&mut buffer)?;
            if let Some(orders) =
                std::str::from_utf8(&buffer[..count]).ok().and_then(|text| text.parse().ok())
            {
                return Ok(orders);
            }
        }
    }
}

/// Listens for connections under `name` in the runtime directory.
pub(crate) fn listen(dir: &Path, name: &str) -> io::Result<UnixListener> {
    at_place(&dir.join(name), |place| UnixListener::bind(place))
}

/// Binds a socket, in the place of one that an earlier process left there.
fn at_place<T>(place: &Path, bind: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(place, &error)),
        _ => {}
    }
    let socket = bind(place).map_err(|error| named(place, &error))?;
    // The directory is private; this is for one that somebody opened.
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o600))?;
    Ok(socket)
}

fn named(place: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot listen at {}: {error}", place.display()))
}
