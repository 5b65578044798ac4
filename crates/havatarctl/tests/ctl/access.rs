//! Wrong usage, nobody there, not allowed: each with its exit code and what to do.

use std::net::TcpListener;

use crate::fake::{Answer, Fake, TOKEN, json, problem};
use crate::run::{Place, bare, run, write_token};
use crate::verbs::status;

#[test]
fn wrong_usage_is_2() {
    let fake = Fake::start();
    let place = Place::at(&fake);
    for args in [
        &[][..],
        &["dance"],
        &["status", "now"],
        &["start"],
        &["start", ".."],
        &["start", ""],
        &["logs", "camera", "-n", "many"],
        &["--output", "xml", "status"],
        &["--token", "secret", "status"],
        &["--url", "https://127.0.0.1:8443", "status"],
        &["--url", "http://192.0.2.7:8080", "status"],
        &["--url", "robot", "status"],
        &["record", "download", "."],
        &["stream"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    let tls = place.run(&["--url", "https://127.0.0.1:8443", "status"]);
    assert!(tls.err.contains("no TLS yet") && tls.err.contains("local socket"), "{}", tls.err);
    assert_eq!(fake.asked(), Vec::<String>::new());
    let mut command = bare(&["status"]);
    command.env("HAVATAR_URL", "https://robot");
    assert_eq!(run(command).code, 2);
}

#[test]
fn help_and_version_are_0() {
    for args in [&["--help"][..], &["--version"], &["record", "--help"], &["help", "logs"]] {
        let ran = run(bare(args));
        assert_eq!((ran.code, &*ran.err), (0, ""), "{args:?}");
        assert!(!ran.out.is_empty());
    }
}

#[test]
fn nobody_there_is_3() {
    let fake = Fake::start();
    let mut place = Place::at(&fake);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    place.url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for args in [&["status"][..], &["watch"], &["record", "download", "x"], &["start", "camera"]] {
        let ran = place.run(args);
        assert_eq!(ran.code, 3, "{args:?}: {ran:?}");
        let said = format!("havatarctl: havatard is not reachable at {}; is it running?: ", place.url);
        assert!(ran.err.starts_with(&said) && ran.err.contains("refused"), "{}", ran.err);
    }
}

#[test]
fn who_hangs_up_is_not_there_either() {
    let fake = Fake::start();
    let mut place = Place::at(&fake);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    place.url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let ran = place.run(&["status"]);
    server.join().unwrap();
    assert_eq!(ran.code, 3, "{ran:?}");
}

#[test]
fn a_token_that_is_not_taken_is_4() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", json(&status()));
    let place = Place::at(&fake);
    write_token(&place.token, "another-token-another-token-another", 0o600);
    let ran = place.run(&["status"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("does not take the token in") && ran.err.contains("token"), "{}", ran.err);
    assert!(!ran.err.contains("another-token"), "it is not shown");
}

#[test]
fn forbidden_is_4() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", problem(403, "foreign_origin", "programs use a bearer token"));
    fake.will(
        "GET /api/v1/stats",
        Answer::Whole { status: 403, kind: "text/html", body: b"<h1>No</h1>".to_vec() },
    );
    let place = Place::at(&fake);
    let ran = place.run(&["status"]);
    assert_eq!((ran.code, &*ran.err), (4, "havatarctl: programs use a bearer token (foreign_origin)\n"));
    assert_eq!(place.run(&["stats"]).code, 4);
}

#[test]
fn a_token_file_that_cannot_be_used_is_4_and_nobody_is_asked() {
    let fake = Fake::start();
    let place = Place::at(&fake);
    for (mode, shown) in [(0o644, "0644"), (0o640, "0640"), (0o604, "0604")] {
        write_token(&place.token, TOKEN, mode);
        let ran = place.run(&["status"]);
        let file = place.token.display();
        assert_eq!(ran.code, 4);
        assert_eq!(
            ran.err,
            format!("havatarctl: {file} can be read by others (mode {shown}): chmod 600 {file}\n")
        );
    }
    write_token(&place.token, "", 0o600);
    assert_eq!(place.run(&["status"]).code, 4);
    let missing = place.run(&["--token-file", "none", "status"]);
    assert_eq!(missing.code, 4);
    assert!(missing.err.contains("there is no token file none"), "{}", missing.err);
    assert_eq!(fake.asked(), Vec::<String>::new());
}

#[test]
fn refusals_are_1_with_the_words_of_the_daemon() {
    let fake = Fake::start();
    fake.will("POST /api/v1/recordings/start", problem(507, "no_space", "only 3 MiB are free"));
    let ran = Place::at(&fake).run(&["--output", "json", "record", "start"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert_eq!(ran.err, "havatarctl: only 3 MiB are free (no_space)\n");
}

#[test]
fn what_the_answer_says_does_not_reach_the_terminal_raw() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", problem(500, "x", "a\u{1b}]0;title\u{7}b\nhavatarctl: done"));
    let ran = Place::at(&fake).run(&["status"]);
    assert_eq!(ran.err, "havatarctl: a\\u{1b}]0;title\\u{7}b\\nhavatarctl: done (x)\n");
}

#[test]
fn somebody_else_on_that_port() {
    let fake = Fake::start();
    let page = |status| Answer::Whole { status, kind: "text/html", body: b"<html>Hello</html>".to_vec() };
    fake.will("GET /api/v1/status", page(200));
    fake.will("GET /api/v1/stats", page(404));
    fake.will("GET /api/v1/processes", json(&serde_json::json!([{ "name": 7 }])));
    fake.will("GET /api/v1/recordings", Answer::Broken { announced: 100, bytes: b"{".to_vec() });
    let place = Place::at(&fake);
    for (args, words) in [
        (&["status"][..], "is not havatard, or not this version of it (HTTP 200 OK)"),
        (&["stats"], "is not havatard, or not this version of it (HTTP 404 Not Found)"),
        (&["ps"], "is none that this version of havatarctl knows: invalid type: integer `7`"),
        (&["record", "list"], "broke off"),
    ] {
        let ran = place.run(args);
        assert_eq!((ran.code, &*ran.out), (1, ""), "{args:?}");
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn redirects_and_proxies_do_not_get_the_token() {
    let (fake, other) = (Fake::start(), Fake::start());
    other.will("GET /api/v1/status", json(&status()));
    fake.will("GET /api/v1/status", json(&status()));
    let place = Place::at(&fake);
    let mut command = place.command(&["status"]);
    command.env("http_proxy", &other.url).env("HTTP_PROXY", &other.url).env("ALL_PROXY", &other.url);
    run(command).done();
    assert_eq!((fake.asked().len(), other.asked().len()), (1, 0));
}
