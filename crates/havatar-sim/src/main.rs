//! What tests and the demo put in place of hardware.
fn main() {}
