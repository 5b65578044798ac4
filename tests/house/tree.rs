//! The source files that the rules are applied to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

pub(crate) use havatar_tests::tools::root;

/// The folders that hold our own code.
const ROOTS: [&str; 6] = ["crates", "deploy", "mediamtx", "scripts", "tests", "web"];
const SKIPPED: [&str; 7] =
    ["target", "node_modules", "dist", "build", "snapshots", "test-results", ".svelte-kit"];
/// Written by a program, each guarded by a test of its own.
const GENERATED: [&str; 1] = ["web/src/api/schema.ts"];

/// What a file is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Language {
    Rust,
    /// TypeScript, JavaScript and Svelte.
    Script,
    Css,
    Shell,
    Cpp,
}

/// Every source file by its path from the workspace's root.
pub(crate) type Tree = BTreeMap<String, String>;

/// The workspace's source files, read once.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(load);

fn load() -> Tree {
    let root = root();
    let mut tree = Tree::new();
    for top in ROOTS {
        collect(&root, Path::new(top), &mut tree);
    }
    assert!(tree.len() > 300, "found only {} source files below {}", tree.len(), root.display());
    tree
}

fn collect(root: &Path, dir: &Path, tree: &mut Tree) {
    let Ok(entries) = fs::read_dir(root.join(dir)) else { return };
    for entry in entries {
        let entry = entry.expect("can read the directory");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = dir.join(&name);
        let kind = entry.file_type().expect("can tell the type of an entry");
        if kind.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !name.starts_with('.') {
                collect(root, &path, tree);
            }
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(root.join(&path))
        {
            let path = path.to_string_lossy().into_owned();
            if language(&path, &text).is_some() && !GENERATED.contains(&path.as_str()) {
                tree.insert(path, text);
            }
        }
    }
}

/// The language by the file's name, or by its first line for scripts without an extension.
pub(crate) fn language(path: &str, text: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("rs") => Some(Language::Rust),
        Some("ts" | "mjs" | "js" | "svelte") => Some(Language::Script),
        Some("css") => Some(Language::Css),
        Some("cpp" | "h" | "ino") => Some(Language::Cpp),
        Some("sh") => Some(Language::Shell),
        None if text.starts_with("#!/bin/sh") || text.starts_with("#!/usr/bin/env sh") => {
            Some(Language::Shell)
        }
        None if text.starts_with("#!/usr/bin/env node") => Some(Language::Script),
        _ => None,
    }
}

/// Whether a file holds tests rather than code: rules about length, circles and imports do not bind it.
pub(crate) fn is_test(path: &str) -> bool {
    let in_tests = path.starts_with("tests/") && !path.starts_with("tests/support/");
    let name = path.rsplit('/').next().unwrap_or(path);
    in_tests
        || (path.starts_with("crates/") && path.split('/').any(|part| part == "tests" || part == "fuzz"))
        || path.starts_with("deploy/esp32/test/")
        || path.starts_with("web/test/")
        || ["tests.rs", "testing.rs", "fake.rs"].contains(&name)
        || name.contains(".test.")
}

#[test]
fn tests_are_told_from_code() {
    for path in [
        "tests/it/start.rs",
        "crates/havatard/src/http/tests/mod.rs",
        "crates/havatard/src/robot/testing.rs",
        "crates/havatar-link/fuzz/seed.rs",
        "web/src/lib/drive.test.ts",
        "deploy/esp32/test/bench.cpp",
    ] {
        assert!(is_test(path), "{path} is a test");
    }
    for path in ["crates/havatard/src/http/mod.rs", "tests/support/daemon.rs", "web/src/lib/drive.ts"] {
        assert!(!is_test(path), "{path} is no test");
    }
}
