//! A process with excessive or malformed output costs bounded memory and time.

mod support;

use std::process::{Command, Stdio};

use support::{HELPER, scope};

struct Report {
    growth_kib: u64,
    took_ms: u64,
    lateness_ms: u64,
    dropped: u64,
    lines: Vec<String>,
}

/// Lets the helper supervise a script that writes 200 MB.
#[expect(clippy::print_stdout, reason = "the figures belong into the test's output")]
fn excessive_output(test: &str, script: &str) -> Report {
    let output = Command::new(HELPER)
        .args(["excessive-output", &scope(test), script])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the helper");
    let report = String::from_utf8(output.stdout).expect("only clean text comes out");
    let (figures, lines) = report.split_once('\n').expect("a report");
    println!("{test}: growth KiB, ms, lateness ms, dropped: {figures}");
    let figures: Vec<u64> = figures.split(' ').map(|figure| figure.parse().expect("a figure")).collect();
    let lines = lines.lines().map(str::to_owned).collect();
    let [growth_kib, took_ms, lateness_ms, dropped] = figures[..] else { panic!("{figures:?}") };
    Report { growth_kib, took_ms, lateness_ms, dropped, lines }
}

impl Report {
    fn harmless(&self) {
        assert!(self.growth_kib <= 1024, "grew by {} KiB", self.growth_kib);
        assert!(self.took_ms <= 20_000, "200 MB took {} ms: the process was blocked", self.took_ms);
        assert!(self.lateness_ms <= 500, "the program was late by {} ms", self.lateness_ms);
        assert!(self.lines.len() <= 200);
    }
}

const LAST_LINE: &str = "echo last line >&2";

#[test]
fn short_lines() {
    let report =
        excessive_output("short-lines", &format!("yes error | head -c $SIZE >&2; echo >&2; {LAST_LINE}"));
    report.harmless();
    assert!(report.dropped > 30_000_000, "{}", report.dropped);
    assert!(report.lines.contains(&"stderr last line".into()), "{:#?}", report.lines);
    assert!(report.lines.iter().any(|line| line.starts_with("supervisor ") && line.contains("were dropped")));
    assert!(report.lines.contains(&"stderr error".into()));
}

#[test]
fn an_endless_line() {
    let script = format!("head -c $SIZE /dev/zero | tr '\\0' x >&2; echo >&2; {LAST_LINE}");
    let report = excessive_output("endless-line", &script);
    report.harmless();
    let long: Vec<&String> = report.lines.iter().filter(|line| line.ends_with("x [cut]")).collect();
    assert_eq!(long.len(), 1);
    assert!(long[0].len() <= 2100);
    assert!(report.lines.contains(&"stderr last line".into()));
}

#[test]
fn bad_utf8_on_both_streams() {
    let report = excessive_output(
        "bad-utf8",
        &format!(
            "yes \"$(printf '\\377\\376\\200')\" | head -c $SIZE | tee /dev/stderr; echo; {LAST_LINE}; echo ready"
        ),
    );
    report.harmless();
    assert!(report.lines.iter().any(|line| line.contains('\u{fffd}')), "{:#?}", report.lines);
    assert!(report.lines.contains(&"stderr last line".into()));
    assert!(report.lines.contains(&"stdout ready".into()));
}
