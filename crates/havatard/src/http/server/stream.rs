//! The stream of a connection: it ends when it has to make room, or when its peer takes nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::http::limits::Permit;

/// How long a peer may leave a write pending.
const STALL: Duration = Duration::from_secs(30);

/// A stream whose writes fail with `TimedOut` after they have been pending for 30 s, and whose reads and writes fail once its
/// permit has ended. It owns the permit, also beyond an upgrade to a WebSocket.
pub(super) struct ConnectionStream<S> {
    inner: S,
    stall: Option<Pin<Box<Sleep>>>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    _permit: Permit,
}

impl<S> ConnectionStream<S> {
    pub(super) fn new(inner: S, permit: Permit) -> Self {
        Self { inner, stall: None, ended: Box::pin(permit.ended().cancelled_owned()), _permit: permit }
    }

    /// Fails once the permit has ended, and wakes the reader then.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
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

impl<S: AsyncRead + Unpin> AsyncRead for ConnectionStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ConnectionStream<S> {
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

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use crate::http::limits::{Connections, Rules};

    use super::*;

    const ONE: Rules = Rules { newcomers: 1, of_network: 1, proven: 1, of_person: 1 };

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (ours, theirs) = duplex(16);
        let permit = Connections::new(ONE).admit(Ipv4Addr::LOCALHOST.into());
        let mut stream = ConnectionStream::new(ours, permit);
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }
    #[tokio::test]
    async fn a_reader_that_waits_is_woken_when_its_connection_has_to_go() {
        let connections = Connections::new(ONE);
        let (ours, theirs) = duplex(16);
        let mut stream = ConnectionStream::new(ours, connections.admit(Ipv4Addr::LOCALHOST.into()));
        let reading = tokio::spawn(async move { stream.read_u8().await });
        tokio::task::yield_now().await;
        let _newest = connections.admit(Ipv4Addr::LOCALHOST.into());
        let error = reading.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        drop(theirs);
    }
}
