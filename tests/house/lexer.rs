//! Splits a source text into code and comments, line by line. Strings belong to neither: they hold wire names and texts.

use crate::tree::Language;

/// One line of a source text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) code: String,
    pub(crate) comment: String,
}

/// The state between two characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    LineComment,
    /// How deep block comments are nested; only Rust nests them.
    BlockComment(usize),
    /// `<!-- -->`
    Markup,
    /// The quote that ends it; for a raw string, with so many `#`.
    Text(char, Option<usize>),
}

/// Takes a text apart. The result has one entry for each line.
pub(crate) fn split(text: &str, language: Language) -> Vec<Line> {
    let letters: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut state = State::Code;
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        if letter == '\n' {
            if state == State::LineComment {
                state = State::Code;
            }
            lines.push(Line::default());
            at += 1;
            continue;
        }
        let line = lines.last_mut().expect("there is always a line");
        let plain = plain(&letters[at..], state);
        let (next, taken) = if plain > 0 { (state, plain) } else { step(&letters, at, state, language) };
        match (state, next) {
            (State::Code, State::Code) => line.code.extend(&letters[at..at + taken]),
            (State::Code, _) => line.code.push(' '),
            (State::LineComment | State::BlockComment(_) | State::Markup, _) => {
                line.comment.extend(&letters[at..at + taken]);
            }
            (State::Text(..), _) => {}
        }
        state = next;
        at += taken;
    }
    lines
}

/// How many characters cannot end the state they are in: most of a text, and not worth a step each.
fn plain(letters: &[char], state: State) -> usize {
    let is_plain = |letter: &char| match state {
        State::LineComment => *letter != '\n',
        State::Code => letter.is_ascii_lowercase() || *letter == ' ',
        State::BlockComment(_) | State::Markup | State::Text(..) => {
            letter.is_ascii_alphanumeric() || *letter == ' '
        }
    };
    let run = letters.iter().take_while(|letter| is_plain(letter)).count();
    // A raw string begins with letters, and a comment of the shell after a space.
    if state == State::Code { run.saturating_sub(2) } else { run }
}

/// The state after the characters at `at`, and how many of them belong together.
fn step(letters: &[char], at: usize, state: State, language: Language) -> (State, usize) {
    let starts =
        |text: &str| text.chars().enumerate().all(|(n, letter)| letters.get(at + n) == Some(&letter));
    match state {
        State::Code => open(letters, at, language),
        State::LineComment => (State::LineComment, 1),
        State::BlockComment(depth) if starts("*/") => {
            (if depth == 1 { State::Code } else { State::BlockComment(depth - 1) }, 2)
        }
        State::BlockComment(depth) if language == Language::Rust && starts("/*") => {
            (State::BlockComment(depth + 1), 2)
        }
        State::Markup if starts("-->") => (State::Code, 3),
        State::Text(_, None)
            if letters[at] == '\\' && language != Language::Css && letters.get(at + 1) != Some(&'\n') =>
        {
            (state, 2.min(letters.len() - at))
        }
        State::Text(quote, raw) if letters[at] == quote => {
            let hashes = raw.unwrap_or(0);
            let is_end = (1..=hashes).all(|n| letters.get(at + n) == Some(&'#'));
            if is_end { (State::Code, 1 + hashes) } else { (state, 1) }
        }
        State::BlockComment(_) | State::Markup | State::Text(..) => (state, 1),
    }
}

fn open(letters: &[char], at: usize, language: Language) -> (State, usize) {
    let starts =
        |text: &str| text.chars().enumerate().all(|(n, letter)| letters.get(at + n) == Some(&letter));
    let before = at.checked_sub(1).map(|at| letters[at]);
    let after_word = before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    if language == Language::Shell {
        return match letters[at] {
            '#' if before.is_none_or(char::is_whitespace) => (State::LineComment, 1),
            quote @ ('"' | '\'') => (State::Text(quote, None), 1),
            '\\' => (State::Code, 2.min(letters.len() - at)),
            _ => (State::Code, 1),
        };
    }
    if starts("//") && language != Language::Css && !(language == Language::Script && before == Some(':')) {
        return (State::LineComment, 2);
    }
    if starts("/*") {
        return (State::BlockComment(1), 2);
    }
    if starts("<!--") && language == Language::Script {
        return (State::Markup, 4);
    }
    if language == Language::Rust && !after_word && (letters[at] == 'r' || starts("br")) {
        let start = if letters[at] == 'b' { at + 2 } else { at + 1 };
        let hashes = letters[start..].iter().take_while(|letter| **letter == '#').count();
        if letters.get(start + hashes) == Some(&'"') {
            return (State::Text('"', Some(hashes)), start + hashes + 1 - at);
        }
    }
    match letters[at] {
        '"' => (State::Text('"', None), 1),
        '`' if language == Language::Script => (State::Text('`', None), 1),
        '\'' if language == Language::Rust => quoted(letters, at),
        // An apostrophe within a text of markup ends no word: quotes stand after something else than a letter.
        '\'' if !after_word => (State::Text('\'', None), 1),
        _ => (State::Code, 1),
    }
}

/// A character literal is skipped whole; a lifetime is code.
fn quoted(letters: &[char], at: usize) -> (State, usize) {
    match letters.get(at + 1) {
        Some('\\') => {
            let end = letters[at + 3..].iter().position(|letter| *letter == '\'').map_or(1, |n| n + 4);
            (State::Code, end)
        }
        Some(_) if letters.get(at + 2) == Some(&'\'') => (State::Code, 3),
        _ => (State::Code, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str, language: Language) -> Vec<String> {
        split(text, language).into_iter().map(|line| line.comment.trim().to_owned()).collect()
    }

    #[test]
    fn comments_are_parted_from_code_and_strings() {
        let text = "let a = \"// no\"; // yes\nlet b = r#\"\"/* no\"#; /* one\ntwo /* deep */ three */ let c = '\"'; // four";
        assert_eq!(comments(text, Language::Rust), ["yes", "one", "two /* deep */ three */ four"]);
        let code: String = split(text, Language::Rust).into_iter().map(|line| line.code).collect();
        for name in ["let a", "let b", "let c"] {
            assert!(code.contains(name), "{code}");
        }
        assert!(!code.contains("no"), "{code}");
    }

    #[test]
    fn other_languages_have_their_own_marks() {
        assert_eq!(comments("a='# no' # yes\nb=\"$#\" # too", Language::Shell), ["yes", "too"]);
        assert_eq!(
            comments("const u = `http://x`; // yes\n<!-- too -->", Language::Script),
            ["yes", "too -->"]
        );
        assert_eq!(comments("a { b: url(//x); } /* yes */", Language::Css), ["yes */"]);
    }

    #[test]
    fn lifetimes_are_no_strings() {
        let lines = split("fn f<'a>(x: &'a str) -> char { '\\'' } // yes", Language::Rust);
        assert_eq!(lines[0].comment.trim(), "yes");
        assert!(lines[0].code.contains("str) -> char"));
    }
}
