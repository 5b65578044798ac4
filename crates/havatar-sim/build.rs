//! Compiles the firmware core, so that the simulated robot runs the very code that ships.

use std::path::Path;

fn main() {
    // Asked for as it runs: this program may have been built in another clone that shares a target directory.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let core = Path::new(&here).join("../../deploy/esp32/core");
    println!("cargo::rerun-if-changed={}", core.display());
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true);
    build.flag("-fno-exceptions").flag("-fno-rtti");
    let entries = std::fs::read_dir(&core).expect("deploy/esp32/core is there");
    let mut sources: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .collect();
    // The order of a directory is nobody's promise.
    sources.sort();
    build.files(&sources).compile("havatar_core");
}
