//! One style of modules, headers and imports.

use std::collections::BTreeSet;

use syn::spanned::Spanned as _;
use syn::{Item, ItemUse, UseTree, Visibility};

use crate::circles;
use crate::modules::{self, flatten};
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

/// The imports of a file in blocks: neighbours without another item between them.
struct Import {
    first: usize,
    last: usize,
    rank: usize,
    tree: UseTree,
}

const GROUPS: [&str; 4] = ["std", "other crates", "crate::", "self and super"];

fn imports(path: &str, text: &str) -> Vec<Vec<Import>> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut blocks = Vec::new();
    block(&file.items, &mut blocks);
    blocks
}

fn block(items: &[Item], blocks: &mut Vec<Vec<Import>>) {
    let own: BTreeSet<String> = items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    let mut imports = Vec::new();
    for item in items {
        match item {
            Item::Use(item) if matches!(item.vis, Visibility::Inherited) && item.attrs.is_empty() => {
                imports.push(import(item, &own));
            }
            Item::Mod(item) => {
                if let Some((_, items)) = &item.content {
                    block(items, blocks);
                }
            }
            _ => {}
        }
    }
    blocks.push(imports);
}

fn import(item: &ItemUse, own: &BTreeSet<String>) -> Import {
    let rank = match &item.tree {
        UseTree::Path(tree) => match tree.ident.to_string().as_str() {
            "std" | "core" | "alloc" => 0,
            "crate" => 2,
            "self" | "super" => 3,
            name if own.contains(name) => 3,
            _ => 1,
        },
        UseTree::Name(name) if own.contains(&name.ident.to_string()) => 3,
        _ => 1,
    };
    let span = item.span();
    Import { first: span.start().line, last: span.end().line, rank, tree: item.tree.clone() }
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
                let mut parents: Vec<Vec<String>> = flatten(&import.tree)
                    .into_iter()
                    .map(|mut leaf| {
                        if !leaf.is_module {
                            leaf.path.pop();
                        }
                        leaf.path
                    })
                    .collect();
                parents.dedup();
                let nested = parents.len() > 1;
                let twice =
                    parents.into_iter().find(|parent| !parent.is_empty() && !seen.insert(parent.clone()));
                if nested {
                    return Some((
                        import.first,
                        "a path within the braces; write one `use` for each module".to_owned(),
                    ));
                }
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
    for root in circles::roots(tree) {
        let krate = modules::parse(tree, &root);
        let mut seen = BTreeSet::new();
        for path in &krate.paths {
            let file = &krate.modules[path.module].file;
            let climbs = path.segments.iter().filter(|segment| *segment == "super").count() > 1;
            if climbs && !tree::is_test(file) && seen.insert(file.clone()) {
                findings.push(Finding {
                    key: format!("super {file}"),
                    message: format!(
                        "{file}:{}: `{}` climbs two levels; begin with `crate::`",
                        path.line,
                        path.segments.join("::")
                    ),
                });
            }
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
    fn two_levels_up_are_found() {
        let tree = |path: &str| {
            Tree::from([
                ("crates/x/src/lib.rs".to_owned(), "mod a;".to_owned()),
                ("crates/x/src/a/mod.rs".to_owned(), "mod b;".to_owned()),
                ("crates/x/src/a/b.rs".to_owned(), format!("fn f() {{ {path}::go() }}")),
            ])
        };
        assert_eq!(supers(&tree("super::super")).len(), 1);
        assert_eq!(supers(&tree("super")).len(), 0);
    }
}
