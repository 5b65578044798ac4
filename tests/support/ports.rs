//! Ports of its own for each daemon, whatever else is tested at the same time.

use std::fs::{File, OpenOptions};
use std::net::{TcpListener, UdpSocket};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use serde::{Deserialize, Serialize};

/// Below the range that the kernel gives to outgoing connections, so that no connection takes one in between.
const FIRST: u16 = 20_000;
const LAST: u16 = 31_999;

/// A port that no other test holds, for TCP and UDP, until this is dropped.
#[derive(Debug)]
pub struct Held {
    port: u16,
    // Tests run in parallel processes: the kernel lets go of what they have locked however they end.
    _lock: File,
}

/// The listeners of one daemon.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ports {
    /// The daemon's own, where its config names one.
    pub http: u16,
    /// MediaMTX's API.
    pub api: u16,
    /// MediaMTX's metrics.
    pub metrics: u16,
    /// RTSP.
    pub rtsp: u16,
    /// WebRTC signalling.
    pub webrtc: u16,
    /// WebRTC media.
    pub udp: u16,
    /// HLS.
    pub hls: u16,
    #[serde(skip)]
    held: Vec<Held>,
}

impl Held {
    /// Its number.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Ports {
    /// Those of a daemon that has ended, held again.
    #[must_use]
    pub fn hold_again(mut self) -> Self {
        let ports = [self.http, self.api, self.metrics, self.rtsp, self.webrtc, self.udp, self.hls];
        self.held = ports.into_iter().filter_map(hold).collect();
        self
    }

    /// Free ones, held until this is dropped.
    pub fn draw() -> Self {
        let held: Vec<Held> = (0..7).map(|_| free_port()).collect();
        let [http, api, metrics, rtsp, webrtc, udp, hls] = std::array::from_fn(|index| held[index].port);
        Self { http, api, metrics, rtsp, webrtc, udp, hls, held }
    }
}

/// Draws one free port.
///
/// # Panics
/// If a thousand draws find none.
pub fn free_port() -> Held {
    (0..1000).find_map(|_| hold(rand::random_range(FIRST..=LAST))).expect("a free port")
}

fn hold(port: u16) -> Option<Held> {
    // One file for all; the byte at the port's number stands for the port.
    let place = std::env::temp_dir().join("havatar-test-ports");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(place).ok()?;
    let byte = libc::flock {
        l_type: libc::F_WRLCK.try_into().ok()?,
        l_whence: libc::SEEK_SET.try_into().ok()?,
        l_start: port.into(),
        l_len: 1,
        l_pid: 0,
    };
    // Of the open file, not of the process: closing another handle to the file lets go of nothing.
    fcntl(&file, FcntlArg::F_OFD_SETLK(&byte)).ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok()?;
    UdpSocket::bind(("0.0.0.0", port)).ok()?;
    Some(Held { port, _lock: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_held_until_it_is_dropped() {
        let held = free_port();
        assert!(hold(held.port).is_none());
        let port = held.port;
        drop(held);
        assert_eq!(hold(port).map(|again| again.port), Some(port));
    }
}
