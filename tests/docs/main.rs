//! The documents are true: their links lead somewhere, their commands and configs are taken by the programs, what they quote stands in
//! the sources, and the references are those of the programs as built.
//!
//! # Theory of operation
//!
//! The harness's `pages` reads every Markdown file of the project, once, into blocks, links, headings and tables. Each other file is one kind of proof. The two
//! references, `docs/configuration.md` and `docs/cli.md`, are generated; run with `UPDATE_DOCS=1` to write them anew. The examples
//! of `docs/api.md` run against a real daemon, in `tests/it/documents.rs`.

mod cli;
mod commands;
mod configuration;
mod links;
mod quotes;

use std::process::Command;

use havatar_tests::tools;

/// Runs a program of this workspace; its exit code, and what it printed to both outputs.
fn answer(name: &str, args: &[&str]) -> (i32, String) {
    let output = Command::new(tools::built(name))
        .args(args)
        .env_remove("HAVATAR_URL")
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// Compares a generated page with the committed one, or writes it with `UPDATE_DOCS=1`.
fn current(name: &str, text: &str) {
    let path = tools::root().join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).expect("the page is written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/{name} is not current: run this test with UPDATE_DOCS=1");
}
