//! Several errors at once, YAML that is none, and keys that are none.

use std::fmt::Write as _;
use std::path::Path;

use havatard::config::Config;

use crate::{error, errors, loads};

const MANY: &str = "\
server:
  listen: 0.0.0.0:8080
  port: 8080
auth:
  session_idle: 12
  session_max: 30d
  session_maximum: 30d
media:
  fps: 30
  mediamtx:
    rtsp_address: 127.0.0.1:9997
    hls_address: 0.0.0.0:8888
    ice_servers:
      - url: stun:stun.example.org
      - url: http://stun.example.org
        user: me
      - url: turn:turn.example.org
        username: robot
  camera:
    sorce: test
    source: url
    size: 1281x721
    fps: 300
    bitrate: 2M
    bitrate: 3M
    max_bitrate: 1500k
    gop: [10]
  microphone: off
recording:
  directory: recordings
  segment: 10 m
wheels:
  port: /dev/ttyUSB0
";

#[test]
fn every_error_is_reported_at_once() {
    let errors =
        Config::from_bytes(MANY.as_bytes(), Path::new("/etc/havatar/havatar.yaml"), false).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn diagnostics_are_the_words_of_the_api() {
    let of_api: Vec<havatar_api::ConfigFault> =
        Config::from_bytes(b"media: {camera: {fps: 300}}", Path::new("a.yaml"), false).unwrap_err().into();
    assert_eq!(
        of_api,
        [havatar_api::ConfigFault {
            file: "a.yaml".into(),
            line: Some(1),
            key: "media.camera.fps".into(),
            message: "300 is out of range".into(),
            fix: Some("use 1 to 60 frames a second".into()),
        }]
    );
}

/// A text that is no YAML, or no YAML of ours; the line; what the message and the fix must say.
const BROKEN: &[(&str, u32, &str, &str)] = &[
    ("media:\n\tcamera:\n", 2, "a tab is used to indent", "spaces"),
    ("media:\n  camera:\n\t  fps: 3\n", 3, "a tab is used to indent", "spaces"),
    ("media: x: y\n", 1, "this is not YAML", "colon"),
    ("media:\n  camera:\n    fps: 3\n   gop: 3\n", 4, "this is not YAML", "indentation"),
    ("media:\n  camera:\n  fps 30\n  source: test\n", 3, "a key has no colon", "a colon, a space"),
    ("server:\n  hosts: [a, b\nauth:\n", 3, "this is not YAML", "brackets"),
    ("server:\n  listen: \"x\nauth: y\n", 2, "this is not YAML", "quotes"),
    ("server: {listen: *x}\n", 1, "unknown anchor", ""),
    ("server: &x {hosts: *x}\n", 1, "an alias refers to what it is a part of", "write it out"),
    ("{[a]: b}", 1, "a list is used as a key", "quotes"),
    ("\n\nserver: !secret x", 3, "a tag", "take it out"),
    ("server: {}\n---\nauth: {}\n", 2, "a second document", "without ---"),
    ("- server\n- auth\n", 1, "a list is not a group of keys", "without dashes"),
    ("5", 1, "5 is not a group of keys", "server:"),
    ("server", 1, "\"server\" is not a group of keys", "server:"),
    ("server:{}\n", 1, "is not a group of keys", "space behind the colon"),
    ("@", 1, "this is not YAML", ""),
    ("\u{0}", 1, "this is not YAML", ""),
];

#[test]
fn broken_yaml_is_reported_by_line() {
    for (text, line, message, fix) in BROKEN {
        let error = error(text);
        assert_eq!(error.line, Some(*line), "{text:?}\n{error}");
        assert_eq!(error.key, "", "{text:?}\n{error}");
        assert!(error.message.contains(message), "{text:?}\n{error}");
        assert!(error.fix.as_deref().unwrap_or_default().contains(fix), "{text:?}\n{error}");
    }
}

#[test]
fn a_byte_that_is_not_utf8_is_reported_by_line() {
    let error = Config::from_bytes(b"# one\n# two \xff\n", Path::new("x"), false).unwrap_err();
    assert_eq!((error.0[0].line, error.0.len()), (Some(2), 1));
    assert!(error.0[0].message.contains("UTF-8"));
}

/// An unknown key, and what its fix must say.
const UNKNOWN: &[(&str, &str, &str)] = &[
    ("sever: {}", "sever", "did you mean server?"),
    ("media: {camra: {fps: 3}}", "media.camra", "did you mean camera?"),
    ("media: {camera: {Size: 640x480}}", "media.camera.Size", "did you mean size?"),
    (
        "media: {camera: {frames_per_second: 3}}",
        "media.camera.frames_per_second",
        "known here: source, device",
    ),
    ("recording: {gop: 3}", "recording.gop", "gop belongs to media.camera"),
    ("bitrate: 3", "bitrate", "bitrate belongs to media.camera or media.microphone"),
    ("media: {server: {}}", "media.server", "server belongs to the top level"),
    ("wheels: {}", "wheels", "known here: server, auth, media, recording, speech, robot"),
    ("x:\n", "x", "known here"),
    ("5: 3", "5", "known here"),
    ("? ", "null", "known here"),
    ("'a\"': 3", "a\\\"", "known here"),
    ("\"a\\u0007b\": 3", "a\\u{7}b", "known here"),
    ("<<: {}", "<<", "known here"),
    (
        "media: {mediamtx: {ice_servers: [{url: 'stun:x', usename: y}]}}",
        "media.mediamtx.ice_servers[0].usename",
        "username",
    ),
];

#[test]
fn an_unknown_key_is_reported_with_the_known_one() {
    for (text, key, fix) in UNKNOWN {
        let error = error(text);
        assert_eq!(error.key, *key, "{text:?}\n{error}");
        assert_eq!(error.message, "there is no such key", "{text:?}");
        assert!(error.fix.as_deref().unwrap_or_default().contains(fix), "{text:?}\n{error}");
    }
}

#[test]
fn list_places_are_the_files_own() {
    let errors = errors("server:\n  hosts:\n    - good\n    - 1\n    - also.good\n    - 2\n    - '*'\n");
    let told: Vec<_> = errors.iter().map(|error| (error.key.as_str(), error.line)).collect();
    assert_eq!(
        told,
        [("server.hosts[1]", Some(4)), ("server.hosts[3]", Some(6)), ("server.hosts[4]", Some(7))]
    );
}

#[test]
fn an_empty_place_in_a_list_is_an_error() {
    assert_eq!(error("server: {hosts: [a, ~]}").key, "server.hosts[1]");
}

#[test]
fn an_error_causes_no_second_one() {
    // Each would make a second complaint from the default in its place, or from the key that is missing.
    for text in [
        "media: {camera: {source: url, url: nonsense}}",
        "media: {camera: {bitrate: 5, max_bitrate: 500k}}",
        "server: {listen: '0.0.0.0:80', tls: {certificate: /x}}",
        "server: {listen: '0.0.0.0:80', tsl: {certificate: /x, key: /y}}",
        "media: {camera: 5}",
        "media: {mediamtx: {ice_servers: [{ulr: 'stun:x'}]}}",
        "auth: {session_idle: 60d, session_max: 30}",
    ] {
        error(text);
    }
}

#[test]
fn anchors_and_crlf_are_fine() {
    let config = loads("server:\r\n  hosts: &names [a, b]\r\nmedia:\r\n  mediamtx:\r\n    webrtc_additional_hosts: *names\r\n").config;
    assert_eq!(config.server.hosts, config.media.mediamtx.webrtc_additional_hosts);
    assert_eq!(config.server.hosts.len(), 2);
}

#[test]
fn words_that_yaml_1_1_took_for_booleans_are_words() {
    loads("media: {camera: {source: off}, microphone: {source: off}}");
}

#[test]
fn size_depth_and_number_are_limited() {
    let large = format!("# {}\n", "x".repeat(Config::LARGEST_FILE));
    assert!(error(&large).message.contains("larger than 256 KiB"));
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(50_000), "? ".repeat(100_000)] {
        let error = error(&deep);
        assert!(error.message.contains("levels are nested"), "{error}");
    }
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let previous = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [previous.as_str(); 9].join(", ")).unwrap();
    }
    assert!(error(&bomb).message.contains("more than 10000 values"));
    let many: String = (0..4900).fold(String::new(), |text, key| text + &format!("k{key}:\n"));
    let told = errors(&many);
    assert_eq!(told.len(), 101);
    assert_eq!(told[100].message, "there are more errors than these");
}
