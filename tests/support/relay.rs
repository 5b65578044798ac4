//! A bad network that can be repeated: the simulator's relay, before a daemon.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::daemon::Daemon;
use crate::ports::{Held, free_port};
use crate::{tools, wait};

/// A running relay. Dropped, it is gone, with every connection through it.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    controls: ChildStdin,
    port: Held,
    _dir: TempDir,
}

impl Relay {
    /// Starts one before this daemon; `flags` say how bad it is.
    ///
    /// # Panics
    /// If it does not come up.
    pub async fn before(daemon: &Daemon, flags: &[&str]) -> Self {
        let port = free_port();
        let dir = tempfile::Builder::new().prefix("havatar-relay-").tempdir().expect("a temporary folder");
        let output = |name: &str| File::create(dir.path().join(name)).expect("a file for output");
        let address = format!("127.0.0.1:{}", port.port());
        let mut command = tools::ends_with_us("havatar-sim");
        command.args(["relay", "--listen", &address, "--to", daemon.origin().trim_start_matches("http://")]);
        command.args(flags).stdin(Stdio::piped()).stdout(output("stdout")).stderr(output("stderr"));
        let mut child = command.spawn().expect("havatar-sim starts");
        let controls = child.stdin.take().expect("a pipe");
        let relay = Self { child, controls, port, _dir: dir };
        wait::eventually(Duration::from_secs(5), "the relay listens", async || {
            TcpStream::connect(relay.address()).await.ok().map(drop)
        })
        .await;
        relay
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port.port()).into()
    }

    /// Tells it to behave differently: `block on`, `delay 80`.
    ///
    /// # Panics
    /// If it has gone.
    pub fn tell(&mut self, command: &str) {
        writeln!(self.controls, "{command}").and_then(|()| self.controls.flush()).expect("the relay listens");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
