//! The datagram socket of a stage: sends reports to the daemon and receives its control messages.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::str::FromStr;

use nix::sys::socket::{MsgFlags, UnixAddr, sendto};

use crate::local_socket;

use super::REPORT_SOCKET;
use super::wire::{MAX_DATAGRAM, Report};

pub(crate) struct StageSocket {
    socket: UnixDatagram,
    daemon: UnixAddr,
}

impl StageSocket {
    /// Binds the socket `name` in the runtime directory.
    pub(crate) fn open(dir: &Path, name: &str) -> io::Result<Self> {
        let socket = local_socket::datagrams(dir, name)?;
        Ok(Self { socket, daemon: UnixAddr::new(&dir.join(REPORT_SOCKET))? })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { socket: self.socket.try_clone()?, daemon: self.daemon })
    }

    /// Sends a report without blocking: audio never waits for the daemon, and the next report follows soon.
    pub(crate) fn send_report(&self, report: Report) {
        let _ = sendto(
            self.socket.as_raw_fd(),
            report.to_string().as_bytes(),
            &self.daemon,
            MsgFlags::MSG_DONTWAIT,
        );
    }

    /// Waits for a control message; other datagrams are ignored.
    pub(crate) fn recv_control<T: FromStr>(&self) -> io::Result<T> {
        let mut buffer = [0; MAX_DATAGRAM];
        loop {
            let count = self.socket.recv(&mut buffer)?;
            if let Some(control) =
                std::str::from_utf8(&buffer[..count]).ok().and_then(|text| text.parse().ok())
            {
                return Ok(control);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use crate::sound::CAPTURE_SOCKET;
    use crate::sound::wire::CaptureControl;

    use super::*;

    #[test]
    fn a_daemon_that_does_not_receive_blocks_no_audio() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = UnixDatagram::bind(dir.path().join(REPORT_SOCKET)).unwrap();
        let socket = StageSocket::open(dir.path(), CAPTURE_SOCKET).unwrap();
        let (returned, done) = mpsc::channel();
        std::thread::spawn(move || {
            // More than any socket buffer takes.
            for _ in 0..10_000 {
                socket.send_report(Report::Capture {
                    level_db: -90.0,
                    control: CaptureControl { duck: false },
                });
            }
            returned.send(socket).unwrap();
        });
        let socket = done.recv_timeout(Duration::from_secs(20)).expect("it waits for the daemon");
        // The reports that fit the buffer arrive, and control messages are still received.
        let mut buffer = [0; MAX_DATAGRAM];
        assert!(daemon.recv(&mut buffer).unwrap() > 0);
        daemon
            .send_to(CaptureControl { duck: true }.to_string().as_bytes(), dir.path().join(CAPTURE_SOCKET))
            .unwrap();
        assert_eq!(socket.recv_control::<CaptureControl>().unwrap(), CaptureControl { duck: true });
    }
}
