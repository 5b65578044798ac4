//! The motion loop: the one task that writes to the controller, on a thread of its own.
//!
//! Everything that moves the wheels, and every beat that keeps them moving, is written here, from what the rules say at
//! that moment; so a loop that is stuck sends no beat, and the controller stops by itself. Disks, cameras and web
//! requests live on other threads and cannot hold it up. It never waits for the port: what does not fit into the
//! kernel's buffer is dropped, because what comes next is newer.

mod backlog;
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
use super::port::{Door, Lines, OpenError, Port};
use super::shared::Shared;
use super::wire::{LinkNews, Lost, Order};

use backlog::Pace;

/// A port that is away is looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A turn of the loop that begins later than this has missed its deadline.
const LATE: Duration = Duration::from_millis(50);
/// How long the stop at the end is repeated, if nobody confirms it.
const LAST_STOP: Duration = Duration::from_millis(100);
/// And how long the cable has, from the first of them, to carry them all.
const LAST_CARRIED: Duration = Duration::from_millis(250);
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
    let mut door = Door::default();
    loop {
        let present = cable.borrow_and_update().clone();
        let Some(path) = &present.port else {
            shared.link(LinkNews::Off, Instant::now());
            if idle(&shared, &mut cable, &stop, std::future::pending::<()>(), &mut orders).await == Idle::Over
            {
                return;
            }
            continue;
        };
        let opening = door.open(path, present.baud, present.lines);
        match idle(&shared, &mut cable, &stop, opening, &mut orders).await {
            Idle::Over => return,
            Idle::Recabled => continue,
            Idle::Done(Ok(port)) => {
                let unknown = "asking who is at the end of the cable".to_owned();
                shared.link(LinkNews::Unknown(unknown), Instant::now());
                let pace = Pace::of(present.baud, Instant::now());
                let talk = Talk::new(port, pace, (present.speech)(Instant::now()), &shared);
                let (port, goes_on) = talk.run(&mut cable, &stop).await;
                door.close(path, port);
                if !goes_on {
                    return;
                }
                // A cable that was pulled takes a moment to be away.
                shared.link(LinkNews::Away(OpenError::Away(path.clone()).to_string()), Instant::now());
            }
            Idle::Done(Err(OpenError::Away(path))) => {
                shared.link(LinkNews::Away(OpenError::Away(path).to_string()), Instant::now());
            }
            Idle::Done(Err(OpenError::Refused(why))) => {
                shared.link(LinkNews::Refused(why), Instant::now());
            }
        }
        let moment = tokio::time::sleep(LOOK_EVERY);
        if idle(&shared, &mut cable, &stop, moment, &mut orders).await == Idle::Over {
            return;
        }
    }
}

/// How it came that nobody was waited for any more.
#[derive(Debug, PartialEq)]
enum Idle<T> {
    /// What was waited for.
    Done(T),
    /// Another cable is configured.
    Recabled,
    /// The daemon ends.
    Over,
}

/// Nobody to write to until something comes: the rules still run, for leases end and people are told.
async fn idle<T>(
    shared: &Shared,
    cable: &mut watch::Receiver<Cable>,
    stop: &CancellationToken,
    until: impl Future<Output = T>,
    orders: &mut Vec<Order>,
) -> Idle<T> {
    tokio::pin!(until);
    loop {
        orders.clear();
        let next = shared.orders(Instant::now(), orders);
        tokio::select! {
            () = stop.cancelled() => return Idle::Over,
            changed = cable.changed() => return if changed.is_ok() { Idle::Recabled } else { Idle::Over },
            done = &mut until => return Idle::Done(done),
            () = shared.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
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

    /// Until the port is gone, or another is configured; false at the daemon's end.
    async fn run(mut self, cable: &mut watch::Receiver<Cable>, stop: &CancellationToken) -> (Port, bool) {
        let goes_on = self.converse(cable, stop).await;
        (self.port, goes_on)
    }

    async fn converse(&mut self, cable: &mut watch::Receiver<Cable>, stop: &CancellationToken) -> bool {
        let mut bytes = [0; CHUNK];
        loop {
            let next = match self.turn() {
                Ok(next) => next,
                Err(lost) => return self.gone(lost),
            };
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
                () = self.shared.wake.notified() => None,
                read = self.port.read(&mut bytes) => Some(read),
                () = tokio::time::sleep_until(next) => None,
            };
            let now = Instant::now();
            // Whatever woke it: a loop that is not run in time finds bytes and wishes waiting, too.
            let late = now.saturating_duration_since(next);
            if late >= LATE {
                self.shared.late(late, now);
            }
            match read {
                None => {}
                // A terminal whose other end is closed reads nothing instead of failing.
                Some(Ok(0) | Err(_)) => return self.gone(Lost::Unplugged),
                Some(Ok(count)) => self.speech.received(&bytes[..count], now, &mut self.news),
            }
        }
    }

    /// Tells the rules what is new, and the controller what they say. When to come again.
    fn turn(&mut self) -> Result<Instant, Lost> {
        let now = Instant::now();
        let queued = self.port.queued();
        self.pace.holds(queued, now);
        if self.pace.is_stuck(now) {
            return Err(Lost::Stuck);
        }
        if queued == 0 && self.rest.is_empty() {
            self.speech.taken(now);
        }
        let due = self.speech.poll(now, &mut self.out, &mut self.news);
        for news in self.news.drain(..) {
            self.shared.link(news, now);
        }
        self.orders.clear();
        let next = self.shared.orders(now, &mut self.orders);
        let behind = self.is_behind(now);
        for order in &self.orders {
            // Behind a slow cable all else would wait for each other, and a stop for all of them.
            if !behind || order.is_urgent() {
                self.speech.say(order, now, &mut self.out);
            }
        }
        if behind && self.orders.iter().any(Order::is_part) {
            self.shared.parts_unsaid();
        }
        if self.speech.has_stopped() && behind {
            self.overtake(now);
        }
        self.write(now).map_err(|_| Lost::Unplugged)?;
        Ok(due.min(next))
    }

    fn is_behind(&self, now: Instant) -> bool {
        !self.rest.is_empty() || self.pace.is_behind(now)
    }

    /// A stop goes before whatever waits, which nobody is to hear after it: least of all a controller that reads again
    /// after a while.
    fn overtake(&mut self, now: Instant) {
        self.port.discard();
        self.pace.discarded(now);
        self.rest.clear();
        self.out.insert(0, self.speech.cut());
    }

    fn gone(&mut self, lost: Lost) -> bool {
        self.shared.link(LinkNews::Lost(lost), Instant::now());
        true
    }

    /// Stops the wheels for good: again and again, for there will be nobody to see whether it was heard; and then gives
    /// a slow cable time to carry it, for closing throws away what is not.
    async fn last_stop(&mut self) {
        let begun = Instant::now();
        self.speech.say(&Order::Stop, begun, &mut self.out);
        if self.is_behind(begun) {
            self.overtake(begun);
        }
        while begun.elapsed() < LAST_STOP {
            if self.out.is_empty() && !self.is_behind(Instant::now()) {
                self.speech.say(&Order::Stop, Instant::now(), &mut self.out);
            }
            if self.write(Instant::now()).is_err() {
                return;
            }
            tokio::time::sleep(LAST_EVERY).await;
            self.pace.holds(self.port.queued(), Instant::now());
        }
        while begun.elapsed() < LAST_CARRIED && (self.port.queued() > 0 || self.is_behind(Instant::now())) {
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
