//! The router in process, over a media handle that answers what a test tells it to.

mod access;
mod device_tests;
mod drive;
mod events;
mod hook;
mod panel;
mod phrases;
mod presence;
mod robot;
mod routes;
mod server;
mod shares;
mod signing_in;
mod speech;
mod whep;
mod whip;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use havatar_api as api;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::auth::{ADMIN_TOKEN, Auth, Settings};
use crate::config;
use crate::handles::Handles;
use crate::media::{AccessRules, Media, MediaStatus, fake};
use crate::recordings::Recordings;
use crate::speech::Speech;

use super::router;
use super::server::Listening;

/// The OpenAPI document.
fn document_text() -> String {
    crate::http::routes::build().openapi
}

const HOST: &str = "127.0.0.1:8080";
const ORIGIN: &str = "http://127.0.0.1:8080";
const PEER: &str = "192.0.2.1:50000";

/// A robot without hardware, and the handles to change what it says.
struct Robot {
    app: Arc<Handles>,
    listening: Listening,
    router: Router,
    token: String,
    status: watch::Sender<Arc<MediaStatus>>,
    config: watch::Sender<Arc<config::Config>>,
    config_status: watch::Sender<api::ConfigStatus>,
    recording: watch::Sender<api::RecordingStatus>,
    shutdown: CancellationToken,
    access: AccessRules,
    dir: tempfile::TempDir,
}

/// What a robot is made with.
#[derive(Clone, Copy)]
struct Parts {
    tls: bool,
    /// MediaMTX's WebRTC listener.
    webrtc: SocketAddr,
    /// MediaMTX's API.
    api: SocketAddr,
    /// There is a loudspeaker.
    speaker: bool,
}

impl Default for Parts {
    fn default() -> Self {
        // The discard port: nothing listens there.
        let nobody = "127.0.0.1:9".parse().unwrap();
        Self { tls: false, webrtc: nobody, api: nobody, speaker: true }
    }
}

impl Robot {
    fn new() -> Self {
        Self::with(Parts::default())
    }

    fn with(parts: Parts) -> Self {
        Self::around(parts, crate::robot::Robot::for_tests())
    }

    /// With these wheels.
    fn around(parts: Parts, wheels: crate::robot::Robot) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listening = Listening { address: HOST.parse().unwrap(), tls: parts.tls };
        let (status, status_out) = watch::channel(Arc::new(media_status()));
        let (config, config_out) = watch::channel(Arc::new(config(listening, &["robot.example"])));
        let (config_status, config_status_out) = watch::channel(api::ConfigStatus {
            file: None,
            loaded_at: Timestamp::UNIX_EPOCH,
            faults: Vec::new(),
        });
        let settings = Settings {
            session_idle: Duration::from_hours(1),
            session_max: Duration::from_hours(24),
            sign_in_link_valid: Duration::from_mins(10),
        };
        let auth = Auth::open(dir.path(), settings).unwrap();
        let shutdown = CancellationToken::new();
        let access = AccessRules::new();
        let media: Media = fake::media(fake::Fake {
            status: status_out,
            access: access.clone(),
            webrtc: parts.webrtc,
            api: parts.api,
            state_dir: dir.path().to_owned(),
            speaker: parts.speaker,
        });
        let (recording, recording_out) = watch::channel(api::RecordingStatus::default());
        let recordings = Recordings::fake(media.record_switch(), dir.path(), recording_out);
        let (speech, speaking) =
            Speech::new(config_out.clone(), media.clone(), fake::spawner().clone(), shutdown.clone());
        let (presence, looking) =
            crate::presence::start(media.clone(), &recordings, wheels.clone(), shutdown.clone());
        // Both end with the test's runtime.
        tokio::spawn(speaking);
        tokio::spawn(looking);
        let app = Arc::new(Handles {
            robot: wheels,
            speech,
            phrases: crate::phrases::Store::new(dir.path()),
            presence,
            recordings,
            media,
            auth,
            config: config_out,
            config_status: config_status_out,
            started_at: Timestamp::UNIX_EPOCH,
            started: tokio::time::Instant::now(),
            shutdown: shutdown.clone(),
        });
        let token = std::fs::read_to_string(dir.path().join(ADMIN_TOKEN)).unwrap().trim().to_owned();
        let router = router(app.clone(), listening);
        Self {
            app,
            listening,
            router,
            token,
            status,
            config,
            config_status,
            recording,
            shutdown,
            access,
            dir,
        }
    }

    /// Signs in over HTTP; the `Cookie` header's value.
    async fn cookie(&self) -> String {
        let link = self.app.auth.sign_in_link();
        let code = link.path.strip_prefix("/#code=").unwrap();
        let answer = self.ask(Ask::post("/api/v1/login").json(&format!(r#"{{"code":"{code}"}}"#))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }

    async fn ask(&self, ask: Ask) -> Answer {
        let response = self.router.clone().oneshot(ask.0).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// As the admin token's holder.
    async fn ask_as_admin(&self, ask: Ask) -> Answer {
        self.ask(ask.bearer(&self.token)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask_as_admin(Ask::get(path)).await
    }

    /// Puts a recording in place, last written to that long ago, and gives its id.
    async fn record(&self, file: &str, content: &[u8], ago: Duration) -> String {
        let dir = self.dir.path().join("recordings/havatar");
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join(file);
        std::fs::write(&path, content).unwrap();
        let written = std::fs::File::options().write(true).open(&path).unwrap();
        written.set_modified(std::time::SystemTime::now() - ago).unwrap();
        let all: api::Recordings = self.get("/api/v1/recordings").await.json();
        all.items.into_iter().find(|recording| recording.file == file).unwrap().id
    }

    fn change(&self, change: impl FnOnce(&mut MediaStatus)) {
        let mut status = (**self.status.borrow()).clone();
        change(&mut status);
        self.status.send_replace(Arc::new(status));
    }
}

/// A request, as from a peer on the network.
struct Ask(Request<Body>);

impl Ask {
    fn new(method: Method, path: &str) -> Self {
        let peer: SocketAddr = PEER.parse().unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .extension(ConnectInfo(peer))
            .body(Body::empty())
            .unwrap();
        Self(request)
    }

    fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    fn post(path: &str) -> Self {
        Self::new(Method::POST, path)
    }

    fn header(mut self, name: impl http::header::IntoHeaderName, value: &str) -> Self {
        self.0.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// As the page does it.
    fn page(self, cookie: &str) -> Self {
        self.header(header::COOKIE, cookie).header(header::ORIGIN, ORIGIN)
    }

    fn body(mut self, kind: &str, body: impl Into<Body>) -> Self {
        *self.0.body_mut() = body.into();
        self.header(header::CONTENT_TYPE, kind)
    }

    fn json(self, body: &str) -> Self {
        self.body("application/json", body.to_owned())
    }

    fn from(mut self, peer: &str) -> Self {
        let peer: SocketAddr = peer.parse().unwrap();
        self.0.extensions_mut().insert(ConnectInfo(peer));
        self
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Checks the form of a refusal and gives its code.
    #[track_caller]
    fn refused(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{}", self.text());
        let problem: api::Problem = self.json();
        assert_eq!(problem.status, status);
        assert_eq!(problem.kind, "about:blank");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty());
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        assert!(problem.code.bytes().all(plain), "{}", problem.code);
        problem.code
    }
}

/// A config that answers to these names beside the usual ones.
fn config(listening: Listening, hosts: &[&str]) -> config::Config {
    let mut config = config::Config::default();
    config.server.listen = config::ListenAddr(listening.address);
    config.server.hosts = serde_json::from_value(serde_json::json!(hosts)).unwrap();
    config
}

fn media_status() -> MediaStatus {
    let device = |name: &str| api::Device { name: name.to_owned(), state: api::DeviceState::Live, why: None };
    MediaStatus {
        processes: vec![process("mediamtx"), process("camera")],
        streams: api::Streams { live: true, ..api::Streams::default() },
        devices: api::Devices {
            camera: device("test picture"),
            microphone: device("test tone"),
            video: None,
        },
        encoder: None,
        readiness: api::Readiness { ready: true, missing: Vec::new() },
        streaming: true,
        overload: None,
        board: api::Board::default(),
        mediamtx_version: Some("v1.21.0".to_owned()),
    }
}

fn process(name: &str) -> api::Process {
    api::Process {
        name: name.to_owned(),
        state: api::ProcessState::Running,
        pid: Some(1),
        since: Timestamp::UNIX_EPOCH,
        uptime_s: Some(1.0),
        restarts: 0,
        last_exit: None,
        why: None,
        retry_at: None,
        confinement: Vec::new(),
    }
}

/// Waits until `check` holds; a condition, not a sleep.
async fn until(what: &str, mut check: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !check() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "never came true: {what}");
}

/// What this thread logs, down to the finest level.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let logged = Self::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (logged, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
