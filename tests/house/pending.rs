//! Findings against `pending.txt`, the list of what the tree does not obey yet.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{env, fs};

use crate::tree::{self, Tree};
use crate::{circles, edges, map, size, style, words};

const FILE: &str = "tests/house/pending.txt";
const HEAD: &str = "\
# What the tree does not obey yet. `cargo test -p havatar-tests --test house` fails for every finding that is not listed here, and
# for every line here that no longer has a finding. So: mend something, take its lines out. Never add one by hand.
# `HOUSE_PENDING=update cargo test -p havatar-tests --test house` writes the list anew (after a move, or a merge conflict in it);
# look at the diff: it may only shrink or follow a rename. An empty list is deleted.
";

/// One breach of a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The rule and its object, as a line of `pending.txt`: no line number, so that edits elsewhere keep it valid.
    pub(crate) key: String,
    /// File, line, what is wrong and the fix.
    pub(crate) message: String,
}

/// A rule's name, which begins its findings' keys, and its check.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: [Rule; 11] = [
    ("circle", circles::check),
    ("edge", edges::check),
    ("crate", edges::check_crates),
    ("long", size::check),
    ("map", map::check),
    ("module", style::modules),
    ("header", style::headers),
    ("order", style::order),
    ("merge", style::merged),
    ("super", style::supers),
    ("word", words::check),
];

/// Applies the rule called `name` to the workspace.
pub(crate) fn enforce(name: &str) {
    if updating() {
        return;
    }
    let (_, check) = RULES.iter().find(|(rule, _)| *rule == name).expect("the rule is in RULES");
    let findings = check(&tree::TREE);
    let prefix = format!("{name} ");
    let pending: BTreeSet<String> = read().into_iter().filter(|key| key.starts_with(&prefix)).collect();
    let mut text = String::new();
    for finding in &findings {
        assert!(finding.key.starts_with(&prefix), "{} is not of the rule {name}", finding.key);
        if !pending.contains(&finding.key) {
            let _ = writeln!(text, "{}", finding.message);
        }
    }
    for key in pending.iter().filter(|key| findings.iter().all(|finding| finding.key != **key)) {
        let _ = writeln!(text, "{FILE}: \"{key}\" has no finding any more; remove the line");
    }
    assert!(text.is_empty(), "\n{text}");
}

#[test]
fn the_list_is_written_anew_on_request() {
    if !updating() {
        return;
    }
    let mut keys = BTreeSet::new();
    for (_, check) in RULES {
        keys.extend(check(&tree::TREE).into_iter().map(|finding| finding.key));
    }
    let path = tree::root().join(FILE);
    if keys.is_empty() {
        let _ = fs::remove_file(path);
    } else {
        let lines: Vec<String> = keys.into_iter().collect();
        fs::write(path, format!("{HEAD}\n{}\n", lines.join("\n"))).expect("can write the list");
    }
}

fn updating() -> bool {
    env::var("HOUSE_PENDING").is_ok_and(|value| value == "update")
}

fn read() -> BTreeSet<String> {
    let text = fs::read_to_string(tree::root().join(FILE)).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}
