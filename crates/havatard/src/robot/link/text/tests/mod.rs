//! Tests of the text codec, with a firmware that is played by hand.

mod answers;
mod motion;

use havatar_link::text::{Scale, Scales, Settings};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A firmware that wants -255 to 255 for each wheel, at most 0.5 m/s.
fn settings() -> Settings<'static> {
    Settings {
        drive: r"M {left} {right}\n",
        replies: vec!["BAT {battery_mv} {battery_percent}", "ODO {x} {y} {heading}", "HI"],
        track: Some(200.0),
        scales: Scales {
            wheel: Scale::between(-500.0..=500.0, -255.0..=255.0).unwrap(),
            ..Scales::default()
        },
        ..Settings::default()
    }
}

const SILENCE: Duration = Duration::from_mins(1);

/// One end of a cable, at a time of its own.
struct End {
    text: Text,
    now: Instant,
}

impl End {
    fn open(settings: &Settings<'_>) -> Self {
        let now = Instant::now();
        let mut end =
            Self { text: Text::new(Dialect::new(settings).unwrap(), SILENCE, (500, 785), now), now };
        end.text.drained(now);
        end.receive(b"HI\n");
        end
    }

    /// Up, its first stops said, and let go of once.
    fn ready(settings: &Settings<'_>) -> Self {
        let mut end = Self::open(settings);
        let mut out = Vec::new();
        end.text.open(end.now, &mut out);
        end.after(150);
        end.encode(&drive(0, 0));
        end.after(100);
        end
    }

    fn encode(&mut self, command: &DeviceCommand) -> String {
        let mut out = Vec::new();
        self.text.encode(command, self.now, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn poll(&mut self) -> (String, Vec<LinkEvent>, Instant) {
        let (mut out, mut events) = (Vec::new(), Vec::new());
        let next = self.text.poll(self.now, &mut out, &mut events);
        (String::from_utf8(out).unwrap(), events, next)
    }

    /// Lets time pass as the loop does, which comes when it is asked to; what was said meanwhile, and told last.
    fn after(&mut self, millis: u64) -> (String, Option<Report>) {
        let end = self.now + ms(millis);
        let (mut said, mut told) = (String::new(), None);
        loop {
            let (out, events, next) = self.poll();
            said.push_str(&out);
            for event in events {
                match event {
                    LinkEvent::Reported(report) => told = Some(report),
                    LinkEvent::Up(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!(next > self.now, "it would spin");
            if next > end {
                self.now = end;
                return (said, told);
            }
            self.now = next;
        }
    }

    fn report(&mut self) -> Report {
        self.after(60).1.unwrap()
    }

    fn up(&mut self) -> LinkEvent {
        self.now += SETTLE;
        self.poll().1.swap_remove(0)
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut events = Vec::new();
        self.text.received(bytes, self.now, &mut events);
        assert!(events.is_empty(), "what it says changes nothing but figures: {events:?}");
    }
}

fn drive(linear: i16, angular: i16) -> DeviceCommand {
    DeviceCommand::Drive { linear, angular, age: Duration::ZERO, left: ms(250) }
}

fn step(id: u16, kind: StepKind, amount: i32, speed: u16) -> DeviceCommand {
    DeviceCommand::Step { id, kind, amount, speed, age: Duration::ZERO, left: ms(250) }
}
