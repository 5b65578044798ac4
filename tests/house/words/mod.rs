//! The field's words: names that this code once had for things that have a usual name, and the usual name.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::lexer;
use crate::pending::{self, Finding};
use crate::tree::{Language, Tree, language};

mod table;

use table::{TABLE, Word};

/// Where a word is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Identifiers, comments and the file's path.
    All,
    /// Comments alone.
    Comments,
    /// Identifiers and the file's path, for words that are plain English in a sentence.
    Names,
    /// Names at their definition and the file's path, for words that are also good names of something else.
    Defined,
}

#[test]
fn names_and_comments_use_the_words_of_the_field() {
    pending::enforce("word");
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| !path.starts_with("tests/house/")) {
        let words: Vec<&Word> = TABLE.iter().filter(|word| word.binds(path)).collect();
        if words.is_empty() {
            continue;
        }
        let texts = Texts::new(path, text);
        for word in words {
            let lines = texts.lines_with(word);
            let Some(first) = lines.first() else { continue };
            findings.push(Finding {
                key: format!("word {path} {}", word.old),
                message: format!(
                    "{path}:{first}: \"{}\" ({:?}, {} lines); write \"{}\"",
                    word.old,
                    word.scope,
                    lines.len(),
                    word.new
                ),
            });
        }
    }
    findings
}

impl Word {
    fn binds(&self, path: &str) -> bool {
        self.areas.iter().any(|area| path.starts_with(area))
    }
}

/// The lines on which each word stands, by where it stands.
type Lines = BTreeMap<&'static str, Vec<usize>>;

/// One file's words.
#[derive(Default)]
struct Texts {
    comments: Lines,
    names: Lines,
    defined: Lines,
}

impl Texts {
    fn new(path: &str, text: &str) -> Self {
        let mut texts = Self::default();
        let file = snake(path.rsplit('/').next().unwrap_or(path));
        add(&mut texts.names, &file, 1);
        add(&mut texts.defined, &file, 1);
        for (at, line) in
            lexer::split(text, language(path, text).unwrap_or(Language::Script)).iter().enumerate()
        {
            add(&mut texts.comments, &snake(&line.comment), at + 1);
            let mut before = "";
            for name in line.code.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
                if name.is_empty() {
                    continue;
                }
                let words = snake(name);
                add(&mut texts.names, &words, at + 1);
                if DEFINES.contains(&before) {
                    add(&mut texts.defined, &words, at + 1);
                }
                before = name;
            }
        }
        texts
    }

    fn lines_with(&self, word: &Word) -> Vec<usize> {
        let places: &[&Lines] = match word.scope {
            Scope::All => &[&self.names, &self.comments],
            Scope::Comments => &[&self.comments],
            Scope::Names => &[&self.names],
            Scope::Defined => &[&self.defined],
        };
        let alternatives =
            word.old.split('|').flat_map(|old| places.iter().filter_map(|lines| lines.get(old)));
        let mut lines: Vec<usize> = alternatives.flatten().copied().collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// The keywords before a name that is being defined.
const DEFINES: [&str; 12] = [
    "struct",
    "enum",
    "union",
    "trait",
    "type",
    "mod",
    "fn",
    "macro_rules",
    "class",
    "interface",
    "function",
    "namespace",
];

/// The words and pairs of words of the table: nothing else is noted.
static SOUGHT: LazyLock<HashSet<&str>> =
    LazyLock::new(|| TABLE.iter().flat_map(|word| word.old.split('|')).collect());

/// The terms that contain the word they replace: there it stands as it should.
static TERMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let terms = TABLE.iter().map(|word| (word, word.new.replace(' ', "_")));
    let contains = |(word, term): &(&Word, String)| {
        word.old.split('|').any(|old| term.split('_').any(|part| part == old))
    };
    terms.filter(contains).map(|(_, term)| term).collect()
});

/// Notes each word and each pair of neighbours of a text that [`snake`] gave, if it is sought.
fn add(lines: &mut Lines, snake: &str, line: usize) {
    // A pair stands in the text as it is: one `_` between its words.
    let mut start = 0;
    let mut before = 0;
    for word in snake.split('_') {
        let end = start + word.len();
        let pair = &snake[before..end];
        for entry in [pair, word].into_iter().filter(|_| !TERMS.contains(pair)) {
            if let Some(sought) = SOUGHT.get(entry) {
                let at = lines.entry(sought).or_default();
                if at.last() != Some(&line) {
                    at.push(line);
                }
            }
        }
        (before, start) = (start, end + 1);
    }
}

/// `NurseryError::the_end` as `_nursery_error_the_end_`, so that each word stands between underscores.
fn snake(text: &str) -> String {
    let mut snake = String::with_capacity(text.len() + text.len() / 4 + 2);
    snake.push('_');
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        if letter.is_uppercase() {
            let starts_word = letters.peek().is_some_and(|after| after.is_lowercase());
            let is_hump =
                before.is_lowercase() || before.is_ascii_digit() || (before.is_uppercase() && starts_word);
            if is_hump && !snake.ends_with('_') {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        } else if letter.is_alphanumeric() {
            snake.push(letter);
        } else if !snake.ends_with('_') {
            snake.push('_');
        }
        before = letter;
    }
    if !snake.ends_with('_') {
        snake.push('_');
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::from([(path.to_owned(), text.to_owned())]);
        check(&tree).into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn names_are_split_at_humps_and_marks() {
        assert_eq!(snake("NurseryError::the_end"), "_nursery_error_the_end_");
        assert_eq!(snake("HTTPServer, x2Y."), "_http_server_x2_y_");
    }

    #[test]
    fn planted_words_are_found_in_names_and_comments() {
        let path = "crates/havatar-supervisor/src/a.rs";
        let key = |word: &str| vec![format!("word {path} {word}")];
        assert_eq!(found(path, "//! A.\npub struct NurseryError;\n"), key("nursery|nurseries"));
        assert_eq!(found(path, "//! Spawned by the nursery.\n"), key("nursery|nurseries"));
        assert_eq!(found(path, "//! A.\nfn f() { my_litters.push(1) }\n"), key("litter|litters"));
    }

    #[test]
    fn plain_english_and_strings_are_not_found() {
        assert_eq!(
            found("crates/havatard/src/sound/a.rs", "//! A line of text, even here.\nfn f() { \"desk\" }\n"),
            [""; 0]
        );
        assert_eq!(found("crates/havatard/src/sound/line.rs", "//! A.\n").len(), 1);
        assert_eq!(found("crates/havatard/src/sound/a.rs", "//! A.\nstruct Line;\n").len(), 1);
        assert_eq!(found("crates/havatard/src/config/a.rs", "//! A.\nstruct Line;\n"), [""; 0]);
    }

    #[test]
    fn a_word_within_the_term_that_replaces_it_is_not_found() {
        let key = ["word web/src/a.ts nod|nods"];
        assert_eq!(found("web/src/a.ts", "class HeadNod {}\nfunction headNodOnce() {}\n"), [""; 0]);
        assert_eq!(found("web/src/a.ts", "class Nod {}\n"), key);
        assert_eq!(found("web/src/a.ts", "class HeadNodNod {}\n"), key);
        assert_eq!(found("web/src/head-nod.ts", ""), [""; 0]);
    }

    #[test]
    fn each_word_of_the_table_is_found_where_it_is_planted() {
        for word in TABLE {
            let plain = word.old.split('|').next().unwrap_or(word.old);
            let text = match word.scope {
                Scope::Comments | Scope::All => format!("// a {plain} b\n"),
                Scope::Names => format!("a.{plain}()\n"),
                Scope::Defined => format!("fn {plain}() {{}}\n"),
            };
            for area in word.areas {
                let path = format!("{area}{}x.rs", if area.ends_with('/') { "" } else { "/" });
                let key = format!("word {path} {}", word.old);
                assert!(found(&path, &text).contains(&key), "\"{plain}\" is not found in {path}");
            }
        }
    }
}
