//! The guard: a tiny process that outlives the supervising program by a moment and ends what it left.
//!
//! It is the program's own binary, started with a hidden first argument. Its stdin is one end of a
//! socket pair whose other end only the supervising program holds: when that program is gone, however
//! it went, the guard reads the end of the stream and ends every process that carries the generation's mark.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use nix::sys::prctl;

use crate::marks::{self, Mark};

/// Becomes the guard, and never returns, if this process was started as one. Otherwise returns at once.
///
/// Call it as the very first thing in `main`, before any thread, runtime or argument parser.
pub fn run_if_asked() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == ARGUMENT) {
        let code = if let Some(generation) = args.next() { watch(generation) } else { USAGE };
        std::process::exit(code);
    }
}

/// The hidden first argument; the generation follows it.
pub(crate) const ARGUMENT: &str = "--havatar-guard";
/// What the guard sends once it watches.
pub(crate) const READY: u8 = b'+';
const USAGE: i32 = 2;
/// About 30 s: what cannot be killed by then is stuck in the kernel and stays for the next sweep.
const LOOKS: u32 = 3000;

fn watch(generation: OsString) -> i32 {
    let Ok(generation) = generation.into_string() else { return USAGE };
    // A name of its own tells it apart in `ps`; no folder of its own lets file systems be unmounted.
    let _ = prctl::set_name(c"havatar-guard");
    let _ = std::env::set_current_dir("/");
    let Ok(parent) = std::io::stdin().as_fd().try_clone_to_owned() else { return USAGE };
    let mut parent = UnixStream::from(parent);
    if parent.write_all(&[READY]).is_ok() {
        let mut byte = [0];
        // Only the end of the stream, or its failure, means that the parent is gone.
        while parent.read_exact(&mut byte).is_ok() {}
    }
    i32::from(!marks::end_all(&Mark::Generation(generation), LOOKS).left.is_empty())
}
