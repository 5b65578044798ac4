//! Limits of a connection: how many there are, and how long a write may stall.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Connections at once.
pub(super) const CONNECTIONS: usize = 256;
/// Connections at once from one address beyond loopback. A reverse proxy on loopback speaks for many clients.
pub(super) const CONNECTIONS_PER_ADDRESS: usize = 64;
/// How long a peer may leave a write pending.
const STALL: Duration = Duration::from_secs(30);

/// Counts connections, in total and per address; clones share the count.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionLimit(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl ConnectionLimit {
    /// A permit for one more connection. `None` at the limit.
    pub(super) fn permit(&self, peer: IpAddr) -> Option<Permit> {
        let peer = peer.to_canonical();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = counts.get(&peer).copied().unwrap_or(0);
        if counts.values().sum::<usize>() >= CONNECTIONS
            || (own >= CONNECTIONS_PER_ADDRESS && !peer.is_loopback())
        {
            return None;
        }
        counts.insert(peer, own + 1);
        Some(Permit { peer, counts: self.0.clone() })
    }
}

/// One connection within the limit; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Permit {
    peer: IpAddr,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = counts.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// A stream whose writes fail with `TimedOut` after they have been pending for 30 s. It owns the connection's permit, also
/// beyond an upgrade to a WebSocket.
pub(super) struct StallTimeout<S> {
    inner: S,
    stall: Option<Pin<Box<Sleep>>>,
    _permit: Permit,
}

impl<S> StallTimeout<S> {
    pub(super) fn new(inner: S, permit: Permit) -> Self {
        Self { inner, stall: None, _permit: permit }
    }

    fn watch<T>(&mut self, result: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stall = None;
            return result;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallTimeout<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.watch(result, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[test]
    fn permits_run_out_per_address_and_in_all_and_come_back() {
        let limit = ConnectionLimit::default();
        let far = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
        let mut held: Vec<Permit> =
            (0..CONNECTIONS_PER_ADDRESS).map(|_| limit.permit(far(1)).unwrap()).collect();
        assert!(limit.permit(far(1)).is_none());
        held.extend(
            (0..CONNECTIONS - CONNECTIONS_PER_ADDRESS)
                .map(|_| limit.permit(Ipv4Addr::LOCALHOST.into()).unwrap()),
        );
        assert!(limit.permit(far(2)).is_none());
        held.remove(0);
        assert!(limit.permit(far(1)).is_some());
        drop(held);
        assert!(limit.0.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (ours, theirs) = duplex(16);
        let permit = ConnectionLimit::default().permit(Ipv4Addr::LOCALHOST.into()).unwrap();
        let mut stream = StallTimeout::new(ours, permit);
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }
}
