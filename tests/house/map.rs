//! The places that ARCHITECTURE.md names exist, and its index leads to what it promises.

use std::fs;

use crate::pending::{self, Finding};
use crate::tree::{self, Tree};

#[test]
fn the_map_names_places_that_exist() {
    pending::enforce("map");
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let text = fs::read_to_string(tree::root().join("ARCHITECTURE.md")).expect("can read ARCHITECTURE.md");
    places(&text, tree).into_iter().chain(index(&text, tree)).collect()
}

/// A path is written in full, or from any directory above its file: `server/render.rs`.
fn places(text: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for place in line.split('`').skip(1).step_by(2) {
            let is_source = [".rs", ".ts", ".cpp"].iter().any(|extension| place.ends_with(extension));
            if !is_source || place.contains([' ', '*']) {
                continue;
            }
            let tail = format!("/{place}");
            if !tree.keys().any(|path| path == place || path.ends_with(&tail)) {
                findings.push(Finding {
                    key: format!("map {place}"),
                    message: format!(
                        "ARCHITECTURE.md:{}: there is no {place}; name the file as it is now",
                        at + 1
                    ),
                });
            }
        }
    }
    findings
}

/// A row of the index: what is sought, its file in full, and a name that stands in it.
fn index(text: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, what, file, name, _] = cells[..] else { continue };
        let (Some(file), Some(name)) = (quoted(file), quoted(name)) else { continue };
        if !tree.get(file).is_some_and(|source| source.contains(name)) {
            findings.push(Finding {
                key: format!("map {file} {name}"),
                message: format!(
                    "ARCHITECTURE.md:{}: {what}: {name} is not in {file}; follow the move",
                    at + 1
                ),
            });
        }
    }
    findings
}

/// The text of a cell that is one piece of code.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|text| !text.contains('`'))
}

#[test]
fn a_place_that_is_gone_is_found() {
    let tree = Tree::from([("crates/x/src/a/b.rs".to_owned(), "const TICK: u32 = 1;".to_owned())]);
    assert_eq!(places("the `a/b.rs` and `a::b`", &tree).len(), 0);
    assert_eq!(places("the `a/c.rs`", &tree).len(), 1);
    let row = |file: &str, name: &str| format!("| a tick | `{file}` | `{name}` |");
    assert_eq!(index(&row("crates/x/src/a/b.rs", "TICK"), &tree).len(), 0);
    assert_eq!(index(&row("crates/x/src/a/b.rs", "TOCK"), &tree).len(), 1);
    assert_eq!(index(&row("crates/x/src/b.rs", "TICK"), &tree).len(), 1);
}
