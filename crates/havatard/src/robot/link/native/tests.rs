//! Tests of the native codec: handshake, sessions that are lost, damaged and foreign bytes.

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

#[test]
fn before_anybody_answers_only_greetings_and_stops_are_said() {
    let (mut end, hello) = End::open();
    let first = nonces(&hello);
    assert_eq!(first.len(), 1);
    let others = [
        DRIVE,
        STEP,
        DeviceCommand::Release,
        DeviceCommand::Head { pan: 1, tilt: 1 },
        DeviceCommand::Lights { light: 1, presence: 2 },
        DeviceCommand::Buzzer { hz: 440, ms: 10 },
        DeviceCommand::Drive { linear: 0, angular: 0, age: Duration::ZERO, left: ms(250) },
    ];
    for command in &others {
        assert_eq!(end.encode(command), b"", "{command:?}");
    }
    for (command, kind) in [(DeviceCommand::Stop, Type::Stop), (DeviceCommand::Estop, Type::Estop)] {
        let (said, damaged) = decoded(&end.encode(&command));
        assert_eq!((said.len(), damaged), (1, 0));
        assert_eq!(said[0].kind(), kind);
    }
    for _ in 0..20 {
        end.now += HELLO_EVERY;
        assert_eq!(nonces(&end.poll()), first, "the same greeting until it is answered");
        assert_eq!(end.poll(), b"", "once");
    }
    assert!(end.events.is_empty());
    assert_ne!(nonces(&End::open().1), first, "drawn anew");
}

#[test]
fn an_answer_that_is_not_ours_begins_nothing() {
    type Spoil = fn(&mut havatar_link::message::Welcome, &mut u32);
    let spoils: [(&str, Spoil); 4] = [
        ("another nonce", |welcome, _| welcome.echo ^= 1),
        ("no session", |welcome, header| (welcome.session, *header) = (0, 0)),
        ("two sessions", |_, header| *header += 1),
        ("a former greeting", |welcome, _| welcome.echo = 0),
    ];
    for (what, spoil) in spoils {
        let (mut end, hello) = End::open();
        let mut device = Device::new(1);
        device.receive(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        let mut header = device.session;
        spoil(&mut welcome, &mut header);
        let events = end.receive(FromDevice::from(welcome).frame(header, 1).as_bytes());
        assert_eq!(events, [], "{what}");
        assert_eq!(end.encode(&DRIVE), b"", "{what}");
        assert_eq!(end.receive(&device.status(20)), [], "{what}: nor is it listened to");
    }
}

#[test]
fn a_firmware_of_another_version_is_named_and_never_driven() {
    for version in [0, 2, 255] {
        let (mut end, hello) = End::open();
        let mut device = Device::new(1);
        device.receive(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        welcome.version = version;
        let (header, greeted) = (welcome.session, nonces(&hello));
        let events = end.receive(FromDevice::from(welcome).frame(header, 1).as_bytes());
        let [LinkEvent::Unknown(why)] = &events[..] else { panic!("{events:?}") };
        assert!(why.contains("bench") && why.contains("update its firmware"), "{why}");
        assert_eq!(end.encode(&DRIVE), b"");
        assert_eq!(end.receive(&device.status(20)), []);
        assert_ne!(nonces(&end.poll()), greeted, "it may be another one next time: greeted anew");
        assert_eq!(end.encode(&DRIVE), b"");
    }
}

/// What something else at the end of the cable answers to what it hears.
type Babble = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

#[test]
fn whatever_else_is_at_the_end_of_the_cable_is_never_driven() {
    let mut noise = StdRng::seed_from_u64(42);
    let sentence = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n";
    let mut former = Device::new(9);
    let session = {
        let (_, hello) = End::open();
        let mut all = former.receive(&hello);
        (0..50).for_each(|_| all.extend(former.status(20)));
        all
    };
    let babbles: [(&str, Babble); 6] = [
        ("an echo", Box::new(<[u8]>::to_vec)),
        ("a GPS", Box::new(move |_| sentence.repeat(4))),
        ("noise", Box::new(move |_| (0..512).map(|_| noise.random()).collect())),
        ("zeros", Box::new(|_| vec![0; 512])),
        ("no zero at all", Box::new(|_| vec![0xff; 4096])),
        ("a recording of a controller", Box::new(move |_| session.clone())),
    ];
    for (what, mut babble) in babbles {
        let (mut end, mut out) = End::open();
        for _ in 0..500 {
            let received = babble(&out);
            for event in end.receive(&received) {
                assert!(!matches!(event, LinkEvent::Up(_) | LinkEvent::Reported(_)), "{what}: {event:?}");
            }
            end.now += ms(20);
            out = end.poll();
            for command in [DRIVE, STEP, DeviceCommand::Stop, DeviceCommand::Estop] {
                out.extend(end.encode(&command));
            }
            assert!(out.len() < 256, "{what}: {} bytes at once", out.len());
            let (said, damaged) = decoded(&out);
            assert_eq!(damaged, 0);
            let harmless = |m: &ToDevice| matches!(m.kind(), Type::Hello | Type::Stop | Type::Estop);
            assert!(said.iter().all(harmless), "{what}: {said:?}");
        }
        // It hears the controller at once if that comes after all. What is cut off before it may cost one frame.
        let mut device = Device::new(3);
        let mut up = false;
        for _ in 0..20 {
            end.now += HELLO_EVERY;
            let hello = end.poll();
            let welcome = device.receive(&hello);
            end.receive(&[&[0], &welcome[..]].concat());
            device.receive(&end.poll());
            up |= end.receive(&device.status(0)).iter().any(|event| matches!(event, LinkEvent::Up(_)));
            if up {
                break;
            }
        }
        assert!(up, "{what}: the controller is never found again");
    }
}

/// Welcomed by the device, which has heard nothing else yet.
fn welcomed(device: &mut Device) -> End {
    let (mut end, hello) = End::open();
    let welcome = device.receive(&hello);
    assert_eq!(end.receive(&welcome), []);
    device.accepted = 0;
    end
}

#[test]
fn limits_that_are_lost_are_told_again_and_nobody_drives_before_they_are_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    for lost in 0..5 {
        let (said, _) = decoded(&end.poll());
        let events = std::mem::take(&mut end.events);
        assert!(
            matches!((lost, &events[..]), (0, []) | (1.., [LinkEvent::Unknown(_)])),
            "{lost}: {events:?}"
        );
        assert!(
            matches!(said[..], [ToDevice::Limits(limits)]
                if (limits.linear, limits.reverse, limits.angular) == (250, 125, 785)),
            "{lost}: {said:?}"
        );
        for _ in 0..2 {
            assert_eq!(end.receive(&device.status(40)), [], "{lost}: it has not accepted them");
            for command in [DRIVE, STEP, DeviceCommand::Release, DeviceCommand::Head { pan: 1, tilt: 1 }] {
                assert_eq!(end.encode(&command), b"", "{lost}: {command:?}");
            }
            end.now += ms(40);
            assert_eq!(end.poll(), b"", "{lost}: one at a time");
        }
        // A stop waits for nothing, and what the controller makes of it says nothing about the limits.
        for command in [DeviceCommand::Stop, DeviceCommand::Estop] {
            device.receive(&end.encode(&command));
        }
        assert!(device.latched);
        assert_eq!(end.receive(&device.status(10)), [], "{lost}");
        end.now += ms(20);
    }
    device.receive(&end.poll());
    assert!(matches!(std::mem::take(&mut end.events)[..], [LinkEvent::Unknown(_)]));
    assert!(matches!(end.receive(&device.status(0))[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
    assert_ne!(end.encode(&DRIVE), b"");
    let limits = |m: &&ToDevice| m.kind() == Type::Limits;
    assert_eq!(device.told.iter().filter(limits).count(), 1);
}

#[test]
fn the_period_of_reports_is_told_again_until_just_that_is_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.receive(&end.poll());
    end.receive(&device.status(0));
    for _ in 0..3 {
        let (said, _) = decoded(&end.poll());
        assert!(matches!(said[..], [ToDevice::Report(report)] if report.period == REPORT_MS), "{said:?}");
        // What is said after it arrives.
        device.receive(&end.encode(&DRIVE));
        assert!(matches!(end.receive(&device.status(50))[..], [LinkEvent::Reported(_)]));
        end.now += ms(99);
        assert_eq!(end.poll(), b"");
        end.now += ms(1);
    }
    device.receive(&end.poll());
    end.receive(&device.status(50));
    end.now += ms(250);
    assert_eq!(end.poll(), b"");
}

#[test]
fn a_controller_that_refuses_its_limits_is_not_driven_and_one_that_reports_as_it_likes_is() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    let refused = |of| {
        let refused = Refused { refused: 1, of, code: Code::UnknownType };
        FromDevice::from(refused)
    };
    end.poll();
    let events = end.receive(refused(Type::Limits).frame(device.session, 50).as_bytes());
    assert!(matches!(&events[..], [LinkEvent::Unknown(why)] if why.contains("limits")), "{events:?}");
    assert_eq!(end.encode(&DRIVE), b"");

    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.receive(&end.poll());
    end.receive(&device.status(0));
    end.poll();
    let events = end.receive(refused(Type::Report).frame(device.session, 50).as_bytes());
    assert!(matches!(events[..], [LinkEvent::Declined(_)]), "{events:?}");
    end.now += ms(250);
    assert_eq!(end.poll(), b"");
    assert_ne!(end.encode(&DRIVE), b"");
}

#[test]
fn a_second_answer_to_a_greeting_is_a_session_that_knows_no_limits() {
    let mut device = Device::new(1);
    let (mut end, hello) = End::open();
    end.receive(&device.receive(&hello));
    end.agree(&mut device);
    let again = device.receive(&hello);
    assert_eq!(end.receive(&again), [LinkEvent::Lost(Lost::OtherSession)]);
    assert_eq!(end.encode(&DRIVE), b"");
    assert!(matches!(end.agree(&mut device)[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
}

#[test]
fn silence_is_a_loss_and_the_greeting_after_it_is_a_new_one() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    end.now += ms(299);
    assert_eq!(end.poll(), b"");
    assert!(end.events.is_empty() && !end.encode(&DRIVE).is_empty());
    end.now += ms(1);
    assert_eq!(end.encode(&DRIVE), b"", "not even before it is polled");
    let greeted = nonces(&end.poll());
    assert_eq!(std::mem::take(&mut end.events), [LinkEvent::Lost(Lost::Silent)]);
    assert_eq!(greeted.len(), 1);
    assert_eq!(end.receive(&device.status(20)), [], "a report that comes after it undoes nothing");
    device.session += 1;
    let welcome = device.welcome(greeted[0]);
    assert_eq!(end.receive(&welcome), []);
    end.now += ms(1);
    assert!(matches!(end.agree(&mut device)[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
}

#[test]
fn another_boot_or_session_is_a_loss_and_the_next_begins_with_its_own() {
    for (what, lost) in [("boot", Lost::Rebooted), ("session", Lost::OtherSession)] {
        let mut device = Device::new(5);
        let mut end = End::with(&mut device);
        assert!(matches!(end.receive(&device.status(20))[..], [LinkEvent::Reported(_)]));
        if what == "boot" {
            device.boot = 6;
        } else {
            device.session = 0;
        }
        device.latched = true;
        device.latch = 4;
        assert_eq!(end.receive(&device.status(20)), [LinkEvent::Lost(lost)], "{what}");
        assert_eq!(end.encode(&DRIVE), b"", "{what}");
        let greeting = end.poll();
        let welcome = device.receive(&greeting);
        assert_eq!(end.receive(&welcome), [], "{what}");
        // Told anew.
        let events = end.agree(&mut device);
        let [LinkEvent::Up(controller), LinkEvent::Reported(_)] = &events[..] else {
            panic!("{what}: {events:?}")
        };
        assert_eq!(controller.boot, Some(device.boot));
        // The latch of the new boot is known from its reports, and is the one that a release names.
        let events = end.receive(&device.status(20));
        let [LinkEvent::Reported(report)] = &events[..] else { panic!("{what}: {events:?}") };
        assert!(report.estop_latched && report.state == DeviceState::Latched);
        let (said, _) = decoded(&end.encode(&DeviceCommand::Release));
        assert!(matches!(said[..], [ToDevice::Release(release)] if release.latch == 4), "{said:?}");
    }
}

#[test]
fn repeated_and_reordered_reports_are_not_believed() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let (first, second) = (device.status(20), device.status(20));
    assert_eq!(end.receive(&second).len(), 1);
    for old in [&second, &first, &second] {
        assert_eq!(end.receive(old), []);
    }
    end.now += SILENCE;
    end.poll();
    assert_eq!(std::mem::take(&mut end.events), [LinkEvent::Lost(Lost::Silent)], "they are no sign of life");
}

#[test]
fn ages_are_rounded_up_and_what_is_left_down() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let us = Duration::from_micros;
    for (age, left, shown) in [
        (us(0), us(250_000), (0, 250)),
        (us(1), us(249_999), (1, 249)),
        (us(10_001), us(900), (11, 1)),
        (us(299_999), us(0), (300, 1)),
        (Duration::from_hours(1), Duration::from_hours(1), (u16::MAX, 8000)),
    ] {
        let (drive, _) = decoded(&end.encode(&DeviceCommand::Drive { linear: 1, angular: 2, age, left }));
        assert!(
            matches!(drive[..], [ToDevice::Drive(d)] if (d.age, d.left) == shown && (d.linear, d.angular) == (1, 2)),
            "{drive:?}"
        );
        let step = DeviceCommand::Step { id: 7, kind: StepKind::Turn, amount: -785, speed: 524, age, left };
        let (step, _) = decoded(&end.encode(&step));
        assert!(
            matches!(step[..], [ToDevice::Step(s)] if (s.age, s.left) == shown
                && (s.id, s.kind, s.amount, s.speed) == (7, Kind::Turn, -785, 524)),
            "{step:?}"
        );
    }
}

#[test]
fn a_set_point_is_stamped_with_the_devices_own_time() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    end.now += ms(20);
    end.receive(&device.status(20));
    let clock = device.status_message().clock;
    for waited in [0, 30, 100] {
        end.now += ms(waited);
        let (said, _) = decoded(&end.encode(&DRIVE));
        let [ToDevice::Drive(drive)] = said[..] else { panic!("{said:?}") };
        let truth = clock + u32::try_from(if waited == 100 { 130 } else { waited }).unwrap();
        assert!(drive.stamp <= truth && drive.stamp + 5 >= truth, "{} for {truth}", drive.stamp);
    }
}

#[test]
fn what_the_device_declines_and_what_is_unknown_is_told_as_such() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let refused = Refused { refused: 3, of: Type::Drive, code: Code::EstopLatched };
    let frame = FromDevice::from(refused).frame(device.session, 50);
    assert_eq!(end.receive(frame.as_bytes()), [LinkEvent::Declined("DRIVE: e-stop latched".to_owned())]);
    let mut status = device.status_message();
    status.state = State::Unknown(77);
    status.stop_reason = StopReason::Unknown(78);
    status.step_result = StepResult::Unknown(79);
    status.flags = Flags(0b11_1111);
    let events = end.receive(FromDevice::from(status).frame(device.session, 51).as_bytes());
    let [LinkEvent::Reported(report)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (report.state, report.stopped, report.step_end),
        (DeviceState::Unknown, DeviceStop::Unknown, StepEnd::Stopped)
    );
    assert!(report.estop_latched && report.button && report.motor_fault);
    assert_eq!((report.battery_mv, report.battery_percent), (None, None), "0 and 255 are no battery");
}

proptest! {
    /// Any bytes, in any pieces, while a session is up or not: no panic, and no session that was not greeted.
    #[test]
    fn any_bytes(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20), up: bool) {
        let mut device = Device::new(1);
        let mut end = if up { End::with(&mut device) } else { End::open().0 };
        for piece in &pieces {
            let events = end.receive(piece);
            prop_assert!(!events.iter().any(|event| matches!(event, LinkEvent::Up(_) | LinkEvent::Reported(_))));
            end.now += ms(5);
            let (said, damaged) = decoded(&end.poll());
            prop_assert_eq!(damaged, 0);
            prop_assert!(!said.iter().any(is_motion));
        }
    }

    /// Damage anywhere in a stream of reports costs reports, and never makes one that was not sent.
    #[test]
    fn damage_makes_no_report(seed: u64) {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut device = Device::new(1);
        let mut end = End::with(&mut device);
        let mut stream: Vec<u8> = (0..20).flat_map(|_| device.status(20)).collect();
        for _ in 0..dice.random_range(1..40) {
            let at = dice.random_range(0..stream.len());
            match dice.random_range(0..3) {
                0 => { stream.remove(at); }
                1 => stream.insert(at, dice.random()),
                _ => stream[at] ^= 1 << dice.random_range(0..8),
            }
        }
        let mut undamaged = 0;
        let mut decoder = Decoder::new();
        decoder.push_all(&stream, |body| undamaged += usize::from(FromDevice::decode(body).is_ok()));
        let events = end.receive(&stream);
        let received = events.iter().filter(|event| matches!(event, LinkEvent::Reported(_))).count();
        prop_assert!(received <= undamaged && undamaged <= 20);
        let honest = |event: &LinkEvent| match event {
            LinkEvent::Reported(report) => report.state == DeviceState::Held && !report.estop_latched,
            _ => false,
        };
        prop_assert!(events.iter().all(honest), "{events:?}");
    }
}

#[test]
fn a_foreign_device_that_talks_all_the_time_is_told_as_one() {
    let mut device = Device::new(7);
    let (mut end, hello) = End::open();
    let welcome = device.receive(&hello);
    // A GPS receiver; and what an ESP32 prints when it boots, which is no reason yet.
    let line = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n";
    for _ in 0..12 {
        assert_eq!(end.receive(line), []);
    }
    for _ in 0..40 {
        end.native.received(line, end.now, &mut end.events);
    }
    let told = std::mem::take(&mut end.events);
    assert!(
        told.iter().all(|event| matches!(event, LinkEvent::Unknown(why) if why.contains("robot.port")))
            && !told.is_empty(),
        "{told:?}"
    );
    // The controller itself, once it is there.
    end.receive(&[0]);
    assert_eq!(end.receive(&welcome), []);
    assert!(end.agree(&mut device).iter().any(|event| matches!(event, LinkEvent::Up(_))));
}
