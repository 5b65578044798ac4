//! The config file, from text to checked types.

mod anything;
mod checks;
mod diagnostics;
mod example;
mod files;
mod robot;
mod schema;
mod values;

use std::path::Path;

use havatard::config::{Config, Diagnostic, Loaded};

/// Reads a text that must be without error.
fn loads(text: &str) -> Loaded {
    Config::from_bytes(text.as_bytes(), Path::new("havatar.yaml"), false)
        .unwrap_or_else(|errors| panic!("{text:?}: {errors}"))
}

/// Reads a text that must not pass.
fn errors(text: &str) -> Vec<Diagnostic> {
    match Config::from_bytes(text.as_bytes(), Path::new("havatar.yaml"), false) {
        Err(errors) => errors.0,
        Ok(loaded) => panic!("{text:?} passed: {loaded:?}"),
    }
}

/// Reads a text that must have one error.
fn error(text: &str) -> Diagnostic {
    let mut errors = errors(text);
    assert_eq!(errors.len(), 1, "{text:?}: {errors:#?}");
    errors.remove(0)
}

/// `media.camera.fps` and `300` as the file has them.
fn setting(key: &str, value: &str) -> String {
    let mut text = String::new();
    let parts: Vec<&str> = key.split('.').collect();
    for (depth, part) in parts.iter().enumerate() {
        let indent = "  ".repeat(depth);
        let value = if depth + 1 == parts.len() { format!(" {value}") } else { String::new() };
        text.extend([indent.as_str(), part, ":", &value, "\n"]);
    }
    text
}
