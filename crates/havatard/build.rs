//! Has cargo look at the built panel: the macro that embeds it notices changed files, but not that the whole folder, which was
//! missing at the build before, is there now.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Without the folder, cargo runs this and builds the crate each time.
    println!("cargo::rerun-if-changed=../../web/dist");
}
