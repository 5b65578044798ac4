//! Command line for a running havatard.
fn main() {}
