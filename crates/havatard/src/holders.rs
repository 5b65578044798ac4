//! Which process holds a port or a file, so that an error names the program to stop.

use std::path::Path;
use std::{fmt, fs};

/// A process that holds something; displays as `nginx (pid 812)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Program name, at most 15 characters, as the kernel keeps it.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.name, self.pid)
    }
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    fn tables(self) -> [&'static str; 2] {
        match self {
            Self::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
            Self::Udp => ["/proc/net/udp", "/proc/net/udp6"],
        }
    }

    /// The state of a socket that listens, as the kernel's tables spell it.
    fn listening(self) -> &'static str {
        match self {
            Self::Tcp => "0A",
            Self::Udp => "07",
        }
    }
}

/// The process that listens on a local port, this one included. `None` if there is none, or if it belongs to another
/// user: that shows only with privilege.
pub fn of_port(port: u16, protocol: Protocol) -> Option<Holder> {
    let sockets: Vec<String> = protocol
        .tables()
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| {
            table.lines().skip(1).filter_map(|line| inode(line, port, protocol)).collect::<Vec<_>>()
        })
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if sockets.is_empty() {
        return None;
    }
    find(None, |target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

/// Another process that has a file open. `None` if there is none, or if it belongs to another user.
pub fn of_file(path: &Path) -> Option<Holder> {
    let wanted = fs::canonicalize(path).ok()?;
    find(Some(std::process::id()), |target| target == wanted)
}

/// The first process except `skipped` with an open file descriptor whose target matches.
fn find(skipped: Option<u32>, matches: impl Fn(&Path) -> bool) -> Option<Holder> {
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else { continue };
        let holds = Some(pid) != skipped
            && descriptors.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|target| matches(&target)));
        if holds {
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(Holder { pid, name: name.trim().to_owned() });
        }
    }
    None
}

/// The inode of a line of /proc/net/{tcp,udp} if it is a listener on `port`.
fn inode(line: &str, port: u16, protocol: Protocol) -> Option<u64> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = fields.next()?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?;
    let hex = local.rsplit_once(':')?.1;
    let listens = state == protocol.listening();
    (listens && u16::from_str_radix(hex, 16).ok()? == port).then(|| inode.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_this_test_as_the_holder_of_its_own_listener() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(of_port(address.port(), Protocol::Tcp).map(|holder| holder.pid), Some(std::process::id()));
        drop(listener);
        assert_eq!(of_port(address.port(), Protocol::Tcp), None);

        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert!(of_port(address.port(), Protocol::Udp).is_some());
    }

    #[test]
    fn names_another_process_that_has_a_file_open_but_not_this_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device");
        let file = fs::File::create(&path).unwrap();
        assert_eq!(of_file(&path), None);
        let mut other = std::process::Command::new("sleep").arg("60").stdin(file).spawn().unwrap();
        assert_eq!(of_file(&path).map(|holder| holder.pid), Some(other.id()));
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(of_file(&dir.path().join("absent")), None);
    }
}
