//! What the documents quote stands in the sources.

use std::path::Path;
use std::sync::LazyLock;

use havatar_tests::pages::{page, root};

/// All sources that a folder holds, as one text without the line breaks inside Rust's string literals.
fn sources(folders: &[&str], endings: &[&str], tests: bool) -> String {
    let mut all = String::new();
    for folder in folders {
        gather(&root().join(folder), endings, tests, &mut all);
    }
    assert!(all.len() > 10_000, "no sources in {folders:?}");
    all
}

fn gather(folder: &Path, endings: &[&str], tests: bool, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("can read the folder").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            let skipped = ["node_modules", "dist", "build", "target"].contains(&name.as_str());
            if !skipped && (tests || name != "tests") {
                gather(&path, endings, tests, all);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending))
            && (tests || !name.contains(".test.") && name != "tests.rs")
        {
            all.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// A literal goes on in the next line after a backslash, without what is before its first letter.
fn joined(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| whole + part.trim_start())
}

static PROGRAMS: LazyLock<String> = LazyLock::new(|| {
    joined(&sources(
        &["crates", "web/src", "deploy"],
        &[".rs", ".ts", ".svelte", ".cpp", ".hpp", ".h", "postinst"],
        false,
    ))
});

/// The texts between an opening and a closing quotation mark.
fn quoted(text: &str, open: char, close: char) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(open) {
        let Some((inside, after)) = after.split_once(close) else { break };
        found.push(inside);
        rest = after;
    }
    found
}

#[test]
fn every_message_that_troubleshooting_quotes_is_one_of_the_programs() {
    let page = page("docs/troubleshooting.md");
    let mut seen = 0;
    let mut strange = Vec::new();
    for (line, cells) in &page.rows {
        for text in quoted(&cells[1], '"', '"') {
            seen += 1;
            if !PROGRAMS.contains(text) {
                strange.push(format!("docs/troubleshooting.md:{line}: no program says \"{text}\""));
            }
        }
    }
    assert!(seen > 20, "only {seen} messages are quoted");
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_test_that_the_safety_case_names_is_there() {
    let tests =
        sources(&["crates", "tests", "deploy/esp32", "web/src"], &[".rs", ".mjs", ".ts", ".cpp"], true);
    let page = page("docs/safety-case.md");
    let mut seen = 0;
    let mut strange = Vec::new();
    for (line, cells) in &page.rows {
        for name in cells
            .iter()
            .flat_map(|cell| quoted(cell, '`', '`'))
            .filter(|name| name.len() > 12 && !name.contains(['/', '.']))
        {
            seen += 1;
            if !tests.contains(name) {
                strange.push(format!("docs/safety-case.md:{line}: nothing is called `{name}`"));
            }
        }
    }
    assert!(seen > 20, "only {seen} tests are named");
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_button_that_the_romanian_guides_name_is_on_the_screen() {
    let words = sources(&["web/src"], &[".ts", ".svelte"], false);
    let mut seen = 0;
    let mut strange = Vec::new();
    for path in ["docs/ghid-operator.md", "docs/ghid-casa.md"] {
        for text in quoted(&page(path).text, '„', '”') {
            seen += 1;
            if !words.contains(text) {
                strange.push(format!("{path}: nothing on the screen says „{text}”"));
            }
        }
    }
    assert!(seen > 20, "only {seen} buttons are named");
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}
