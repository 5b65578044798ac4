//! Files stay short enough to hold in mind.

use crate::pending::{self, Finding};
use crate::tree::{self, Tree};

const LIMIT: usize = 400;

#[test]
fn no_file_is_longer_than_the_limit() {
    pending::enforce("long");
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let code = tree.iter().filter(|(path, _)| !tree::is_test(path));
    code.filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > LIMIT).then(|| Finding {
            key: format!("long {path}"),
            message: format!(
                "{path}:{lines}: {lines} lines, the limit is {LIMIT}; split the file by purpose"
            ),
        })
    })
    .collect()
}

#[test]
fn a_long_file_is_found() {
    let tree = Tree::from([
        ("crates/a/src/long.rs".to_owned(), "\n".repeat(LIMIT + 1)),
        ("crates/a/src/short.rs".to_owned(), "\n".repeat(LIMIT)),
        ("crates/a/src/tests.rs".to_owned(), "\n".repeat(LIMIT + 1)),
    ]);
    let keys: Vec<String> = check(&tree).into_iter().map(|finding| finding.key).collect();
    assert_eq!(keys, ["long crates/a/src/long.rs"]);
}
