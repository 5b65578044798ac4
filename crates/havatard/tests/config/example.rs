//! `deploy/havatar.yaml`: it shows the defaults, and every key.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use havatard::config::Config;
use serde_json::Value;

use crate::{errors, loads};

pub(crate) fn example() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/havatar.yaml"))
        .expect("deploy/havatar.yaml")
}

/// The example with every key that stands there as a comment set.
fn all_set() -> String {
    let key = |line: &str| {
        let text = line.trim_start_matches([' ', '-']);
        let name = text.split(':').next().unwrap_or_default();
        let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        named && (text.len() == name.len() + 1 || text[name.len()..].starts_with(": "))
    };
    let uncomment = |line: &str| match line.trim_start().strip_prefix("# ") {
        Some(text) if key(text) => {
            format!("{}{text}\n", " ".repeat(line.len() - line.trim_start().len()))
        }
        _ => format!("{line}\n"),
    };
    example().lines().map(uncomment).collect()
}

/// Lines of the example that set a key to a value, with the key.
fn leaves(text: &str) -> Vec<(usize, String)> {
    let (mut path, mut leaves): (Vec<&str>, _) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (name, value) = trimmed.split_once(':').expect("every line of the example sets a key");
        path.truncate((line.len() - trimmed.len()) / 2);
        path.push(name);
        if !value.is_empty() {
            leaves.push((at, path.join(".")));
        }
    }
    leaves
}

/// The example with one value in place of those of these lines.
fn with(text: &str, lines: &[usize], value: &str) -> String {
    let replace = |(at, line): (usize, &str)| match line.split_once(':') {
        Some((key, _)) if lines.contains(&at) => format!("{key}: {value}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().enumerate().map(replace).collect()
}

#[test]
fn it_loads_and_shows_the_defaults() {
    let loaded = loads(&example());
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(example().starts_with("# yaml-language-server: $schema=havatar.schema.json\n"));
}

#[test]
fn it_shows_every_key() {
    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(object) => {
                if let Some(Value::Object(properties)) = object.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                object.values().for_each(|value| keys(value, found));
            }
            Value::Array(array) => array.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    keys(&havatard::config::schema(), &mut found);
    assert!(found.len() > 40, "{found:?}");
    let text = all_set();
    for key in found {
        let set = |line: &str| line.trim_start_matches([' ', '-']).starts_with(&format!("{key}:"));
        assert!(text.lines().any(set), "the example does not show {key}");
    }
}

#[test]
fn its_commented_keys_work_too() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str, contents: &str| {
        let path = dir.path().join(name);
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path.display().to_string()
    };
    let mut text = all_set();
    for (shown, here) in [
        ("/etc/havatar/certificate.pem", place("c", "-----BEGIN CERTIFICATE-----")),
        ("/etc/havatar/key.pem", place("k", "-----BEGIN PRIVATE KEY-----")),
        ("/etc/havatar/turn-password", place("p", "secret")),
        ("/usr/lib/havatar/mediamtx", place("m", "")),
        ("/var/lib/havatar/film.mp4", place("f", "")),
        ("/srv/recordings", dir.path().display().to_string()),
    ] {
        assert!(text.contains(shown), "{shown}");
        text = text.replace(shown, &here);
    }
    let loaded = loads(&text);
    assert!(loaded.config.server.tls.is_some());
    assert!(loaded.config.media.mediamtx.ice_servers[1].url.is_turn());
    assert!(loaded.config.media.camera.url.is_some() && loaded.config.media.camera.file.is_some());
    let idle: Vec<&str> = loaded.warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(
        idle,
        ["media.camera.url", "media.camera.url_file", "media.camera.file", "speech.command", "robot.text"]
    );
}

#[test]
fn an_error_at_any_key_is_reported_at_its_line() {
    let text = example();
    let leaves = leaves(&text);
    assert!(leaves.len() > 25, "{leaves:?}");
    for (at, key) in &leaves {
        let told = errors(&with(&text, &[*at], "[[x]]"));
        assert_eq!(told.len(), 1, "{key}: {told:#?}");
        assert!(told[0].key.starts_with(key), "{key}: {}", told[0]);
        assert_eq!(told[0].line, u32::try_from(at + 1).ok(), "{key}: {}", told[0]);
    }
    let lines: Vec<usize> = leaves.iter().map(|(at, _)| *at).collect();
    let told: Vec<_> = errors(&with(&text, &lines, "[[x]]")).iter().map(|error| error.line).collect();
    let all: Vec<_> = lines.iter().map(|at| u32::try_from(at + 1).ok()).collect();
    assert_eq!(told, all);
}
