//! Who holds a port, a connection or a file: so that an error names the program to stop, and that nobody is believed to be
//! a program of this daemon who is not.

mod sock_diag;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::{fmt, fs};

pub use sock_diag::ConnectedSocket;

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
    let inodes = match protocol {
        Protocol::Tcp => listeners(port),
        Protocol::Udp => listeners_in_tables(port, protocol),
    };
    let sockets: Vec<String> = inodes.into_iter().map(|inode| format!("socket:[{inode}]")).collect();
    if sockets.is_empty() {
        return None;
    }
    find(None, |target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

/// The socket of this machine that is bound to `local` and connected to `remote_port`. `None` if there is none: it is closed,
/// or the end of another machine.
pub fn of_connection(local: SocketAddr, remote_port: u16) -> Option<ConnectedSocket> {
    // Who connects within a machine usually does so from the address that it connects to.
    if let Ok(Some((socket, true))) = sock_diag::connection(local, SocketAddr::new(local.ip(), remote_port)) {
        return Some(socket);
    }
    let find = || {
        let entry = entries(Protocol::Tcp).find(|entry| {
            entry.state == ESTABLISHED && is(entry.local, local) && entry.remote.port() == remote_port
        })?;
        Some(ConnectedSocket { uid: entry.uid, inode: entry.inode })
    };
    // Where sockets come and go, the kernel may leave one out between two parts of its table.
    (0..TABLE_READS).find_map(|_| find())
}

/// How often the kernel's table is read before a socket counts as absent.
const TABLE_READS: usize = 3;

/// The sockets that listen on a local port of TCP.
pub fn listeners(port: u16) -> Vec<u64> {
    sock_diag::listeners(port).unwrap_or_else(|_| listeners_in_tables(port, Protocol::Tcp))
}

fn listeners_in_tables(port: u16, protocol: Protocol) -> Vec<u64> {
    let listening = entries(protocol).filter(|entry| entry.listens_on(port, protocol));
    listening.map(|entry| entry.inode).collect()
}

/// Another process that has a file open. `None` if there is none, or if it belongs to another user.
pub fn of_file(path: &Path) -> Option<Holder> {
    let wanted = fs::canonicalize(path).ok()?;
    find(Some(std::process::id()), |target| target == wanted)
}

/// The user at the other end of each of these TCP connections on this machine, given by that end's address and ours. `None`
/// where the kernel's tables do not have it.
pub fn users_of_connections(connections: &[(SocketAddr, SocketAddr)]) -> Vec<Option<u32>> {
    let asked = connections.iter().map(|(peer, ours)| {
        sock_diag::connection(*peer, *ours).map(|found| found.map(|(socket, _)| socket.uid))
    });
    asked.collect::<Result<_, _>>().unwrap_or_else(|_| users_in_tables(connections))
}

fn users_in_tables(connections: &[(SocketAddr, SocketAddr)]) -> Vec<Option<u32>> {
    let mut users = vec![None; connections.len()];
    for entry in entries(Protocol::Tcp) {
        let of = |(peer, ours): &(SocketAddr, SocketAddr)| is(entry.local, *peer) && is(entry.remote, *ours);
        if let Some(at) = connections.iter().position(of) {
            users[at] = Some(entry.uid);
        }
    }
    users
}

/// The state of a connected socket, as the kernel's tables spell it.
const ESTABLISHED: &str = "01";

/// A socket, by its line in /proc/net/{tcp,udp}.
struct Entry {
    local: SocketAddr,
    remote: SocketAddr,
    state: String,
    uid: u32,
    inode: u64,
}

impl Entry {
    fn of(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[_, local, remote, state, _, _, _, uid, _, inode, ..] = fields.as_slice() else { return None };
        Some(Self {
            local: address(local)?,
            remote: address(remote)?,
            state: state.to_owned(),
            uid: uid.parse().ok()?,
            inode: inode.parse().ok()?,
        })
    }

    fn listens_on(&self, port: u16, protocol: Protocol) -> bool {
        self.state == protocol.listening() && self.local.port() == port
    }
}

/// The sockets of a protocol; a table is read when its first entry is asked for.
fn entries(protocol: Protocol) -> impl Iterator<Item = Entry> {
    protocol
        .tables()
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().skip(1).filter_map(Entry::of).collect::<Vec<_>>())
}

/// `0100007F:1F90`: the address in words of 32 bits as this machine keeps them, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (hex, port) = text.split_once(':')?;
    let word = |at: usize| u32::from_str_radix(hex.get(8 * at..8 * at + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = if hex.len() == 8 {
        IpAddr::from(word(0)?)
    } else {
        let words: Option<Vec<[u8; 4]>> = (0..4).map(word).collect();
        IpAddr::from(<[u8; 16]>::try_from(words?.concat()).ok()?)
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

/// One address, whether or not it is mapped into IPv6.
fn is(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.ip().to_canonical() == b.ip().to_canonical()
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

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::linux::fs::MetadataExt as _;

    use super::*;

    fn inode_of(socket: &TcpStream) -> u64 {
        use std::os::fd::AsRawFd as _;
        fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap().st_ino()
    }

    #[test]
    fn a_connection_is_found_by_the_end_that_was_asked_for() {
        for place in ["127.0.0.1:0", "[::1]:0", "[::]:0"] {
            let Ok(listener) = TcpListener::bind(place) else { continue };
            let port = listener.local_addr().unwrap().port();
            let host = if place.starts_with("[::1]") { "::1" } else { "127.0.0.1" };
            let client = TcpStream::connect((host, port)).unwrap();
            let (server, seen) = listener.accept().unwrap();
            let found = of_connection(seen, port).unwrap();
            let uid = nix::unistd::geteuid().as_raw();
            assert_eq!(found, ConnectedSocket { uid, inode: inode_of(&client) }, "{place}");
            let other = of_connection(client.peer_addr().unwrap(), seen.port()).unwrap();
            assert_eq!(other.inode, inode_of(&server), "{place}");
            assert_eq!(of_connection(seen, port ^ 1), None);
            drop(client);
            assert_eq!(of_connection(seen, port), None, "closed");
        }
    }

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
    fn tells_the_user_of_a_connection() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else { continue };
            let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (theirs, peer) = listener.accept().unwrap();
            let local = theirs.local_addr().unwrap();
            let other = SocketAddr::new(peer.ip(), 1);
            let own = nix::unistd::geteuid().as_raw();
            for users in [users_of_connections, users_in_tables] {
                assert_eq!(users(&[(other, local), (peer, local)]), [None, Some(own)], "{address}");
            }
            drop(ours);
        }
    }

    #[test]
    fn reads_the_addresses_of_the_kernels_tables() {
        assert_eq!(address("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
        let v6 = address("00000000000000000000000001000000:0050");
        assert_eq!(v6, Some("[::1]:80".parse().unwrap()));
        let mapped = address("0000000000000000FFFF00000100007F:0050").unwrap();
        assert!(is(mapped, "127.0.0.1:80".parse().unwrap()));
        for bad in ["", "0100007F", "0100007F:x", "01:0050", "0100007\u{e9}:0050"] {
            assert_eq!(address(bad), None, "{bad}");
        }
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
