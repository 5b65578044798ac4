//! The motion loop: the one task that writes to the controller, on a thread of its own.
//!
//! Everything that moves the wheels, and every beat that keeps them moving, is written here, from what the rules say at
//! that moment; so a loop that is stuck sends no beat, and the controller stops by itself. Disks, cameras and web
//! requests live on other threads and cannot hold it up. It never waits for the port: what does not fit into the
//! kernel's buffer is dropped, because what comes next is newer.

mod pace;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::link::Speech;
use super::port::{self, Lines, OpenError, Port};
use super::shared::Shared;
use super::wire::{LinkNews, Lost, Order};

use pace::Pace;

/// A port that is away is looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A turn of the loop that begins later than this has missed its deadline.
const LATE: Duration = Duration::from_millis(50);
/// How long the stop at the end is repeated, if nobody confirms it.
const LAST_STOP: Duration = Duration::from_millis(100);
/// Between two of those stops.
const LAST_EVERY: Duration = Duration::from_millis(10);
/// What is read at once.
const CHUNK: usize = 512;

/// Which cable, and what is spoken over it.
#[derive(Clone)]
pub(super) struct Cable {
    /// `None`: no robot.
    pub(super) port: Option<PathBuf>,
    pub(super) baud: u32,
    pub(super) lines: Lines,
    pub(super) speech: Arc<dyn Fn(Instant) -> Box<dyn Speech> + Send + Sync>,
}

/// Runs the loop until `stop`; then the wheels are stopped.
pub(super) async fn run(shared: Arc<Shared>, mut cable: watch::Receiver<Cable>, stop: CancellationToken) {
    let mut orders = Vec::new();
    loop {
        let present = cable.borrow_and_update().clone();
        let Some(path) = &present.port else {
            shared.link(LinkNews::Off, Instant::now());
            if !idle(&shared, &mut cable, &stop, None, &mut orders).await {
                return;
            }
            continue;
        };
        let opened = tokio::select! {
            () = stop.cancelled() => return,
            opened = port::open(path, present.baud, present.lines) => opened,
        };
        match opened {
            Ok(port) => {
                let unknown = "asking who is at the end of the cable".to_owned();
                shared.link(LinkNews::Unknown(unknown), Instant::now());
                let pace = Pace::of(present.baud, Instant::now());
                let talk = Talk::new(port, pace, (present.speech)(Instant::now()), &shared);
                if !talk.run(&mut cable, &stop).await {
                    return;
                }
                // A cable that was pulled takes a moment to be away.
                shared.link(LinkNews::Away(OpenError::Away(path.clone()).to_string()), Instant::now());
            }
            Err(OpenError::Away(path)) => {
                shared.link(LinkNews::Away(OpenError::Away(path).to_string()), Instant::now());
            }
            Err(OpenError::Refused(why)) => shared.link(LinkNews::Refused(why), Instant::now()),
        }
        if !idle(&shared, &mut cable, &stop, Some(LOOK_EVERY), &mut orders).await {
            return;
        }
    }
}

/// Nobody to write to: the rules still run, for leases end and people are told. False at the end.
async fn idle(
    shared: &Shared,
    cable: &mut watch::Receiver<Cable>,
    stop: &CancellationToken,
    longest: Option<Duration>,
    orders: &mut Vec<Order>,
) -> bool {
    let until = longest.map(|longest| Instant::now() + longest);
    loop {
        orders.clear();
        let next = shared.orders(Instant::now(), orders);
        tokio::select! {
            () = stop.cancelled() => return false,
            changed = cable.changed() => return changed.is_ok(),
            () = shared.wake.notified() => {}
            () = tokio::time::sleep_until(until.map_or(next, |until| until.min(next))) => {}
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return true;
        }
    }
}

/// An open port.
struct Talk<'a> {
    port: Port,
    pace: Pace,
    speech: Box<dyn Speech>,
    shared: &'a Shared,
    news: Vec<LinkNews>,
    orders: Vec<Order>,
    out: Vec<u8>,
    /// What is left of bytes of which the kernel took only a part.
    rest: Vec<u8>,
}

impl<'a> Talk<'a> {
    fn new(port: Port, pace: Pace, mut speech: Box<dyn Speech>, shared: &'a Shared) -> Self {
        let mut out = Vec::new();
        speech.begin(Instant::now(), &mut out);
        Self { port, pace, speech, shared, news: Vec::new(), orders: Vec::new(), out, rest: Vec::new() }
    }

    /// Until the port is gone, or another is configured. False at the daemon's end.
    async fn run(mut self, cable: &mut watch::Receiver<Cable>, stop: &CancellationToken) -> bool {
        let mut bytes = [0; CHUNK];
        loop {
            let Ok(next) = self.turn() else { return self.gone() };
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.last_stop().await;
                    return false;
                }
                changed = cable.changed() => {
                    self.last_stop().await;
                    return changed.is_ok();
                }
                () = self.shared.wake.notified() => continue,
                read = self.port.read(&mut bytes) => read,
                () = tokio::time::sleep_until(next) => {
                    let now = Instant::now();
                    let by = now.saturating_duration_since(next);
                    if by >= LATE {
                        self.shared.late(by, now);
                    }
                    continue;
                }
            };
            match read {
                // A terminal whose other end is closed reads nothing instead of failing.
                Ok(0) | Err(_) => return self.gone(),
                Ok(count) => self.speech.received(&bytes[..count], Instant::now(), &mut self.news),
            }
        }
    }

    /// Tells the rules what is new, and the controller what they say. When to come again.
    fn turn(&mut self) -> io::Result<Instant> {
        let now = Instant::now();
        let due = self.speech.poll(now, &mut self.out, &mut self.news);
        for news in self.news.drain(..) {
            self.shared.link(news, now);
        }
        self.orders.clear();
        let next = self.shared.orders(now, &mut self.orders);
        let behind = self.pace.is_behind(now);
        for order in &self.orders {
            // Behind a slow cable all else would wait for each other, and a stop for all of them.
            if !behind || order.is_urgent() {
                self.speech.say(order, now, &mut self.out);
            }
        }
        if behind && self.orders.iter().any(Order::is_part) {
            self.shared.parts_unsaid();
        }
        self.write(now)?;
        Ok(due.min(next))
    }

    fn gone(&mut self) -> bool {
        self.shared.link(LinkNews::Lost(Lost::Unplugged), Instant::now());
        true
    }

    /// Stops the wheels for good: again and again, for there will be nobody to see whether it was heard.
    async fn last_stop(&mut self) {
        let until = Instant::now() + LAST_STOP;
        while Instant::now() < until {
            self.speech.say(&Order::Stop, Instant::now(), &mut self.out);
            if self.write(Instant::now()).is_err() {
                return;
            }
            tokio::time::sleep(LAST_EVERY).await;
        }
    }

    /// Writes what the kernel takes at once. The rest of a frame that was begun goes first; whole frames for which there
    /// is no room are dropped, for the rules repeat what matters, with newer words.
    fn write(&mut self, now: Instant) -> io::Result<()> {
        if !self.rest.is_empty() {
            let taken = self.put(&self.rest)?;
            self.rest.drain(..taken);
            self.pace.wrote(taken, now);
        }
        if self.rest.is_empty() && !self.out.is_empty() {
            let taken = self.put(&self.out)?;
            self.pace.wrote(taken, now);
            if (1..self.out.len()).contains(&taken) {
                self.rest.extend_from_slice(&self.out[taken..]);
            }
        }
        self.out.clear();
        Ok(())
    }

    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        match nix::unistd::write(&self.port, bytes) {
            Ok(taken) => Ok(taken),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}
