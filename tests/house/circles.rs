//! No file uses something of a file that uses something of it, by whatever way round.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use crate::modules::{self, Kind};
use crate::pending::{self, Finding};
use crate::resolve::{Target, resolve};
use crate::tree::{self, Tree};

#[test]
fn no_file_imports_itself_by_a_detour() {
    pending::enforce("circle");
}

/// Which file uses which, with the line and the path of one use each.
type Graph = BTreeMap<String, BTreeMap<String, (usize, String)>>;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    roots(tree).iter().flat_map(|root| check_crate(tree, root)).collect()
}

/// The root files of the workspace's crates: libraries and programs.
pub(crate) fn roots(tree: &Tree) -> Vec<String> {
    let is_root = |path: &&String| {
        (path.starts_with("crates/") || path.starts_with("web/") || path.starts_with("tests/"))
            && (path.ends_with("/src/lib.rs")
                || path.ends_with("/src/main.rs")
                || *path == "tests/support/lib.rs")
    };
    tree.keys().filter(is_root).cloned().collect()
}

fn check_crate(tree: &Tree, root: &str) -> Vec<Finding> {
    let graph = graph(tree, root);
    let mut findings = Vec::new();
    for knot in knots(&graph) {
        let first = knot.iter().next().expect("a knot has files");
        let chain = chain(&graph, first);
        for file in &knot {
            let message = format!(
                "{file}: one of {} files that import each other in a circle; move what both sides need into a leaf file:\n{chain}",
                knot.len()
            );
            findings.push(Finding { key: format!("circle {file}"), message });
        }
    }
    findings
}

fn graph(tree: &Tree, root: &str) -> Graph {
    let krate = modules::parse(tree, root);
    let mut graph = Graph::new();
    for path in krate.paths.iter().filter(|path| path.kind != Kind::ReExport) {
        let Target::Item(module) = resolve(&krate, path) else { continue };
        let (user, definer) = (&krate.modules[path.module].file, &krate.modules[module].file);
        if user == definer || tree::is_test(user) || tree::is_test(definer) {
            continue;
        }
        let edges = graph.entry(user.clone()).or_default();
        edges.entry(definer.clone()).or_insert_with(|| (path.line, path.segments.join("::")));
    }
    graph
}

/// The sets of files that reach each other.
fn knots(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<String>> =
        graph.keys().map(|file| (file, reachable(graph, file))).collect();
    let mut seen = BTreeSet::new();
    let mut knots = Vec::new();
    for (file, reaches) in &reached {
        if !reaches.contains(*file) || seen.contains(*file) {
            continue;
        }
        let knot: BTreeSet<String> = reaches
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*file)))
            .cloned()
            .collect();
        seen.extend(knot.iter().cloned());
        knots.push(knot);
    }
    knots
}

fn reachable(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flat_map(|edges| edges.keys()) {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// The shortest way from a file back to itself, one line for each edge.
fn chain(graph: &Graph, start: &str) -> String {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    'search: while let Some(file) = open.pop_front() {
        for next in graph.get(file).into_iter().flat_map(|edges| edges.keys()) {
            if next == start {
                from.insert(start, file);
                break 'search;
            }
            if !from.contains_key(next.as_str()) {
                from.insert(next, file);
                open.push_back(next);
            }
        }
    }
    let mut files = vec![start];
    let mut at = from[start];
    while at != start {
        files.push(at);
        at = from[at];
    }
    files.push(start);
    files.reverse();
    let mut text = String::new();
    for pair in files.windows(2) {
        let (line, path) = &graph[pair[0]][pair[1]];
        let _ = writeln!(text, "    {}:{line} uses {path} of {}", pair[0], pair[1]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| (format!("crates/x/src/{path}"), (*text).to_owned())).collect()
    }

    fn keys(files: &[(&str, &str)]) -> Vec<String> {
        check(&tree(files))
            .into_iter()
            .map(|finding| finding.key.replace("circle crates/x/src/", ""))
            .collect()
    }

    #[test]
    fn a_circle_is_found_and_told_edge_by_edge() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "use crate::b::B;\npub struct A(B);\n"),
            ("b.rs", "\nuse crate::c;\npub struct B;\nfn f() { c::go() }\n"),
            ("c.rs", "pub fn go() { println!(\"{:?}\", crate::a::A) }\n"),
        ];
        assert_eq!(keys(&files), ["a.rs", "b.rs", "c.rs"]);
        let message = check(&tree(&files)).remove(0).message;
        assert!(message.contains("a.rs:1 uses crate::b::B of crates/x/src/b.rs"), "{message}");
        assert!(message.contains("b.rs:4 uses c::go of crates/x/src/c.rs"), "{message}");
        assert!(message.contains("c.rs:1 uses crate::a::A of crates/x/src/a.rs"), "{message}");
    }

    #[test]
    fn a_circle_through_re_exports_is_found() {
        let named = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\n"),
            ("a.rs", "use super::b::B;\npub struct A(B);\n"),
            ("b.rs", "use crate::A;\npub struct B;\nfn f(_: A) {}\n"),
        ];
        assert_eq!(keys(&named), ["a.rs", "b.rs"]);
        let glob = [
            ("lib.rs", "mod a;\nmod b;\npub use a::*;\n"),
            ("a.rs", "use super::b::B;\npub struct A(B);\n"),
            ("b.rs", "use super::*;\npub struct B;\nfn f(_: A) {}\n"),
        ];
        assert_eq!(keys(&glob), ["a.rs", "b.rs"]);
    }

    #[test]
    fn a_type_that_a_macro_defines_counts() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n"),
            ("a.rs", "use crate::b::B;\nmake! { A { x } }\nfn f(_: B) {}\n"),
            ("b.rs", "use crate::a::A;\npub struct B(A);\n"),
        ];
        assert_eq!(keys(&files), ["a.rs", "b.rs"]);
    }

    #[test]
    fn a_parent_and_its_child_are_a_circle_when_each_uses_the_other() {
        let files = [
            ("lib.rs", "mod a;\n"),
            ("a/mod.rs", "mod child;\npub struct Shared;\nfn f() { child::go(Shared) }\n"),
            ("a/child.rs", "use super::Shared;\npub fn go(_: Shared) {}\n"),
        ];
        assert_eq!(keys(&files), ["a/child.rs", "a/mod.rs"]);
    }

    #[test]
    fn layers_pass_whatever_re_exports_and_tests_name() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\n"),
            (
                "a/mod.rs",
                "mod shared;\nmod work;\npub use shared::Shared;\nuse crate::b;\npub struct A(b::B);\nfn f() { work::go() }\n",
            ),
            ("a/shared.rs", "pub struct Shared;\n"),
            (
                "a/work.rs",
                "use super::Shared;\npub fn go() { let _ = Shared; }\n#[cfg(test)]\nmod tests { use crate::A; fn f(_: A) {} }\n",
            ),
            ("b.rs", "pub struct B;\n#[cfg(test)]\nuse crate::A;\n"),
        ];
        assert_eq!(keys(&files), Vec::<String>::new());
    }
}
