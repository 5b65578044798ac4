//! The WHEP proxy.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, patch, post};
use tokio::net::TcpListener;

use crate::http::webrtc::{WATCHING, WATCHING_OF_PERSON};

use super::*;

const WHEP: &str = "/api/mediamtx/webrtc/whep";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Speaks as MediaMTX does; the real one is held to the same stories elsewhere.
#[derive(Clone, Default)]
pub(super) struct MediaMtx {
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
    /// Answers every POST with this instead, unless 0.
    pub(super) fails: Arc<AtomicU16>,
    /// The fragment that the next PATCH is answered with, if any.
    fragment: Arc<Mutex<Option<String>>>,
    location: Arc<Mutex<Option<String>>>,
    /// Talkers' sessions that are there, by number.
    pub(super) talkers: Arc<Mutex<BTreeSet<usize>>>,
    talked: Arc<AtomicUsize>,
    /// Nothing comes from talkers.
    pub(super) silent: Arc<AtomicBool>,
    inbound: Arc<AtomicUsize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) path: String,
    authorization: String,
    kind: String,
    body: String,
}

#[expect(clippy::unused_async, reason = "handlers are async functions")]
impl MediaMtx {
    pub(super) async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/{stream}/whep", post(Self::begin).options(Self::options))
            .route("/{stream}/whep/{secret}", patch(Self::change).delete(Self::change))
            .route("/havatar_talk/whip", post(Self::talk).options(Self::options))
            .route("/havatar_talk/whip/{number}", patch(Self::change_talk).delete(Self::end_talk))
            .route("/v3/webrtc/sessions/get/{id}", get(Self::session))
            .layer(axum::middleware::from_fn_with_state(self.clone(), Self::note))
            .with_state(self.clone());
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    async fn note(
        State(this): State<Self>,
        request: axum::extract::Request,
        next: axum::middleware::Next,
    ) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let header =
            |name| parts.headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        this.seen.lock().unwrap().push(Seen {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            authorization: header(header::AUTHORIZATION),
            kind: header(header::CONTENT_TYPE),
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        next.run(Request::from_parts(parts, Body::from(body))).await
    }

    async fn begin(State(this): State<Self>, Path(stream): Path<String>) -> Response {
        let fails = this.fails.load(Ordering::SeqCst);
        if stream == "havatar_audio" && fails == 400 {
            let error = r#"{"status":"error","error":"path 'havatar_audio' is not configured"}"#;
            return (StatusCode::BAD_REQUEST, error).into_response();
        }
        if fails != 0 {
            return (StatusCode::from_u16(fails).unwrap(), r#"{"error":"canary-error"}"#).into_response();
        }
        let location = this.location.lock().unwrap().clone();
        let headers = [
            ("location", location.unwrap_or_else(|| format!("/{stream}/whep/canary-secret"))),
            ("content-type", "application/sdp".to_owned()),
            ("etag", "*".to_owned()),
            ("id", "canary-id".to_owned()),
            ("link", "<turn:t>; rel=\"ice-server\"; credential=\"canary-ice\"".to_owned()),
        ];
        let mut response = (StatusCode::CREATED, "v=0\r\ns=canary-answer\r\n").into_response();
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response.headers_mut().append("link", "<stun:s>; rel=\"ice-server\"".parse().unwrap());
        response
    }

    async fn talk(State(this): State<Self>) -> Response {
        let (status, error) = match this.fails.load(Ordering::SeqCst) {
            0 => {
                let mut talkers = this.talkers.lock().unwrap();
                if !talkers.is_empty() {
                    let error = r#"{"error":"someone is already publishing to path 'havatar_talk'"}"#;
                    return (StatusCode::BAD_REQUEST, error).into_response();
                }
                let number = this.talked.fetch_add(1, Ordering::SeqCst) + 1;
                talkers.insert(number);
                let headers = [
                    ("location", format!("/havatar_talk/whip/{number}")),
                    ("content-type", "application/sdp".to_owned()),
                    ("id", format!("session-{number}")),
                ];
                return (StatusCode::CREATED, headers, "v=0\r\ns=canary-answer\r\n").into_response();
            }
            1 => (400, "path 'havatar_talk' is not configured"),
            2 => (400, "someone is already publishing to path 'havatar_talk'"),
            status => (status, "canary-error"),
        };
        (StatusCode::from_u16(status).unwrap(), format!(r#"{{"error":"{error}"}}"#)).into_response()
    }

    async fn change_talk(State(this): State<Self>, Path(number): Path<usize>) -> StatusCode {
        let there = this.talkers.lock().unwrap().contains(&number);
        if there { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
    }

    async fn end_talk(State(this): State<Self>, Path(number): Path<usize>) -> StatusCode {
        let there = this.talkers.lock().unwrap().remove(&number);
        if there { StatusCode::OK } else { StatusCode::NOT_FOUND }
    }

    async fn session(State(this): State<Self>, Path(id): Path<String>) -> Response {
        let number = id.strip_prefix("session-").and_then(|number| number.parse().ok()).unwrap_or(0);
        let there = this.talkers.lock().unwrap().contains(&number);
        if !there {
            return StatusCode::NOT_FOUND.into_response();
        }
        let more = usize::from(!this.silent.load(Ordering::SeqCst));
        let inbound = this.inbound.fetch_add(more, Ordering::SeqCst) + more;
        format!(r#"{{"inboundBytes":{inbound}}}"#).into_response()
    }

    async fn options() -> Response {
        (StatusCode::NO_CONTENT, [("link", "<stun:s>; rel=\"ice-server\"")]).into_response()
    }

    async fn change(
        State(this): State<Self>,
        Path((_, secret)): Path<(String, String)>,
        method: Method,
    ) -> Response {
        if secret != "canary-secret" {
            return StatusCode::NOT_FOUND.into_response();
        }
        if method == Method::DELETE {
            return StatusCode::OK.into_response();
        }
        match this.fragment.lock().unwrap().take() {
            Some(fragment) if fragment == "gone" => StatusCode::NOT_FOUND.into_response(),
            Some(fragment) => ([("content-type", FRAGMENT), ("etag", "\"2\"")], fragment).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        }
    }

    fn deletes(&self) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.method == Method::DELETE).count()
    }

    pub(super) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

async fn robot() -> (MediaMtx, Robot) {
    let mediamtx = MediaMtx::default();
    let webrtc = mediamtx.start().await;
    (mediamtx, Robot::with(Parts { webrtc, ..Parts::default() }))
}

/// An offer to receive video and audio, or one of them, or to send audio.
pub(super) fn sdp(tracks: &[(&str, &str)], direction: &str) -> String {
    let mids: Vec<String> = (0..tracks.len()).map(|mid| mid.to_string()).collect();
    let head = format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=canary-offer\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
        mids.join(" ")
    );
    let (password, fingerprint) = ("p".repeat(22), ["AB"; 32].join(":"));
    let line = |(mid, (kind, codec)): (usize, &(&str, &str))| {
        let payload_type = 96 + mid;
        format!(
            "m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}\r\na=mid:{mid}\r\n{direction}\
             a=rtpmap:{payload_type} {codec}\r\na=ice-ufrag:ufrag\r\na=ice-pwd:{password}\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\n"
        )
    };
    tracks.iter().enumerate().map(line).fold(head, |text, line| text + &line)
}

fn offered() -> String {
    sdp(&[("video", "H264/90000"), ("audio", "opus/48000/2")], "a=recvonly\r\n")
}

fn offer(path: &str) -> Ask {
    Ask::post(path).body("application/sdp", offered())
}

#[tokio::test]
async fn an_offer_is_answered_on_our_own_origin() {
    let (mediamtx, robot) = robot().await;
    for (query, stream) in
        [("", "havatar_camera"), ("?path=havatar_audio", "havatar_audio"), ("?path=havatar", "havatar")]
    {
        let answer = robot.ask_as_admin(offer(&format!("{WHEP}{query}"))).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/sdp");
        assert_eq!(answer.text(), "v=0\r\ns=canary-answer\r\n");
        assert_eq!(answer.header(header::ETAG), "*");
        let id = answer.header(header::LOCATION).strip_prefix(&format!("{WHEP}/")).unwrap();
        assert_eq!(id.len(), 22, "128 bits");
        let links: Vec<_> = answer.headers.get_all(header::LINK).iter().collect();
        assert_eq!(links.len(), 2);
        assert!(!answer.headers.contains_key("id"));
        assert!(!format!("{:?}", answer.headers).contains("canary-secret"));
        let seen = mediamtx.last();
        assert_eq!(seen.path, format!("/{stream}/whep"));
        assert!(seen.body.contains("H264/90000") && seen.body.contains("opus/48000/2"), "{}", seen.body);
        assert!(!seen.body.contains("canary"), "it is rendered anew: {}", seen.body);
        assert_eq!(seen.kind, "application/sdp");
        assert!(seen.authorization.starts_with("Basic "));
    }
}

#[tokio::test]
async fn the_session_is_changed_and_ended_through_its_location() {
    let (mediamtx, robot) = robot().await;
    let location = robot.ask_as_admin(offer(WHEP)).await.header(header::LOCATION).to_owned();
    let patch = |body: &'static str| Ask::new(Method::PATCH, &location).body(FRAGMENT, body);

    let candidates = "m=video 9 x 96\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 4000 typ host\r\n\
        a=candidate:1 1 UDP 1 127.0.0.1 22 typ host\r\na=candidate:1 1 TCP 1 192.0.2.1 22 typ host tcptype passive\r\n";
    let trickled = robot.ask_as_admin(patch(candidates)).await;
    assert_eq!((trickled.status, trickled.body.len()), (StatusCode::NO_CONTENT, 0));
    let seen = mediamtx.last();
    assert_eq!((seen.path.as_str(), seen.kind.as_str()), ("/havatar_camera/whep/canary-secret", FRAGMENT));
    assert_eq!(seen.authorization, "", "the secret is the credential there");
    assert!(seen.body.contains("192.0.2.1 4000") && !seen.body.contains(" 22 "), "{}", seen.body);
    assert_eq!(robot.ask_as_admin(patch("a=candidate")).await.refused(400), "bad_sdp");

    *mediamtx.fragment.lock().unwrap() = Some("a=ice-ufrag:new".to_owned());
    let restarted =
        robot.ask_as_admin(patch("a=ice-ufrag:next\r\na=ice-pwd:0123456789012345678901\r\n")).await;
    assert_eq!((restarted.status, restarted.text()), (StatusCode::OK, "a=ice-ufrag:new"));
    assert_eq!(restarted.header(header::CONTENT_TYPE), FRAGMENT);
    assert_eq!(restarted.header(header::ETAG), "\"2\"");

    let wrong = Ask::new(Method::PATCH, &location).body("application/sdp", "x");
    assert_eq!(robot.ask_as_admin(wrong).await.refused(415), "wrong_content_type");

    let end = || Ask::new(Method::DELETE, &location);
    assert_eq!(robot.ask_as_admin(end()).await.status, StatusCode::OK);
    assert_eq!(mediamtx.last().path, "/havatar_camera/whep/canary-secret");
    assert_eq!(robot.ask_as_admin(end()).await.refused(404), "no_such_session");
    assert_eq!(robot.ask_as_admin(patch("a=end-of-candidates")).await.refused(404), "no_such_session");
    assert_eq!(mediamtx.deletes(), 1);
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let (mediamtx, robot) = robot().await;
    let (owner, other) = (robot.cookie().await, robot.cookie().await);
    let location = robot.ask(offer(WHEP).page(&owner)).await.header(header::LOCATION).to_owned();
    let end = || Ask::new(Method::DELETE, &location);
    let patch = || Ask::new(Method::PATCH, &location).body(FRAGMENT, "a=end-of-candidates");
    for ask in [end().page(&other), patch().page(&other), end().bearer(&robot.token)] {
        assert_eq!(robot.ask(ask).await.refused(404), "no_such_session");
    }
    let secret = format!("{WHEP}/canary-secret");
    robot.ask(Ask::new(Method::DELETE, &secret).page(&owner)).await.refused(404);
    assert_eq!(mediamtx.seen.lock().unwrap().len(), 1, "nothing of that went upstream");
    assert_eq!(robot.ask(end().header(header::COOKIE, &owner)).await.refused(403), "foreign_origin");
    assert_eq!(robot.ask(end().page(&owner)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_picture() {
    let (mediamtx, robot) = robot().await;
    let (owner, other) = (robot.cookie().await, robot.cookie().await);
    for cookie in [&owner, &owner, &other] {
        assert_eq!(robot.ask(offer(WHEP).page(cookie)).await.status, StatusCode::CREATED);
    }
    robot.ask(Ask::post("/api/v1/logout").page(&owner)).await;
    until("both pictures of the session ended", || mediamtx.deletes() == 2).await;
}

#[tokio::test]
async fn a_session_that_mediamtx_lost_is_gone_here_too() {
    let (mediamtx, robot) = robot().await;
    let location = robot.ask_as_admin(offer(WHEP)).await.header(header::LOCATION).to_owned();
    *mediamtx.fragment.lock().unwrap() = Some("gone".to_owned());
    let patch = || Ask::new(Method::PATCH, &location).body(FRAGMENT, "a=end-of-candidates");
    assert_eq!(robot.ask_as_admin(patch()).await.refused(404), "no_such_session");
    let seen = mediamtx.seen.lock().unwrap().len();
    assert_eq!(robot.ask_as_admin(patch()).await.refused(404), "no_such_session");
    assert_eq!(mediamtx.seen.lock().unwrap().len(), seen, "it is not asked again");
}

#[tokio::test]
async fn bad_offers_are_refused_here() {
    let (mediamtx, robot) = robot().await;
    let large = format!("v=0{}", "x".repeat(128 * 1024));
    let whole = format!("{}a=x:", offered());
    let whole = format!("{whole}{}", "x".repeat(128 * 1024 - whole.len()));
    for (ask, status, code) in [
        (Ask::post(WHEP).body("text/plain", offered()), 415, "wrong_content_type"),
        (Ask::post(WHEP), 415, "wrong_content_type"),
        (Ask::post(WHEP).body("application/sdp", ""), 400, "bad_sdp"),
        (Ask::post(WHEP).body("application/sdp", "{}"), 400, "bad_sdp"),
        (Ask::post(WHEP).body("application/sdp", large), 413, "too_large"),
        (
            Ask::post(WHEP).body("application/sdp", sdp(&[("video", "VP8/90000")], "")),
            406,
            "unsupported_tracks",
        ),
        (offer(&format!("{WHEP}?path=havatar_talk")), 404, "no_such_stream"),
        (offer(&format!("{WHEP}?path=../v3")), 404, "no_such_stream"),
    ] {
        assert_eq!(robot.ask_as_admin(ask).await.refused(status), code);
    }
    assert!(mediamtx.seen.lock().unwrap().is_empty());
    let edge = Ask::post(WHEP).body("Application/SDP; charset=utf-8", whole);
    assert_eq!(robot.ask_as_admin(edge).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_mediamtx_says_is_worded_for_people() {
    let (mediamtx, robot) = robot().await;
    for (upstream, status, code) in [
        (404, 404, "stream_offline"),
        (400, 400, "bad_sdp"),
        (401, 502, "mediamtx_refused"),
        (500, 502, "mediamtx_odd"),
        (307, 502, "mediamtx_odd"),
    ] {
        mediamtx.fails.store(upstream, Ordering::SeqCst);
        let answer = robot.ask_as_admin(offer(WHEP)).await;
        assert_eq!(answer.refused(status), code);
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    mediamtx.fails.store(400, Ordering::SeqCst);
    let silent = robot.ask_as_admin(offer(&format!("{WHEP}?path=havatar_audio"))).await;
    assert_eq!(silent.refused(404), "stream_offline");
    mediamtx.fails.store(0, Ordering::SeqCst);
    *mediamtx.location.lock().unwrap() = Some("/other/whep/x".to_owned());
    assert_eq!(robot.ask_as_admin(offer(WHEP)).await.refused(502), "mediamtx_odd");
}

#[tokio::test]
async fn ice_servers_are_named_before_an_offer() {
    let (_, robot) = robot().await;
    let answer = robot.ask_as_admin(Ask::new(Method::OPTIONS, WHEP)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header(header::LINK), "<stun:s>; rel=\"ice-server\"");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn a_mediamtx_that_is_away_or_stuck_says_when_to_try_again() {
    let away = Robot::new();
    let answer = away.ask_as_admin(offer(WHEP)).await;
    assert_eq!(answer.refused(503), "mediamtx_away");
    assert_eq!(answer.header(header::RETRY_AFTER), "1");
}

#[tokio::test(start_paused = true)]
async fn a_mediamtx_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webrtc = listener.local_addr().unwrap();
    let robot = Robot::with(Parts { webrtc, ..Parts::default() });
    let began = tokio::time::Instant::now();
    assert_eq!(robot.ask_as_admin(offer(WHEP)).await.refused(503), "mediamtx_away");
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_sign_in_has_its_share_of_viewers_and_gets_back_what_it_ends() {
    let (_, robot) = robot().await;
    let mut locations = Vec::new();
    for _ in 0..WATCHING_OF_PERSON {
        locations.push(robot.ask_as_admin(offer(WHEP)).await.header(header::LOCATION).to_owned());
    }
    let full = robot.ask_as_admin(offer(WHEP)).await;
    assert_eq!(full.refused(503), "busy");
    assert!(!full.header(header::RETRY_AFTER).is_empty());
    let cookie = robot.cookie().await;
    let other = robot.ask(offer(WHEP).page(&cookie)).await;
    assert_eq!(other.status, StatusCode::CREATED, "another sign-in has a share of its own");
    robot.ask_as_admin(Ask::new(Method::DELETE, &locations[0])).await;
    assert_eq!(robot.ask_as_admin(offer(WHEP)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn when_all_viewers_are_taken_the_sign_in_with_most_gives_way() {
    let (mediamtx, robot) = robot().await;
    let mut taken = 0;
    while taken < WATCHING {
        let cookie = robot.cookie().await;
        for _ in 0..WATCHING_OF_PERSON {
            assert_eq!(robot.ask(offer(WHEP).page(&cookie)).await.status, StatusCode::CREATED);
            taken += 1;
        }
    }
    assert_eq!(robot.ask_as_admin(offer(WHEP)).await.status, StatusCode::CREATED);
    until("one of the others was ended at MediaMTX", || {
        mediamtx.seen.lock().unwrap().iter().any(|seen| seen.method == Method::DELETE)
    })
    .await;
}

#[tokio::test]
async fn sessions_that_mediamtx_does_not_have_are_cleared_away_when_their_room_is_needed() {
    let mediamtx = MediaMtx::default();
    let webrtc = mediamtx.start().await;
    let list = r#"{"itemCount":0,"pageCount":0,"items":[]}"#.to_owned();
    let path = "/v3/webrtc/sessions/list?itemsPerPage=1000";
    let api = routes::mediamtx_api(&[(path, 200, &list)]).await;
    let robot = Robot::with(Parts { webrtc, api, ..Parts::default() });
    for _ in 0..3 * WATCHING_OF_PERSON {
        assert_eq!(robot.ask_as_admin(offer(WHEP)).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn nothing_of_a_session_is_logged() {
    let (logged, guard) = Logged::capture();
    let (mediamtx, robot) = robot().await;
    let location = robot.ask_as_admin(offer(WHEP)).await.header(header::LOCATION).to_owned();
    robot.ask_as_admin(Ask::new(Method::PATCH, &location).body(FRAGMENT, "canary-fragment")).await;
    robot.ask_as_admin(Ask::new(Method::DELETE, &location)).await;
    mediamtx.fails.store(500, Ordering::SeqCst);
    robot.ask_as_admin(offer(WHEP)).await.refused(502);
    drop(guard);
    let text = logged.text();
    assert!(text.contains("/api/mediamtx/webrtc/whep/{id}"), "the capture works: {text}");
    assert!(!text.contains(location.rsplit('/').next().unwrap()), "{text}");
    for secret in ["canary", robot.access.whep_secret(), robot.access.api_secret()] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_stopped_mediamtx_leaves_no_secret_in_the_log() {
    let (logged, guard) = Logged::capture();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webrtc = listener.local_addr().unwrap();
    let robot = Robot::with(Parts { webrtc, ..Parts::default() });
    // One answer, then nothing listens any more.
    let answering = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let _ = stream.read(&mut heard).await.unwrap();
        let answer = "HTTP/1.1 201 Created\r\nLocation: /havatar_camera/whep/canary-secret\r\n\
            Content-Length: 3\r\nConnection: close\r\n\r\nv=0";
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let location = robot.ask_as_admin(offer(WHEP)).await.header(header::LOCATION).to_owned();
    answering.await.unwrap();
    let patch = Ask::new(Method::PATCH, &location).body(FRAGMENT, "a=end-of-candidates");
    assert_eq!(robot.ask_as_admin(patch).await.refused(503), "mediamtx_away");
    assert_eq!(robot.ask_as_admin(Ask::new(Method::DELETE, &location)).await.status, StatusCode::OK);
    drop(guard);
    let text = logged.text();
    assert!(text.contains("MediaMTX did not answer WebRTC"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
