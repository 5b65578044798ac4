//! The stream of a connection: it ends when it has to make room, or when its peer takes nothing; and it hears a peer out that is still
//! sending what was refused.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::http::limits::Permit;

/// How long a peer may leave a write pending.
const STALL: Duration = Duration::from_secs(30);
/// How long a peer may go on sending a body that was answered without having been read, and how much of it, in bytes. Were the
/// connection closed at once, its kernel would throw the answer away.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 2 * 1024 * 1024;

/// Set when a request's body was not read to its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A stream whose writes fail with `TimedOut` after they have been pending for 30 s, and whose reads and writes fail once its
/// permit has ended. It owns the permit, also beyond an upgrade to a WebSocket.
pub(super) struct ConnectionStream<S> {
    inner: S,
    stall: Option<Pin<Box<Sleep>>>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    unread: Unread,
    /// The sending side is closed; until when, and how much, is read on.
    linger: Option<(Pin<Box<Sleep>>, usize)>,
    _permit: Permit,
}

impl<S> ConnectionStream<S> {
    pub(super) fn new(inner: S, permit: Permit, unread: Unread) -> Self {
        let ended = Box::pin(permit.ended().cancelled_owned());
        Self { inner, stall: None, ended, unread, linger: None, _permit: permit }
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ConnectionStream<S> {
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
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.inner).poll_shutdown(context))?;
            if !this.unread.0.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        this.check(context)?;
        let (until, left) = this.linger.get_or_insert_with(|| (Box::pin(sleep(LINGER)), LINGER_BYTES));
        loop {
            if *left == 0 || until.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; 16 * 1024];
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut this.inner).poll_read(context, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *left = left.saturating_sub(buffer.filled().len()),
                // The peer has sent all, or is gone.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
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
        let mut stream = ConnectionStream::new(ours, permit, Unread::default());
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_still_sends_what_was_refused_is_heard_out_but_not_for_ever() {
        for (unread, ends, waited) in [(false, true, 0), (true, true, 0), (true, false, 2)] {
            let (ours, mut theirs) = duplex(16);
            let flag = Unread::default();
            if unread {
                flag.set();
            }
            let permit = Connections::new(ONE).admit(Ipv4Addr::LOCALHOST.into());
            let mut stream = ConnectionStream::new(ours, permit, flag);
            let began = tokio::time::Instant::now();
            let sending = tokio::spawn(async move {
                let sent = theirs.write_all(&[7; 1000]).await;
                if !ends {
                    std::future::pending::<()>().await;
                }
                sent
            });
            stream.shutdown().await.unwrap();
            assert_eq!(began.elapsed().as_secs(), waited, "unread: {unread}, ends: {ends}");
            drop(stream);
            if ends {
                assert_eq!(sending.await.unwrap().is_ok(), unread);
            }
        }
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken_when_its_connection_has_to_go() {
        let connections = Connections::new(ONE);
        let (ours, theirs) = duplex(16);
        let permit = connections.admit(Ipv4Addr::LOCALHOST.into());
        let mut stream = ConnectionStream::new(ours, permit, Unread::default());
        let reading = tokio::spawn(async move { stream.read_u8().await });
        tokio::task::yield_now().await;
        let _newest = connections.admit(Ipv4Addr::LOCALHOST.into());
        let error = reading.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        drop(theirs);
    }
}
