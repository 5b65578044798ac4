//! What keeps a package from being installed.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why an update was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateError {
    #[error("installing a package needs root: use sudo")]
    NotRoot,
    #[error("cannot read {}", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("cannot run {program}")]
    Run { program: &'static str, source: io::Error },
    #[error("{} is no Debian package: {said}", file.display())]
    NotAPackage { file: PathBuf, said: String },
    #[error("{} is the package {name}, not havatar", file.display())]
    Foreign { file: PathBuf, name: String },
    #[error("{} is for {found}, and this machine is {own}: get the package for {own}", file.display())]
    Architecture { file: PathBuf, found: String, own: String },
    #[error(
        "havatar {0} has failed here before: mend the cause, then try it with --again, or take a newer one"
    )]
    Failed(String),
    #[error("havatar {to} is older than {from}, which is installed: --downgrade installs it all the same")]
    Older { from: String, to: String },
    #[error("{program} has not installed the package ({status}); what it said is above")]
    Install { program: &'static str, status: ExitStatus },
    #[error("{program} ended well, and {found} is installed instead of {to}")]
    NotInstalled { program: &'static str, found: String, to: String },
    #[error("havatar-rollback --undo failed ({0}): havatar-rollback --show tells which version runs")]
    Undo(ExitStatus),
}
