//! On a terminal there is colour, unless the environment refuses it; a closed pipe is no error.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::fake::{Fake, json};
use crate::run::Place;
use crate::verbs::status;

/// What a command writes to a terminal.
fn on_a_terminal(mut command: Command) -> String {
    let pair = nix::pty::openpty(None, None).unwrap();
    let slave: OwnedFd = pair.slave;
    command.stdout(slave).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The command itself still holds the terminal's other side.
    drop(command);
    let mut bytes = Vec::new();
    let mut master = File::from(pair.master);
    let mut piece = [0; 4096];
    // A terminal that nobody holds any more ends with an error.
    while let Ok(count) = master.read(&mut piece) {
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..count]);
    }
    assert!(child.wait().unwrap().success());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", json(&status()));
    fake.will("GET /api/v1/processes", json(&status().processes));
    let place = Place::at(&fake);
    let shown = |verb: &str, env: &[(&str, &str)]| {
        let mut command = place.command(&[verb]);
        command.env("TERM", "xterm").envs(env.iter().copied());
        on_a_terminal(command)
    };
    for verb in ["status", "ps"] {
        assert!(shown(verb, &[]).contains("\u{1b}["), "{verb}");
        assert!(!shown(verb, &[("NO_COLOR", "1")]).contains('\u{1b}'), "{verb}");
        assert!(shown(verb, &[("NO_COLOR", "")]).contains("\u{1b}["), "{verb}: empty means unset");
        assert!(!shown(verb, &[("TERM", "dumb")]).contains('\u{1b}'), "{verb}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let fake = Fake::start();
    fake.will("GET /api/v1/status", json(&status()));
    let place = Place::at(&fake);
    for args in [&["status"][..], &["completions", "bash"], &["watch"]] {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let mut command = place.command(args);
        let output =
            command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}
