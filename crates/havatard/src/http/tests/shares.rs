//! What strangers and one signed-in client can take from the others: not the way of a stop.

use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::http::server::{PANEL, Server};

use super::*;

/// A robot that really listens.
struct Live {
    robot: Robot,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Live {
    fn start() -> Self {
        // Both ends of every connection are in this process.
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
        let robot = Robot::new();
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
        let listening = server.listening();
        let stop = CancellationToken::new();
        tokio::spawn(server.serve(router(robot.app.clone(), listening), stop.clone()));
        Self { robot, address: listening.address, stop }
    }

    async fn connect(&self, from: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// By a connection of its own.
    async fn post(&self, from: [u8; 4], path: &str) -> String {
        self.send(
            from,
            &format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
                self.address, self.robot.token
            ),
        )
        .await
    }

    async fn send(&self, from: [u8; 4], request: &str) -> String {
        let mut stream = self.connect(from).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap_or_else(|error| panic!("{error} after {answer:?}"));
        answer
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn stranger(n: usize) -> [u8; 4] {
    [127, 1, u8::try_from(n / 250).unwrap(), u8::try_from(n % 250 + 1).unwrap()]
}

/// What strangers begin and do not end.
const BEGUN: [&str; 4] = [
    "",
    "GET / HT",
    "POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{",
    "POST /api/v1/robot/estop HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer wrong",
];

#[tokio::test]
async fn strangers_who_hold_connections_do_not_keep_an_e_stop_out() {
    // From one address, from four, and from one each.
    for addresses in [1, 4, PANEL.newcomers] {
        let live = Live::start();
        let mut held = Vec::new();
        for n in 0..PANEL.newcomers + 50 {
            let mut stream = live.connect(stranger(n % addresses)).await;
            stream.write_all(BEGUN[n % BEGUN.len()].as_bytes()).await.unwrap();
            held.push(stream);
        }
        // From a network of its own, and from that of the strangers, as behind a reverse proxy.
        for from in [[127, 0, 0, 1], stranger(0)] {
            let answer = live.post(from, "/api/v1/robot/estop").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{addresses} addresses: {answer:?}");
            assert!(answer.contains(r#""latched":true"#), "{answer:?}");
        }
        let link = live.robot.app.auth.sign_in_link().path.replace("/#code=", "");
        let body = format!(r#"{{"code":"{link}"}}"#);
        let signing_in = format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            live.address,
            body.len()
        );
        let answer = live.send([127, 0, 0, 2], &signing_in).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
        drop(held);
    }
}

#[tokio::test]
async fn a_connection_that_has_proven_a_sign_in_outlives_strangers() {
    let live = Live::start();
    let mut owners = live.connect([127, 0, 0, 1]).await;
    let request = format!(
        "GET /api/v1/me HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        live.address, live.robot.token
    );
    let mut ask = async || {
        owners.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 4096];
        let read = owners.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
    };
    ask().await;
    let mut held = Vec::new();
    for n in 0..PANEL.newcomers + 50 {
        held.push(live.connect(stranger(n)).await);
    }
    ask().await;
}

#[tokio::test]
async fn one_sign_in_with_all_the_connections_it_can_get_does_not_keep_another_out() {
    let live = Live::start();
    let cookie = live.robot.cookie().await;
    // A response that nobody reads keeps its connection in use.
    let request = format!(
        "GET /api/openapi.json HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\n\r\n",
        live.address
    );
    let mut held = Vec::new();
    for n in 0..PANEL.proven + 50 {
        let mut stream = live.connect(stranger(n)).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let answer = live.post([127, 0, 0, 1], "/api/v1/robot/estop").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
}

fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[head, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Empty fragments of one message, pings, and messages that mean nothing: as many as a client can send.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_is_read_at_its_budget_and_stops_go_on() {
    for (path, first, flood) in [
        ("/api/v1/events", frame(0x01, b""), frame(0x00, b"")),
        ("/api/v1/events", Vec::new(), frame(0x89, b"")),
        ("/api/v1/events", Vec::new(), frame(0x81, br#"{"type":"stop"}"#)),
        ("/api/v1/robot/drive", frame(0x01, b""), frame(0x00, b"")),
        ("/api/v1/robot/drive", Vec::new(), frame(0x89, b"")),
    ] {
        let live = Live::start();
        let mut stream = live.connect([127, 0, 0, 1]).await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            live.address, live.robot.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let mut head = [0; 12];
        from.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 101");
        let draining = tokio::spawn(async move {
            let mut bytes = [0; 4096];
            while from.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        });
        let sent = Arc::new(AtomicUsize::new(0));
        let flooding = tokio::spawn({
            let sent = sent.clone();
            let many = flood.repeat(1000);
            async move {
                to.write_all(&first).await.unwrap();
                while let Ok(written) = to.write(&many).await {
                    sent.fetch_add(written, Ordering::SeqCst);
                }
            }
        });
        // Once the buffers of both ends are full, next to nothing more is taken.
        let (mut before, mut still) = (0, 0);
        for asked in 0.. {
            let answer = live.post([127, 0, 0, 1], "/api/v1/robot/stop").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
            let now = sent.load(Ordering::SeqCst);
            still = if now == before && now > 0 || flooding.is_finished() { still + 1 } else { 0 };
            before = now;
            if still == 50 {
                break;
            }
            assert!(asked < 20_000, "{path}: the flood is read as fast as it comes: {now} bytes");
        }
        flooding.abort();
        draining.abort();
    }
}
