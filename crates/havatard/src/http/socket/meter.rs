//! A budget for what a WebSocket's client sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How much a client may send. A client beyond it is read more slowly, which the network tells it; nothing is lost.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Budget {
    /// Bytes a second, where each frame costs [`Budget::FRAME`] on top.
    pub(in crate::http) rate: u32,
    /// And so many at once, after a silence.
    pub(in crate::http) burst: u32,
}

impl Budget {
    /// What a frame costs beside its bytes: an answered ping is a system call.
    pub(in crate::http) const FRAME: u32 = 64;
    /// Bytes that are read before others have their turn.
    pub(in crate::http) const AT_ONCE: usize = 1024;
}

/// A stream whose reader keeps to a budget.
pub(in crate::http) struct Metered<S> {
    inner: S,
    budget: Budget,
    /// What is left, in bytes; below zero after a read that cost more.
    left: f64,
    at: Instant,
    pause: Option<Pin<Box<Sleep>>>,
    /// Bytes since others last had their turn.
    since_turn: usize,
    frames: FrameCounter,
}

impl<S> Metered<S> {
    pub(super) fn new(inner: S, budget: Budget) -> Self {
        Self {
            inner,
            budget,
            left: f64::from(budget.burst),
            at: Instant::now(),
            pause: None,
            since_turn: 0,
            frames: FrameCounter::default(),
        }
    }

    /// Ready once there is something left.
    fn poll_budget(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            let now = Instant::now();
            let gained = now.duration_since(self.at).as_secs_f64() * f64::from(self.budget.rate);
            (self.left, self.at) = ((self.left + gained).min(f64::from(self.budget.burst)), now);
            if self.left > 0.0 {
                return Poll::Ready(());
            }
            let wait = (1.0 - self.left) / f64::from(self.budget.rate);
            self.pause = Some(Box::pin(sleep(Duration::from_secs_f64(wait))));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.since_turn >= Budget::AT_ONCE {
            this.since_turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(this.poll_budget(context));
        let most = buffer.remaining().min(Budget::AT_ONCE - this.since_turn);
        let mut chunk = [0; Budget::AT_ONCE];
        let mut chunk = ReadBuf::new(&mut chunk[..most]);
        let result = Pin::new(&mut this.inner).poll_read(context, &mut chunk);
        if result.is_pending() {
            this.since_turn = 0;
            return result;
        }
        let read = chunk.filled();
        buffer.put_slice(read);
        this.since_turn += read.len();
        this.left -= this.frames.cost(read);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

/// Finds the beginnings of frames in what a client sends.
#[derive(Debug, Default)]
struct FrameCounter {
    /// Of the frame's head: its bytes so far, at most two, ten and four.
    head: Vec<u8>,
    /// Of the frame's payload.
    left: u64,
}

impl FrameCounter {
    /// What these bytes cost, with the frames that begin in them.
    fn cost(&mut self, bytes: &[u8]) -> f64 {
        let mut cost = 0.0;
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            if self.left > 0 {
                let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                self.left -= skipped as u64;
                cost += f64::from(u32::try_from(skipped).unwrap_or(u32::MAX));
                rest = &rest[skipped..];
                continue;
            }
            if self.head.is_empty() {
                cost += f64::from(Budget::FRAME);
            }
            cost += 1.0;
            self.head.push(*byte);
            rest = &rest[1..];
            if let Some(length) = payload(&self.head) {
                self.left = length;
                self.head.clear();
            }
        }
        cost
    }
}

/// The length of a frame's payload, once its head is whole.
fn payload(head: &[u8]) -> Option<u64> {
    let &[_, second, ref rest @ ..] = head else { return None };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let long = rest.get(..extended).filter(|_| rest.len() == extended + mask)?;
    let length = long.iter().fold(0, |length, byte| (length << 8) | u64::from(*byte));
    Some(if extended == 0 { u64::from(second & 0x7f) } else { length })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    fn frame(payload: usize) -> Vec<u8> {
        let mut bytes = vec![0x81];
        match payload {
            0..=125 => bytes.push(0x80 | u8::try_from(payload).unwrap()),
            126..=0xffff => {
                bytes.push(0xfe);
                bytes.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(0xff);
                bytes.extend((payload as u64).to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.resize(bytes.len() + payload, 0x80);
        bytes
    }

    proptest! {
        #[test]
        fn frames_are_counted_however_they_are_cut(
            payloads in prop::collection::vec(prop_oneof![0..4_usize, 120..130_usize, 65_530..65_540_usize], 1..6),
            cut in 1..3000_usize,
        ) {
            let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(*payload)).collect();
            let mut counter = FrameCounter::default();
            let cost: f64 = bytes.chunks(cut).map(|part| counter.cost(part)).sum();
            let expected = bytes.len() + payloads.len() * Budget::FRAME as usize;
            let expected = f64::from(u32::try_from(expected).unwrap());
            prop_assert!((cost - expected).abs() < 0.5, "{cost} instead of {expected}");
        }
    }

    const BUDGET: Budget = Budget { rate: 1000, burst: 5000 };

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_read_at_once_and_more_at_the_rate() {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(&frame(20_000)).await.unwrap();
        let mut stream = Metered::new(ours, BUDGET);
        let began = Instant::now();
        stream.read_exact(&mut [0; 4000]).await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
        stream.read_exact(&mut [0; 10_000]).await.unwrap();
        let took = began.elapsed();
        assert!((Duration::from_secs(8)..Duration::from_secs(10)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_frame_costs_more_than_its_bytes() {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(&frame(0).repeat(1000)).await.unwrap();
        let mut stream = Metered::new(ours, BUDGET);
        let began = Instant::now();
        stream.read_exact(&mut [0; 6000]).await.unwrap();
        assert!(began.elapsed() > Duration::from_secs(50), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn others_have_their_turn_in_the_middle_of_what_is_there() {
        let (ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(&frame(100_000)).await.unwrap();
        let mut stream = Metered::new(ours, Budget { rate: 1_000_000, burst: 1_000_000 });
        // As the library reads: on and on within one poll, until nothing is there.
        let in_one_poll = |stream: &mut Metered<_>| {
            let mut context = Context::from_waker(std::task::Waker::noop());
            let mut read = 0;
            loop {
                let mut bytes = [0; 8 * 1024];
                let mut buffer = ReadBuf::new(&mut bytes);
                if Pin::new(&mut *stream).poll_read(&mut context, &mut buffer).is_pending() {
                    return read;
                }
                read += buffer.filled().len();
            }
        };
        for _ in 0..10 {
            assert_eq!(in_one_poll(&mut stream), Budget::AT_ONCE);
        }
    }
}
