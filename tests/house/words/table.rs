//! The words that are not ours to use any more. In the order of the areas; the first alternative is the word itself.

use super::Scope::{self, All, Comments, Defined, Names};

/// One word and the one to write instead.
pub(super) struct Word {
    pub(super) areas: &'static [&'static str],
    pub(super) scope: Scope,
    /// Whole lower-case words, or pairs of them joined by `_`, each with its forms after `|`.
    pub(super) old: &'static str,
    pub(super) new: &'static str,
}

const fn word(areas: &'static [&'static str], scope: Scope, old: &'static str, new: &'static str) -> Word {
    Word { areas, scope, old, new }
}

const EVERYWHERE: &[&str] = &["crates/", "scripts/", "tests/", "web/"];
const CODE: &[&str] = &["crates/", "tests/support/", "web/src/"];
const RUST: &[&str] = &["crates/", "tests/it/", "tests/support/"];
const SUPERVISOR: &[&str] = &["crates/havatar-supervisor/"];
const MEDIA: &[&str] =
    &["crates/havatard/src/media/", "crates/havatard/src/recordings/", "crates/havatard/src/store/"];
const LOOKED: &[&str] = &["crates/havatard/src/media/", "crates/havatard/src/http/"];
const ROBOT: &[&str] = &["crates/havatard/src/robot/"];
const ROBOT_CODECS: &[&str] = &["crates/havatard/src/robot/link/"];
const SOUND: &[&str] = &["crates/havatard/src/sound/"];
const CONFIG: &[&str] = &["crates/havatard/src/config/"];
const HTTP: &[&str] = &["crates/havatard/src/http/"];
const WEBRTC: &[&str] = &["crates/havatard/src/http/webrtc/"];
const WEB: &[&str] = &["web/src/"];

pub(super) const TABLE: &[Word] = &[
    // The supervisor.
    word(EVERYWHERE, All, "nursery|nurseries", "spawner"),
    word(EVERYWHERE, All, "litter|litters", "process group"),
    word(EVERYWHERE, All, "errand|errands", "run once"),
    word(EVERYWHERE, All, "lifeline|lifelines", "liveness pipe"),
    word(EVERYWHERE, All, "ailing", "probe failed"),
    word(SUPERVISOR, All, "rung|rungs", "stop stage"),
    word(SUPERVISOR, All, "birth|births", "pre_exec"),
    word(SUPERVISOR, All, "mark|marks|marked", "environment tag"),
    word(SUPERVISOR, Defined, "piped", "streamed output"),
    word(SUPERVISOR, All, "wishes|wish|wished", "request"),
    word(SUPERVISOR, Defined, "terms", "types"),
    word(SUPERVISOR, All, "world", "effects"),
    word(SUPERVISOR, All, "journal", "log ring"),
    word(SUPERVISOR, Defined, "flood|floods", "rate-limited log"),
    word(SUPERVISOR, Defined, "intake|intakes", "output sink"),
    word(SUPERVISOR, Defined, "head|heads", "prefix"),
    word(SUPERVISOR, Defined, "hold|holds", "not ready, launch error"),
    word(RUST, Names, "renew|renews|renewed", "restart if wanted"),
    word(RUST, Names, "nudge|nudges|nudged", "recheck"),
    word(SUPERVISOR, Names, "recover|recovers|recovered", "dependency restored"),
    // MediaMTX and the publishers.
    word(MEDIA, Defined, "kept", "persisted"),
    word(MEDIA, Defined, "gate|gates", "access"),
    word(MEDIA, Defined, "voice|voices", "audio control"),
    word(MEDIA, Defined, "card|cards", "audio backend"),
    word(MEDIA, Defined, "wish|wishes", "audio setting"),
    word(MEDIA, Defined, "way|ways", "audio backend"),
    word(MEDIA, Defined, "fresh", "applied config"),
    word(MEDIA, Defined, "seen", "stream statistics"),
    word(MEDIA, All, "unheard", "stalled ingest"),
    word(MEDIA, All, "ticket|tickets", "token, proof"),
    word(RUST, Names, "let_run", "privacy check"),
    word(LOOKED, Names, "looked|looks", "reader admitted"),
    // The robot.
    word(ROBOT, All, "scribe|scribes", "event recorder"),
    word(ROBOT, All, "diet|diets", "throttle"),
    word(ROBOT, Defined, "fold|folds", "dedup"),
    word(ROBOT, Defined, "pen|pens", "writer"),
    word(ROBOT, All, "door|doors", "port opener"),
    word(ROBOT, Defined, "talk|talks", "port session"),
    word(ROBOT, Defined, "pace|paces", "transmit backlog"),
    word(ROBOT_CODECS, Defined, "speech", "codec"),
    word(ROBOT, Defined, "order|orders", "device command"),
    word(ROBOT, Names, "link_news", "link event"),
    word(ROBOT, Defined, "wanted", "set-point"),
    word(ROBOT, Defined, "caps", "speed limits"),
    word(ROBOT, Names, "seat|seats|sit|sits", "drive session, open"),
    word(ROBOT, Defined, "terms", "handshake"),
    word(ROBOT, All, "keeper|keepers", "e-stop persistence"),
    word(ROBOT, All, "hurry|hurries", "raise priority"),
    word(ROBOT, Names, "owed", "stop pending"),
    word(ROBOT, Names, "fresh", "dirty"),
    // The sound card's stages.
    word(SOUND, All, "desk|desks", "stage socket"),
    word(SOUND, Defined, "even", "burst smoother"),
    word(SOUND, Defined, "line|lines", "jitter buffer"),
    word(SOUND, Defined, "order|orders", "control message"),
    // The config.
    word(CONFIG, Defined, "fault|faults", "diagnostic"),
    word(CONFIG, All, "remark|remarks", "warning"),
    word(CONFIG, Defined, "wrong", "value error"),
    word(CONFIG, Names, "leaf|leaves", "scalar"),
    word(CONFIG, Defined, "word|words", "string_enum"),
    word(CONFIG, Names, "cut", "removed"),
    // HTTP and the daemon's life.
    word(HTTP, Defined, "failure|failures", "API error"),
    word(HTTP, Defined, "guarded", "stall timeout"),
    word(HTTP, Defined, "limited", "connection limit"),
    word(HTTP, Defined, "place|places", "permit"),
    word(HTTP, Names, "paced", "rate limit"),
    word(WEBRTC, Defined, "line|lines", "talk channel"),
    word(WEBRTC, Defined, "hold|holds", "talk grant"),
    word(RUST, All, "herald|heralds", "service notifier"),
    word(HTTP, Defined, "odd", "bad upstream"),
    // The panel.
    word(WEB, All, "ladder|ladders", "recovery"),
    word(WEB, Defined, "hand|hands", "drive intent"),
    word(WEB, All, "stop_lane|stop_lanes", "reliable stop"),
    word(WEB, Defined, "reach|reaching", "scan targets"),
    word(WEB, Names, "go_on", "latch renewal"),
    word(WEB, Defined, "nod|nods", "head nod"),
    word(WEB, Names, "at_last", "retried import"),
    word(WEB, Names, "desk|desks", "screen model"),
    // Subjects that hide the component.
    word(CODE, Comments, "somebody|someone", "the component, the client, the operator"),
    word(CODE, Comments, "whoever", "the client, the caller, the reader"),
];
