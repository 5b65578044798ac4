//! Downloads: whole or not at all, over nothing.

use std::fs;
use std::path::Path;

use havatar_api as api;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::fake::{Answer, Fake, file, json, problem};
use crate::run::{Place, Running, eventually};

const ROUTE: &str = "GET /api/v1/recordings/abc/download";

fn named(name: &str) -> Answer {
    let at = "2026-11-23T08:00:00Z".parse().unwrap();
    json(&api::Recording {
        id: "abc".to_owned(),
        stream: "havatar".to_owned(),
        file: name.to_owned(),
        started_at: at,
        ended_at: at,
        size_bytes: 3,
        format: api::RecordingFormat::Fmp4,
        writing: false,
    })
}

/// What lies in `dir` beside the token.
fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "token")
        .collect();
    names.sort();
    names
}

#[test]
fn into_a_named_file() {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 4]).collect();
    let fake = Fake::start();
    fake.will(ROUTE, file(&bytes));
    let place = Place::at(&fake);
    assert_eq!(place.run(&["record", "download", "abc", "-o", "a.mp4"]).done(), "Saved a.mp4 (2.9 MiB).\n");
    assert!(fs::read(place.path().join("a.mp4")).unwrap() == bytes);
    let shown = place.run(&["record", "download", "abc", "-o", "b.mp4", "--output", "json"]);
    assert_eq!(shown.json(), json!({"file": "b.mp4", "size_bytes": 3_000_000}));
    assert_eq!(files(place.path()), ["a.mp4", "b.mp4"]);
    assert_eq!(fake.asked(), [ROUTE, ROUTE]);
}

#[test]
fn under_its_own_name() {
    let fake = Fake::start();
    fake.will("GET /api/v1/recordings/abc", named("2026-11-23_08-00-00-000000.mp4"));
    fake.will(ROUTE, file(b"abc"));
    let place = Place::at(&fake);
    place.run(&["record", "download", "abc"]).done();
    assert_eq!(files(place.path()), ["2026-11-23_08-00-00-000000.mp4"]);
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    for name in ["../evil.mp4", "/tmp/evil.mp4", "..", "", ".bashrc", "a\u{1b}b.mp4"] {
        let fake = Fake::start();
        fake.will("GET /api/v1/recordings/abc", named(name));
        fake.will(ROUTE, file(b"abc"));
        let place = Place::at(&fake);
        let ran = place.run(&["record", "download", "abc"]);
        assert_eq!(ran.code, 1, "{name:?}: {ran:?}");
        assert!(ran.err.contains("name one with -o"), "{}", ran.err);
        assert_eq!(files(place.path()), Vec::<String>::new(), "{name:?}");
        assert_eq!(fake.asked(), ["GET /api/v1/recordings/abc"], "it is not fetched");
    }
}

#[test]
fn nothing_is_overwritten() {
    let fake = Fake::start();
    fake.will(ROUTE, file(b"new"));
    let place = Place::at(&fake);
    fs::write(place.path().join("a.mp4"), "old").unwrap();
    let ran = place.run(&["record", "download", "abc", "-o", "a.mp4"]);
    assert_eq!((ran.code, &*ran.err), (1, "havatarctl: a.mp4 exists already: name another file with -o\n"));
    assert_eq!(fs::read(place.path().join("a.mp4")).unwrap(), b"old");
    fs::write(place.path().join("b.mp4.part"), "half").unwrap();
    let ran = place.run(&["record", "download", "abc", "-o", "b.mp4"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("b.mp4.part exists already"), "{}", ran.err);
    std::os::unix::fs::symlink("nowhere", place.path().join("c.mp4")).unwrap();
    assert_eq!(place.run(&["record", "download", "abc", "-o", "c.mp4"]).code, 1, "a link that dangles");
    assert_eq!(files(place.path()), ["a.mp4", "b.mp4.part", "c.mp4"]);
    assert_eq!(place.run(&["record", "download", "abc", "-o", "no/folder/d.mp4"]).code, 1);
}

#[test]
fn nothing_is_left_of_a_broken_download() {
    let fake = Fake::start();
    fake.will(ROUTE, Answer::Broken { announced: 1_000_000, bytes: vec![7; 1000] });
    fake.will("GET /api/v1/recordings/gone/download", problem(404, "no_such_recording", "none"));
    let place = Place::at(&fake);
    let ran = place.run(&["record", "download", "abc", "-o", "a.mp4"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("broke off"), "{}", ran.err);
    let ran = place.run(&["record", "download", "gone", "-o", "a.mp4"]);
    assert_eq!((ran.code, &*ran.err), (1, "havatarctl: none (no_such_recording)\n"));
    assert_eq!(files(place.path()), Vec::<String>::new());
}

#[test]
fn a_download_that_is_broken_off_takes_its_part_along() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let fake = Fake::start();
        fake.will(ROUTE, Answer::Stalled { announced: 1_000_000, bytes: vec![7; 1000] });
        let place = Place::at(&fake);
        let mut running = Running::start(place.command(&["record", "download", "abc", "-o", "a.mp4"]));
        let part = place.path().join("a.mp4.part");
        eventually("a part that grows", || fs::metadata(&part).is_ok_and(|meta| meta.len() == 1000));
        assert_eq!(files(place.path()), ["a.mp4.part"]);
        let pid = Pid::from_raw(running.child.id().try_into().unwrap());
        kill(pid, signal).unwrap();
        assert_eq!(running.child.wait().unwrap().code(), Some(1), "{signal}");
        assert_eq!(files(place.path()), Vec::<String>::new());
        let said = running.err.recv_timeout(crate::run::PATIENCE).unwrap();
        assert_eq!(said, "havatarctl: broken off; nothing was kept");
    }
}
