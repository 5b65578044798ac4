//! The motion loop: the one task that writes to the controller, on a thread of its own.
//!
//! Every command that moves the wheels or keeps them moving is written here, from the rules' state at that moment; a loop
//! that is stuck sends nothing, and the controller stops by itself. Disks, cameras and web requests run on other threads
//! and cannot delay it. It never waits for the port: what does not fit into the kernel's buffer is dropped, because the
//! next command is newer.

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

use crate::robot::link::Codec;
use crate::robot::port::{Lines, OpenError, Port, PortOpener};
use crate::robot::shared::Shared;
use crate::robot::wire::{DeviceCommand, LinkEvent, Lost};

use self::backlog::TransmitBacklog;

/// Interval at which an absent port is reopened.
const REOPEN_EVERY: Duration = Duration::from_millis(200);
/// Delay above which a turn of the loop counts as late.
const LATE: Duration = Duration::from_millis(50);
/// How long the final stop is repeated unless it is confirmed.
const LAST_STOP: Duration = Duration::from_millis(100);
/// How long the final stops may take to be transmitted, from the first of them.
const LAST_CARRIED: Duration = Duration::from_millis(250);
/// Interval of the final stops.
const LAST_EVERY: Duration = Duration::from_millis(10);
/// Largest read, in bytes.
const CHUNK: usize = 512;

/// The port, and the codec for it.
#[derive(Clone)]
pub(super) struct Cable {
    /// `None`: no robot.
    pub(super) port: Option<PathBuf>,
    pub(super) baud: u32,
    pub(super) lines: Lines,
    pub(super) codec: Arc<dyn Fn(Instant) -> Box<dyn Codec> + Send + Sync>,
}

/// Runs the loop until `stop`, and then stops the wheels.
pub(super) async fn run(shared: Arc<Shared>, mut cable: watch::Receiver<Cable>, stop: CancellationToken) {
    let mut commands = Vec::new();
    let mut opener = PortOpener::default();
    loop {
        let present = cable.borrow_and_update().clone();
        let Some(path) = &present.port else {
            shared.on_link_event(LinkEvent::Off, Instant::now());
            if wait_idle(&shared, &mut cable, &stop, std::future::pending::<()>(), &mut commands).await
                == Wait::Shutdown
            {
                return;
            }
            continue;
        };
        let opening = opener.open(path, present.baud, present.lines);
        match wait_idle(&shared, &mut cable, &stop, opening, &mut commands).await {
            Wait::Shutdown => return,
            Wait::CableChanged => continue,
            Wait::Done(Ok(port)) => {
                let unknown = "asking who is at the end of the cable".to_owned();
                shared.on_link_event(LinkEvent::Unknown(unknown), Instant::now());
                let backlog = TransmitBacklog::new(present.baud, Instant::now());
                let session = PortSession::new(port, backlog, (present.codec)(Instant::now()), &shared);
                let (port, reopen) = session.run(&mut cable, &stop).await;
                opener.close(path, port);
                if !reopen {
                    return;
                }
                // A device that was unplugged exists for a moment longer.
                shared.on_link_event(
                    LinkEvent::Away(OpenError::Away(path.clone()).to_string()),
                    Instant::now(),
                );
            }
            Wait::Done(Err(OpenError::Away(path))) => {
                shared.on_link_event(LinkEvent::Away(OpenError::Away(path).to_string()), Instant::now());
            }
            Wait::Done(Err(OpenError::Refused(why))) => {
                shared.on_link_event(LinkEvent::Refused(why), Instant::now());
            }
        }
        let moment = tokio::time::sleep(REOPEN_EVERY);
        if wait_idle(&shared, &mut cable, &stop, moment, &mut commands).await == Wait::Shutdown {
            return;
        }
    }
}

/// Why the wait ended.
#[derive(Debug, PartialEq)]
enum Wait<T> {
    /// The awaited future is ready.
    Done(T),
    /// Another cable is configured.
    CableChanged,
    /// The daemon shuts down.
    Shutdown,
}

/// Waits without a controller. The rules still run: leases expire, and the state is published.
async fn wait_idle<T>(
    shared: &Shared,
    cable: &mut watch::Receiver<Cable>,
    stop: &CancellationToken,
    until: impl Future<Output = T>,
    commands: &mut Vec<DeviceCommand>,
) -> Wait<T> {
    tokio::pin!(until);
    loop {
        commands.clear();
        let next = shared.device_commands(Instant::now(), commands);
        tokio::select! {
            () = stop.cancelled() => return Wait::Shutdown,
            changed = cable.changed() => return if changed.is_ok() { Wait::CableChanged } else { Wait::Shutdown },
            done = &mut until => return Wait::Done(done),
            () = shared.wake.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// The session on an open port.
struct PortSession<'a> {
    port: Port,
    backlog: TransmitBacklog,
    codec: Box<dyn Codec>,
    shared: &'a Shared,
    events: Vec<LinkEvent>,
    commands: Vec<DeviceCommand>,
    out: Vec<u8>,
    /// The rest of a frame of which the kernel accepted only a part.
    unsent: Vec<u8>,
}

impl<'a> PortSession<'a> {
    fn new(port: Port, backlog: TransmitBacklog, mut codec: Box<dyn Codec>, shared: &'a Shared) -> Self {
        let mut out = Vec::new();
        codec.open(Instant::now(), &mut out);
        Self {
            port,
            backlog,
            codec,
            shared,
            events: Vec::new(),
            commands: Vec::new(),
            out,
            unsent: Vec::new(),
        }
    }

    /// Runs until the port is gone or another one is configured; false when the daemon shuts down.
    async fn run(mut self, cable: &mut watch::Receiver<Cable>, stop: &CancellationToken) -> (Port, bool) {
        let reopen = self.exchange(cable, stop).await;
        (self.port, reopen)
    }

    async fn exchange(&mut self, cable: &mut watch::Receiver<Cable>, stop: &CancellationToken) -> bool {
        let mut bytes = [0; CHUNK];
        loop {
            let next = match self.turn() {
                Ok(next) => next,
                Err(lost) => return self.report_lost(lost),
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
            // Whatever woke it: a loop that is late also finds bytes and requests pending.
            let late = now.saturating_duration_since(next);
            if late >= LATE {
                self.shared.late(late, now);
            }
            match read {
                None => {}
                // A terminal whose other end is closed reads 0 bytes instead of failing.
                Some(Ok(0) | Err(_)) => return self.report_lost(Lost::Unplugged),
                Some(Ok(count)) => self.codec.received(&bytes[..count], now, &mut self.events),
            }
        }
    }

    /// One turn: hands link events to the rules, and sends their commands. Returns when to run again.
    fn turn(&mut self) -> Result<Instant, Lost> {
        let now = Instant::now();
        let queued = self.port.queued();
        self.backlog.set_queued(queued, now);
        if self.backlog.is_stuck(now) {
            return Err(Lost::Stuck);
        }
        if queued == 0 && self.unsent.is_empty() {
            self.codec.drained(now);
        }
        let due = self.codec.poll(now, &mut self.out, &mut self.events);
        for event in self.events.drain(..) {
            self.shared.on_link_event(event, now);
        }
        self.commands.clear();
        let next = self.shared.device_commands(now, &mut self.commands);
        let behind = self.is_behind(now);
        for command in &self.commands {
            // While the transmit buffer is behind, only urgent commands are sent: others would delay each other, and a stop.
            if !behind || command.is_urgent() {
                self.codec.encode(command, now, &mut self.out);
            }
        }
        if behind && self.commands.iter().any(DeviceCommand::is_part) {
            self.shared.parts_unsent();
        }
        if self.codec.take_stop_encoded() && behind {
            self.discard_pending(now);
        }
        self.write(now).map_err(|_| Lost::Unplugged)?;
        Ok(due.min(next))
    }

    fn is_behind(&self, now: Instant) -> bool {
        !self.unsent.is_empty() || self.backlog.is_behind(now)
    }

    /// Discards what the transmit buffer holds, so that a stop goes first and nothing older follows it. This also protects
    /// against a controller that starts to read again after a pause.
    fn discard_pending(&mut self, now: Instant) {
        self.port.discard();
        self.backlog.discarded(now);
        self.unsent.clear();
        self.out.insert(0, self.codec.delimiter());
    }

    fn report_lost(&mut self, lost: Lost) -> bool {
        self.shared.on_link_event(LinkEvent::Lost(lost), Instant::now());
        true
    }

    /// Stops the wheels for good. The stop is repeated, since no acknowledgement is awaited; then a slow port gets time to
    /// transmit it, because closing discards what is pending.
    async fn last_stop(&mut self) {
        let begun = Instant::now();
        self.codec.encode(&DeviceCommand::Stop, begun, &mut self.out);
        if self.is_behind(begun) {
            self.discard_pending(begun);
        }
        while begun.elapsed() < LAST_STOP {
            if self.out.is_empty() && !self.is_behind(Instant::now()) {
                self.codec.encode(&DeviceCommand::Stop, Instant::now(), &mut self.out);
            }
            if self.write(Instant::now()).is_err() {
                return;
            }
            tokio::time::sleep(LAST_EVERY).await;
            self.backlog.set_queued(self.port.queued(), Instant::now());
        }
        while begun.elapsed() < LAST_CARRIED && (self.port.queued() > 0 || self.is_behind(Instant::now())) {
            tokio::time::sleep(LAST_EVERY).await;
        }
    }

    /// Writes as much as the kernel accepts at once. The rest of a partial frame goes first; whole frames without room are
    /// dropped, because the rules repeat what matters with newer values.
    fn write(&mut self, now: Instant) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let taken = self.try_write(&self.unsent)?;
            self.unsent.drain(..taken);
            self.backlog.wrote(taken, now);
        }
        if self.unsent.is_empty() && !self.out.is_empty() {
            let taken = self.try_write(&self.out)?;
            self.backlog.wrote(taken, now);
            if (1..self.out.len()).contains(&taken) {
                self.unsent.extend_from_slice(&self.out[taken..]);
            }
        }
        self.out.clear();
        Ok(())
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match nix::unistd::write(&self.port, bytes) {
            Ok(taken) => Ok(taken),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}
