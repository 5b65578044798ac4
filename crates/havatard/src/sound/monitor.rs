//! The monitor of the microphone: gives what is captured, before it is held back, to the daemon that asks for it.
//!
//! The stage never waits for it: a client that does not read in time is dropped. Only the process that started the stage is
//! let in: nothing else may listen without being shown at the robot.

use std::io::{self, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt};
use nix::unistd::Pid;

use crate::local_socket;

use super::{MONITOR_SOCKET, encode};

/// The wait after a connection that could not be accepted: the process has no descriptor left for it, for example.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Monitor {
    client: Arc<Mutex<Option<UnixStream>>>,
    bytes: Vec<u8>,
}

impl Monitor {
    /// Listens in `dir`, the runtime directory, for the process `daemon`. A new connection replaces the current one.
    pub(super) fn open(dir: &Path, daemon: Pid) -> io::Result<Self> {
        Self::on(local_socket::listen(dir, MONITOR_SOCKET)?, daemon)
    }

    fn on(listener: UnixListener, daemon: Pid) -> io::Result<Self> {
        let client = Arc::new(Mutex::new(None));
        let accepted = client.clone();
        thread::Builder::new().name("monitor".to_owned()).spawn(move || {
            loop {
                let Ok((stream, _)) = listener.accept() else {
                    thread::sleep(AGAIN_AFTER);
                    continue;
                };
                let known = getsockopt(&stream, sockopt::PeerCredentials);
                if known.is_ok_and(|peer| peer.pid() == daemon.as_raw())
                    && stream.set_nonblocking(true).is_ok()
                {
                    *lock(&accepted) = Some(stream);
                }
            }
        })?;
        Ok(Self { client, bytes: Vec::new() })
    }

    /// Gives captured samples to the client, if there is one.
    pub(super) fn offer(&mut self, block: &[i16]) {
        let mut client = lock(&self.client);
        let Some(stream) = client.as_mut() else { return };
        encode(block, &mut self.bytes);
        if stream.write_all(&self.bytes).is_err() {
            *client = None;
        }
    }
}

/// The connection is replaced whole, so a panic elsewhere cannot leave it half changed.
fn lock(client: &Mutex<Option<UnixStream>>) -> MutexGuard<'_, Option<UnixStream>> {
    client.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::BLOCK;
    use super::*;

    fn connect(dir: &Path) -> UnixStream {
        let client = UnixStream::connect(dir.join(MONITOR_SOCKET)).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client
    }

    /// Offers until the client has been let in and has received something.
    fn first(monitor: &mut Monitor, client: &mut UnixStream) -> [u8; 2] {
        let mut bytes = [0; 2];
        client.set_nonblocking(true).unwrap();
        while client.read_exact(&mut bytes).is_err() {
            monitor.offer(&[7]);
            thread::sleep(Duration::from_millis(1));
        }
        client.set_nonblocking(false).unwrap();
        bytes
    }

    #[test]
    fn the_daemon_receives_what_is_captured_and_one_that_does_not_read_holds_nothing_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut monitor = Monitor::open(dir.path(), Pid::this()).unwrap();
        monitor.offer(&[1; BLOCK]);
        let mut client = connect(dir.path());
        assert_eq!(first(&mut monitor, &mut client), 7_i16.to_le_bytes());
        // More than any socket's buffer takes.
        for _ in 0..5_000 {
            monitor.offer(&[2; BLOCK]);
        }
        assert!(lock(&monitor.client).is_none(), "it is dropped");
        client.read_to_end(&mut Vec::new()).unwrap();
        let mut again = connect(dir.path());
        assert_eq!(first(&mut monitor, &mut again), 7_i16.to_le_bytes());
    }

    #[test]
    fn a_connection_that_cannot_be_accepted_is_not_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let listener = local_socket::listen(dir.path(), MONITOR_SOCKET).unwrap();
        // Each look for a connection fails while there is none.
        listener.set_nonblocking(true).unwrap();
        let mut monitor = Monitor::on(listener, Pid::this()).unwrap();
        thread::sleep(Duration::from_millis(5));
        let mut client = connect(dir.path());
        assert_eq!(first(&mut monitor, &mut client), 7_i16.to_le_bytes());
    }

    #[test]
    fn no_other_process_is_let_in() {
        let dir = tempfile::tempdir().unwrap();
        let mut monitor = Monitor::open(dir.path(), Pid::from_raw(1)).unwrap();
        let mut stranger = connect(dir.path());
        assert_eq!(stranger.read(&mut [0; 2]).unwrap(), 0, "closed at once");
        monitor.offer(&[1; BLOCK]);
        assert!(lock(&monitor.client).is_none());
    }
}
