//! The host's side of a session: a machine without a port and without a clock.
//!
//! The owner of the port passes it the received bytes and the time; `now` is the time since any start, the same for all
//! calls, and must not go back. [`Host::hello`] begins; [`Host::poll`] says what is due, [`Host::deadline`] when.
//! The machine never begins again by itself after a loss: that takes a new nonce, and it has no dice.

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
    /// Not greeted yet, or lost, or not compatible.
    #[default]
    Apart,
    /// `HELLO` was sent, for the last time at `sent`.
    Greeting { nonce: u32, sent: Duration },
    /// In a session.
    Up(Session),
}

#[derive(Clone, Debug)]
struct Session {
    /// Of the greeting that led to it.
    nonce: u32,
    number: u32,
    boot: u32,
    /// The last `seq` sent.
    sent: u32,
    /// The highest `seq` heard, and when.
    heard: u32,
    heard_at: Duration,
    clock: DeviceClock,
}

/// What was heard from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A session has begun. It takes the place of one that was up, if a repeated greeting was answered twice.
    Up(Welcome),
    /// The device can no longer be counted on; greet it again.
    Lost(WhyLost),
    /// How the device is.
    Status(Status),
    /// The device did not do as it was told.
    Refused(Refused),
    /// The device answered, but speaks no version that the host does. Nothing can be driven.
    Incompatible(Welcome),
    /// An undamaged frame that makes no sense. It was dropped.
    Unreadable(MessageError),
}

/// Why a device was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyLost {
    /// Nothing that can be believed was heard for 300 ms.
    #[error("the device is silent")]
    Silent,
    /// It is in another session: it has booted, or another host greeted it.
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
    /// Write this: a greeting that was not answered yet.
    Hello(Frame),
    /// The device can no longer be counted on; greet it again.
    Lost(WhyLost),
}

/// Why a message was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no session, so nothing but `STOP` and `ESTOP` can be said.
    #[error("the device is not up")]
    NotUp,
    /// `HELLO` begins a session; only [`Host::hello`] makes it.
    #[error("HELLO is not a message of a session")]
    Greeting,
    /// The device would refuse it.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// What has come down the cable since the machine was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames dropped as damaged.
    pub damaged: u64,
    /// Undamaged frames that were believed.
    pub believed: u64,
    /// Undamaged frames that were not: repeated, out of order, of another session or boot, the answer to another
    /// greeting.
    pub ignored: u64,
    /// Undamaged frames that make no sense.
    pub unreadable: u64,
}

impl Host {
    /// A host that has not greeted anybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a session: the frame to write. `nonce` is drawn at random for every call. What was up is no longer.
    pub fn hello(&mut self, nonce: u32, now: Duration) -> Frame {
        self.phase = Phase::Greeting { nonce, sent: now };
        greeting(nonce)
    }

    /// Takes bytes from the port, as many or as few as came, and tells `on_event` what they mean.
    pub fn received(&mut self, bytes: &[u8], now: Duration, mut on_event: impl FnMut(Event)) {
        for &byte in bytes {
            if let Some(event) = self.push(byte, now) {
                on_event(event);
            }
        }
    }

    /// The same for a single byte, which makes one event at most.
    pub fn push(&mut self, byte: u8, now: Duration) -> Option<Event> {
        // Bytes that come after the silence do not undo it.
        if let Some(why) = self.lost(now) {
            self.phase = Phase::Apart;
            self.decoder.push(byte);
            return Some(Event::Lost(why));
        }
        let message = FromDevice::decode(self.decoder.push(byte)?);
        let (event, count) = match message {
            Ok((header, message)) => match self.take(header, message, now) {
                event @ (None | Some(Event::Lost(_))) => (event, &mut self.counts.ignored),
                event => (event, &mut self.counts.believed),
            },
            Err(error) => (Some(Event::Unreadable(error)), &mut self.counts.unreadable),
        };
        *count += 1;
        event
    }

    /// What is due at `now`: a loss that only time told, or a greeting to repeat. Call it again until it says nothing.
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

    /// When [`Host::poll`] has something to say, if nothing is heard before.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Apart => None,
            Phase::Greeting { sent, .. } => Some(*sent + HELLO_EVERY),
            Phase::Up(session) => Some(session.heard_at + SILENCE),
        }
    }

    /// Whether the device can be counted on at `now`.
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

    /// Puts a message into the session, under the next `seq`. Without a session only `STOP` and `ESTOP` can be said,
    /// which a device obeys from anybody.
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

    /// What has come down the cable.
    pub fn counts(&self) -> Counts {
        Counts { damaged: self.decoder.damaged(), ..self.counts }
    }

    /// Whether time alone has ended the session.
    fn lost(&self, now: Duration) -> Option<WhyLost> {
        match &self.phase {
            Phase::Up(session) if now.saturating_sub(session.heard_at) >= SILENCE => Some(WhyLost::Silent),
            Phase::Up(session) if session.sent == u32::MAX => Some(WhyLost::Exhausted),
            _ => None,
        }
    }

    /// Believes a message or ignores it.
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
        if header.seq <= session.heard {
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
        session.heard = header.seq;
        session.heard_at = now;
        match message {
            FromDevice::Status(status) => Some(Event::Status(status)),
            FromDevice::Refused(refused) => Some(Event::Refused(refused)),
            FromDevice::Welcome(_) => None,
        }
    }

    /// The nonce of the last greeting, if that is what `echo` echoes.
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
            heard: header.seq,
            heard_at: now,
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
