//! The relay as its users meet it: a program between two others.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

/// Longer than anything here takes; what is read later than that is missing.
const PATIENCE: Duration = Duration::from_secs(10);

struct Relay {
    child: Child,
    controls: ChildStdin,
    said: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl Relay {
    fn start(to: SocketAddr, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_havatar-sim"))
            .args(["relay", "--listen", "127.0.0.1:0", "--to", &to.to_string()])
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let controls = child.stdin.take().expect("a pipe");
        let mut said = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(ready["event"], "ready");
        let address = ready["listen"].as_str().expect("a text").parse().expect("a text");
        Self { child, controls, said, address }
    }

    /// Says something, and returns the answer.
    fn tell(&mut self, line: &str) -> serde_json::Value {
        writeln!(self.controls, "{line}").expect("the relay listens");
        let mut answer = String::new();
        self.said.read_line(&mut answer).expect("a line");
        serde_json::from_str(&answer).expect("JSON")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server, a relay before it, and a connection through both: near end, far end.
fn connected(flags: &[&str]) -> (Relay, TcpStream, TcpStream) {
    let server = TcpListener::bind("127.0.0.1:0").expect("an address");
    let relay = Relay::start(server.local_addr().expect("an address"), flags);
    let (near, far) = connect(&relay, &server);
    (relay, near, far)
}

fn connect(relay: &Relay, server: &TcpListener) -> (TcpStream, TcpStream) {
    let near = TcpStream::connect(relay.address).expect("a connection");
    let (far, _) = server.accept().expect("a connection");
    for stream in [&near, &far] {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_nodelay(true).expect("an option");
    }
    (near, far)
}

fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).expect("so many bytes");
    bytes
}

fn noise(count: u32) -> Vec<u8> {
    (0..count).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Makes it a WebSocket.
fn upgrade(near: &mut TcpStream, far: &mut TcpStream) {
    let (asked, answered) = (b"GET /drive HTTP/1.1\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    near.write_all(asked).expect("it is taken");
    assert_eq!(read(far, asked.len()), asked);
    far.write_all(answered).expect("it is taken");
    assert_eq!(read(near, answered.len()), answered);
}

/// A masked text frame that carries a number.
fn message(number: u32) -> [u8; 10] {
    let [a, b, c, d] = number.to_be_bytes();
    [0x81, 0x84, 0, 0, 0, 0, a, b, c, d]
}

/// Sends so many numbered messages, and what arrives: so many, or all until the end. They must be whole.
fn numbers(near: &mut TcpStream, far: &mut TcpStream, count: u32, arrive: Option<usize>) -> Vec<u32> {
    for number in 0..count {
        near.write_all(&message(number)).expect("it is taken");
    }
    let all = if let Some(arrive) = arrive {
        read(far, 10 * arrive)
    } else {
        near.shutdown(Shutdown::Write).expect("an end");
        let mut all = Vec::new();
        far.read_to_end(&mut all).expect("an end");
        all
    };
    let frames = all.chunks(10);
    frames
        .map(|frame| {
            let number = u32::from_be_bytes(frame[6..].try_into().expect("a whole frame"));
            assert_eq!(frame, message(number));
            number
        })
        .collect()
}

fn rises(numbers: &[u32]) -> bool {
    numbers.is_sorted_by(|a, b| a < b)
}

#[test]
fn bytes_pass_as_they_are_both_ways_and_so_does_the_end() {
    for flags in [&[][..], &["--delay", "5", "--jitter", "5", "--loss", "0.02"]] {
        let (_relay, near, far) = connected(flags);
        let sent = noise(300_000);
        for (mut from, mut to) in [(&near, &far), (&far, &near)] {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    from.write_all(&sent).unwrap();
                    from.shutdown(Shutdown::Write).unwrap();
                });
                let mut got = Vec::new();
                to.read_to_end(&mut got).unwrap();
                assert!(got == sent, "{} of {} bytes, or others", got.len(), sent.len());
            });
        }
    }
}

#[test]
fn a_delay_is_one_way_and_at_least_as_long() {
    let (mut relay, mut near, mut far) = connected(&["--delay", "80"]);
    let mut round = |relay: &Relay| {
        let begun = Instant::now();
        near.write_all(b"ping").unwrap();
        read(&mut far, 4);
        let there = begun.elapsed();
        far.write_all(b"pong").unwrap();
        read(&mut near, 4);
        let _ = relay;
        (there, begun.elapsed())
    };
    let (there, back) = round(&relay);
    assert!(there >= Duration::from_millis(80) && back >= Duration::from_millis(160), "{there:?} {back:?}");
    assert_eq!(relay.tell("delay 0")["event"], "done");
    let quick = (0..20).map(|_| round(&relay).1).min().unwrap();
    assert!(quick < Duration::from_millis(80), "{quick:?}");
}

#[test]
fn messages_are_repeated_shuffled_and_kept_back_but_never_broken() {
    let tampered = |flags: &[&str], arrive: Option<usize>| {
        let (_relay, mut near, mut far) = connected(flags);
        upgrade(&mut near, &mut far);
        numbers(&mut near, &mut far, 400, arrive)
    };
    let sorted = |mut numbers: Vec<u32>| {
        numbers.sort_unstable();
        numbers
    };
    let all: Vec<u32> = (0..400).collect();
    assert_eq!(tampered(&[], None), all);

    let replayed = tampered(&["--replay", "0.5"], None);
    assert!((500..700).contains(&replayed.len()) && !rises(&replayed), "{}", replayed.len());
    let twice = sorted(tampered(&["--double", "1"], Some(800)));
    assert!(twice.chunks(2).map(|pair| pair[0]).eq(0..400) && twice.chunks(2).all(|pair| pair[0] == pair[1]));
    for flag in ["--shuffle", "--late"] {
        let mixed = tampered(&[flag, "0.5"], Some(400));
        assert!(!rises(&mixed));
        assert_eq!(sorted(mixed), all, "{flag}");
    }
    // A closed connection discards its delayed messages.
    let left = tampered(&["--late", "0.5"], None);
    assert!((100..300).contains(&left.len()), "{}", left.len());
}

#[test]
fn the_same_seed_repeats_the_same_messages() {
    let story = |seed: &str| {
        let (_relay, mut near, mut far) = connected(&["--seed", seed, "--replay", "0.3"]);
        upgrade(&mut near, &mut far);
        numbers(&mut near, &mut far, 200, None)
    };
    assert_eq!(story("5"), story("5"));
    assert_ne!(story("5"), story("6"));
}

#[test]
fn what_an_earlier_connection_said_is_replayed_too() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = Relay::start(server.local_addr().unwrap(), &["--replay", "1"]);
    let (mut near, mut far) = connect(&relay, &server);
    upgrade(&mut near, &mut far);
    numbers(&mut near, &mut far, 100, None);
    let (mut near, mut far) = connect(&relay, &server);
    upgrade(&mut near, &mut far);
    near.write_all(&message(1_000_000)).unwrap();
    // Its own, and one of the 101 that there are.
    let mut seen = 0;
    for number in 1_000_001..1_000_020 {
        near.write_all(&message(number)).unwrap();
        let frames = [read(&mut far, 10), read(&mut far, 10)];
        seen += frames.iter().filter(|frame| frame[6] == 0 && frame[7] == 0).count();
    }
    assert!(seen > 0);
}

#[test]
fn what_is_no_websocket_is_not_tampered_with() {
    let (_relay, mut near, mut far) =
        connected(&["--replay", "1", "--double", "1", "--shuffle", "1", "--late", "1"]);
    near.write_all(&message(1)).unwrap();
    near.write_all(&message(2)).unwrap();
    near.shutdown(Shutdown::Write).unwrap();
    let mut all = Vec::new();
    far.read_to_end(&mut all).unwrap();
    assert_eq!(all, [message(1), message(2)].concat());
}

#[test]
fn blocked_it_is_silent_and_then_goes_on_where_it_was() {
    let (mut relay, mut near, mut far) = connected(&[]);
    near.write_all(b"before").unwrap();
    assert_eq!(read(&mut far, 6), b"before");
    assert_eq!(relay.tell("block on")["event"], "done");
    near.write_all(b"mean").unwrap();
    near.write_all(b"while").unwrap();
    far.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let error = far.read(&mut [0; 16]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "neither bytes nor an end");
    far.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(relay.tell("block off")["event"], "done");
    assert_eq!(read(&mut far, 9), b"meanwhile");
}

#[test]
fn cut_both_ends_are_reset() {
    let (mut relay, mut near, mut far) = connected(&[]);
    near.write_all(b"x").unwrap();
    read(&mut far, 1);
    assert_eq!(relay.tell("cut")["event"], "done");
    for end in [&mut near, &mut far] {
        assert_eq!(end.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_sender_beyond_the_memory_bound_waits() {
    let (mut relay, mut near, mut far) = connected(&[]);
    relay.tell("block on");
    near.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut sent = 0;
    let chunk = noise(65_536);
    let refused = loop {
        match near.write(&chunk) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
        assert!(sent < 64 << 20, "it takes whatever comes");
    };
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    relay.tell("block off");
    let mut got = 0;
    while got < sent {
        got += far.read(&mut vec![0; 65_536]).unwrap();
    }
    assert_eq!(got, sent);
}

#[test]
fn a_rate_is_kept() {
    let (_relay, mut near, mut far) = connected(&["--rate", "100000"]);
    let begun = Instant::now();
    near.write_all(&noise(50_000)).unwrap();
    read(&mut far, 50_000);
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
}

#[test]
fn an_unreachable_far_end_is_reported_by_a_reset() {
    let unreachable = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let relay = Relay::start(unreachable, &[]);
    let mut near = TcpStream::connect(relay.address).unwrap();
    near.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(near.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn bad_words_are_refused_by_name() {
    let (mut relay, ..) = connected(&[]);
    let answer = relay.tell("loss 2");
    assert_eq!(answer["event"], "error");
    assert!(answer["why"].as_str().unwrap().contains("2 is not 0 to 1"), "{answer}");
    let output = Command::new(env!("CARGO_BIN_EXE_havatar-sim"))
        .args(["relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:9", "--loss", "NaN"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("NaN is not 0 to 1"));
}
