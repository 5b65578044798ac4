//! The bad manners are as bad as they say.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// The program with its pipes; killed when the test ends, however it ends.
struct Stubborn {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Stubborn {
    fn start(flags: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_havatar-sim"));
        command.arg("stubborn").args(flags).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    fn stderr(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.child.stderr.as_mut().expect("a pipe").read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }
}

impl Drop for Stubborn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn polite_without_flags() {
    let mut stubborn = Stubborn::start(&["--progress-every", "1"]);
    stubborn.line();
    kill(stubborn.pid(), Signal::SIGTERM).expect("it is there");
    let status = stubborn.child.wait().expect("it is ours");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::SIGTERM as i32));
}

#[test]
fn signals_do_not_arrive() {
    let mut stubborn = Stubborn::start(&["--ignore-int", "--ignore-term", "--progress-every", "10"]);
    assert_eq!(stubborn.line(), "frame=1");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        kill(stubborn.pid(), signal).expect("it is there");
    }
    for _ in 0..20 {
        assert!(stubborn.line().contains('='), "it goes on");
    }
    assert!(stubborn.child.try_wait().expect("it is ours").is_none());
}

#[test]
fn grandchildren_stay_in_the_group_or_leave_it() {
    for (flag, leaves) in [("--grandchild", false), ("--grandchild-in-own-session", true)] {
        let mut stubborn = Stubborn::start(&[flag]);
        let line = stubborn.line();
        let pid = line.strip_prefix("grandchild=").and_then(|pid| pid.parse().ok()).expect("a grandchild");
        let pid = Pid::from_raw(pid);
        let ours = getpgid(Some(stubborn.pid()));
        // It is born in the group and leaves it when it runs.
        while leaves && getpgid(Some(pid)).expect("it is there") == ours.expect("it is there") {
            std::thread::yield_now();
        }
        assert_eq!(getpgid(Some(pid)) == ours, !leaves);
        drop(stubborn);
        kill(pid, Signal::SIGKILL).expect("it outlived its parent");
    }
}

#[test]
fn it_ends_with_the_status_asked_for() {
    let mut stubborn = Stubborn::start(&["--exit-after", "0", "--exit-code", "7"]);
    assert_eq!(stubborn.child.wait().expect("it is ours").code(), Some(7));
    let mut stubborn = Stubborn::start(&["--hang-after", "1", "--exit-after", "20", "--exit-code", "0"]);
    assert_eq!(stubborn.child.wait().expect("it is ours").code(), Some(0));
}

#[test]
fn progress_stops_and_the_process_does_not() {
    let mut stubborn =
        Stubborn::start(&["--progress-every", "1", "--progress-count", "3", "--exit-after", "400"]);
    let mut text = String::new();
    stubborn.stdout.read_to_string(&mut text).expect("text");
    assert_eq!(text.matches("frame=").count(), 3);
    assert!(text.ends_with("frame=3\nprogress=continue\n"), "{text}");

    let mut stubborn =
        Stubborn::start(&["--progress-every", "20", "--hang-after", "100", "--exit-after", "700"]);
    let mut text = String::new();
    stubborn.stdout.read_to_string(&mut text).expect("text");
    assert!((1..=5).contains(&text.matches("frame=").count()), "{text}");
}

#[test]
fn it_writes_what_it_should_not() {
    let mut stubborn = Stubborn::start(&["--flood", "0"]);
    let bytes = stubborn.stderr(50 << 20);
    assert!(bytes.split(|byte| *byte == b'\n').count() > 500_000);
    let mut stubborn = Stubborn::start(&["--endless-line", "10000000"]);
    assert!(stubborn.stderr(10_000_000).iter().all(|byte| *byte == b'x'));
    let mut stubborn = Stubborn::start(&["--bad-utf8"]);
    assert!(String::from_utf8(stubborn.stderr(200)).is_err());
}
