//! The guard: a small process that outlives the supervising program and kills the processes it left.
//!
//! It is the program's own binary, started with a hidden first argument. Its stdin is one end of a socket pair, the
//! liveness pipe, whose other end only the supervising program holds. When that program ends for any reason, the
//! guard reads the end of the stream and kills every process that carries the generation's tag.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use nix::sys::prctl;

use crate::env_tags::{self, TagFilter};

/// Becomes the guard, and never returns, if this process was started as one. Otherwise returns at once.
///
/// Call it as the very first thing in `main`, before any thread, runtime or argument parser.
pub fn run_if_asked() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == ARGUMENT) {
        let code = if let Some(generation) = args.next() { watch(generation) } else { EXIT_USAGE };
        std::process::exit(code);
    }
}

/// The hidden first argument; the generation follows it.
pub(crate) const ARGUMENT: &str = "--havatar-guard";
/// The byte that the guard sends once it watches.
const READY: u8 = b'+';
const EXIT_USAGE: i32 = 2;
/// About 30 s. A process that survives SIGKILL that long is stuck in the kernel; the next start sweeps it.
const SCANS: u32 = 3000;

fn watch(generation: OsString) -> i32 {
    let Ok(generation) = generation.into_string() else { return EXIT_USAGE };
    // A name of its own tells it apart in `ps`; no folder of its own lets file systems be unmounted.
    let _ = prctl::set_name(c"havatar-guard");
    let _ = std::env::set_current_dir("/");
    let Ok(parent) = std::io::stdin().as_fd().try_clone_to_owned() else { return EXIT_USAGE };
    let mut parent = UnixStream::from(parent);
    if parent.write_all(&[READY]).is_ok() {
        let mut byte = [0];
        // Only the end of the stream, or its failure, means that the parent is gone.
        while parent.read_exact(&mut byte).is_ok() {}
    }
    i32::from(!env_tags::kill_tagged(&TagFilter::Generation(generation), SCANS).left.is_empty())
}
