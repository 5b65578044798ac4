//! Whatever comes down the cable.
//!
//! The first byte chooses: the rest as it is, or cut into bodies that get a sound check sum, since no amount of luck makes
//! one. Between two bodies the clock moves.

#![no_main]

use std::time::Duration;

use havatar_link::frame::{BODY_MAX, BODY_MIN, Decoder, Frame};
use havatar_link::host::{Event, Host};
use havatar_link::message::{FromDevice, Stop, ToDevice};
use libfuzzer_sys::fuzz_target;

/// That of the vector `hello`, so that the vectors' `WELCOME` answers it.
const NONCE: u32 = 0x5EED_CAFE;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let mut host = Host::new();
    let mut now = Duration::ZERO;
    host.hello(NONCE, now);
    if choice & 1 == 0 {
        raw(rest);
        show(&mut host, rest, now);
        return;
    }
    let mut rest = rest;
    while let Some((&[length, later], after)) = rest.split_first_chunk() {
        let (body, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        now += Duration::from_millis(later.into());
        if let Ok(frame) = Frame::new(body) {
            raw(frame.as_bytes());
            show(&mut host, frame.as_bytes(), now);
        }
    }
});

/// The decoder and both directions.
fn raw(bytes: &[u8]) {
    let mut whole = Vec::new();
    let mut decoder = Decoder::new();
    decoder.push_all(bytes, |body| whole.push(body.to_vec()));
    for body in &whole {
        assert!((BODY_MIN..=BODY_MAX).contains(&body.len()));
        // What can be read is written the same.
        let again = match (FromDevice::decode(body), ToDevice::decode(body)) {
            (Ok((header, message)), Err(_)) => message.frame(header.session, header.seq),
            (Err(_), Ok((header, message))) => message.frame(header.session, header.seq),
            (Ok(_), Ok(_)) => panic!("a message goes one way"),
            (Err(_), Err(_)) => continue,
        };
        assert_eq!(again.as_ref(), Frame::new(body).unwrap().as_ref());
    }
    // Cut anywhere, garbage before it or not: the same, but for one frame.
    let cut = bytes.len() / 2;
    let mut parts = Vec::new();
    let mut decoder = Decoder::new();
    decoder.push_all(&bytes[..cut], |body| parts.push(body.to_vec()));
    decoder.push_all(&bytes[cut..], |body| parts.push(body.to_vec()));
    assert_eq!(parts, whole);
    let mut late = Vec::new();
    let mut decoder = Decoder::new();
    decoder.push_all(b"rst:0x1", |body| late.push(body.to_vec()));
    decoder.push_all(bytes, |body| late.push(body.to_vec()));
    assert!(whole.ends_with(&late) && late.len() + 1 >= whole.len());
}

/// A host that has greeted.
fn show(host: &mut Host, bytes: &[u8], now: Duration) {
    let mut up = host.is_up(now);
    let mut events = 0;
    host.received(bytes, now, |event| {
        events += 1;
        match event {
            Event::Up(welcome) => {
                assert_eq!(welcome.echo, NONCE);
                assert_ne!(welcome.session, 0);
                up = true;
            }
            Event::Lost(_) | Event::Incompatible(_) => up = false,
            Event::Status(_) | Event::Refused(_) => assert!(up, "nothing is believed without a session"),
            Event::Unreadable(_) => {}
        }
    });
    assert!(events <= bytes.len());
    assert_eq!(host.is_up(now), up);
    assert_eq!(host.stamp(now).is_some(), up);
    assert_eq!(host.session(now).is_some(), up);
    assert!(host.encode(Stop { reason: 0 }, now).is_ok(), "a stop can always be said");
    host.poll(now);
}
