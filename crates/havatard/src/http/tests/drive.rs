//! The drive socket, over a real connection, with a controller that notes whether it was told to move.

use futures_util::{SinkExt as _, StreamExt as _};
use havatar_api::{DriveEvent, Refusal};
use havatar_link::message::Kind;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::http::server::Server;
use crate::robot::testing::{Bench, until};

use super::*;

/// A daemon that listens, with a robot that answers.
struct Live {
    robot: Robot,
    bench: Bench,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Live {
    async fn start() -> Self {
        let bench = Bench::start().await;
        let robot = Robot::around(Parts::default(), bench.robot.clone());
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
        let listening = server.listening();
        let stop = CancellationToken::new();
        tokio::spawn(server.serve(router(robot.app.clone(), listening), stop.clone()));
        Self { robot, bench, address: listening.address, stop }
    }

    async fn try_open(&self, name: &'static str, value: &str) -> Result<Socket, Error> {
        let url = format!("ws://{}/api/v1/robot/drive", self.address);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let origin = format!("http://{}", self.address);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (stream, _) = client_async(request, stream).await?;
        Ok(Socket { stream, base: Instant::now(), beat: (0, 0.0), seq: 0 })
    }

    async fn open(&self) -> Socket {
        self.try_open("authorization", &format!("Bearer {}", self.robot.token)).await.unwrap()
    }

    async fn lease(&self, cookie: Option<&str>) -> String {
        let ask = Ask::post("/api/v1/robot/lease");
        let ask = match cookie {
            Some(cookie) => ask.page(cookie),
            None => ask.bearer(&self.robot.token),
        };
        let granted: Value = self.robot.ask(ask).await.json();
        granted["token"].as_str().unwrap_or_else(|| panic!("{granted}")).to_owned()
    }

    /// A driver in the seat, with a beat, who has let go of everything.
    async fn driver(&self) -> Socket {
        loop {
            let mut socket = self.open().await;
            socket.hello(&self.lease(None).await).await;
            // On a machine that is busy enough, a lease is over before its socket is open.
            if socket.ready().await {
                return socket;
            }
        }
    }

    /// A driver at whose word the wheels turn.
    async fn driving(&self) -> Socket {
        let mut socket = self.driver().await;
        let before = self.bench.motions();
        let driving = async {
            while self.bench.motions() <= before {
                socket.send(json!({ "type": "hold", "linear": 0.5, "angular": 0 })).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let drives = tokio::time::timeout(Duration::from_mins(1), driving).await;
        drives.unwrap_or_else(|_| panic!("it does not drive: {:?}", self.bench.robot.state()));
        socket
    }

    async fn stands(&self) {
        until("the wheels stand", || self.bench.stands().then_some(())).await;
        assert_eq!(self.bench.robot.state().motion.mode, None);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Socket {
    stream: WebSocketStream<TcpStream>,
    base: Instant,
    beat: (u64, f64),
    seq: u64,
}

impl Socket {
    fn ms(&self) -> f64 {
        self.base.elapsed().as_secs_f64() * 1000.0
    }

    async fn say(&mut self, message: impl Into<Message>) {
        // Anyone who was closed by what they said before hears so when they read.
        let _ = self.stream.send(message.into()).await;
    }

    /// With the stamp of now.
    async fn send(&mut self, mut message: Value) {
        self.seq += 1;
        message["at"] = json!({
            "seq": self.seq, "t": self.ms(), "beat": self.beat.0, "beat_t": self.beat.1, "picture_ms": 20,
        });
        self.say(message.to_string()).await;
    }

    async fn hello(&mut self, token: &str) {
        self.say(json!({ "type": "hello", "token": token }).to_string()).await;
    }

    async fn next(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(Duration::from_mins(1), self.stream.next()).await;
            match next.expect("a message came in time").expect("the socket is open").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    async fn event(&mut self) -> DriveEvent {
        match self.next().await {
            Message::Text(text) => self.hear(&text),
            other => panic!("{other:?}"),
        }
    }

    /// Hears the first beat and lets go; false if it is closed before.
    async fn ready(&mut self) -> bool {
        while self.beat.0 == 0 {
            match self.next().await {
                Message::Text(text) => self.hear(&text),
                _ => return false,
            };
        }
        self.send(json!({ "type": "neutral" })).await;
        true
    }

    fn hear(&mut self, text: &str) -> DriveEvent {
        let event = serde_json::from_str(text).unwrap();
        if let DriveEvent::Beat { n } = event {
            self.beat = (n, self.ms());
        }
        event
    }

    /// Reads to the end: the close code, and what was said before it.
    async fn end(mut self) -> (u16, Vec<DriveEvent>) {
        let mut said = Vec::new();
        loop {
            match self.next().await {
                Message::Text(text) => said.push(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(frame)) => return (frame.code.into(), said),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// With what a socket ended.
fn last_refusal(events: &[DriveEvent]) -> Option<Refusal> {
    match events.last()? {
        DriveEvent::Refused { seq: None, code, .. } => Some(*code),
        _ => None,
    }
}

const STAMP: &str = r#"{"seq":900,"t":1,"beat":1,"beat_t":1,"picture_ms":20}"#;

fn hold(rest: &str) -> String {
    format!(r#"{{"type":"hold","at":{STAMP},{rest}}}"#)
}

#[tokio::test]
async fn only_who_is_signed_in_gets_a_socket_and_a_sign_in_has_a_share() {
    let live = Live::start().await;
    for (name, value) in [("accept", "*/*"), ("authorization", "Bearer wrong"), ("cookie", "havatar=wrong")] {
        match live.try_open(name, value).await.err().unwrap() {
            Error::Http(response) => assert_eq!(response.status(), 401, "{name}"),
            other => panic!("{other}"),
        }
    }
    let mut sockets = Vec::new();
    for _ in 0..crate::http::state::DRIVE_SOCKETS_OF_PERSON {
        sockets.push(live.open().await);
    }
    let bearer = format!("Bearer {}", live.robot.token);
    match live.try_open("authorization", &bearer).await.err().unwrap() {
        Error::Http(response) => assert_eq!(response.status(), 503),
        other => panic!("{other}"),
    }
    // None of them says who they are: each is closed for that, and leaves its room.
    for socket in sockets {
        assert_eq!(socket.end().await, (1008, Vec::new()));
    }
    live.driver().await;
    assert_eq!(live.bench.motions(), 0);
}

/// The driver goes on holding, so that nothing else ends the motion.
#[tokio::test]
async fn a_stop_goes_by_the_event_socket_of_anybody_who_is_signed_in() {
    let live = Live::start().await;
    let mut driver = live.driving().await;
    let url = format!("ws://{}/api/v1/events", live.address);
    let mut request = url.into_client_request().unwrap();
    let cookie = live.robot.cookie().await;
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    request.headers_mut().insert("origin", format!("http://{}", live.address).parse().unwrap());
    let (mut events, _) =
        client_async(request, TcpStream::connect(live.address).await.unwrap()).await.unwrap();
    events.send(Message::text(r#"{"type":"stop"}"#)).await.unwrap();
    let stopped = || live.bench.robot.state().motion.stopped == Some(havatar_api::StopReason::Stop);
    for _ in 0..400 {
        if stopped() {
            break;
        }
        driver.send(json!({ "type": "hold", "linear": 0.5, "angular": 0 })).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stopped(), "{:?}", live.bench.robot.state().motion);
    live.stands().await;
}

#[tokio::test]
async fn one_sign_in_does_not_take_all_drive_sockets() {
    let live = Live::start().await;
    let mut sockets = Vec::new();
    while sockets.len() < crate::http::state::DRIVE_SOCKETS {
        let cookie = live.robot.cookie().await;
        for _ in 0..crate::http::state::DRIVE_SOCKETS_OF_PERSON {
            sockets.push(live.try_open("cookie", &cookie).await.unwrap());
        }
    }
    live.driver().await;
}

#[tokio::test]
async fn what_is_no_hello_is_no_beginning() {
    let live = Live::start().await;
    let token = live.lease(None).await;
    let firsts: Vec<Message> = vec![
        Message::text(""),
        Message::text("{"),
        Message::text("[]"),
        Message::text(r#"{"type":"stop"}"#),
        Message::text(hold(r#""linear":1,"angular":0"#)),
        Message::text(r#"{"type":"hello"}"#),
        Message::text(r#"{"type":"hello","token":7}"#),
        Message::text(format!(r#"["hello","{token}"]"#)),
        Message::text(format!(r#"{{"type":"hello","token":"{token}","rate_hz":256}}"#)),
        Message::text(format!(r#"{{"type":"hello","token":"{token}","admin":true}}"#)),
        Message::text(format!(r#"{{"type":"hello","token":"{token}","x":"{}"}}"#, "x".repeat(512))),
        Message::binary(format!(r#"{{"type":"hello","token":"{token}"}}"#)),
        Message::Ping(Bytes::new()),
    ];
    for first in firsts {
        let mut socket = live.open().await;
        socket.say(first.clone()).await;
        assert_eq!(socket.end().await, (1008, Vec::new()), "{first:?}");
    }
    for wrong in ["", "guess"] {
        let mut socket = live.open().await;
        socket.hello(wrong).await;
        let (code, said) = socket.end().await;
        assert_eq!(code, 4409);
        assert!(matches!(said[..], [DriveEvent::Ended { code: Refusal::NoLease, .. }]), "{said:?}");
    }
    assert_eq!(live.bench.motions(), 0);
}

#[tokio::test]
async fn a_message_that_breaks_the_rules_closes_the_socket_through_a_stop() {
    let breaks: Vec<Message> = vec![
        Message::text(""),
        Message::text("null"),
        // A list in place of an object, which serde alone would take by position.
        Message::text(r#"["stop"]"#),
        Message::text(format!(r#"["hold",{STAMP},1,0]"#)),
        Message::text(r#"{"type":"hold","at":[900,1,1,1,20],"linear":1,"angular":0}"#),
        Message::text(r#"{"type":"stop","type":"hold"}"#),
        Message::text("\u{0}"),
        Message::text(r#"{"type":"hold"}"#),
        Message::text(r#"{"type":"Hold"}"#),
        Message::text(hold(r#""linear":NaN,"angular":0"#)),
        Message::text(hold(r#""linear":1e999,"angular":0"#)),
        Message::text(hold(r#""linear":"1","angular":0"#)),
        Message::text(hold(r#""linear":1"#)),
        Message::text(hold(r#""linear":1,"angular":0,"boost":1"#)),
        Message::text(hold(&format!(r#""linear":1,"angular":0{}"#, " ".repeat(512)))),
        Message::text("[".repeat(500)),
        Message::binary(hold(r#""linear":1,"angular":0"#)),
        Message::binary(Vec::new()),
    ];
    for (n, message) in breaks.into_iter().enumerate() {
        // A daemon for each few, for each driver takes the lease anew.
        let live = Live::start().await;
        let mut socket = if n % 3 == 0 { live.driving().await } else { live.driver().await };
        let before = live.bench.motions();
        socket.say(message.clone()).await;
        let (code, events) = socket.end().await;
        assert_eq!(code, 1008, "{message:?}");
        assert!(last_refusal(&events) == Some(Refusal::BadMessage), "{message:?}: {events:?}");
        live.stands().await;
        if n % 3 != 0 {
            assert_eq!((before, live.bench.motions()), (0, 0), "{message:?}");
        }
        assert!(live.bench.robot.state().motion.neutral_first, "the next begins with neutral");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off_through_a_stop() {
    let live = Live::start().await;
    for ping in [false, true] {
        let mut socket = live.driving().await;
        for _ in 0..100 {
            if ping {
                socket.say(Message::Ping(Bytes::new())).await;
            } else {
                socket.send(json!({ "type": "hold", "linear": 0.5, "angular": 0 })).await;
            }
        }
        let (code, events) = socket.end().await;
        assert_eq!(code, 1008);
        assert!(last_refusal(&events) == Some(Refusal::Flood), "{events:?}");
        live.stands().await;
    }
}

#[tokio::test]
async fn an_estop_at_the_end_of_a_flood_is_in_force() {
    let live = Live::start().await;
    let mut socket = live.driving().await;
    for _ in 0..100 {
        socket.send(json!({ "type": "hold", "linear": 0.5, "angular": 0 })).await;
    }
    socket.say(Message::text(r#"{"type":"estop"}"#)).await;
    let (code, _) = socket.end().await;
    assert_eq!(code, 1008);
    until("the e-stop", || live.bench.robot.state().estop.latched.then_some(())).await;
    live.stands().await;
}

#[tokio::test]
async fn refusals_are_told_by_number_twenty_a_second_at_most() {
    let live = Live::start().await;
    let mut socket = live.driver().await;
    let began = Instant::now();
    let mut told = 0;
    for _ in 0..60 {
        socket.send(json!({ "type": "hold", "linear": 7, "angular": 0 })).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let last = socket.seq + 1;
    // The last of them is told when all before it were.
    while began.elapsed() < Duration::from_secs(8) {
        socket.send(json!({ "type": "step", "press": 1, "move": { "cm": 6 } })).await;
        let event = socket.event().await;
        if let DriveEvent::Refused { seq, code, detail } = event {
            told += 1;
            assert!(seq.is_some() && code == Refusal::OutOfRange && !detail.is_empty());
            if seq >= Some(last) {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let allowed = began.elapsed().as_secs_f64() * 20.0 + 2.0;
    assert!(told >= 5 && f64::from(told) <= allowed, "{told} of {allowed}");
    assert_eq!(live.bench.motions(), 0);
}

#[tokio::test]
async fn who_signs_out_is_closed_with_4401_and_the_wheels_stop() {
    let live = Live::start().await;
    let cookie = live.robot.cookie().await;
    let token = live.lease(Some(&cookie)).await;
    let mut socket = live.try_open("cookie", &cookie).await.unwrap();
    socket.hello(&token).await;
    socket.ready().await;
    let before = live.bench.motions();
    for _ in 0..400 {
        if live.bench.motions() > before {
            break;
        }
        socket.send(json!({ "type": "hold", "linear": 0.5, "angular": 0 })).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(live.bench.motions() > before);
    let out = live.robot.ask(Ask::post("/api/v1/logout").page(&cookie)).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.text());
    assert_eq!(socket.end().await.0, 4401);
    live.stands().await;
}

#[tokio::test]
async fn a_lease_ends_with_its_sign_in_and_opens_nothing_in_anothers_hands() {
    let live = Live::start().await;
    let (one, other) = (live.robot.cookie().await, live.robot.cookie().await);
    let token = live.lease(Some(&one)).await;
    let body = json!({ "token": token }).to_string();
    let keep = || Ask::new(Method::PUT, "/api/v1/robot/lease").json(&body);
    assert_eq!(live.robot.ask(keep().page(&one)).await.status, StatusCode::NO_CONTENT);
    // A client that has read the token, in another sign-in or with the admin token.
    for stranger in [keep().page(&other), keep().bearer(&live.robot.token)] {
        assert_eq!(live.robot.ask(stranger).await.refused(403), "no_lease");
    }
    for (path, more) in [
        ("step", json!({ "press": 1, "move": { "cm": 5 }, "t": 0, "beat": 0, "beat_t": 0 })),
        ("head", json!({ "pan": 0, "tilt": 0 })),
        ("lights", json!({ "light": 1 })),
        ("buzzer", json!({ "hz": 400, "ms": 100 })),
        ("lease/answer", json!({ "hand_over": true })),
    ] {
        let mut body = more;
        body["token"] = token.clone().into();
        let ask = Ask::post(&format!("/api/v1/robot/{path}")).json(&body.to_string()).page(&other);
        assert_eq!(live.robot.ask(ask).await.refused(403), "no_lease", "{path}");
    }
    let mut socket = live.try_open("cookie", &other).await.unwrap();
    socket.hello(&token).await;
    assert_eq!(socket.end().await.0, 4409, "nor by the socket");
    assert_eq!(live.robot.ask(keep().page(&one)).await.status, StatusCode::NO_CONTENT, "its own goes on");

    assert_eq!(live.robot.ask(Ask::post("/api/v1/logout").page(&one)).await.status, StatusCode::NO_CONTENT);
    let again = live.robot.ask(Ask::post("/api/v1/robot/lease").page(&other)).await;
    assert_eq!(again.status, StatusCode::CREATED, "it is over when the sign-out is answered");
    // A session that ends otherwise, here by being idle for too long, takes its lease along as well.
    let token = live.lease(Some(&other)).await;
    live.robot.app.auth.set(crate::auth::Settings {
        session_idle: Duration::ZERO,
        session_max: Duration::ZERO,
        sign_in_link_valid: Duration::from_mins(1),
    });
    let keep = Ask::new(Method::PUT, "/api/v1/robot/lease").json(&json!({ "token": token }).to_string());
    assert_eq!(live.robot.ask(keep.page(&other)).await.refused(401), "not_signed_in");
    until("its lease is over", || live.robot.app.robot.state().driver.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_driver_is_shown_and_noted_by_the_account_beside_the_name_they_chose() {
    let live = Live::start().await;
    let ask = Ask::post("/api/v1/robot/lease").json(r#"{"name":"Bunica"}"#);
    assert_eq!(live.robot.ask_as_admin(ask).await.status, StatusCode::CREATED);
    let driver = until("there is a driver", || live.robot.app.robot.state().driver.clone()).await;
    assert_eq!((driver.who.as_str(), driver.account.as_str()), ("Bunica", "admin"));
    let noted = async || {
        let lines = live.robot.get("/api/v1/robot/blackbox").await;
        let granted = |line: &Value| line["kind"] == "lease" && line["what"] == "granted";
        lines.text().lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(granted)
    };
    let mut granted = None;
    for _ in 0..400 {
        granted = noted().await;
        if granted.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let granted = granted.expect("it is noted");
    assert_eq!((&granted["who"], &granted["account"]), (&json!("Bunica"), &json!("admin")), "{granted}");
}

#[tokio::test]
async fn a_lease_that_ends_closes_with_4409_and_says_why_and_who() {
    let live = Live::start().await;
    // The same person takes the robot again, from another tab: a newer lease.
    let former = live.driving().await;
    live.lease(None).await;
    let (code, said) = former.end().await;
    let last = said.last().unwrap();
    assert_eq!(code, 4409);
    assert!(matches!(last, DriveEvent::Ended { code: Refusal::LeaseLost, driver: Some(_) }), "{last:?}");
    live.stands().await;
}

#[tokio::test]
async fn the_end_of_the_daemon_closes_with_1001() {
    let live = Live::start().await;
    let socket = live.driving().await;
    let mute = live.open().await;
    live.robot.shutdown.cancel();
    assert_eq!(socket.end().await.0, 1001);
    assert_eq!(mute.end().await.0, 1001);
    live.stands().await;
}

#[tokio::test]
async fn a_socket_that_is_cut_stops_the_wheels_and_stops_are_heard_over_anything() {
    let live = Live::start().await;
    drop(live.driving().await);
    live.stands().await;

    let mut socket = live.driving().await;
    // No stamp, no order, no age: to stop is never wrong.
    socket.say(Message::text(r#"{"type":"stop"}"#)).await;
    live.stands().await;
    socket.say(Message::text(r#"{"type":"estop"}"#)).await;
    until("the e-stop", || {
        let estop = live.bench.robot.state().estop.clone();
        (estop.latched && estop.confirmed).then_some(())
    })
    .await;
    assert!(live.bench.told().iter().any(|message| message.kind() == Kind::Estop));
}
