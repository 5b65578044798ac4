//! A stage's line to the daemon.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::str::FromStr;

use nix::sys::socket::{MsgFlags, UnixAddr, sendto};

use super::DESK_SOCKET;
use super::wire::{LONGEST, Report};

pub(crate) struct Desk {
    socket: UnixDatagram,
    daemon: UnixAddr,
}

impl Desk {
    /// Listens under `name` in the runtime directory.
    pub(crate) fn open(dir: &Path, name: &str) -> io::Result<Self> {
        let socket = at_place(&dir.join(name), |place| UnixDatagram::bind(place))?;
        Ok(Self { socket, daemon: UnixAddr::new(&dir.join(DESK_SOCKET))? })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, daemon: self.daemon })
    }

    /// Tells the daemon. One that does not listen just now hears the next report: sound does not wait for it.
    pub(crate) fn tell(&self, report: Report) {
        let _ = sendto(
            self.socket.as_raw_fd(),
            report.to_string().as_bytes(),
            &self.daemon,
            MsgFlags::MSG_DONTWAIT,
        );
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::sound::CAPTURE_SOCKET;
    use crate::sound::wire::CaptureOrders;

    #[test]
    fn a_daemon_that_does_not_listen_holds_no_sound_up() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = UnixDatagram::bind(dir.path().join(DESK_SOCKET)).unwrap();
        let desk = Desk::open(dir.path(), CAPTURE_SOCKET).unwrap();
        let (told, done) = mpsc::channel();
        std::thread::spawn(move || {
            // More than any queue holds.
            for _ in 0..10_000 {
                desk.tell(Report::Capture { level_db: -90.0, orders: CaptureOrders { duck: false } });
            }
            told.send(desk).unwrap();
        });
        let desk = done.recv_timeout(Duration::from_secs(20)).expect("it waits for the daemon");
        // Those that there was room for arrive, and the ears still wait for orders.
        let mut buffer = [0; LONGEST];
        assert!(daemon.recv(&mut buffer).unwrap() > 0);
        daemon
            .send_to(CaptureOrders { duck: true }.to_string().as_bytes(), dir.path().join(CAPTURE_SOCKET))
            .unwrap();
        assert_eq!(desk.orders::<CaptureOrders>().unwrap(), CaptureOrders { duck: true });
    }
}
