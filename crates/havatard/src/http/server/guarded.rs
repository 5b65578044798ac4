use std::{
    collections::HashMap,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// Connections at once.
pub(super) const MOST: usize = 256;
/// Connections at once from one address that is not this machine: a reverse proxy here speaks for many.
const MOST_OF_ONE: usize = 64;
/// How long a peer may leave what we send untaken.
const STALL: Duration = Duration::from_secs(30);

/// What an HTTP/2 connection begins with; no HTTP/1.1 request does.
const HTTP_2: &[u8] = b"PRI ";

/// Gives every connection a place, or closes it; then hands it to `inner`, and watches what comes of that:
/// it ends connections whose peer stops reading, and those that turn out to speak HTTP/2.
#[derive(Clone)]
pub(super) struct Guarded<A> {
    places: Arc<Mutex<HashMap<IpAddr, usize>>>,
    inner: A,
}

impl<A> Guarded<A> {
    pub(super) fn new(inner: A) -> Self {
        Self { places: Arc::default(), inner }
    }

    fn enter(&self, peer: IpAddr) -> io::Result<Place> {
        let peer = peer.to_canonical();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let own = places.get(&peer).copied().unwrap_or(0);
        if places.values().sum::<usize>() >= MOST || (own >= MOST_OF_ONE && !peer.is_loopback()) {
            return Err(io::Error::other("too many connections"));
        }
        places.insert(peer, own + 1);
        Ok(Place { peer, places: self.places.clone() })
    }
}

impl<A, S> Accept<TcpStream, S> for Guarded<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
{
    type Stream = Limited<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let entered = stream.peer_addr().and_then(|peer| self.enter(peer.ip())).and_then(|place| {
            // Answers and events are small and wanted at once.
            stream.set_nodelay(true)?;
            Ok((place, self.inner.accept(stream, service)))
        });
        Box::pin(async move {
            let (place, accepting) = entered?;
            let (stream, service) = accepting.await?;
            Ok((Limited::new(stream, place), service))
        })
    }
}

struct Place {
    peer: IpAddr,
    places: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = places.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                places.remove(&self.peer);
            }
        }
    }
}

/// A stream whose writes fail once they have waited too long, and whose reads fail if they begin as HTTP/2.
pub(super) struct Limited<S> {
    inner: S,
    stall: Option<Pin<Box<Sleep>>>,
    /// How much of what HTTP/2 begins with has been read; `None` once it is known to be something else.
    preface: Option<usize>,
    _place: Place,
}

impl<S> Limited<S> {
    fn new(inner: S, place: Place) -> Self {
        Self { inner, stall: None, preface: Some(0), _place: place }
    }

    fn watch<T>(&mut self, result: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stall = None;
            return result;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL)));
        match stall.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_http_2(&mut self, read: &[u8]) -> bool {
        let Some(matched) = self.preface else {
            return false;
        };
        let rest = &HTTP_2[matched..];
        let common = rest.len().min(read.len());
        self.preface = (rest[..common] == read[..common]).then_some(matched + common);
        self.preface == Some(HTTP_2.len())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(context, buffer);
        if self.is_http_2(&buffer.filled()[before..]) {
            return Poll::Ready(Err(io::Error::other("HTTP/2 is not spoken here")));
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
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

    use super::*;

    #[test]
    fn places_run_out_per_address_and_in_all_and_come_back() {
        let guarded = Guarded::new(());
        let far = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
        let mut held: Vec<Place> = (0..MOST_OF_ONE).map(|_| guarded.enter(far(1)).unwrap()).collect();
        assert!(guarded.enter(far(1)).is_err());
        held.extend((0..MOST - MOST_OF_ONE).map(|_| guarded.enter(Ipv4Addr::LOCALHOST.into()).unwrap()));
        assert!(guarded.enter(far(2)).is_err());
        held.remove(0);
        assert!(guarded.enter(far(1)).is_ok());
        drop(held);
        assert!(guarded.places.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (ours, theirs) = duplex(16);
        let place = Guarded::new(()).enter(Ipv4Addr::LOCALHOST.into()).unwrap();
        let mut stream = Limited::new(ours, place);
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }

    #[tokio::test]
    async fn http_2_is_known_by_its_first_bytes_however_they_come() {
        for (pieces, refused) in [
            (&["PRI * HTTP/2.0"][..], true),
            (&["P", "R", "I", " "], true),
            (&["PR", "I * "], true),
            (&["POST / HTTP/1.1"], false),
            (&["P", "RI", "X"], false),
            (&["GET / HTTP/1.1\r\n", "PRI "], false),
        ] {
            let (ours, mut theirs) = duplex(64);
            let place = Guarded::new(()).enter(Ipv4Addr::LOCALHOST.into()).unwrap();
            let mut stream = Limited::new(ours, place);
            let mut failed = false;
            for piece in pieces {
                theirs.write_all(piece.as_bytes()).await.unwrap();
                failed |= stream.read(&mut [0; 64]).await.is_err();
            }
            assert_eq!(failed, refused, "{pieces:?}");
        }
    }
}
