//! The package in a file, and the one that is installed.

use std::path::Path;
use std::process::{Command, Stdio};

use super::error::UpdateError;

const NAME: &str = "havatar";

/// The version of the package in `file`. One that is not for this machine is refused.
pub(crate) fn version(file: &Path) -> Result<String, UpdateError> {
    let mut command = Command::new("dpkg-deb");
    command.arg("--field").arg(file).args(["Package", "Version", "Architecture"]);
    let (is_done, out, said) = ask("dpkg-deb", command)?;
    let field = |name: &str| {
        let value = out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(|value| value.trim().to_owned())
    };
    let (true, Some(name), Some(version), Some(architecture)) =
        (is_done, field("Package"), field("Version"), field("Architecture"))
    else {
        return Err(UpdateError::NotAPackage { file: file.to_owned(), said });
    };
    if name != NAME {
        return Err(UpdateError::Foreign { file: file.to_owned(), name });
    }
    let mut command = Command::new("dpkg");
    command.arg("--print-architecture");
    let (_, own, _) = ask("dpkg", command)?;
    let own = own.trim().to_owned();
    if architecture != own && architecture != "all" {
        return Err(UpdateError::Architecture { file: file.to_owned(), found: architecture, own });
    }
    Ok(version)
}

/// The installed version, if there is one.
pub(crate) fn installed() -> Result<Option<String>, UpdateError> {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat", "${db:Status-Status} ${Version}", NAME]);
    let (is_done, out, _) = ask("dpkg-query", command)?;
    let version = out.trim().strip_prefix("installed ").map(str::to_owned);
    Ok(version.filter(|_| is_done))
}

/// Whether `one` is an older version than `other`, by Debian's own rules.
pub(crate) fn is_older(one: &str, other: &str) -> Result<bool, UpdateError> {
    let mut command = Command::new("dpkg");
    command.args(["--compare-versions", one, "lt", other]);
    ask("dpkg", command).map(|(is_so, ..)| is_so)
}

/// Whether a program ended well, what it answered, and what it said beside.
fn ask(program: &'static str, mut command: Command) -> Result<(bool, String, String), UpdateError> {
    // Its words are read here, not by a person.
    command.env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().map_err(|source| UpdateError::Run { program, source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok((output.status.success(), text(&output.stdout), text(&output.stderr)))
}
