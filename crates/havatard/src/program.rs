//! Finds external programs, and runs helper programs to their end.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{Command, RunError, RunOutput, Spawner};

use crate::priority::Share;

/// Bytes returned of a helper program's output; the rest is discarded.
const MAX_OUTPUT: usize = 256 << 10;

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

/// Runs a helper program to its end, or kills it at the limit. It is a child like all others: it dies with the
/// daemon, also while a driver call blocks it.
pub(crate) async fn run<A: Into<OsString>>(
    spawner: &Spawner,
    program: &Path,
    args: impl IntoIterator<Item = A>,
    limit: Duration,
) -> Result<RunOutput, RunError> {
    run_command(spawner, Command::new(program).args(args), limit).await
}

/// The same for a command that is put together already.
pub(crate) async fn run_command(
    spawner: &Spawner,
    mut command: Command,
    limit: Duration,
) -> Result<RunOutput, RunError> {
    // A launch waits for it: a test encode that gets nothing of a busy machine keeps the picture away.
    command.resources = Some(Share::Picture.resources());
    spawner.run_once(command, limit, MAX_OUTPUT).await
}

/// The daemon's own program, for the audio stages. If its file was replaced meanwhile, the running one is available
/// as `/proc/self/exe`.
pub(crate) fn own() -> PathBuf {
    std::env::current_exe().ok().filter(|path| executable(path)).unwrap_or_else(|| "/proc/self/exe".into())
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
