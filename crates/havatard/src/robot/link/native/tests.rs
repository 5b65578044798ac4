use havatar_link::frame::Decoder;
use havatar_link::host::{HELLO_EVERY, SILENCE};
use havatar_link::message::{Code, Flags, FromDevice, Kind as Type, Refused, ToDevice};
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::super::super::testing::{Device, is_motion, spelled};
use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const DRIVE: Order = Order::Drive { linear: 100, angular: -50, age: Duration::ZERO, left: ms(250) };
const STEP: Order = Order::Step {
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
    news: Vec<LinkNews>,
}

impl End {
    /// Opened, and what it said first.
    fn open() -> (Self, Vec<u8>) {
        let now = Instant::now();
        let mut native = Native::new((250, 785), now);
        let mut out = Vec::new();
        native.begin(now, &mut out);
        (Self { native, now, news: Vec::new() }, out)
    }

    /// In a session with this device, our terms accepted.
    fn with(device: &mut Device) -> Self {
        let (mut end, hello) = Self::open();
        let welcome = device.hear(&hello);
        assert_eq!(end.hear(&welcome), []);
        assert!(matches!(end.agree(device)[..], [LinkNews::Up(_), LinkNews::Heard(_)]));
        end
    }

    /// Tells the device our terms, after its welcome. The news of its first report.
    fn agree(&mut self, device: &mut Device) -> Vec<LinkNews> {
        device.accepted = 0;
        let limits = self.poll();
        assert_eq!(self.hear(&device.status(0)), [], "it has not heard them yet");
        device.hear(&limits);
        let news = self.hear(&device.status(0));
        let period = self.poll();
        device.hear(&period);
        let (mut told, _) = spelled(&limits);
        told.extend(spelled(&period).0);
        assert!(matches!(told[..], [ToDevice::Limits(_), ToDevice::Report(_)]), "{told:?}");
        self.hear(&device.status(0));
        news
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<LinkNews> {
        self.native.received(bytes, self.now, &mut self.news);
        std::mem::take(&mut self.news)
    }

    fn poll(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.native.poll(self.now, &mut out, &mut self.news);
        out
    }

    fn say(&mut self, order: &Order) -> Vec<u8> {
        let mut out = Vec::new();
        self.native.say(order, self.now, &mut out);
        out
    }
}

fn nonces(bytes: &[u8]) -> Vec<u32> {
    let (messages, _) = spelled(bytes);
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
        Order::Release,
        Order::Head { pan: 1, tilt: 1 },
        Order::Lights { light: 1, presence: 2 },
        Order::Buzzer { hz: 440, ms: 10 },
        Order::Drive { linear: 0, angular: 0, age: Duration::ZERO, left: ms(250) },
    ];
    for order in &others {
        assert_eq!(end.say(order), b"", "{order:?}");
    }
    for (order, kind) in [(Order::Stop, Type::Stop), (Order::Estop, Type::Estop)] {
        let (said, damaged) = spelled(&end.say(&order));
        assert_eq!((said.len(), damaged), (1, 0));
        assert_eq!(said[0].kind(), kind);
    }
    for _ in 0..20 {
        end.now += HELLO_EVERY;
        assert_eq!(nonces(&end.poll()), first, "the same greeting until it is answered");
        assert_eq!(end.poll(), b"", "once");
    }
    assert!(end.news.is_empty());
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
        device.hear(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        let mut header = device.session;
        spoil(&mut welcome, &mut header);
        let news = end.hear(FromDevice::from(welcome).frame(header, 1).as_bytes());
        assert_eq!(news, [], "{what}");
        assert_eq!(end.say(&DRIVE), b"", "{what}");
        assert_eq!(end.hear(&device.status(20)), [], "{what}: nor is it listened to");
    }
}

#[test]
fn a_firmware_of_another_version_is_named_and_never_driven() {
    for version in [0, 2, 255] {
        let (mut end, hello) = End::open();
        let mut device = Device::new(1);
        device.hear(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        welcome.version = version;
        let (header, greeted) = (welcome.session, nonces(&hello));
        let news = end.hear(FromDevice::from(welcome).frame(header, 1).as_bytes());
        let [LinkNews::Unknown(why)] = &news[..] else { panic!("{news:?}") };
        assert!(why.contains("bench") && why.contains("update its firmware"), "{why}");
        assert_eq!(end.say(&DRIVE), b"");
        assert_eq!(end.hear(&device.status(20)), []);
        assert_ne!(nonces(&end.poll()), greeted, "it may be another one next time: greeted anew");
        assert_eq!(end.say(&DRIVE), b"");
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
        let mut all = former.hear(&hello);
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
            let heard = babble(&out);
            for news in end.hear(&heard) {
                assert!(!matches!(news, LinkNews::Up(_) | LinkNews::Heard(_)), "{what}: {news:?}");
            }
            end.now += ms(20);
            out = end.poll();
            for order in [DRIVE, STEP, Order::Stop, Order::Estop] {
                out.extend(end.say(&order));
            }
            assert!(out.len() < 256, "{what}: {} bytes at once", out.len());
            let (said, damaged) = spelled(&out);
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
            let welcome = device.hear(&hello);
            end.hear(&[&[0], &welcome[..]].concat());
            device.hear(&end.poll());
            up |= end.hear(&device.status(0)).iter().any(|news| matches!(news, LinkNews::Up(_)));
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
    let welcome = device.hear(&hello);
    assert_eq!(end.hear(&welcome), []);
    device.accepted = 0;
    end
}

#[test]
fn limits_that_are_lost_are_told_again_and_nobody_drives_before_they_are_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    for lost in 0..5 {
        let (said, _) = spelled(&end.poll());
        let news = std::mem::take(&mut end.news);
        assert!(matches!((lost, &news[..]), (0, []) | (1.., [LinkNews::Unknown(_)])), "{lost}: {news:?}");
        assert!(
            matches!(said[..], [ToDevice::Limits(limits)]
                if (limits.linear, limits.reverse, limits.angular) == (250, 125, 785)),
            "{lost}: {said:?}"
        );
        for _ in 0..2 {
            assert_eq!(end.hear(&device.status(40)), [], "{lost}: it has not accepted them");
            for order in [DRIVE, STEP, Order::Release, Order::Head { pan: 1, tilt: 1 }] {
                assert_eq!(end.say(&order), b"", "{lost}: {order:?}");
            }
            end.now += ms(40);
            assert_eq!(end.poll(), b"", "{lost}: one at a time");
        }
        // A stop waits for nothing, and what the controller makes of it says nothing about the limits.
        for order in [Order::Stop, Order::Estop] {
            device.hear(&end.say(&order));
        }
        assert!(device.latched);
        assert_eq!(end.hear(&device.status(10)), [], "{lost}");
        end.now += ms(20);
    }
    device.hear(&end.poll());
    assert!(matches!(std::mem::take(&mut end.news)[..], [LinkNews::Unknown(_)]));
    assert!(matches!(end.hear(&device.status(0))[..], [LinkNews::Up(_), LinkNews::Heard(_)]));
    assert_ne!(end.say(&DRIVE), b"");
    let limits = |m: &&ToDevice| m.kind() == Type::Limits;
    assert_eq!(device.told.iter().filter(limits).count(), 1);
}

#[test]
fn the_period_of_reports_is_told_again_until_just_that_is_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.hear(&end.poll());
    end.hear(&device.status(0));
    for _ in 0..3 {
        let (said, _) = spelled(&end.poll());
        assert!(matches!(said[..], [ToDevice::Report(report)] if report.period == REPORT_MS), "{said:?}");
        // What is said after it arrives.
        device.hear(&end.say(&DRIVE));
        assert!(matches!(end.hear(&device.status(50))[..], [LinkNews::Heard(_)]));
        end.now += ms(99);
        assert_eq!(end.poll(), b"");
        end.now += ms(1);
    }
    device.hear(&end.poll());
    end.hear(&device.status(50));
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
    let news = end.hear(refused(Type::Limits).frame(device.session, 50).as_bytes());
    assert!(matches!(&news[..], [LinkNews::Unknown(why)] if why.contains("limits")), "{news:?}");
    assert_eq!(end.say(&DRIVE), b"");

    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.hear(&end.poll());
    end.hear(&device.status(0));
    end.poll();
    let news = end.hear(refused(Type::Report).frame(device.session, 50).as_bytes());
    assert!(matches!(news[..], [LinkNews::Declined(_)]), "{news:?}");
    end.now += ms(250);
    assert_eq!(end.poll(), b"");
    assert_ne!(end.say(&DRIVE), b"");
}

#[test]
fn a_second_answer_to_a_greeting_is_a_session_that_knows_no_limits() {
    let mut device = Device::new(1);
    let (mut end, hello) = End::open();
    end.hear(&device.hear(&hello));
    end.agree(&mut device);
    let again = device.hear(&hello);
    assert_eq!(end.hear(&again), [LinkNews::Lost(Lost::OtherSession)]);
    assert_eq!(end.say(&DRIVE), b"");
    assert!(matches!(end.agree(&mut device)[..], [LinkNews::Up(_), LinkNews::Heard(_)]));
}

#[test]
fn silence_is_a_loss_and_the_greeting_after_it_is_a_new_one() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    end.now += ms(299);
    assert_eq!(end.poll(), b"");
    assert!(end.news.is_empty() && !end.say(&DRIVE).is_empty());
    end.now += ms(1);
    assert_eq!(end.say(&DRIVE), b"", "not even before it is polled");
    let greeted = nonces(&end.poll());
    assert_eq!(std::mem::take(&mut end.news), [LinkNews::Lost(Lost::Silent)]);
    assert_eq!(greeted.len(), 1);
    assert_eq!(end.hear(&device.status(20)), [], "a report that comes after it undoes nothing");
    device.session += 1;
    let welcome = device.welcome(greeted[0]);
    assert_eq!(end.hear(&welcome), []);
    end.now += ms(1);
    assert!(matches!(end.agree(&mut device)[..], [LinkNews::Up(_), LinkNews::Heard(_)]));
}

#[test]
fn another_boot_or_session_is_a_loss_and_the_next_begins_with_its_own() {
    for (what, lost) in [("boot", Lost::Rebooted), ("session", Lost::OtherSession)] {
        let mut device = Device::new(5);
        let mut end = End::with(&mut device);
        assert!(matches!(end.hear(&device.status(20))[..], [LinkNews::Heard(_)]));
        if what == "boot" {
            device.boot = 6;
        } else {
            device.session = 0;
        }
        device.latched = true;
        device.latch = 4;
        assert_eq!(end.hear(&device.status(20)), [LinkNews::Lost(lost)], "{what}");
        assert_eq!(end.say(&DRIVE), b"", "{what}");
        let greeting = end.poll();
        let welcome = device.hear(&greeting);
        assert_eq!(end.hear(&welcome), [], "{what}");
        // Told anew.
        let news = end.agree(&mut device);
        let [LinkNews::Up(controller), LinkNews::Heard(_)] = &news[..] else { panic!("{what}: {news:?}") };
        assert_eq!(controller.boot, Some(device.boot));
        // The latch of the new boot is known from its reports, and is the one that a release names.
        let news = end.hear(&device.status(20));
        let [LinkNews::Heard(report)] = &news[..] else { panic!("{what}: {news:?}") };
        assert!(report.estop_latched && report.stand == Stand::Latched);
        let (said, _) = spelled(&end.say(&Order::Release));
        assert!(matches!(said[..], [ToDevice::Release(release)] if release.latch == 4), "{said:?}");
    }
}

#[test]
fn repeated_and_reordered_reports_are_not_believed() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let (first, second) = (device.status(20), device.status(20));
    assert_eq!(end.hear(&second).len(), 1);
    for old in [&second, &first, &second] {
        assert_eq!(end.hear(old), []);
    }
    end.now += SILENCE;
    end.poll();
    assert_eq!(std::mem::take(&mut end.news), [LinkNews::Lost(Lost::Silent)], "they are no sign of life");
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
        let (drive, _) = spelled(&end.say(&Order::Drive { linear: 1, angular: 2, age, left }));
        assert!(
            matches!(drive[..], [ToDevice::Drive(d)] if (d.age, d.left) == shown && (d.linear, d.angular) == (1, 2)),
            "{drive:?}"
        );
        let step = Order::Step { id: 7, kind: StepKind::Turn, amount: -785, speed: 524, age, left };
        let (step, _) = spelled(&end.say(&step));
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
    end.hear(&device.status(20));
    let clock = device.status_message().clock;
    for waited in [0, 30, 100] {
        end.now += ms(waited);
        let (said, _) = spelled(&end.say(&DRIVE));
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
    assert_eq!(end.hear(frame.as_bytes()), [LinkNews::Declined("DRIVE: e-stop latched".to_owned())]);
    let mut status = device.status_message();
    status.state = State::Unknown(77);
    status.stop_reason = StopReason::Unknown(78);
    status.step_result = StepResult::Unknown(79);
    status.flags = Flags(0b11_1111);
    let news = end.hear(FromDevice::from(status).frame(device.session, 51).as_bytes());
    let [LinkNews::Heard(report)] = &news[..] else { panic!("{news:?}") };
    assert_eq!(
        (report.stand, report.stopped, report.step_end),
        (Stand::Unknown, DeviceStop::Unknown, StepEnd::Stopped)
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
            let news = end.hear(piece);
            prop_assert!(!news.iter().any(|news| matches!(news, LinkNews::Up(_) | LinkNews::Heard(_))));
            end.now += ms(5);
            let (said, damaged) = spelled(&end.poll());
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
        let news = end.hear(&stream);
        let heard = news.iter().filter(|news| matches!(news, LinkNews::Heard(_))).count();
        prop_assert!(heard <= undamaged && undamaged <= 20);
        let honest = |news: &LinkNews| match news {
            LinkNews::Heard(report) => report.stand == Stand::Held && !report.estop_latched,
            _ => false,
        };
        prop_assert!(news.iter().all(honest), "{news:?}");
    }
}
