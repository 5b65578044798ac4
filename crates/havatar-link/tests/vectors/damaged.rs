//! `damaged.txt`: what goes wrong on a cable.

use std::fmt::Write as _;

use havatar_link::frame::{BODY_MAX, BODY_MIN, Decoder, Frame};

use super::frames::frame;

const ABOUT: &str = "\
# Bytes as they may come down a cable, one case a line: name | bytes in hexadecimal | how many good bodies are in them.
# A decoder begins afresh with each line.
";

/// The frame with one byte changed by `xor`.
fn spoiled(name: &str, at: usize, xor: u8) -> Vec<u8> {
    let mut bytes = frame(name).as_bytes().to_vec();
    bytes[at] ^= xor;
    bytes
}

/// What another sender might frame: any bytes, with or without a sound check sum.
fn framed(body: &[u8], sum: u32) -> Vec<u8> {
    let mut open = body.to_vec();
    open.extend(sum.to_le_bytes());
    let mut bytes = cobs::encode_vec(&open);
    bytes.push(0);
    bytes
}

fn sum(body: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(body)
}

fn cases() -> Vec<(&'static str, Vec<u8>, usize)> {
    let drive = frame("drive").as_bytes().to_vec();
    let status = frame("status").as_bytes().to_vec();
    let stop = frame("stop").as_bytes().to_vec();
    let whole = |body: &[u8]| Frame::new(body).unwrap().as_bytes().to_vec();
    let short = [2; BODY_MIN - 1];
    let long = [2; BODY_MAX + 1];
    let body = [0x42; 20];

    vec![
        ("good", drive.clone(), 1),
        ("two_good", [&drive[..], &status].concat(), 2),
        ("nothing", vec![], 0),
        ("one_zero", vec![0], 0),
        ("empty_frames_only", vec![0; 20], 0),
        ("empty_frames_around", [&[0, 0, 0][..], &drive, &[0, 0], &stop].concat(), 2),
        ("one_byte", vec![1], 0),
        ("shortest_cobs", vec![1, 0], 0),
        ("check_sum_alone", framed(&[], 0), 0),
        ("check_sum_wrong_by_one_bit", framed(&body, sum(&body) ^ 1), 0),
        ("check_sum_not_inverted", framed(&body, !sum(&body)), 0),
        ("check_sum_big_endian", framed(&body, sum(&body).swap_bytes()), 0),
        ("check_sum_zero", framed(&body, 0), 0),
        ("all_zeros_inside", framed(&[0; 20], 0), 0),
        ("unknown_type_is_a_good_body", whole(&[0x3F; 12]), 1),
        ("shortest_body", whole(&[2; BODY_MIN]), 1),
        ("body_too_short", framed(&short, sum(&short)), 0),
        ("longest_body", whole(&[2; BODY_MAX]), 1),
        ("longest_body_of_zeros", whole(&[0; BODY_MAX]), 1),
        ("body_too_long", framed(&long, sum(&long)), 0),
        ("body_too_long_then_good", [framed(&long, sum(&long)), drive.clone()].concat(), 1),
        ("bit_flipped_in_a_value", spoiled("drive", 12, 0x01), 0),
        ("bit_flipped_in_the_first_code", spoiled("drive", 0, 0x01), 0),
        ("bit_flipped_in_the_closing_zero", spoiled("drive", drive.len() - 1, 0x80), 0),
        (
            "closing_zero_spoiled_takes_the_next",
            [spoiled("drive", drive.len() - 1, 1), stop.clone(), drive.clone()].concat(),
            1,
        ),
        ("value_became_zero", [&drive[..5], &[0], &drive[6..]].concat(), 0),
        ("byte_lost", [&drive[..7], &drive[8..]].concat(), 0),
        ("byte_doubled", [&drive[..7], &drive[6..]].concat(), 0),
        ("first_byte_lost", drive[1..].to_vec(), 0),
        ("last_byte_lost", [&drive[..drive.len() - 2], &[0]].concat(), 0),
        ("two_bytes_swapped", [&drive[..9], &[drive[10], drive[9]], &drive[11..]].concat(), 0),
        ("cut_off", drive[..drive.len() - 1].to_vec(), 0),
        ("cut_off_then_good", [&drive[..10], &stop, &status].concat(), 1),
        ("cut_off_and_ended_then_good", [&drive[..10], &[0], &stop, &status].concat(), 2),
        ("two_joined", [&drive[..drive.len() - 1], &stop].concat(), 0),
        ("two_joined_then_good", [&drive[..drive.len() - 1], &stop, &drive].concat(), 1),
        ("same_frame_thrice", [&stop[..], &stop, &stop].concat(), 3),
        ("code_beyond_the_end", vec![0x20, 1, 2, 3, 0], 0),
        ("code_beyond_the_end_then_good", [&[0x20, 1, 2, 3, 0][..], &drive].concat(), 1),
        ("codes_of_255", [vec![0xFF; 69], vec![0], drive.clone()].concat(), 1),
        ("exactly_69_of_garbage", [vec![1; 69], vec![0], drive.clone()].concat(), 1),
        ("exactly_70_of_garbage", [vec![1; 70], vec![0], drive.clone()].concat(), 1),
        ("a_good_frame_after_70_is_hidden", [vec![1; 70], drive.clone(), drive.clone()].concat(), 1),
        ("noise_then_good", [&[0x55, 0xAA, 0x13, 0x37][..], &drive, &stop].concat(), 1),
        ("noise_ended_then_good", [&[0x55, 0xAA, 0x13, 0x37, 0][..], &drive, &stop].concat(), 2),
        (
            "boot_messages_then_good",
            [b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1\r\n\0", &drive[..]].concat(),
            1,
        ),
        ("long_noise_then_good", [vec![0x7F; 300], vec![0], drive].concat(), 1),
    ]
}

#[test]
fn cases_are_those_of_the_file() {
    let mut text = String::from(ABOUT);
    for (name, bytes, good) in cases() {
        writeln!(text, "{name} | {} | {good}", super::hex(&bytes)).unwrap();
    }
    super::compare("damaged.txt", &text);
}

#[test]
fn the_good_bodies_are_found_and_no_others() {
    for (name, bytes, good) in cases() {
        let mut found = 0;
        Decoder::new().push_all(&bytes, |_| found += 1);
        assert_eq!(found, good, "{name}");
    }
}

/// Every single bit of every kind of frame: none makes another body, and the next frame but one is always found.
#[test]
fn no_flipped_bit_is_accepted() {
    for name in ["hello", "drive", "step_turn", "stop", "welcome", "status", "status_zeros", "refused_late"] {
        let good = frame(name);
        let mut honest = Vec::new();
        Decoder::new().push_all(good.as_bytes(), |body| honest.push(body.to_vec()));
        for bit in 0..good.as_bytes().len() * 8 {
            let mut bytes = spoiled(name, bit / 8, 1 << (bit % 8));
            bytes.extend(good.as_bytes());
            bytes.extend(good.as_bytes());
            let mut found = Vec::new();
            Decoder::new().push_all(&bytes, |body| found.push(body.to_vec()));
            assert!(found.iter().all(|body| *body == honest[0]), "{name}, bit {bit}");
            let closing = bit / 8 == good.as_bytes().len() - 1;
            assert_eq!(found.len(), if closing { 1 } else { 2 }, "{name}, bit {bit}");
        }
    }
}
