//! The host's side of a session: a machine without a port and without a clock.
//!
//! The owner of the port passes it the received bytes and the time; `now` is the time since any start, the same for all
//! calls, and must not go back. [`Host::hello`] begins; [`Host::poll`] returns what is due, [`Host::deadline`] when.
//! After a loss the machine does not begin again by itself: that takes a new nonce, and it has no source of randomness.

use core::time::Duration;

use crate::clock::DeviceClock;
use crate::frame::{Decoder, Frame};
use crate::message::{
    FromDevice, Header, Hello, Kind, MessageError, OutOfRange, Refused, Status, ToDevice, VERSION, Welcome,
};

/// Pause between two `HELLO` until one is answered.
pub const HELLO_EVERY: Duration = Duration::from_millis(200);

/// A device that is silent for so long is lost.
pub const SILENCE: Duration = Duration::from_millis(300);

/// The host's side of one cable.
#[derive(Clone, Debug, Default)]
pub struct Host {
    decoder: Decoder,
    phase: Phase,
    counts: Counts,
}

#[derive(Clone, Debug, Default)]
enum Phase {
    /// No `HELLO` was sent yet, or the device was lost, or is not compatible.
    #[default]
    Apart,
    /// `HELLO` was sent, for the last time at `sent`.
    Greeting { nonce: u32, sent: Duration },
    /// In a session.
    Up(Session),
}

#[derive(Clone, Debug)]
struct Session {
    /// Of the `HELLO` that led to it.
    nonce: u32,
    number: u32,
    boot: u32,
    /// The last `seq` sent.
    sent: u32,
    /// The highest `seq` received, and when.
    received: u32,
    received_at: Duration,
    clock: DeviceClock,
}

/// What was received from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session has begun. It takes the place of one that was up, if a repeated `HELLO` was answered twice.
    Up(Welcome),
    /// The device is lost; send `HELLO` again.
    Lost(WhyLost),
    /// The device's state.
    Status(Status),
    /// The device did not carry out a message.
    Refused(Refused),
    /// The device answered, but no version of the protocol is common to both. Nothing can be driven.
    Incompatible(Welcome),
    /// An undamaged frame that is not a valid message. It was dropped.
    Unreadable(MessageError),
}

/// Why a device was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyLost {
    /// No acceptable frame was received for 300 ms.
    #[error("the device is silent")]
    Silent,
    /// It is in another session: it has booted, or another host sent it `HELLO`.
    #[error("the device is in another session")]
    OtherSession,
    /// It has booted.
    #[error("the device has restarted")]
    OtherBoot,
    /// The session's numbers are used up, after years.
    #[error("the session has lasted too long")]
    Exhausted,
}

/// What the host must do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Write this: a `HELLO` that was not answered yet.
    Hello(Frame),
    /// The device is lost; send `HELLO` again.
    Lost(WhyLost),
}

/// Why a message was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no session, so nothing but `STOP` and `ESTOP` can be sent.
    #[error("the device is not up")]
    NotUp,
    /// `HELLO` begins a session; only [`Host::hello`] makes it.
    #[error("HELLO is not a message of a session")]
    Greeting,
    /// The device would refuse it.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// The frames received since the machine was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames dropped as damaged.
    pub damaged: u64,
    /// Undamaged frames that were accepted.
    pub accepted: u64,
    /// Undamaged frames that were not: repeated, out of order, of another session or boot, the answer to another
    /// `HELLO`.
    pub ignored: u64,
    /// Undamaged frames that are not valid messages.
    pub unreadable: u64,
}

impl Host {
    /// A host that has sent no `HELLO` yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a session: the frame to write. `nonce` is drawn at random for every call. It ends a session that was up.
    pub fn hello(&mut self, nonce: u32, now: Duration) -> Frame {
        self.phase = Phase::Greeting { nonce, sent: now };
        greeting(nonce)
    }

    /// Takes bytes from the port, as many or as few as came, and passes `on_event` what they mean.
    pub fn received(&mut self, bytes: &[u8], now: Duration, mut on_event: impl FnMut(Event)) {
        for &byte in bytes {
            if let Some(event) = self.push(byte, now) {
                on_event(event);
            }
        }
    }

    /// The same for a single byte, which makes one event at most.
    pub fn push(&mut self, byte: u8, now: Duration) -> Option<Event> {
        // Bytes received after the silence do not undo the loss.
        if let Some(why) = self.lost(now) {
            self.phase = Phase::Apart;
            self.decoder.push(byte);
            return Some(Event::Lost(why));
        }
        let message = FromDevice::decode(self.decoder.push(byte)?);
        let (event, count) = match message {
            Ok((header, message)) => match self.take(header, message, now) {
                event @ (None | Some(Event::Lost(_))) => (event, &mut self.counts.ignored),
                event => (event, &mut self.counts.accepted),
            },
            Err(error) => (Some(Event::Unreadable(error)), &mut self.counts.unreadable),
        };
        *count += 1;
        event
    }

    /// What is due at `now`: a loss by time alone, or a `HELLO` to repeat. Call it again until it returns `None`.
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        if let Some(why) = self.lost(now) {
            self.phase = Phase::Apart;
            return Some(Due::Lost(why));
        }
        match &mut self.phase {
            Phase::Greeting { nonce, sent } if now.saturating_sub(*sent) >= HELLO_EVERY => {
                *sent = now;
                Some(Due::Hello(greeting(*nonce)))
            }
            _ => None,
        }
    }

    /// When [`Host::poll`] has something due, if nothing is received before.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Apart => None,
            Phase::Greeting { sent, .. } => Some(*sent + HELLO_EVERY),
            Phase::Up(session) => Some(session.received_at + SILENCE),
        }
    }

    /// Whether a session is up at `now`.
    pub fn is_up(&self, now: Duration) -> bool {
        self.session(now).is_some()
    }

    /// The number of the session, while the device is up.
    pub fn session(&self, now: Duration) -> Option<u32> {
        match &self.phase {
            Phase::Up(session) if self.lost(now).is_none() => Some(session.number),
            _ => None,
        }
    }

    /// The `seq` of the last frame of the session, while the device is up; 0 before the first.
    pub fn sent(&self, now: Duration) -> Option<u32> {
        match &self.phase {
            Phase::Up(session) if self.lost(now).is_none() => Some(session.sent),
            _ => None,
        }
    }

    /// For a set-point made at `now`: the device's clock, or a little less. `None` while the device is not up.
    pub fn stamp(&self, now: Duration) -> Option<u32> {
        match &self.phase {
            Phase::Up(session) if self.lost(now).is_none() => Some(session.clock.bound(now)),
            _ => None,
        }
    }

    /// Puts a message into the session, under the next `seq`. Without a session only `STOP` and `ESTOP` can be sent,
    /// which a device obeys without one.
    pub fn encode(&mut self, message: impl Into<ToDevice>, now: Duration) -> Result<Frame, SendError> {
        let message = message.into();
        message.check()?;
        if message.kind() == Kind::Hello {
            return Err(SendError::Greeting);
        }
        let lost = self.lost(now).is_some();
        match &mut self.phase {
            Phase::Up(session) if !lost => {
                session.sent += 1;
                Ok(message.frame(session.number, session.sent))
            }
            _ if matches!(message.kind(), Kind::Stop | Kind::Estop) => Ok(message.frame(0, 0)),
            _ => Err(SendError::NotUp),
        }
    }

    /// The frames received so far.
    pub fn counts(&self) -> Counts {
        Counts { damaged: self.decoder.damaged(), ..self.counts }
    }

    /// Whether time alone has ended the session.
    fn lost(&self, now: Duration) -> Option<WhyLost> {
        match &self.phase {
            Phase::Up(session) if now.saturating_sub(session.received_at) >= SILENCE => Some(WhyLost::Silent),
            Phase::Up(session) if session.sent == u32::MAX => Some(WhyLost::Exhausted),
            _ => None,
        }
    }

    /// Accepts a message or ignores it.
    fn take(&mut self, header: Header, message: FromDevice, now: Duration) -> Option<Event> {
        if let FromDevice::Welcome(welcome) = message
            && let Some(nonce) = self.greeted(welcome.echo)
            && self.number() != Some(header.session)
        {
            return self.welcomed(nonce, header, welcome, now);
        }
        let Phase::Up(session) = &mut self.phase else {
            return None;
        };
        if header.session != session.number {
            return Some(self.lose(WhyLost::OtherSession));
        }
        if header.seq <= session.received {
            return None;
        }
        match message {
            FromDevice::Status(status) if status.boot != session.boot => {
                return Some(self.lose(WhyLost::OtherBoot));
            }
            // A session is welcomed once.
            FromDevice::Welcome(_) => return None,
            FromDevice::Status(status) => session.clock.saw(status.clock, now),
            FromDevice::Refused(_) => {}
        }
        session.received = header.seq;
        session.received_at = now;
        match message {
            FromDevice::Status(status) => Some(Event::Status(status)),
            FromDevice::Refused(refused) => Some(Event::Refused(refused)),
            FromDevice::Welcome(_) => None,
        }
    }

    /// The nonce of the last `HELLO`, if that is what `echo` echoes.
    fn greeted(&self, echo: u32) -> Option<u32> {
        match self.phase {
            Phase::Greeting { nonce, .. } | Phase::Up(Session { nonce, .. }) if nonce == echo => Some(nonce),
            _ => None,
        }
    }

    fn number(&self) -> Option<u32> {
        match &self.phase {
            Phase::Up(session) => Some(session.number),
            _ => None,
        }
    }

    fn welcomed(&mut self, nonce: u32, header: Header, welcome: Welcome, now: Duration) -> Option<Event> {
        if header.session != welcome.session {
            return None;
        }
        if welcome.version != VERSION {
            self.phase = Phase::Apart;
            return Some(Event::Incompatible(welcome));
        }
        if header.session == 0 {
            return None;
        }
        self.phase = Phase::Up(Session {
            nonce,
            number: header.session,
            boot: welcome.boot,
            sent: 0,
            received: header.seq,
            received_at: now,
            clock: DeviceClock::new(welcome.clock, now),
        });
        Some(Event::Up(welcome))
    }

    fn lose(&mut self, why: WhyLost) -> Event {
        self.phase = Phase::Apart;
        Event::Lost(why)
    }
}

fn greeting(nonce: u32) -> Frame {
    Hello { lowest: VERSION, highest: VERSION, nonce }.frame()
}
