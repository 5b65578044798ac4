//! Tests of the native codec, with a controller that is played by hand.

mod bytes;
mod handshake;
mod session;

use havatar_link::frame::Decoder;
use havatar_link::host::{HELLO_EVERY, SILENCE};
use havatar_link::message::{Code, Flags, FromDevice, Kind as Type, Refused, ToDevice};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::robot::testing::{Device, decoded, is_motion};

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const DRIVE: DeviceCommand =
    DeviceCommand::Drive { linear: 100, angular: -50, age: Duration::ZERO, left: ms(250) };
const STEP: DeviceCommand = DeviceCommand::Step {
    id: 1,
    kind: StepKind::Straight,
    amount: 50,
    speed: 150,
    age: Duration::ZERO,
    left: ms(250),
};

/// One end of a cable, at a time of its own.
struct End {
    native: Native,
    now: Instant,
    events: Vec<LinkEvent>,
}

impl End {
    /// Opened, and what it said first.
    fn open() -> (Self, Vec<u8>) {
        let now = Instant::now();
        let mut native = Native::new((250, 785), now);
        let mut out = Vec::new();
        native.open(now, &mut out);
        (Self { native, now, events: Vec::new() }, out)
    }

    /// In a session with this device, the handshake complete.
    fn with(device: &mut Device) -> Self {
        let (mut end, hello) = Self::open();
        let welcome = device.receive(&hello);
        assert_eq!(end.receive(&welcome), []);
        assert!(matches!(end.agree(device)[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
        end
    }

    /// Completes the handshake after the welcome. Returns the events of the first report.
    fn agree(&mut self, device: &mut Device) -> Vec<LinkEvent> {
        device.accepted = 0;
        let limits = self.poll();
        assert_eq!(self.receive(&device.status(0)), [], "it has not received them yet");
        device.receive(&limits);
        let events = self.receive(&device.status(0));
        let period = self.poll();
        device.receive(&period);
        let (mut told, _) = decoded(&limits);
        told.extend(decoded(&period).0);
        assert!(matches!(told[..], [ToDevice::Limits(_), ToDevice::Report(_)]), "{told:?}");
        self.receive(&device.status(0));
        events
    }

    fn receive(&mut self, bytes: &[u8]) -> Vec<LinkEvent> {
        self.native.received(bytes, self.now, &mut self.events);
        std::mem::take(&mut self.events)
    }

    fn poll(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.native.poll(self.now, &mut out, &mut self.events);
        out
    }

    fn encode(&mut self, command: &DeviceCommand) -> Vec<u8> {
        let mut out = Vec::new();
        self.native.encode(command, self.now, &mut out);
        out
    }
}

fn nonces(bytes: &[u8]) -> Vec<u32> {
    let (messages, _) = decoded(bytes);
    messages
        .iter()
        .map(|message| match message {
            ToDevice::Hello(hello) => hello.nonce,
            other => panic!("only greetings are said: {other}"),
        })
        .collect()
}
