//! Frames and messages.

use havatar_link::frame::{Decoder, Frame};
use havatar_link::message::{FromDevice, ToDevice};
use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::{body, from_device, noise, to_device};

fn bodies(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    Decoder::new().push_all(bytes, |body| found.push(body.to_vec()));
    found
}

fn framed(body: &[u8]) -> Vec<u8> {
    Frame::new(body).unwrap().as_bytes().to_vec()
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn a_message_to_the_device_comes_back(message in to_device(), session: u32, seq: u32) {
        let found = bodies(message.frame(session, seq).as_bytes());
        prop_assert_eq!(found.len(), 1);
        let (header, read) = ToDevice::decode(&found[0]).unwrap();
        prop_assert_eq!((header.kind, header.session, header.seq, read), (message.kind(), session, seq, message));
        prop_assert!(FromDevice::decode(&found[0]).is_err());
    }

    #[test]
    fn a_message_from_the_device_comes_back(message in from_device(), session: u32, seq: u32) {
        let found = bodies(message.frame(session, seq).as_bytes());
        prop_assert_eq!(found.len(), 1);
        let (header, read) = FromDevice::decode(&found[0]).unwrap();
        prop_assert_eq!((header.kind, header.session, header.seq, read), (message.kind(), session, seq, message));
        prop_assert!(ToDevice::decode(&found[0]).is_err());
    }

    /// A body of a known type says something only at its own length.
    #[test]
    fn a_message_of_another_length_is_refused(message in to_device(), cut in 0_usize..30, more in 1_usize..20) {
        let whole = bodies(message.frame(1, 1).as_bytes()).remove(0);
        let short = &whole[..cut.min(whole.len() - 1)];
        prop_assert!(ToDevice::decode(short).is_err());
        let long: Vec<u8> = whole.iter().copied().chain(core::iter::repeat_n(0, more)).collect();
        prop_assert!(ToDevice::decode(&long).is_err());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in noise()) {
        let mut decoder = Decoder::new();
        decoder.push_all(&bytes, |body| {
            assert!((9..=64).contains(&body.len()));
        });
        // Read as bodies, too, which no check sum protects.
        let _ = (ToDevice::decode(&bytes), FromDevice::decode(&bytes));
        prop_assert!(decoder.damaged() <= bytes.split(|byte| *byte == 0).count() as u64);
    }

    /// Where a port cuts the stream makes no difference.
    #[test]
    fn the_cuts_do_not_matter(noise in noise(), messages in vec(to_device(), 1..4), at in 0_usize..2000) {
        let mut bytes = noise;
        for (seq, message) in (1..).zip(&messages) {
            bytes.extend(message.frame(1, seq).as_bytes());
        }
        let whole = bodies(&bytes);
        let (head, tail) = bytes.split_at(at % (bytes.len() + 1));
        let mut found = Vec::new();
        let mut decoder = Decoder::new();
        decoder.push_all(head, |body| found.push(body.to_vec()));
        decoder.push_all(tail, |body| found.push(body.to_vec()));
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn garbage_takes_one_frame_with_it_at_most(noise in noise(), first in body(), second in body()) {
        let bytes = [noise, framed(&first), framed(&second)].concat();
        let found = bodies(&bytes);
        prop_assert_eq!(found.last(), Some(&second));
        prop_assert!(found.len() <= 2);
    }

    #[test]
    fn garbage_that_ends_in_a_zero_takes_none(mut noise in noise(), body in body(), leads: bool) {
        if !leads {
            noise.push(0);
        }
        let frame = if leads { Frame::after_noise(&body) } else { Frame::new(&body) };
        noise.extend(frame.unwrap().as_bytes());
        prop_assert_eq!(bodies(&noise), [body]);
    }

    /// Up to three flipped bits, a lost or a doubled byte: the body comes through as it was, or not at all.
    #[test]
    fn no_damaged_frame_is_accepted(body in body(), flips in vec(any::<prop::sample::Index>(), 0..4),
                                    lost in any::<Option<prop::sample::Index>>(),
                                    doubled in any::<Option<prop::sample::Index>>()) {
        let mut bytes = framed(&body);
        for flip in flips {
            let bit = flip.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if let Some(lost) = lost {
            bytes.remove(lost.index(bytes.len()));
        }
        if let Some(doubled) = doubled {
            let at = doubled.index(bytes.len());
            bytes.insert(at, bytes[at]);
        }
        // What stands alone cannot be completed by luck.
        bytes.push(0);
        prop_assert!(bodies(&bytes).iter().all(|found| *found == body));
    }

    #[test]
    fn only_values_within_their_range_pass_the_check(message in to_device()) {
        let wrong = match message {
            ToDevice::Drive(drive) => !(1..=8000).contains(&drive.left),
            ToDevice::Step(step) => {
                let most = if u8::from(step.kind) == 0 { 1000 } else { 3142 };
                !(1..=8000).contains(&step.left) || u8::from(step.kind) > 1 || step.amount.unsigned_abs() > most
            }
            ToDevice::Lights(lights) => u8::from(lights.presence) > 2,
            ToDevice::Buzzer(buzzer) => buzzer.ms > 2000 || (buzzer.hz != 0 && !(100..=5000).contains(&buzzer.hz)),
            ToDevice::Report(report) => !(20..=1000).contains(&report.period),
            _ => false,
        };
        prop_assert_eq!(message.check().is_err(), wrong);
    }
}
