//! One direction of one connection: received pieces are delayed until they are due, in bounded memory.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{Shutdown, shutdown};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::conditions::Conditions;
use super::fate::{Fate, transmission};
use super::frames::{Cutter, Piece};

/// The most delayed pieces and bytes; beyond them the sender is not read.
const PIECES: usize = 512;
const BYTES: usize = 1024 * 1024;
/// Bytes of one read.
const CHUNK: usize = 4096;

pub(super) struct Flow<C> {
    cutter: C,
    fate: Fate,
    now: watch::Receiver<Conditions>,
    /// By due time, then by the order of arrival.
    waiting: BTreeMap<(Instant, u64), What>,
    bytes: usize,
    count: u64,
    /// The due time of the newest piece that keeps the order.
    newest: Instant,
    /// The time at which the line is free again.
    free: Instant,
}

enum What {
    Bytes(Vec<u8>),
    /// The sender has closed its direction.
    End,
}

impl<C: Cutter> Flow<C> {
    pub(super) fn new(cutter: C, fate: Fate, now: watch::Receiver<Conditions>) -> Self {
        let start = Instant::now();
        Self { cutter, fate, now, waiting: BTreeMap::new(), bytes: 0, count: 0, newest: start, free: start }
    }

    /// Forwards until the sender has ended and every piece in order is delivered.
    ///
    /// # Errors
    /// If either side is gone.
    pub(super) async fn run(mut self, from: &TcpStream, to: &TcpStream) -> io::Result<()> {
        let mut chunk = [0; CHUNK];
        let mut ended = false;
        loop {
            let room = !ended && self.waiting.len() < PIECES && self.bytes < BYTES;
            let blocked = self.now.borrow_and_update().blocked;
            let next = self.waiting.first_key_value().map(|((due, _), _)| *due).filter(|_| !blocked);
            tokio::select! {
                changed = self.now.changed() => changed.map_err(|_| io::ErrorKind::BrokenPipe)?,
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    match self.waiting.pop_first().map(|(_, what)| what) {
                        Some(What::Bytes(bytes)) => {
                            self.bytes -= bytes.len();
                            write(to, &bytes).await?;
                        }
                        // Pieces delayed for longer are lost with the closed direction.
                        Some(What::End) => return Ok(shutdown(to.as_raw_fd(), Shutdown::Write)?),
                        None => {}
                    }
                }
                read = read(from, &mut chunk), if room => match read? {
                    0 => {
                        ended = true;
                        if let Some(rest) = self.cutter.rest() {
                            self.take(rest);
                        }
                        self.put(What::End, self.newest.max(Instant::now()));
                    }
                    count => {
                        let mut pieces = Vec::new();
                        self.cutter.cut(&chunk[..count], &mut pieces);
                        for piece in pieces {
                            self.take(piece);
                        }
                    }
                },
            }
        }
    }

    /// Schedules a piece.
    fn take(&mut self, piece: Piece) {
        let manner = self.now.borrow().manner;
        let verdict = self.fate.of(piece.message.then_some(&piece.bytes[..]), &manner);
        self.free = self.free.max(Instant::now()) + transmission(piece.bytes.len(), &manner);
        let mut due = self.free + verdict.after;
        if !verdict.apart {
            due = due.max(self.newest);
            self.newest = due;
        }
        if let Some(later) = verdict.again {
            self.put(What::Bytes(piece.bytes.clone()), due + later);
        }
        self.put(What::Bytes(piece.bytes), due);
        if let Some(old) = verdict.replay {
            self.put(What::Bytes(old), due);
        }
    }

    fn put(&mut self, what: What, due: Instant) {
        if let What::Bytes(bytes) = &what {
            self.bytes += bytes.len();
        }
        self.waiting.insert((due, self.count), what);
        self.count += 1;
    }
}

async fn read(from: &TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        from.readable().await?;
        match from.try_read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
    }
}

async fn write(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => bytes = &bytes[result?..],
        }
    }
    Ok(())
}
