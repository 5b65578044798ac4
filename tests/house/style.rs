//! One style of modules, headers and imports.

use std::collections::BTreeSet;

use syn::{ItemUse, UseTree};

use crate::lexer;
use crate::modules::flatten;
use crate::pending::{self, Finding};
use crate::tree::{self, Language, Tree, language};

#[test]
fn a_module_with_children_is_a_mod_rs() {
    pending::enforce("module");
}

#[test]
fn each_file_says_what_it_is_for() {
    pending::enforce("header");
}

#[test]
fn imports_are_grouped_in_order() {
    pending::enforce("order");
}

#[test]
fn one_use_names_all_that_comes_from_a_module() {
    pending::enforce("merge");
}

#[test]
fn paths_climb_one_level_at_most() {
    pending::enforce("super");
}

/// No `x.rs` beside `x/`.
pub(crate) fn modules(tree: &Tree) -> Vec<Finding> {
    let has_children = |stem: &str| {
        let dir = format!("{stem}/");
        tree.range(dir.clone()..).next().is_some_and(|(path, _)| path.starts_with(&dir))
    };
    let stems = tree.keys().filter_map(|path| path.strip_suffix(".rs"));
    stems
        .filter(|stem| has_children(stem))
        .map(|stem| Finding {
            key: format!("module {stem}.rs"),
            message: format!(
                "{stem}.rs:1: lies beside its children's directory; git mv {stem}.rs {stem}/mod.rs"
            ),
        })
        .collect()
}

/// Each Rust file of a crate begins with `//!`.
pub(crate) fn headers(tree: &Tree) -> Vec<Finding> {
    let files = rust(tree).filter(|(path, _)| !path.contains("/examples/"));
    files
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| Finding {
            key: format!("header {path}"),
            message: format!(
                "{path}:1: begins without a `//!` line that says what the file is for; write one"
            ),
        })
        .collect()
}

fn rust(tree: &Tree) -> impl Iterator<Item = (&String, &String)> {
    tree.iter().filter(|(path, text)| language(path, text) == Some(Language::Rust))
}

/// One private `use` of a module.
struct Import {
    first: usize,
    last: usize,
    rank: usize,
    /// The modules that its names come from, without repetition of neighbours.
    parents: Vec<Vec<String>>,
}

const GROUPS: [&str; 4] = ["std", "other crates", "crate::", "self and super"];

/// The imports of a file, one list for each module in it. Read by lines, which rustfmt makes reliable: parsing all files whole takes
/// seconds.
fn imports(path: &str, text: &str) -> Vec<Vec<Import>> {
    let lines: Vec<&str> = text.lines().collect();
    let own: BTreeSet<&str> = lines.iter().filter_map(|line| defined(line)).collect();
    let mut blocks = vec![Vec::new()];
    let mut in_module = false;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.starts_with(|letter: char| letter.is_alphabetic()) && line.ends_with('{') {
            in_module = line.split(' ').any(|word| word == "mod");
            if in_module {
                blocks.push(Vec::new());
            }
        }
        let is_import = line.starts_with("use ") || (in_module && line.starts_with("    use "));
        let is_conditional = at > 0 && lines[at - 1].trim_start().starts_with("#[");
        if is_import {
            let length = lines[at..].iter().position(|line| line.ends_with(';')).unwrap_or(0);
            let item = syn::parse_str(&lines[at..=at + length].join("\n"));
            let item: ItemUse = item.unwrap_or_else(|error| panic!("{path}:{}: {error}", at + 1));
            if !is_conditional && let Some(block) = blocks.last_mut() {
                block.push(import(&item, &own, at + 1, length));
            }
            at += length;
        }
        at += 1;
    }
    blocks
}

/// The name of a module or an enum that a line defines.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    let name = words.next()?;
    (keyword == "mod" || keyword == "enum").then(|| name.trim_end_matches([';', '{']))
}

fn import(item: &ItemUse, own: &BTreeSet<&str>, first: usize, length: usize) -> Import {
    let head = match &item.tree {
        UseTree::Path(tree) => tree.ident.to_string(),
        UseTree::Name(name) => name.ident.to_string(),
        _ => String::new(),
    };
    let rank = match head.as_str() {
        "std" | "core" | "alloc" => 0,
        "crate" => 2,
        "self" | "super" => 3,
        name if own.contains(name) => 3,
        _ => 1,
    };
    let leaves = flatten(&item.tree).into_iter();
    let mut parents: Vec<Vec<String>> = leaves
        .map(|mut leaf| {
            if !leaf.is_module {
                leaf.path.pop();
            }
            leaf.path
        })
        .collect();
    parents.dedup();
    Import { first, last: first + length, rank, parents }
}

/// Groups in order, a blank line between them and none within.
pub(crate) fn order(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in rust(tree) {
        let blocks = imports(path, text);
        let wrong = blocks.iter().flat_map(|block| block.windows(2)).find_map(|pair| {
            let (above, below) = (&pair[0], &pair[1]);
            let (before, after) = (GROUPS[above.rank], GROUPS[below.rank]);
            let gap = below.first - above.last;
            if above.rank > below.rank {
                Some((
                    below.first,
                    format!(
                        "{after} after {before}; the order is std, other crates, crate::, self and super"
                    ),
                ))
            } else if above.rank < below.rank && gap == 1 {
                Some((below.first, format!("{before} and {after} without a blank line between; add one")))
            } else if above.rank == below.rank && gap > 1 {
                Some((below.first, format!("the group of {before} is torn apart; put its imports together")))
            } else {
                None
            }
        });
        if let Some((line, what)) = wrong {
            findings.push(Finding {
                key: format!("order {path}"),
                message: format!("{path}:{line}: imports of {what}"),
            });
        }
    }
    findings
}

/// One `use` for each module: not two with the same path, and no path within braces.
pub(crate) fn merged(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in rust(tree) {
        let wrong = imports(path, text).iter().find_map(|block| {
            let mut seen = BTreeSet::new();
            block.iter().find_map(|import| {
                if import.parents.len() > 1 {
                    return Some((
                        import.first,
                        "a path within the braces; write one `use` for each module".to_owned(),
                    ));
                }
                let twice = import
                    .parents
                    .iter()
                    .find(|parent| !parent.is_empty() && !seen.insert((*parent).clone()));
                twice.map(|parent| {
                    (import.first, format!("a second `use {}::...`; name it all in one", parent.join("::")))
                })
            })
        });
        if let Some((line, what)) = wrong {
            findings
                .push(Finding { key: format!("merge {path}"), message: format!("{path}:{line}: {what}") });
        }
    }
    findings
}

/// No `super::super::` outside tests.
pub(crate) fn supers(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in rust(tree).filter(|(path, _)| !tree::is_test(path)) {
        let lines = lexer::split(text, Language::Rust);
        // The tests of a file are its end.
        let end = text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(lines.len());
        if let Some(at) = lines[..end].iter().position(|line| line.code.contains("super::super::")) {
            let message =
                format!("{path}:{}: `super::super::` climbs two levels; begin with `crate::`", at + 1);
            findings.push(Finding { key: format!("super {path}"), message });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&Tree) -> Vec<Finding>;

    fn found(check: Check, text: &str) -> usize {
        check(&Tree::from([("crates/x/src/lib.rs".to_owned(), text.to_owned())])).len()
    }

    #[test]
    fn a_self_named_module_and_a_missing_header_are_found() {
        let tree = Tree::from([
            ("crates/x/src/a.rs".to_owned(), "mod b;".to_owned()),
            ("crates/x/src/a/b.rs".to_owned(), "//! B.\n".to_owned()),
            ("crates/x/src/c.rs".to_owned(), "//! C.\n".to_owned()),
        ]);
        let keys = |findings: Vec<Finding>| -> Vec<String> {
            findings.into_iter().map(|finding| finding.key).collect()
        };
        assert_eq!(keys(modules(&tree)), ["module crates/x/src/a.rs"]);
        assert_eq!(keys(headers(&tree)), ["header crates/x/src/a.rs"]);
    }

    #[test]
    fn groups_out_of_order_or_run_together_are_found() {
        assert_eq!(found(order, "use std::fmt;\n\nuse serde::De;\n\nuse crate::a;\n\nuse super::b;\n"), 0);
        assert_eq!(found(order, "use serde::De;\n\nuse std::fmt;\n"), 1);
        assert_eq!(found(order, "use std::fmt;\nuse serde::De;\n"), 1);
        assert_eq!(found(order, "use std::fmt;\n\nuse std::io;\n"), 1);
        assert_eq!(found(order, "use std::fmt;\n\nuse crate::b;\n\nuse a::A;\n\nmod a;\n"), 0);
    }

    #[test]
    fn imports_of_one_module_in_two_places_are_found() {
        assert_eq!(found(merged, "use std::{fmt, io};\nuse std::sync::{Arc, atomic};\n"), 0);
        assert_eq!(found(merged, "use a::{self, B};\nuse a::c::{self, D};\nuse b::{self, E};\n"), 0);
        assert_eq!(found(merged, "use a::B;\nuse a::C;\n"), 1);
        assert_eq!(found(merged, "use a::{B, c::D};\n"), 1);
    }

    #[test]
    fn imports_of_an_inline_module_are_a_list_of_their_own() {
        assert_eq!(found(merged, "use a::B;\n\nmod tests {\n    use a::C;\n}\n"), 0);
        assert_eq!(found(merged, "mod tests {\n    use a::B;\n    use a::C;\n}\n"), 1);
        assert_eq!(found(merged, "use a::B;\n\nfn f() {\n    use a::C;\n}\n"), 0);
    }

    #[test]
    fn two_levels_up_are_found() {
        assert_eq!(found(supers, "fn f() {\n    super::super::go()\n}\n"), 1);
        assert_eq!(found(supers, "fn f() {\n    super::go()\n}\n"), 0);
        assert_eq!(found(supers, "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use super::super::f;\n}\n"), 0);
    }
}
