//! Whatever is in the file, the answer is a config or errors with lines: never a panic.

use std::path::Path;

use havatard::config::Config;
use proptest::prelude::*;

use crate::example::example;

/// Reads it, and holds errors to what every reader of them relies on.
fn answered(bytes: &[u8]) {
    let Err(errors) = Config::from_bytes(bytes, Path::new("x.yaml"), false) else { return };
    assert!(!errors.0.is_empty());
    let lines = u32::try_from(bytes.split(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX);
    for error in &errors.0 {
        assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "of {lines} lines: {error}");
        assert!(!error.message.is_empty() && error.fix.is_some(), "{error:?}");
        assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
    }
    let printed = errors.to_string();
    assert_eq!(printed.matches("\n  fix: ").count(), errors.0.len(), "{printed}");
}

/// A change to a text: at a place, take so many characters out and put these in.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let pieces = prop::sample::select(vec![
        "",
        ":",
        ": ",
        "\n",
        "  ",
        "\t",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "#",
        "&a ",
        "*a",
        "!x ",
        "|\n",
        ">\n",
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "~",
        "null",
        "300",
        "-1",
        "0.5",
        "off",
        "x",
        "\u{0}",
        "\u{1b}[31m",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "\r",
        "\r\n",
        "<<: *a",
        "camera:",
        "url: x\n",
        ".inf",
        "0x1f",
        "\u{1f}",
    ]);
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, pieces.prop_map(str::to_owned)), 1..8)
}

fn edited(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (place, taken, put) in edits {
        let from = place.index(characters.len() + 1);
        let to = (from + taken).min(characters.len());
        characters.splice(from..to, put.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        answered(&bytes);
    }

    #[test]
    fn any_text(text in any::<String>()) {
        answered(text.as_bytes());
    }

    #[test]
    fn any_mix_of_yaml(text in "([a-c]|media|camera|fps|[0-9]|: |:|- |\n|\n  |\n    |\t|[\\[\\]{},&*!|>'\"%@`?#~]| ){0,60}") {
        answered(text.as_bytes());
    }

    #[test]
    fn the_example_with_edits(edits in edits()) {
        answered(edited(&example(), &edits).as_bytes());
    }
}
