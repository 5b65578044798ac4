//! What connections are accepted from: a TCP port, or the local socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use nix::sys::socket::{Backlog, listen};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::either::Either;

/// A bound listener.
pub(super) enum Listener {
    Tcp(tokio::net::TcpListener),
    Local(tokio::net::UnixListener),
}

/// A connection. The left one has a peer whose address tells who it may be.
pub(super) type Stream = Either<TcpStream, UnixStream>;

impl Listener {
    pub(super) fn tcp(listener: TcpListener) -> io::Result<Self> {
        // The standard library lets 128 connections wait to be accepted. One beyond that is tried again by its client's kernel
        // after a second, which is too late for a stop.
        listen(&listener, Backlog::MAXALLOWABLE)?;
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener).map(Self::Tcp)
    }

    pub(super) fn local(listener: UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(listener).map(Self::Local)
    }

    /// The next connection. One at the local socket comes from this machine.
    pub(super) async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Responses and events are small and must be sent at once.
                stream.set_nodelay(true)?;
                Ok((Either::Left(stream), peer))
            }
            Self::Local(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Either::Right(stream), SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)))
            }
        }
    }
}
