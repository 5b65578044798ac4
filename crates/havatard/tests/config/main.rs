//! The config file, from text to checked types.

mod anything;
mod checks;
mod example;
mod faults;
mod files;
mod robot;
mod schema;
mod values;

use std::path::Path;

use havatard::config::{Config, Fault, Loaded};

/// Reads a text that must be without fault.
fn loads(text: &str) -> Loaded {
    Config::from_bytes(text.as_bytes(), Path::new("havatar.yaml"), false)
        .unwrap_or_else(|faults| panic!("{text:?}: {faults}"))
}

/// Reads a text that must not pass.
fn faults(text: &str) -> Vec<Fault> {
    match Config::from_bytes(text.as_bytes(), Path::new("havatar.yaml"), false) {
        Err(faults) => faults.0,
        Ok(loaded) => panic!("{text:?} passed: {loaded:?}"),
    }
}

/// Reads a text that must have one fault.
fn fault(text: &str) -> Fault {
    let mut faults = faults(text);
    assert_eq!(faults.len(), 1, "{text:?}: {faults:#?}");
    faults.remove(0)
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
