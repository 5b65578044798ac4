//! What a host accepts.

use std::time::Duration;

use havatar_link::frame::Decoder;
use havatar_link::host::{Due, Event, HELLO_EVERY, Host, SILENCE, SendError, WhyLost};
use havatar_link::message::{
    Drive, Estop, FromDevice, Head, Header, Kind, Refused, Status, Stop, ToDevice, VERSION, Welcome,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::generate::{noise, status, welcome};

const NONCE: u32 = 0x5EED;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn some<T>(strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current()
}

/// The answer to a greeting.
fn welcomed(session: u32, echo: u32) -> Welcome {
    Welcome { version: VERSION, session, echo, boot: 1, clock: 1000, ..some(welcome()) }
}

fn told(clock: u32) -> Status {
    Status { boot: 1, clock, ..some(status()) }
}

fn heard(
    host: &mut Host,
    message: impl Into<FromDevice>,
    session: u32,
    seq: u32,
    now: Duration,
) -> Vec<Event> {
    let mut events = Vec::new();
    host.received(message.into().frame(session, seq).as_bytes(), now, |event| events.push(event));
    events
}

fn up(session: u32) -> Host {
    let mut host = Host::new();
    host.hello(NONCE, ms(0));
    assert!(matches!(heard(&mut host, welcomed(session, NONCE), session, 1, ms(0))[..], [Event::Up(_)]));
    host
}

fn sent(frame: &havatar_link::frame::Frame) -> (Header, ToDevice) {
    let mut found = Vec::new();
    Decoder::new().push_all(frame.as_bytes(), |body| found.push(ToDevice::decode(body).unwrap()));
    found.pop().unwrap()
}

#[test]
fn a_greeting_is_repeated_with_its_nonce_until_it_is_answered() {
    let mut host = Host::new();
    assert_eq!((host.poll(ms(0)), host.deadline()), (None, None));
    let hello = host.hello(NONCE, ms(0));
    assert!(matches!(sent(&hello), (_, ToDevice::Hello(hello)) if hello.nonce == NONCE));
    assert_eq!(host.poll(ms(199)), None);
    assert_eq!(host.deadline(), Some(HELLO_EVERY));
    assert_eq!(host.poll(ms(200)), Some(Due::Hello(hello)));
    assert_eq!(host.poll(ms(200)), None);
    assert!(!host.is_up(ms(250)));
    assert!(matches!(heard(&mut host, welcomed(7, NONCE), 7, 1, ms(250))[..], [Event::Up(_)]));
    assert!(host.is_up(ms(250)));
    assert_eq!(host.poll(ms(400)), None);
}

#[test]
fn only_the_answer_to_the_last_greeting_counts() {
    let mut host = Host::new();
    host.hello(NONCE, ms(0));
    host.hello(NONCE + 1, ms(50));
    assert!(heard(&mut host, welcomed(7, NONCE), 7, 1, ms(60)).is_empty());
    assert!(heard(&mut host, welcomed(0, NONCE + 1), 0, 1, ms(60)).is_empty(), "0 is no session");
    assert!(heard(&mut host, welcomed(8, NONCE + 1), 9, 1, ms(60)).is_empty(), "two sessions in one");
    assert!(!host.is_up(ms(60)));
    assert_eq!(host.counts().ignored, 3);
}

#[test]
fn a_greeting_answered_twice_leads_to_the_later_session() {
    let mut host = up(7);
    assert_eq!(sent(&host.encode(Stop { reason: 0 }, ms(1)).unwrap()).0.seq, 1);
    assert!(matches!(heard(&mut host, welcomed(8, NONCE), 8, 1, ms(10))[..], [Event::Up(_)]));
    let (header, _) = sent(&host.encode(Stop { reason: 0 }, ms(10)).unwrap());
    assert_eq!((header.session, header.seq), (8, 1));
    assert!(heard(&mut host, welcomed(8, NONCE), 8, 2, ms(11)).is_empty(), "a session is welcomed once");
}

#[test]
fn a_device_of_another_version_is_not_counted_on() {
    let mut host = Host::new();
    host.hello(NONCE, ms(0));
    let none = Welcome { version: 0, ..welcomed(0, NONCE) };
    assert_eq!(heard(&mut host, none, 0, 1, ms(1)), [Event::Incompatible(none)]);
    assert_eq!((host.is_up(ms(1)), host.poll(ms(1000))), (false, None));
}

#[test]
fn silence_is_a_loss_that_late_bytes_do_not_undo() {
    let mut host = up(7);
    assert!(host.is_up(ms(299)));
    assert_eq!(host.deadline(), Some(SILENCE));
    assert!(!host.is_up(SILENCE));
    assert_eq!(host.stamp(SILENCE), None);
    assert_eq!(host.encode(Head { pan: 0, tilt: 0 }, SILENCE), Err(SendError::NotUp));
    assert_eq!(heard(&mut host, told(1300), 7, 2, SILENCE), [Event::Lost(WhyLost::Silent)]);
    assert_eq!(host.poll(SILENCE), None, "told once");

    let mut host = up(7);
    assert_eq!(host.poll(SILENCE), Some(Due::Lost(WhyLost::Silent)));
    assert_eq!(host.poll(SILENCE), None, "told once");
}

#[test]
fn what_is_not_believed_does_not_break_the_silence() {
    let mut host = up(7);
    for now in (0..SILENCE.as_millis()).step_by(20) {
        // The same frame over and over.
        assert!(heard(&mut host, told(1000), 7, 1, ms(u64::try_from(now).unwrap())).is_empty());
    }
    assert_eq!(host.poll(SILENCE), Some(Due::Lost(WhyLost::Silent)));
}

#[test]
fn another_session_or_another_boot_is_a_loss() {
    for session in [0, 6, 8] {
        let mut host = up(7);
        assert_eq!(heard(&mut host, told(1010), session, 9, ms(10)), [Event::Lost(WhyLost::OtherSession)]);
        assert!(!host.is_up(ms(10)));
    }
    let mut host = up(7);
    let booted = Status { boot: 2, ..told(10) };
    assert_eq!(heard(&mut host, booted, 7, 2, ms(10)), [Event::Lost(WhyLost::OtherBoot)]);
    assert!(!host.is_up(ms(10)));
}

#[test]
fn without_a_session_only_stops_can_be_said() {
    let mut host = Host::new();
    for message in [ToDevice::from(Stop { reason: 1 }), Estop { reason: 1 }.into()] {
        let (header, said) = sent(&host.encode(message, ms(0)).unwrap());
        assert_eq!((header.session, said), (0, message));
    }
    let drive = Drive { stamp: 0, age: 0, left: 100, linear: 0, angular: 0 };
    assert_eq!(host.encode(drive, ms(0)), Err(SendError::NotUp));
    assert!(matches!(host.encode(Drive { left: 0, ..drive }, ms(0)), Err(SendError::OutOfRange(_))));
    let mut host = up(7);
    let hello = havatar_link::message::Hello { lowest: 1, highest: 1, nonce: 1 };
    assert_eq!(host.encode(hello, ms(0)), Err(SendError::Greeting));
}

#[test]
fn an_unreadable_frame_is_told_and_changes_nothing() {
    let mut host = up(7);
    let mut events = Vec::new();
    let odd = havatar_link::frame::Frame::new(&[0x7F; 12]).unwrap();
    host.received(odd.as_bytes(), ms(1), |event| events.push(event));
    assert!(matches!(events[..], [Event::Unreadable(_)]));
    assert!(host.is_up(ms(1)));
    assert_eq!(host.counts().unreadable, 1);
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn any_bytes_leave_a_host_in_order(chunks in vec((noise(), 0_u64..200), 0..6), greets: bool) {
        let mut host = Host::new();
        if greets {
            host.hello(NONCE, ms(0));
        }
        let mut now = ms(0);
        for (bytes, later) in chunks {
            now += ms(later);
            host.received(&bytes, now, |event| assert!(matches!(event, Event::Unreadable(_))));
            assert!(!host.is_up(now));
        }
    }

    /// Frames lost, doubled and swapped on the way: those that are accepted ascend.
    #[test]
    fn believed_frames_ascend(order in vec(2_u32..30, 1..60)) {
        let mut host = up(7);
        let mut highest = 1;
        for seq in order {
            let accepted = !heard(&mut host, told(seq), 7, seq, ms(1)).is_empty();
            prop_assert_eq!(accepted, seq > highest);
            highest = highest.max(seq);
        }
    }

    #[test]
    fn own_frames_count_from_one(count in 1_u32..50) {
        let mut host = up(7);
        for seq in 1..=count {
            let (header, _) = sent(&host.encode(Stop { reason: 0 }, ms(0)).unwrap());
            prop_assert_eq!(header, Header { kind: Kind::Stop, session: 7, seq });
        }
    }

    /// A recording of an earlier session, played back whole or in part, into a host that greets or is up.
    #[test]
    fn a_replay_is_never_believed(count in 1_u32..40, parts in vec(any::<Index>(), 0..80), is_up: bool) {
        let mut capture = vec![FromDevice::from(welcomed(7, NONCE)).frame(7, 1)];
        for seq in 2..count + 2 {
            let refused = Refused { refused: seq, of: Kind::Drive, code: 6.into() };
            let message = if seq % 5 == 0 { refused.into() } else { FromDevice::from(told(1000 + seq)) };
            capture.push(message.frame(7, seq));
        }
        let mut host = Host::new();
        host.hello(NONCE ^ 1, ms(0));
        if is_up {
            let events = heard(&mut host, welcomed(8, NONCE ^ 1), 8, 1, ms(0));
            prop_assert!(matches!(events[..], [Event::Up(_)]));
        }
        let before = host.counts().accepted;
        let mut events = Vec::new();
        let parts = parts.iter().map(|part| part.get(&capture));
        for frame in capture.iter().chain(parts) {
            host.received(frame.as_bytes(), ms(1), |event| events.push(event));
        }
        // A foreign session ends belief; nothing is ever taken from it.
        prop_assert!(events.iter().all(|event| *event == Event::Lost(WhyLost::OtherSession)));
        prop_assert!(events.len() <= usize::from(is_up));
        prop_assert_eq!(host.counts().accepted, before);
        prop_assert!(!host.is_up(ms(1)));
    }

    /// The device's clock runs up to 200 ppm off and every message is under way for up to 80 ms; the stamp is never ahead
    /// of the clock, and behind it by little more than the quickest message of the last second.
    #[test]
    fn a_stamp_is_a_lower_bound(ppm in -200_i64..=200, start: u32, delays in vec(0_u64..80_000, 2..120),
                                ask in 0_u64..290_000) {
        let us = Duration::from_micros;
        let clock = |at: u64| {
            let at = i64::try_from(at).unwrap();
            start.wrapping_add(u32::try_from((at + at * ppm / 1_000_000) / 1000).unwrap())
        };
        let behind = |host: &Host, now: u64| clock(now).wrapping_sub(host.stamp(us(now)).unwrap()).cast_signed();

        let mut host = Host::new();
        host.hello(NONCE, ms(0));
        let mut now = 0;
        let mut under_way = Vec::new();
        for (number, delay) in (0_u32..).zip(delays) {
            let made = u64::from(number) * 50_000;
            // A cable keeps the order.
            now = now.max(made + delay);
            under_way.push(i32::try_from((now - made) / 1000).unwrap());
            let message = match number {
                0 => FromDevice::from(Welcome { clock: clock(made), ..welcomed(7, NONCE) }),
                _ => told(clock(made)).into(),
            };
            prop_assert_eq!(heard(&mut host, message, 7, number + 1, us(now)).len(), 1);

            let recent = &under_way[under_way.len().saturating_sub(17)..];
            let quickest = recent.iter().min().unwrap();
            prop_assert!((0..=quickest + 4).contains(&behind(&host, now)), "{}, {quickest}", behind(&host, now));
        }
        prop_assert!(behind(&host, now + ask) >= 0);
    }
}
