//! The access rules of MediaMTX's own ports.
//!
//! MediaMTX asks its auth hook before it lets a client publish, read or use its API; this module decides.
//! Four kinds of secret exist, all random and none older than this run of the daemon: the hook's own, one
//! for the daemon's API calls, one that the WHEP proxy adds to a signed-in viewer's request, and one that the WHIP
//! proxy adds to a talker's. Publishers get a fifth kind, because what an ffmpeg command line holds can be read by every process on the
//! machine: a token that is good once, for one path, from loopback, within seconds of its issue. By the
//! time another process could read it, it is spent.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::media::paths::TALK;
use crate::random;

/// The user name of the daemon's own API calls.
pub(crate) const API_USER: &str = "havatard";
/// The user name with which MediaMTX calls the hook.
pub const HOOK_USER: &str = "mediamtx";
/// The user name of requests that come through the WHEP proxy.
pub(crate) const WHEP_USER: &str = "viewer";
/// The user name of requests that come through the WHIP proxy.
pub(crate) const WHIP_USER: &str = "talker";
/// The user name that publishers give; only the token behind it counts.
pub(crate) const PUBLISHER_USER: &str = "publisher";

/// How long an issued token waits for its one use: an ffmpeg that has to open a slow camera first.
const TOKEN_LIFE: Duration = Duration::from_secs(30);
/// Reading over RTSP asks twice, at DESCRIBE and at SETUP, within one exchange.
const READ_EXCHANGE: Duration = Duration::from_secs(5);

/// What MediaMTX tells the hook about a request.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct AccessRequest {
    /// User name, if one was given.
    pub user: String,
    /// Password, if one was given.
    pub password: String,
    /// Bearer token, if one was given; otherwise MediaMTX repeats the password here.
    pub token: String,
    /// Address of the client.
    pub ip: String,
    /// `publish`, `read`, `playback`, `api`, `metrics` or `pprof`.
    pub action: String,
    /// Path, for `publish`, `read` and `playback`.
    pub path: String,
    /// `rtsp`, `webrtc`, `hls`, ...
    pub protocol: String,
    /// Id of the session or connection; absent for API calls.
    pub id: Option<String>,
    /// Query string.
    pub query: String,
}

/// The per-boot secrets and the one-time tokens.
#[derive(Clone)]
pub struct AccessRules {
    inner: Arc<Inner>,
}

struct Inner {
    hook: String,
    api: String,
    whep: String,
    whip: String,
    tokens: Mutex<Tokens>,
    /// When a reader that is not the daemon's own was admitted last.
    reader_admitted: watch::Sender<Option<Instant>>,
}

#[derive(Default)]
struct Tokens {
    /// One outstanding token per purpose: a new one replaces an unused older one.
    issued: HashMap<Purpose, Issued>,
    /// MediaMTX's session ids of our own readers by path, newest last, so that they are not counted as viewers.
    own_readers: HashMap<String, VecDeque<String>>,
}

/// What a one-time token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Publishing to a path over RTSP.
    Publish(String),
    /// Reading a path over RTSP.
    Read(String),
}

struct Issued {
    token: String,
    until: Instant,
    /// Set by the first use of a read token.
    used: bool,
}

impl AccessRules {
    /// Draws fresh secrets.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                hook: secret(),
                api: secret(),
                whep: secret(),
                whip: secret(),
                tokens: Mutex::default(),
                reader_admitted: watch::Sender::default(),
            }),
        }
    }

    /// The password with which MediaMTX identifies itself to the hook.
    pub fn hook_secret(&self) -> &str {
        &self.inner.hook
    }

    /// The password of the daemon's own API calls.
    pub fn api_secret(&self) -> &str {
        &self.inner.api
    }

    /// The password that the WHEP proxy adds.
    pub fn whep_secret(&self) -> &str {
        &self.inner.whep
    }

    /// The password that the WHIP proxy adds.
    pub fn whip_secret(&self) -> &str {
        &self.inner.whip
    }

    /// A fresh one-time token. An older unused one for the same purpose is void.
    pub(crate) fn issue(&self, purpose: Purpose, now: Instant) -> String {
        let token = secret();
        let issued = Issued { token: token.clone(), until: now + TOKEN_LIFE, used: false };
        self.tokens().issued.insert(purpose, issued);
        token
    }

    /// Decides one request. `own` is the address at which MediaMTX listens for RTSP: where that is this
    /// machine's address in a network, our own publishers come from there and not from loopback.
    pub fn admit(&self, request: &AccessRequest, own: IpAddr, now: Instant) -> bool {
        let ip = request.ip.parse::<IpAddr>();
        let local = ip.is_ok_and(|ip| ip.is_loopback() || ip == own);
        if !local {
            return false;
        }
        match (request.action.as_str(), request.protocol.as_str()) {
            ("api" | "metrics", _) => request.user == API_USER && same(&request.password, self.api_secret()),
            // The talk line is read by the daemon alone.
            ("read", "webrtc") => {
                request.user == WHEP_USER
                    && request.path != TALK
                    && same(&request.password, self.whep_secret())
            }
            ("publish", "webrtc") => {
                request.user == WHIP_USER
                    && request.path == TALK
                    && same(&request.password, self.whip_secret())
            }
            ("publish", "rtsp") => self.spend(&Purpose::Publish(request.path.clone()), request, now),
            ("read", "rtsp") => self.spend(&Purpose::Read(request.path.clone()), request, now),
            _ => false,
        }
    }

    /// Notes that a reader that is not the daemon's own has been admitted.
    pub fn note_reader_admitted(&self, now: Instant) {
        self.inner.reader_admitted.send_replace(Some(now));
    }

    /// When that was last. A reader that leaves at once shows here, and perhaps in no figures.
    pub fn reader_admitted(&self) -> watch::Receiver<Option<Instant>> {
        self.inner.reader_admitted.subscribe()
    }

    /// Whether a MediaMTX reader session is one of our own.
    pub fn is_own_reader(&self, session: &str) -> bool {
        self.tokens().own_readers.values().flatten().any(|id| id == session)
    }

    fn spend(&self, purpose: &Purpose, request: &AccessRequest, now: Instant) -> bool {
        let mut tokens = self.tokens();
        let Some(issued) = tokens.issued.get_mut(purpose) else { return false };
        if now >= issued.until {
            tokens.issued.remove(purpose);
            return false;
        }
        if !same(&request.password, &issued.token) {
            return false;
        }
        let reads = if let Purpose::Read(path) = purpose { Some(path) } else { None };
        if reads.is_some() && !issued.used {
            issued.used = true;
            issued.until = now + READ_EXCHANGE;
        } else {
            tokens.issued.remove(purpose);
        }
        if let (Some(path), Some(id)) = (reads, &request.id) {
            let own = tokens.own_readers.entry(path.clone()).or_default();
            own.push_back(id.clone());
            // Two ids an exchange, and each path has one reader of ours, which may overlap with the one before: what is older
            // belongs to sessions long gone.
            while own.len() > 4 {
                own.pop_front();
            }
        }
        true
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.inner.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AccessRules {
    fn default() -> Self {
        Self::new()
    }
}

fn same(given: &str, wanted: &str) -> bool {
    given.as_bytes().ct_eq(wanted.as_bytes()).into()
}

/// 192 random bits, of characters that need no quoting in a URL, in YAML or in an HTTP header.
fn secret() -> String {
    random::text::<24>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn request(action: &str, protocol: &str, path: &str, user: &str, password: &str) -> AccessRequest {
        AccessRequest {
            user: user.into(),
            password: password.into(),
            ip: "127.0.0.1".into(),
            action: action.into(),
            path: path.into(),
            protocol: protocol.into(),
            id: Some("session-1".into()),
            ..AccessRequest::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_publish_token_is_good_once_for_one_path_and_not_for_long() {
        let access = AccessRules::new();
        let now = Instant::now();
        let token = access.issue(Purpose::Publish("a".into()), now);
        let ask = |path: &str| request("publish", "rtsp", path, PUBLISHER_USER, &token);
        assert!(!access.admit(&ask("b"), HERE, now), "another path");
        assert!(
            !access.admit(&request("read", "rtsp", "a", PUBLISHER_USER, &token), HERE, now),
            "another action"
        );
        let mut far = ask("a");
        far.ip = "192.0.2.1".into();
        assert!(!access.admit(&far, HERE, now), "not from this machine");
        assert!(access.admit(&ask("a"), HERE, now));
        assert!(!access.admit(&ask("a"), HERE, now), "spent");

        let token = access.issue(Purpose::Publish("a".into()), now);
        let late = request("publish", "rtsp", "a", PUBLISHER_USER, &token);
        assert!(!access.admit(&late, HERE, now + TOKEN_LIFE), "lapsed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_token_lasts_for_one_rtsp_exchange_and_marks_its_session_as_ours() {
        let access = AccessRules::new();
        let now = Instant::now();
        let token = access.issue(Purpose::Read("a".into()), now);
        let mut ask = request("read", "rtsp", "a", PUBLISHER_USER, &token);
        assert!(access.admit(&ask, HERE, now));
        ask.id = Some("session-2".into());
        assert!(access.admit(&ask, HERE, now));
        assert!(!access.admit(&ask, HERE, now));
        assert!(access.is_own_reader("session-2"));
        assert!(!access.is_own_reader("session-3"));

        let token = access.issue(Purpose::Read("a".into()), now);
        let ask = request("read", "rtsp", "a", PUBLISHER_USER, &token);
        assert!(access.admit(&ask, HERE, now));
        assert!(!access.admit(&ask, HERE, now + READ_EXCHANGE), "the exchange is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_of_ours_that_begins_again_and_again_does_not_make_another_a_viewer() {
        let access = AccessRules::new();
        let now = Instant::now();
        let begin = |path: &str, id: String| {
            let token = access.issue(Purpose::Read(path.into()), now);
            let mut ask = request("read", "rtsp", path, PUBLISHER_USER, &token);
            ask.id = Some(id);
            assert!(access.admit(&ask, HERE, now));
        };
        begin("a", "long".into());
        for turn in 0..50 {
            begin("b", format!("short-{turn}"));
        }
        assert!(access.is_own_reader("long"));
        assert!(access.is_own_reader("short-49"));
        assert!(!access.is_own_reader("short-0"), "forgotten");
    }

    #[test]
    fn each_secret_opens_its_own_door_only() {
        let access = AccessRules::new();
        let now = Instant::now();
        for (action, protocol, user, password, wanted) in [
            ("api", "", API_USER, access.api_secret(), true),
            ("api", "", API_USER, access.whep_secret(), false),
            ("api", "", "", "", false),
            ("read", "webrtc", WHEP_USER, access.whep_secret(), true),
            ("read", "hls", WHEP_USER, access.whep_secret(), false),
            ("publish", "webrtc", WHEP_USER, access.whep_secret(), false),
            ("playback", "", API_USER, access.api_secret(), false),
            ("pprof", "", API_USER, access.api_secret(), false),
            ("publish", "webrtc", WHIP_USER, access.whip_secret(), false),
        ] {
            let ask = request(action, protocol, "havatar_camera", user, password);
            assert_eq!(access.admit(&ask, HERE, now), wanted, "{action} {protocol} {user}");
        }
        for (action, protocol, user, password, wanted) in [
            ("publish", "webrtc", WHIP_USER, access.whip_secret(), true),
            ("publish", "webrtc", WHIP_USER, access.whep_secret(), false),
            ("publish", "webrtc", WHEP_USER, access.whip_secret(), false),
            ("publish", "rtsp", WHIP_USER, access.whip_secret(), false),
            ("read", "webrtc", WHIP_USER, access.whip_secret(), false),
            ("read", "webrtc", WHEP_USER, access.whep_secret(), false),
        ] {
            let ask = request(action, protocol, TALK, user, password);
            assert_eq!(access.admit(&ask, HERE, now), wanted, "talk: {action} {protocol} {user}");
        }
    }
}
