//! The vectors in `tests/vectors`, which a firmware is checked with, are what this crate makes and reads.
//!
//! `UPDATE_VECTORS=1` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod damaged;
mod frames;

use std::fmt::Write as _;
use std::path::Path;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The file's lines are `wanted`, or become it.
fn compare(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(file);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (there, wanted)) in there.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(there, wanted, "{file}, line {}", number + 1);
    }
    assert_eq!(there.len(), wanted.len(), "{file} has lines too many or too few; UPDATE_VECTORS=1 writes it");
}
