//! What the documents quote stands in the sources.

use std::path::Path;
use std::sync::LazyLock;

use havatar_tests::pages::page;
use havatar_tests::tools::root;

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

/// Every quotation, with its place, stands in the text; there are at least twenty.
fn all_stand_in<'a>(text: &str, quotations: impl Iterator<Item = (String, &'a str)>) {
    let quotations: Vec<_> = quotations.collect();
    assert!(quotations.len() > 20, "only {} quotations were found", quotations.len());
    let strange: Vec<String> = quotations
        .into_iter()
        .filter(|(_, quotation)| !text.contains(quotation))
        .map(|(place, quotation)| format!("{place}: not in the sources: {quotation}"))
        .collect();
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}

#[test]
fn every_message_that_troubleshooting_quotes_is_one_of_the_programs() {
    let path = "docs/troubleshooting.md";
    let messages = page(path).rows.iter().flat_map(|(line, cells)| {
        quoted(&cells[1], '"', '"').into_iter().map(move |text| (format!("{path}:{line}"), text))
    });
    all_stand_in(&PROGRAMS, messages);
}

#[test]
fn every_test_that_the_safety_case_names_is_there() {
    let path = "docs/safety-case.md";
    let names = page(path).rows.iter().flat_map(|(line, cells)| {
        let names = cells.iter().flat_map(|cell| quoted(cell, '`', '`'));
        let tests = names.filter(|name| name.len() > 12 && !name.contains(['/', '.']));
        tests.map(move |name| (format!("{path}:{line}"), name))
    });
    all_stand_in(
        &sources(&["crates", "tests", "deploy/esp32", "web/src"], &[".rs", ".mjs", ".ts", ".cpp"], true),
        names,
    );
}

#[test]
fn every_button_that_the_romanian_guides_name_is_on_the_screen() {
    let words = sources(&["web/src"], &[".ts", ".svelte"], false);
    let buttons = ["docs/ghid-operator.md", "docs/ghid-casa.md"].into_iter().flat_map(|path| {
        quoted(&page(path).text, '„', '”').into_iter().map(move |text| (path.to_owned(), text))
    });
    all_stand_in(&words, buttons);
}
