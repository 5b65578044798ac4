//! The event socket.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::http::server::Server;
use crate::http::state::{EVENT_SOCKETS, EVENT_SOCKETS_OF_PERSON};
use crate::robot::testing::Bench;

use super::*;

type Socket = WebSocketStream<TcpStream>;

/// A robot that really listens, on a free port of loopback.
struct Live {
    robot: Robot,
    address: SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Live {
    fn start() -> Self {
        Self::around(Robot::new())
    }

    fn around(robot: Robot) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
        let listening = server.listening();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.serve(router(robot.app.clone(), listening), stop.clone()));
        Self { robot, address: listening.address, stop, serving }
    }

    async fn try_open(&self, headers: &[(&'static str, String)]) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/api/v1/events", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| socket)
    }

    async fn open(&self) -> Socket {
        self.try_open(&[("authorization", format!("Bearer {}", self.robot.token))]).await.unwrap()
    }

    async fn open_as_page(&self, cookie: &str) -> Socket {
        let origin = format!("http://{}", self.address);
        self.try_open(&[("cookie", cookie.to_owned()), ("origin", origin)]).await.unwrap()
    }

    async fn end(self) {
        self.robot.shutdown.cancel();
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

async fn next(socket: &mut Socket) -> Message {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
        match message.expect("a message came in time").expect("the socket is open").unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

/// The next event that tells of something.
async fn event(socket: &mut Socket) -> api::Event {
    loop {
        match next(socket).await {
            Message::Text(text) => match serde_json::from_str(&text).unwrap() {
                api::Event::Alive => {}
                event => return event,
            },
            other => panic!("{other:?}"),
        }
    }
}

async fn close_code(socket: &mut Socket) -> u16 {
    match next(socket).await {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("{other:?}"),
    }
}

fn status_of(error: Error) -> u16 {
    match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_snapshot_comes_first_then_each_section_that_changes() {
    let live = Live::start();
    let mut socket = live.open().await;
    let api::Event::Snapshot { status } = event(&mut socket).await else { panic!("no snapshot") };
    assert_eq!(status.processes.len(), 2);
    let uptime = status.processes[0].uptime_s;
    assert!(
        uptime.is_some_and(|uptime| uptime < 1e6),
        "by the steady clock, whatever `since` says: {uptime:?}"
    );

    live.robot.recording.send_modify(|status| status.wanted = true);
    assert!(matches!(event(&mut socket).await, api::Event::Recording { recording } if recording.wanted));
    live.robot.change(|status| {
        status.streaming = false;
        status.processes[0].restarts = 7;
    });
    assert!(
        matches!(event(&mut socket).await, api::Event::Processes { processes } if processes[0].restarts == 7)
    );
    assert!(matches!(event(&mut socket).await, api::Event::Readiness { streaming: false, .. }));

    live.robot.change(|_| {});
    live.robot.config_status.send_modify(|status| status.file = Some("havatar.yaml".to_owned()));
    assert!(
        matches!(event(&mut socket).await, api::Event::Config { config } if config.file.is_some()),
        "what did not change was not sent"
    );
    live.robot.change(|status| status.mediamtx_version = None);
    assert!(matches!(event(&mut socket).await, api::Event::Snapshot { .. }));
    live.end().await;
}

#[tokio::test]
async fn with_nothing_to_tell_the_socket_says_that_it_stands() {
    let live = Live::start();
    let mut socket = live.open().await;
    event(&mut socket).await;
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        let Message::Text(text) = next(&mut socket).await else { panic!("no text") };
        assert_eq!(text.as_str(), r#"{"type":"alive"}"#);
        assert!(began.elapsed() > Duration::from_secs(1), "{:?}", began.elapsed());
    }
    live.end().await;
}

#[tokio::test]
async fn a_slow_reader_skips_versions_and_never_goes_back() {
    let live = Live::start();
    let mut socket = live.open().await;
    event(&mut socket).await;
    // Far more text than the sockets' buffers hold, while nobody reads.
    let long = "x".repeat(100_000);
    let last = 300;
    for n in 1..=last {
        live.robot.change(|status| {
            status.processes[0].restarts = n;
            status.processes[0].why = Some(long.clone());
        });
        tokio::task::yield_now().await;
    }
    let (mut seen, mut messages) = (0, 0);
    while seen < last {
        if let api::Event::Processes { processes } = event(&mut socket).await {
            assert!(processes[0].restarts > seen, "{} after {seen}", processes[0].restarts);
            seen = processes[0].restarts;
            messages += 1;
        }
    }
    assert!(messages < last, "every version was sent: {messages}");
    live.end().await;
}

#[tokio::test]
async fn signing_out_closes_the_socket_with_4401() {
    let live = Live::start();
    let cookie = live.robot.cookie().await;
    let origin = format!("http://{}", live.address);
    let mut socket = live.try_open(&[("cookie", cookie.clone()), ("origin", origin)]).await.unwrap();
    event(&mut socket).await;
    live.robot.ask(Ask::post("/api/v1/logout").page(&cookie)).await;
    assert_eq!(close_code(&mut socket).await, 4401);
    live.end().await;
}

#[tokio::test]
async fn stopping_closes_sockets_with_1001_and_is_soon_done() {
    let live = Live::start();
    let mut socket = live.open().await;
    event(&mut socket).await;
    live.robot.shutdown.cancel();
    assert_eq!(close_code(&mut socket).await, u16::from(CloseCode::Away));
    let began = tokio::time::Instant::now();
    live.end().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn foreign_pages_and_strangers_get_no_socket() {
    let live = Live::start();
    let cookie = live.robot.cookie().await;
    let own = format!("http://{}", live.address);
    for (headers, status) in [
        (vec![], 401),
        (vec![("origin", own.clone())], 401),
        (vec![("cookie", cookie.clone())], 403),
        (vec![("cookie", cookie.clone()), ("origin", "http://evil.example".to_owned())], 403),
        (vec![("cookie", cookie.clone()), ("origin", own), ("host", "evil.example".to_owned())], 421),
    ] {
        assert_eq!(status_of(live.try_open(&headers).await.err().unwrap()), status, "{headers:?}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_sign_in_has_its_share_of_sockets_and_gets_back_what_it_closes() {
    let live = Live::start();
    let mut sockets = Vec::new();
    for _ in 0..EVENT_SOCKETS_OF_PERSON {
        sockets.push(live.open().await);
    }
    let token = [("authorization", format!("Bearer {}", live.robot.token))];
    assert_eq!(status_of(live.try_open(&token).await.err().unwrap()), 503);
    let mut others = live.open_as_page(&live.robot.cookie().await).await;
    event(&mut others).await;
    let mut left = sockets.pop().unwrap();
    left.close(None).await.unwrap();
    // The daemon has to see the close first.
    let reopened = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            if let Ok(socket) = live.try_open(&token).await {
                return socket;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    drop(reopened.await.unwrap());
    live.end().await;
}

#[tokio::test]
async fn when_all_sockets_are_taken_the_sign_in_with_most_gives_way() {
    let live = Live::start();
    let mut sockets = Vec::new();
    while sockets.len() < EVENT_SOCKETS {
        let cookie = live.robot.cookie().await;
        for _ in 0..EVENT_SOCKETS_OF_PERSON {
            sockets.push(live.open_as_page(&cookie).await);
        }
    }
    let mut owners = live.open().await;
    event(&mut owners).await;
    let mut codes = futures_util::stream::FuturesUnordered::new();
    for mut socket in sockets {
        codes.push(async move {
            event(&mut socket).await;
            loop {
                if let Message::Close(Some(frame)) = next(&mut socket).await {
                    return u16::from(frame.code);
                }
            }
        });
    }
    assert_eq!(codes.next().await, Some(1013));
    live.end().await;
}

#[tokio::test]
async fn an_e_stop_goes_by_the_event_socket_too() {
    let bench = Bench::start().await;
    let live = Live::around(Robot::around(Parts::default(), bench.robot.clone()));
    let mut socket = live.open().await;
    event(&mut socket).await;
    for ignored in ["", "{", "[]", r#"{"type":"drive"}"#, r#"{"type":"estop","more":1}"#] {
        socket.send(Message::text(ignored)).await.unwrap();
    }
    let latched = || bench.robot.state().estop.latched;
    assert!(!latched());
    socket.send(Message::text(r#"{"type":"estop"}"#)).await.unwrap();
    until("the e-stop is latched", latched).await;
    live.end().await;
}

/// A page on a bad link does not take what it is sent, and its stop has to arrive all the same.
#[tokio::test]
async fn a_client_that_takes_nothing_can_stop() {
    let bench = Bench::start().await;
    let live = Live::around(Robot::around(Parts::default(), bench.robot.clone()));
    let mut socket = live.open().await;
    event(&mut socket).await;
    let long = "x".repeat(1_000_000);
    // Far more than the sockets' buffers hold.
    for n in 1..=20 {
        live.robot.change(|status| {
            status.processes[0].restarts = n;
            status.processes[0].why = Some(long.clone());
        });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    socket.send(Message::text(r#"{"type":"estop"}"#)).await.unwrap();
    until("the e-stop is latched", || bench.robot.state().estop.latched).await;
    live.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_pings_is_left() {
    let live = Live::start();
    let mut socket = live.open().await;
    let began = tokio::time::Instant::now();
    // The library answers pings while it is polled for reading, so the stream beneath is read instead.
    let mut heard = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(socket.get_mut(), &mut heard);
    tokio::time::timeout(Duration::from_mins(1), read).await.expect("it was closed").unwrap();
    let after = began.elapsed();
    assert!((Duration::from_secs(25)..Duration::from_secs(41)).contains(&after), "{after:?}");
    live.end().await;
}

#[tokio::test]
async fn a_client_has_nothing_long_to_say() {
    let live = Live::start();
    let mut socket = live.open().await;
    event(&mut socket).await;
    socket.send(Message::text("hello")).await.unwrap();
    live.robot.recording.send_modify(|status| status.wanted = true);
    event(&mut socket).await;
    let _ = socket.send(Message::text("x".repeat(8 * 1024))).await;
    let end = tokio::time::timeout(Duration::from_secs(10), async {
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    });
    end.await.unwrap();
    live.end().await;
}
