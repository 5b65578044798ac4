//! What may use what: the invariants of ARCHITECTURE.md as tables. A new edge is a decision: write it here and there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::lexer;
use crate::modules::{self, Crate};
use crate::pending::{self, Finding};
use crate::resolve::{Target, resolve};
use crate::tree::{self, Language, Tree, language};

#[test]
fn modules_and_libraries_are_used_where_the_map_says() {
    pending::enforce("edge");
}

#[test]
fn crates_depend_on_what_the_map_says() {
    pending::enforce("crate");
}

const DAEMON: &str = "crates/havatard/src/lib.rs";

/// The daemon's modules from the top down, each with those that it may use.
const MODULES: &[(&str, &[&str])] = &[
    ("daemon", ANY),
    (
        "reload",
        &[
            "auth",
            "config",
            "handles",
            "http",
            "media",
            "notifier",
            "options",
            "recordings",
            "robot",
            "speech",
            "store",
        ],
    ),
    (
        "http",
        &[
            "auth",
            "config",
            "devices",
            "handles",
            "holders",
            "local_socket",
            "media",
            "network",
            "phrases",
            "presence",
            "random",
            "recordings",
            "robot",
            "secrets",
            "speech",
        ],
    ),
    ("handles", &["auth", "config", "media", "phrases", "presence", "recordings", "robot", "speech"]),
    ("presence", &["media", "recordings", "robot"]),
    ("devices", &["media"]),
    ("speech", &["config", "confinement", "media", "priority", "program"]),
    ("recordings", &["config", "disk", "media", "secrets", "store"]),
    (
        "media",
        &[
            "config",
            "confinement",
            "disk",
            "holders",
            "local_socket",
            "priority",
            "program",
            "random",
            "secrets",
            "sound",
            "store",
        ],
    ),
    ("robot", &["config", "disk", "holders", "priority", "program", "random", "secrets", "store"]),
    ("auth", &["disk", "network", "random", "secrets", "store"]),
    ("phrases", &["disk", "store"]),
    ("store", &["disk"]),
    ("secrets", &["disk", "random"]),
    ("disk", &["random"]),
    ("confinement", &["config"]),
    ("sound", &["local_socket"]),
    ("program", &["priority"]),
    ("cgroups", &["priority"]),
    ("priority", &[]),
    ("local_socket", &[]),
    ("lock", &[]),
    ("logging", &[]),
    ("config", &[]),
    ("service_user", &["options"]),
    ("options", &["config"]),
    ("holders", &[]),
    ("network", &[]),
    ("notifier", &[]),
    ("random", &[]),
];

/// Stands for every module.
const ANY: &[&str] = &["*"];

/// Where a library, or a part of one, must not be used; the files' paths begin so.
const BARRED: &[(&str, &[&str], &str)] = &[
    ("crates/havatard/src/robot/", &["axum", "http", "reqwest", "tower"], "the robot knows no HTTP"),
    (
        "crates/havatard/src/robot/core/",
        &["tokio_serial", "std::fs", "std::thread", "tokio::spawn"],
        "the rules do no I/O",
    ),
    (
        "crates/havatard/src/robot/core/",
        &["tokio::time::Instant::now", "tokio::time::sleep"],
        "the rules are given the time",
    ),
    ("crates/havatard/src/media/", &["axum", "hyper", "hyper_util", "tower"], "media serves no HTTP"),
    (
        "crates/havatard/src/recordings/",
        &["axum", "hyper", "hyper_util", "tower"],
        "recordings serve no HTTP",
    ),
    (
        "crates/havatard/src/auth/",
        &["axum", "hyper", "hyper_util", "reqwest", "tower"],
        "auth knows a cookie's text alone",
    ),
    (
        "crates/havatard/src/sound/",
        &["axum", "reqwest", "havatar_supervisor"],
        "the stages at the sound card are programs of their own",
    ),
    (
        "crates/havatard/src/config/",
        &["axum", "reqwest", "tokio", "havatar_supervisor"],
        "a config is read without a runtime",
    ),
    (
        "crates/havatard/src/http/",
        &["havatar_supervisor", "std::process", "tokio::process", "tokio_serial", "havatar_link"],
        "http knows no child process and no serial port",
    ),
];

/// Names of the config's keys that tell where MediaMTX listens, and who may know it.
const ADDRESSES: [&str; 5] =
    ["api_address", "hls_address", "metrics_address", "rtsp_address", "webrtc_address"];
const KNOW_ADDRESSES: [&str; 4] = [
    "crates/havatard/src/config/",
    "crates/havatard/src/media/",
    "crates/havatard/src/http/webrtc/",
    "crates/havatard/src/http/mediamtx",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let krate = modules::parse(tree, DAEMON);
    let mut findings = between_modules(&krate, MODULES);
    findings.extend(barred(&krate));
    for (path, text) in tree.iter().filter(|(path, _)| path.starts_with("crates/havatard/src/")) {
        let knows = KNOW_ADDRESSES.iter().any(|prefix| path.starts_with(prefix));
        if !knows && !tree::is_test(path) {
            findings.extend(addresses(path, text));
        }
    }
    findings
}

fn between_modules(krate: &Crate, table: &[(&str, &[&str])]) -> Vec<Finding> {
    let mut findings = BTreeMap::new();
    for path in &krate.paths {
        let user = &krate.modules[path.module];
        let (Target::Item(target) | Target::Module(target)) = resolve(krate, path) else { continue };
        let (Some(from), Some(to)) = (user.path.first(), krate.modules[target].path.first()) else {
            continue;
        };
        if from == to || tree::is_test(&user.file) {
            continue;
        }
        let allowed = table.iter().find(|(module, _)| module == from).map(|(_, allowed)| *allowed);
        if allowed.is_some_and(|allowed| allowed == ANY || allowed.contains(&to.as_str())) {
            continue;
        }
        let fix = if allowed.is_some() {
            format!(
                "`{from}` may not use `{to}`; let a caller pass what is needed, or argue the edge in ARCHITECTURE.md"
            )
        } else {
            format!("`{from}` is not in the table; write what it may use")
        };
        findings.entry((from, to)).or_insert_with(|| Finding {
            key: format!("edge {from} -> {to}"),
            message: format!(
                "{}:{}: {}: {fix} and in tests/house/edges.rs",
                user.file,
                path.line,
                path.segments.join("::")
            ),
        });
    }
    findings.into_values().collect()
}

fn barred(krate: &Crate) -> Vec<Finding> {
    let mut findings = BTreeMap::new();
    for path in &krate.paths {
        let file = &krate.modules[path.module].file;
        let Target::Outside(target) = resolve(krate, path) else { continue };
        if tree::is_test(file) {
            continue;
        }
        let target = target.join("::");
        for (area, libraries, why) in BARRED.iter().filter(|(area, ..)| file.starts_with(area)) {
            let is_within = |library: &str| {
                target.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            // The name of a local module or variable alone is no library.
            if let Some(library) =
                libraries.iter().find(|library| is_within(library) && target.contains("::"))
            {
                findings.entry((file, *library)).or_insert_with(|| Finding {
                    key: format!("edge {file} -> {library}"),
                    message: format!("{file}:{}: {target} is not used below {area}: {why}", path.line),
                });
            }
        }
    }
    findings.into_values().collect()
}

fn addresses(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in lexer::split(text, language(path, text).unwrap_or(Language::Rust)).iter().enumerate() {
        let mut names = line.code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        if let Some(name) = names.find(|name| ADDRESSES.contains(name)) {
            findings.push(Finding {
                key: format!("edge {path} -> {name}"),
                message: format!(
                    "{path}:{}: {name}: only {} know where MediaMTX listens",
                    at + 1,
                    KNOW_ADDRESSES.join(", ")
                ),
            });
        }
    }
    findings
}

/// The workspace's packages, each with those that it may depend on, build and tests included.
const PACKAGES: &[(&str, &[&str])] = &[
    ("havatar-api", &[]),
    ("havatar-link", &[]),
    ("havatar-supervisor", &[]),
    ("havatar-sim", &["havatar-link"]),
    ("havatarctl", &["havatar-api"]),
    ("havatard", &["havatar-api", "havatar-link", "havatar-supervisor"]),
    ("havatar-tests", &["havatar-api", "havatar-sim"]),
];

/// What a package must not depend on, outside its tests.
const WITHOUT: &[(&str, &[&str], &str)] = &[
    ("havatar-api", &["axum", "reqwest", "tokio"], "the contract's types do no I/O"),
    ("havatar-link", &["serde", "tokio", "tokio-serial"], "the protocol is sans I/O"),
    (
        "havatar-supervisor",
        &["axum", "http", "reqwest", "serde", "serde_json", "serde_yaml"],
        "it knows no HTTP and no config",
    ),
    ("havatar-sim", &["axum", "reqwest"], "the hardware's stand-ins know no HTTP"),
    ("havatarctl", &["axum", "tokio-serial"], "it knows the daemon by its API, and its folders for backups"),
];

pub(crate) fn check_crates(_: &Tree) -> Vec<Finding> {
    let root = tree::root();
    let mut packages = Vec::new();
    let members = fs::read_dir(root.join("crates")).expect("can list the crates");
    let dirs = members.map(|entry| entry.expect("can list the crates").path()).chain([root.join("tests")]);
    for dir in dirs {
        let manifest = dir.join("Cargo.toml");
        let text =
            fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        packages.push(text);
    }
    packages.iter().flat_map(|text| manifest(text)).collect()
}

fn manifest(text: &str) -> Vec<Finding> {
    let mut section = "";
    let mut name = String::new();
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            continue;
        }
        let Some(key) =
            line.split(['=', '.', ' ']).next().filter(|key| !key.is_empty() && !key.starts_with('#'))
        else {
            continue;
        };
        if section == "package" && key == "name" {
            line.split('"').nth(1).unwrap_or_default().clone_into(&mut name);
        }
        let is_runtime = section == "dependencies" || section == "build-dependencies";
        if !is_runtime && section != "dev-dependencies" {
            continue;
        }
        let listed = PACKAGES.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed);
        let is_ours = key.starts_with("havatar");
        let why = WITHOUT
            .iter()
            .find(|(package, barred, _)| is_runtime && *package == name && barred.contains(&key));
        let what = match (listed, why) {
            (None, _) => "is not in the table of packages".to_owned(),
            (Some(allowed), _) if is_ours && !allowed.contains(&key) => format!("may not depend on {key}"),
            (_, Some((.., why))) => format!("may not depend on {key}: {why}"),
            _ => continue,
        };
        if seen.insert(key) {
            let message = format!("{name}/Cargo.toml:{}: {name} {what}; see tests/house/edges.rs", at + 1);
            findings.push(Finding { key: format!("crate {name} -> {key}"), message });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon(files: &[(&str, &str)]) -> Crate {
        let tree = files
            .iter()
            .map(|(path, text)| (format!("crates/havatard/src/{path}"), (*text).to_owned()))
            .collect();
        modules::parse(&tree, DAEMON)
    }

    fn keys(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn an_edge_against_the_map_is_found_also_through_a_re_export() {
        let krate = daemon(&[
            ("lib.rs", "mod http;\nmod media;\nmod robot;\npub use http::Route;\n"),
            ("http.rs", "use crate::media::Media;\npub struct Route(Media);\n"),
            ("media.rs", "pub struct Media;\n"),
            ("robot.rs", "fn f() { crate::Route; }\n"),
        ]);
        let table: &[(&str, &[&str])] = &[("http", &["media"]), ("robot", &["media"])];
        assert_eq!(keys(between_modules(&krate, table)), ["edge robot -> http"]);
        assert_eq!(keys(between_modules(&krate, &[])), ["edge http -> media", "edge robot -> http"]);
    }

    #[test]
    fn a_barred_library_is_found_under_another_name() {
        let krate = daemon(&[
            ("lib.rs", "mod http;\nmod robot;\n"),
            ("http.rs", "use axum::Router;\n"),
            ("robot/mod.rs", "use axum::body as b;\nfn f() { b::Body::empty() }\n"),
        ]);
        assert_eq!(keys(barred(&krate)), ["edge crates/havatard/src/robot/mod.rs -> axum"]);
        assert_eq!(addresses("x.rs", "// api_address\nlet a = config.api_address;\n").len(), 1);
    }

    #[test]
    fn a_dependency_against_the_map_is_found() {
        let text = |name: &str, dependency: &str| {
            format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependency}\n")
        };
        assert_eq!(keys(manifest(&text("havatarctl", "havatar-api.workspace = true"))), [""; 0]);
        assert_eq!(
            keys(manifest(&text("havatarctl", "havatard = { path = \"x\" }"))),
            ["crate havatarctl -> havatard"]
        );
        assert_eq!(
            keys(manifest(&text("havatar-supervisor", "reqwest = \"1\""))),
            ["crate havatar-supervisor -> reqwest"]
        );
        assert_eq!(keys(manifest(&text("novel", "serde = \"1\""))), ["crate novel -> serde"]);
    }
}
