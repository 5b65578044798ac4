//! The camera as others meet it: a program that writes to a pipe.

use std::io::Read;
use std::process::{Command, Stdio};

use havatar_sim::frame_clock;

const FRAME: usize = 160 * 120 / 2 * 3;

fn camera(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_havatar-sim"));
    command.arg("camera").args(["--size", "160x120"]).args(arguments);
    command
}

fn stamps(film: &[u8]) -> Vec<u32> {
    film.chunks(FRAME).map(|frame| frame_clock::read(frame, 160).expect("a stamp")).collect()
}

#[test]
fn a_film_from_a_given_moment_is_stamped_from_there() {
    let out = camera(&["--fps", "25", "--frames", "4", "--film-from", "1000"]).output().expect("it starts");
    assert!(out.status.success());
    assert_eq!(stamps(&out.stdout), [1000, 1040, 1080, 1120]);
}

#[test]
fn live_frames_carry_the_wall_clock_in_step_with_the_rate() {
    let out = camera(&["--fps", "50", "--frames", "6"]).output().expect("it starts");
    let stamps = stamps(&out.stdout);
    let now = frame_clock::stamp_of(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970"),
    );
    assert_eq!(stamps.len(), 6);
    assert!(frame_clock::age_ms(stamps[5], now) < 10_000);
    let spread = frame_clock::age_ms(stamps[0], stamps[5]);
    // A busy machine wakes us late, so frames may lie further apart. However late the first one was, the second
    // is from a slot less than a period before that, and four more periods follow: 60 ms is the least.
    assert!((60..10_000).contains(&spread), "{stamps:?}");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let mut child = camera(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut frame = vec![0; FRAME];
    let mut pipe = child.stdout.take().expect("piped");
    pipe.read_exact(&mut frame).expect("a frame");
    drop(pipe);
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{:?}", out.status);
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
}

#[test]
fn wrong_words_are_wrong_usage() {
    for arguments in [["--size", "161x120"], ["--fps", "0"], ["--format", "rgb"]] {
        let out = Command::new(env!("CARGO_BIN_EXE_havatar-sim"))
            .arg("camera")
            .args(arguments)
            .output()
            .expect("it starts");
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        assert!(out.stdout.is_empty());
        assert!(String::from_utf8_lossy(&out.stderr).contains(arguments[1]), "{arguments:?}");
    }
}
