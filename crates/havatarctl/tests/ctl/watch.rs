//! `watch`: what changes is said once; a daemon that goes away is waited for.

use havatar_api as api;

use crate::fake::{Fake, json, problem};
use crate::run::{Place, Running};
use crate::verbs::{process, status};

#[test]
fn changes_are_said_and_figures_are_not() {
    let fake = Fake::start();
    let mut busier = status();
    busier.processes[0].uptime_s = Some(99.0);
    let mut failing = status();
    failing.processes[0] =
        api::Process { why: Some("unplugged".to_owned()), ..process("camera", api::ProcessState::Waiting) };
    for it in [&status(), &status(), &busier, &failing] {
        fake.will("GET /api/v1/status", json(it));
    }
    let place = Place::at(&fake);
    let running = Running::start(place.command(&["watch"]));
    running.until("Ready: picture and sound are live.");
    running.until("camera is running (pid 4711)");
    running.until("Recording is off");
    let next = running.until("");
    assert!(next.ends_with("  camera is waiting: unplugged"), "{next}");
}

#[test]
fn programs_get_one_status_a_line() {
    let fake = Fake::start();
    let mut other = status();
    other.streaming = false;
    other.readiness.ready = false;
    fake.will("GET /api/v1/status", json(&status())).will("GET /api/v1/status", json(&other));
    let place = Place::at(&fake);
    let running = Running::start(place.command(&["watch", "--output", "json"]));
    for expected in [status(), other] {
        let line = running.until("");
        assert_eq!(serde_json::from_str::<api::Status>(&line).unwrap(), expected);
    }
}

#[test]
fn a_daemon_that_comes_back_is_followed_again() {
    let fake = Fake::start();
    let mut anew = status();
    anew.started_at = "2026-11-23T09:00:00Z".parse().unwrap();
    fake.will("GET /api/v1/status", json(&status()));
    fake.will("GET /api/v1/status", problem(503, "shutting_down", "later"));
    fake.will("GET /api/v1/status", problem(503, "shutting_down", "later"));
    fake.will("GET /api/v1/status", json(&anew));
    let place = Place::at(&fake);
    let running = Running::start(place.command(&["watch"]));
    running.until("Recording is off");
    assert!(running.until("").ends_with("havatard does not answer"));
    assert!(running.until("").ends_with("havatard answers again"));
    assert!(running.until("").ends_with("havatard 0.1.0 was started anew"));
}

#[test]
fn a_token_that_is_taken_no_more_ends_it() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", json(&status()));
    fake.will("GET /api/v1/status", problem(401, "not_signed_in", "no"));
    let place = Place::at(&fake);
    let mut running = Running::start(place.command(&["watch"]));
    assert_eq!(running.child.wait().unwrap().code(), Some(4));
}
