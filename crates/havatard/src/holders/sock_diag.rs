//! Asks the kernel for single sockets of TCP, by its socket monitoring interface (`NETLINK_SOCK_DIAG`, sock_diag(7)).
//!
//! The tables in /proc/net can only be read whole, and a read visits each slot of the kernel's table of connections: 5 ms where it
//! has 262,144 of them, even if all are empty.

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, TCP_ESTABLISHED, TCP_LISTEN};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

/// The socket at one end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectedSocket {
    /// The user who opened it. Those of another user namespace all show as one.
    pub uid: u32,
    /// Its inode, by which a process that has it open is found.
    pub inode: u64,
}

/// Matches any socket with the addresses.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// The socket that is bound to `local` and connected to `remote`, and whether the connection is whole. None if it is closed, or the
/// end of another machine.
///
/// # Errors
/// The kernel, or what confines this program, does not offer the interface.
pub(super) fn connection(
    local: SocketAddr,
    remote: SocketAddr,
) -> io::Result<Option<(ConnectedSocket, bool)>> {
    let id = SocketId {
        source_port: local.port(),
        destination_port: remote.port(),
        source_address: local.ip().to_canonical(),
        destination_address: remote.ip().to_canonical(),
        interface_id: 0,
        cookie: NO_COOKIE,
    };
    let found = match ask(id, StateFlags::all(), NLM_F_REQUEST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    let of = |header: &InetResponseHeader| {
        // Where nothing is connected, the kernel answers with the socket that listens on the port. One that only waits for late
        // packets has no inode.
        header.state != TCP_LISTEN && header.inode != 0 && header.socket_id.destination_port == remote.port()
    };
    Ok(found.into_iter().find(of).map(|header| {
        let socket = ConnectedSocket { uid: header.uid, inode: header.inode.into() };
        (socket, header.state == TCP_ESTABLISHED)
    }))
}

/// The inodes of the sockets that listen on a port.
///
/// # Errors
/// As [`connection`].
pub(super) fn listeners(port: u16) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for id in [SocketId::new_v4(), SocketId::new_v6()] {
        // A filter by port stands in the request, but the kernel leaves it to a program in an attribute.
        let listening = ask(id, StateFlags::LISTEN, NLM_F_REQUEST | NLM_F_DUMP)?;
        let on_port = listening.iter().filter(|header| header.socket_id.source_port == port);
        found.extend(on_port.map(|header| u64::from(header.inode)));
    }
    Ok(found)
}

fn ask(socket_id: SocketId, states: StateFlags, flags: u16) -> io::Result<Vec<InetResponseHeader>> {
    let mut socket = netlink_sys::Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&netlink_sys::SocketAddr::new(0, 0))?;
    let family = if matches!(socket_id.source_address, IpAddr::V4(_)) { AF_INET } else { AF_INET6 };
    let request =
        InetRequest { family, protocol: IPPROTO_TCP, extensions: ExtensionFlags::empty(), states, socket_id };
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;

    let mut found = Vec::new();
    loop {
        let (bytes, _) = socket.recv_from_full()?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(io::Error::other)?;
            rest =
                usize::try_from(message.header.length).ok().and_then(|at| rest.get(at..)).unwrap_or_default();
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                    found.push(response.header);
                    // One socket was asked for, and no end follows it.
                    if flags & NLM_F_DUMP == 0 {
                        return Ok(found);
                    }
                }
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_socket_that_listens_is_no_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let none = SocketAddr::new(address.ip(), 1);
        assert_eq!(connection(address, none).unwrap(), None);
        assert_eq!(listeners(address.port()).unwrap().len(), 1);
        assert_eq!(listeners(address.port() ^ 1).unwrap(), [0; 0]);
    }

    #[test]
    fn half_of_a_connection_is_found_and_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (server, peer) = listener.accept().unwrap();
        assert!(connection(peer, address).unwrap().unwrap().1);
        server.shutdown(std::net::Shutdown::Write).unwrap();
        let (half, whole) = connection(address, peer).unwrap().unwrap();
        assert_eq!((half.uid, whole), (nix::unistd::geteuid().as_raw(), false));
        drop(client);
    }
}
