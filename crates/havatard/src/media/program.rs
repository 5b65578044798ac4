//! Finding external programs, and running them for a short answer.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// A program by name or path: a name is looked up on PATH, a path is taken as it is.
pub(super) fn find(name: &Path) -> Option<PathBuf> {
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
pub(super) fn find_beside(name: &str) -> Option<PathBuf> {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(|dir| dir.join(name)))
        .filter(|path| executable(path))
        .or_else(|| find(Path::new(name)))
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// It could not be started or read.
    #[error("cannot run {program}")]
    Io {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It took too long and was ended.
    #[error("{program} did not finish within {limit:?}")]
    Slow {
        /// The program.
        program: PathBuf,
        /// The limit.
        limit: Duration,
    },
}

/// What a finished program said.
#[derive(Debug)]
pub(super) struct Output {
    /// It exited with status 0.
    pub(super) success: bool,
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error.
    pub(super) stderr: String,
}

/// Runs a program to its end, or ends it at the limit.
pub(super) async fn run<A: AsRef<OsStr>>(
    program: &Path,
    args: &[A],
    limit: Duration,
) -> Result<Output, RunError> {
    let mut command = tokio::process::Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let io = |source| RunError::Io { program: program.to_owned(), source };
    let child = command.spawn().map_err(io)?;
    match tokio::time::timeout(limit, child.wait_with_output()).await {
        Ok(output) => {
            let output = output.map_err(io)?;
            Ok(Output {
                success: output.status.success(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
        Err(_) => Err(RunError::Slow { program: program.to_owned(), limit }),
    }
}

fn executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
