//! Finding external programs, and running them for a short answer.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{Command, RunError, RunOutput, Spawner};

/// What a helper program may say, in bytes; the rest is read and dropped.
const MOST_OUTPUT: usize = 64 << 10;

/// A program by name or path: a name is looked up on PATH, a path is taken as it is.
pub(crate) fn find(name: &Path) -> Option<PathBuf> {
    if name.components().count() > 1 {
        return executable(name).then(|| name.to_owned());
    }
    std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|dir| dir.join(name))
        .find(|path| executable(path))
}

/// A program that ships with the daemon: beside the daemon's own file, then on PATH.
pub(crate) fn find_beside(name: &str) -> Option<PathBuf> {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(|dir| dir.join(name)))
        .filter(|path| executable(path))
        .or_else(|| find(Path::new(name)))
}

/// Runs a helper program to its end, or ends it at the limit. It is a child like all others: it dies with the
/// daemon, also when it hangs in a driver's call.
pub(crate) async fn run<A: Into<OsString>>(
    spawner: &Spawner,
    program: &Path,
    args: impl IntoIterator<Item = A>,
    limit: Duration,
) -> Result<RunOutput, RunError> {
    spawner.run_once(Command::new(program).args(args), limit, MOST_OUTPUT).await
}

/// The daemon's own program, for the stages that it is itself. Where its file was replaced meanwhile, what runs is still
/// to be had from the kernel.
pub(crate) fn own() -> PathBuf {
    std::env::current_exe().ok().filter(|path| executable(path)).unwrap_or_else(|| "/proc/self/exe".into())
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
