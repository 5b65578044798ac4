//! The examples of `docs/api.md`, told to a real daemon.

use std::process::Command;

use havatar_tests::{Daemon, Plan, pages, tools};
use serde_json::Value;

/// What a reader of the page has on a robot, by what this daemon has.
fn here(block: &str, daemon: &Daemon) -> String {
    block
        .replace("sudo ", "")
        .replace("http://127.0.0.1:8080", daemon.origin())
        .replace("/var/lib/havatar", daemon.plan().state().to_str().expect("UTF-8"))
}

/// The first difference between the names and types of an example and those of an answer. `…` and nulls stand for any value.
fn difference(at: &str, example: &Value, answer: &Value) -> Option<String> {
    match (example, answer) {
        (Value::Null, _)
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::String(_), Value::String(_) | Value::Null) => None,
        (Value::Array(examples), Value::Array(answers)) => match (examples.first(), answers.first()) {
            (Some(example), Some(answer)) => difference(&format!("{at}[0]"), example, answer),
            (Some(_), None) => Some(format!("{at} is empty")),
            _ => None,
        },
        (Value::Object(examples), Value::Object(answers)) => {
            examples.iter().find_map(|(name, example)| match answers.get(name) {
                Some(answer) => difference(&format!("{at}.{name}"), example, answer),
                None => Some(format!("{at}.{name} is missing")),
            })
        }
        _ => Some(format!("{at} is {answer}, not like {example}")),
    }
}

#[tokio::test]
async fn the_examples_of_the_api_guide_are_true() {
    let daemon = Plan::new().set("robot.port", "simulated").launch().await;
    daemon.ready().await;
    let folder = tempfile::tempdir().expect("a folder");
    let blocks = &pages::page("docs/api.md").blocks;
    // The first block is what all others begin with.
    let prelude = here(&blocks[0].text, &daemon);
    let mut ran = 0;
    for (index, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "sh") {
        let place = format!("docs/api.md:{}", block.line);
        let script = format!("set -eu\n{prelude}\n{}", here(&block.text, &daemon));
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path());
        let output =
            tokio::task::spawn_blocking(move || shell.output()).await.expect("the thread").expect("a shell");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{place}: {text}{}", tools::complaints(&output));
        ran += 1;
        let Some(example) = blocks.get(index + 1).filter(|next| next.language == "json") else { continue };
        let example = serde_json::from_str(&example.text)
            .unwrap_or_else(|error| panic!("{place}: the example: {error}"));
        let answer =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{place}: the answer {text}: {error}"));
        if let Some(difference) = difference("", &example, &answer) {
            panic!("{place}: {difference}\n{text}");
        }
    }
    assert!(ran > 12, "only {ran} examples ran");
}

#[test]
fn a_difference_is_found() {
    let of = |example: &str, answer: &str| {
        difference(
            "",
            &serde_json::from_str(example).expect("JSON"),
            &serde_json::from_str(answer).expect("JSON"),
        )
    };
    assert_eq!(of(r#"{"a": [{"b": 1}], "c": null}"#, r#"{"a": [{"b": 2, "x": 3}], "c": 7}"#), None);
    assert_eq!(of(r#"{"a": 1}"#, r#"{"b": 1}"#), Some(".a is missing".to_owned()));
    assert_eq!(
        of(r#"{"a": [true]}"#, r#"{"a": ["yes"]}"#),
        Some(r#".a[0] is "yes", not like true"#.to_owned())
    );
}
