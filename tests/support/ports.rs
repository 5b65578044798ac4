//! Ports of its own for each daemon, whatever else is tested at the same time.

use std::fs::{self, File, OpenOptions};
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;

use nix::fcntl::{Flock, FlockArg};

/// Below the range that the kernel gives to outgoing connections, so that no connection takes one in between.
const FIRST: u16 = 20_000;
const LAST: u16 = 31_999;

/// A port that no other test holds, for TCP and UDP, until this is dropped.
#[derive(Debug)]
pub struct Held {
    port: u16,
    // Tests run in parallel processes: the kernel lets go of the lock however this one ends.
    _lock: Flock<File>,
}

/// The listeners of one daemon.
#[derive(Debug)]
pub struct Ports {
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
    _held: Vec<Held>,
}

impl Held {
    /// Its number.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Ports {
    pub(crate) fn draw() -> Self {
        let held: Vec<Held> = (0..6).map(|_| free_port()).collect();
        let port = |index: usize| held[index].port;
        let [api, metrics, rtsp, webrtc, udp, hls] = [port(0), port(1), port(2), port(3), port(4), port(5)];
        Self { api, metrics, rtsp, webrtc, udp, hls, _held: held }
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
    let folder: PathBuf = std::env::temp_dir().join("havatar-test-ports");
    fs::create_dir_all(&folder).ok()?;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(port.to_string()))
        .ok()?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok()?;
    UdpSocket::bind(("0.0.0.0", port)).ok()?;
    Some(Held { port, _lock: lock })
}
