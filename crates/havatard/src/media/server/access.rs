//! The access rules of MediaMTX's own ports.
//!
//! MediaMTX asks its auth hook before it lets a client publish, read or use its API; this module decides.
//! Four kinds of secret exist, all random and none older than this run of the daemon: the hook's own, one
//! for the daemon's API calls, one that the WHEP proxy adds to a signed-in viewer's request, and one that the WHIP
//! proxy adds to a talker's. The daemon's publishers have no secret, because what an ffmpeg command line holds can be read by
//! every process on the machine. What proves one is its connection: the socket at its other end belongs to the very
//! process that the daemon has started for that path (`proof.rs`).

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::media::paths::{AUDIO, CAMERA, CAMERA_TEST, TALK};
use crate::media::process_table::ProcessId;
use crate::random;

/// The user name of the daemon's own API calls.
pub(crate) const API_USER: &str = "havatard";
/// The user name with which MediaMTX calls the hook.
pub const HOOK_USER: &str = "mediamtx";
/// The user name of requests that come through the WHEP proxy.
pub(crate) const WHEP_USER: &str = "viewer";
/// The user name of requests that come through the WHIP proxy.
pub(crate) const WHIP_USER: &str = "talker";

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
    /// Id of the session; while an RTSP client asks for a description, of its connection. Absent for API calls.
    pub id: Option<String>,
    /// Query string.
    pub query: String,
}

/// What the rules say to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It carries the secret that it needs.
    Admitted,
    /// Admitted if it comes from this process of the daemon.
    Of(ProcessId),
    /// It is none of the daemon's own.
    Foreign,
}

/// Which of the daemon's own programs a client was proven to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OwnClient {
    /// The supervised process that the path is for.
    Process,
    /// The helper program that may read it for a while.
    Helper,
}

/// The per-boot secrets, and the daemon's own readers.
#[derive(Clone)]
pub struct AccessRules {
    inner: Arc<Inner>,
}

struct Inner {
    hook: String,
    api: String,
    whep: String,
    whip: String,
    /// MediaMTX's session ids of our own readers by path and client, newest last, so that they are not counted as viewers.
    own_readers: Mutex<HashMap<(String, OwnClient), VecDeque<String>>>,
    /// When a reader that is not the daemon's own was admitted last.
    reader_admitted: watch::Sender<Option<Instant>>,
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
                own_readers: Mutex::default(),
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

    /// Decides one request. `own` is the address at which MediaMTX listens for RTSP: where that is this
    /// machine's address in a network, our own publishers come from there and not from loopback.
    pub(crate) fn decide(&self, request: &AccessRequest, own: IpAddr) -> Decision {
        let ip = request.ip.parse::<IpAddr>().map(|ip| ip.to_canonical());
        let local = ip.is_ok_and(|ip| ip.is_loopback() || ip == own.to_canonical());
        if !local {
            return Decision::Foreign;
        }
        let secret = |user: &str, secret: &str| {
            if request.user == user && same(&request.password, secret) {
                Decision::Admitted
            } else {
                Decision::Foreign
            }
        };
        match (request.action.as_str(), request.protocol.as_str()) {
            ("api" | "metrics", _) => secret(API_USER, self.api_secret()),
            // The talk line is read by the daemon alone.
            ("read", "webrtc") if request.path != TALK => secret(WHEP_USER, self.whep_secret()),
            ("publish", "webrtc") if request.path == TALK => secret(WHIP_USER, self.whip_secret()),
            // Our own publishers give no credentials: a client with some is another one.
            (action, "rtsp") if request.user.is_empty() && request.password.is_empty() => {
                client_of(action, &request.path).map_or(Decision::Foreign, Decision::Of)
            }
            _ => Decision::Foreign,
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

    /// Notes the session of a reader of a path that has been proven to be this client of the daemon's own.
    pub(crate) fn note_own_reader(&self, (path, client): (&str, OwnClient), session: &str) {
        let mut readers = self.own_readers();
        let own = readers.entry((path.to_owned(), client)).or_default();
        own.push_back(session.to_owned());
        // Two ids an exchange, and each path has one reader of each kind, which may overlap with the one before: what is older
        // belongs to sessions long gone.
        while own.len() > 4 {
            own.pop_front();
        }
    }

    /// Whether a MediaMTX reader session is one of our own.
    pub fn is_own_reader(&self, session: &str) -> bool {
        self.own_readers().values().flatten().any(|id| id == session)
    }

    fn own_readers(&self) -> std::sync::MutexGuard<'_, HashMap<(String, OwnClient), VecDeque<String>>> {
        self.inner.own_readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AccessRules {
    fn default() -> Self {
        Self::new()
    }
}

/// The process of the daemon that publishes a path, or reads it, over RTSP. Each path has at most one of each.
fn client_of(action: &str, path: &str) -> Option<ProcessId> {
    match (action, path) {
        ("publish", _) => ProcessId::PUBLISHERS.into_iter().find(|id| id.published_path() == Some(path)),
        ("read", CAMERA | AUDIO) => Some(ProcessId::Muxer),
        ("read", TALK) => Some(ProcessId::Talk),
        _ => None,
    }
}

/// The helper program of the daemon that may read a path over RTSP, beside the process of [`Decision::Of`].
pub(crate) fn helper_of(request: &AccessRequest) -> Option<&'static str> {
    (request.action == "read" && request.path == CAMERA).then_some(CAMERA_TEST)
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
    use crate::media::paths::BOTH;

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

    #[test]
    fn over_rtsp_each_path_is_for_one_process_and_for_this_machine_alone() {
        let access = AccessRules::new();
        for (action, path, wanted) in [
            ("publish", CAMERA, Decision::Of(ProcessId::Camera)),
            ("publish", AUDIO, Decision::Of(ProcessId::Microphone)),
            ("publish", BOTH, Decision::Of(ProcessId::Muxer)),
            ("publish", TALK, Decision::Foreign),
            ("publish", "other", Decision::Foreign),
            ("read", CAMERA, Decision::Of(ProcessId::Muxer)),
            ("read", AUDIO, Decision::Of(ProcessId::Muxer)),
            ("read", TALK, Decision::Of(ProcessId::Talk)),
            ("read", BOTH, Decision::Foreign),
            ("playback", CAMERA, Decision::Foreign),
        ] {
            let mut ask = request(action, "rtsp", path, "", "");
            assert_eq!(access.decide(&ask, HERE), wanted, "{action} {path}");
            ask.ip = "::ffff:127.0.0.1".into();
            assert_eq!(access.decide(&ask, HERE), wanted, "{action} {path}, mapped");
            for ip in ["192.0.2.1", "", "x"] {
                ask.ip = ip.into();
                assert_eq!(access.decide(&ask, HERE), Decision::Foreign, "{action} {path} from {ip:?}");
            }
            ask.ip = "192.0.2.1".into();
            assert_eq!(access.decide(&ask, "192.0.2.1".parse().unwrap()), wanted, "a listener in a network");
            let named = request(action, "rtsp", path, "publisher", "x");
            assert_eq!(access.decide(&named, HERE), Decision::Foreign, "with credentials");
        }
    }

    #[test]
    fn a_reader_of_ours_that_begins_again_and_again_does_not_make_another_a_viewer() {
        let access = AccessRules::new();
        access.note_own_reader(("a", OwnClient::Process), "long");
        for turn in 0..50 {
            access.note_own_reader(("b", OwnClient::Process), &format!("short-{turn}"));
            access.note_own_reader(("a", OwnClient::Helper), &format!("test-{turn}"));
        }
        assert!(access.is_own_reader("long") && access.is_own_reader("test-49"));
        assert!(access.is_own_reader("short-49"));
        assert!(!access.is_own_reader("short-0"), "forgotten");
        assert!(!access.is_own_reader("other"));
    }

    #[test]
    fn a_helper_reads_the_cameras_path_alone() {
        for (action, path, wanted) in [
            ("read", CAMERA, Some(CAMERA_TEST)),
            ("read", AUDIO, None),
            ("read", TALK, None),
            ("read", BOTH, None),
            ("publish", CAMERA, None),
            ("playback", CAMERA, None),
        ] {
            assert_eq!(helper_of(&request(action, "rtsp", path, "", "")), wanted, "{action} {path}");
        }
    }

    #[test]
    fn each_secret_opens_its_own_door_only() {
        let access = AccessRules::new();
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
            assert_eq!(access.decide(&ask, HERE) == Decision::Admitted, wanted, "{action} {protocol} {user}");
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
            assert_eq!(
                access.decide(&ask, HERE) == Decision::Admitted,
                wanted,
                "talk: {action} {protocol} {user}"
            );
        }
    }
}
