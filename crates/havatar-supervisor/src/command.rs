//! The command to run: one program, or a pipeline of several joined stdout to stdin.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, memfd_create};

use crate::confinement::Confinement;

/// One program with its arguments, environment and folder. It is started without a shell.
///
/// The child inherits the caller's environment without the variables of `env_remove`, `env_remove_prefixes` and those
/// that systemd sets for the caller itself (`NOTIFY_SOCKET`, `LISTEN_*`, `WATCHDOG_*`), plus `env`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The program: a path, or a bare name that is looked up on `PATH`.
    pub program: PathBuf,
    /// The arguments, without the program's own name.
    pub args: Vec<OsString>,
    /// Variables set for the child, in order; they win over removals.
    pub env: Vec<(OsString, OsString)>,
    /// Variables that the child must not inherit.
    pub env_remove: Vec<OsString>,
    /// Prefixes of variables that the child must not inherit, for example `MTX_`.
    pub env_remove_prefixes: Vec<String>,
    /// The folder to start in; `None` is the caller's own.
    pub cwd: Option<PathBuf>,
    /// What it reads on stdin, unless a stage before it feeds it.
    pub input: Input,
    /// What it gets of a machine that is short of processor time or memory; `None` is what the caller gets.
    pub resources: Option<Resources>,
    /// What it may do; `None` is all that the caller may.
    pub confinement: Option<Confinement>,
}

/// What a program gets of a machine that is short of something. What is not permitted is left as the caller has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// How readily it leaves the processor to others.
    pub niceness: Niceness,
    /// How readily the kernel ends it when memory runs out, -1000 to 1000. Nobody needs a permission to raise it.
    pub oom_score_adj: i32,
    /// The control group that it joins, below the one of [`crate::Spawner::set_cgroups`].
    pub cgroup: &'static str,
}

/// A niceness, -20 to 19, and the one to take where that is not permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Niceness {
    /// The value to set.
    pub wanted: i32,
    /// The value without the right to lower it so far.
    pub otherwise: i32,
}

/// The stdin of a program that is not fed by another one. What is in it is shown nowhere: it is the place for secrets,
/// which arguments and environment are not.
#[derive(Clone, Default)]
pub enum Input {
    /// `/dev/null`.
    #[default]
    Null,
    /// These bytes, as a file in memory.
    Bytes(Arc<[u8]>),
    /// An open file or socket.
    File(Arc<OwnedFd>),
}

impl Input {
    /// The descriptor for the child; `None` is `/dev/null`.
    pub(crate) fn open(&self) -> io::Result<Option<OwnedFd>> {
        match self {
            Self::Null => Ok(None),
            Self::Bytes(bytes) => file_in_memory(bytes).map(Some),
            Self::File(file) => file.try_clone().map(Some),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bytes(_) => "Bytes(..)",
            Self::File(_) => "File(..)",
        })
    }
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::File(one), Self::File(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Input {}

/// A file in memory: a program that does not read it blocks no writer.
fn file_in_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("input", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

impl Command {
    /// A program without arguments in the caller's folder and environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets what it reads on stdin.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// Sets one variable for the child.
    #[must_use]
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// The program's file name, for log lines: arguments may hold secrets.
    pub(crate) fn title(&self) -> String {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        Path::new(name).display().to_string()
    }

    pub(crate) fn to_std(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args);
        for (name, _) in std::env::vars_os() {
            if self.withholds(&name) {
                command.env_remove(&name);
            }
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command
    }

    fn withholds(&self, name: &OsString) -> bool {
        let bytes = name.as_encoded_bytes();
        let begins = |prefix: &str| bytes.starts_with(prefix.as_bytes());
        SYSTEMD.iter().any(|prefix| begins(prefix))
            || self.env_remove.contains(name)
            || self.env_remove_prefixes.iter().any(|prefix| begins(prefix))
    }
}

/// Prefixes of variables that let a child talk to the service manager in its parent's name.
const SYSTEMD: [&str; 3] = ["NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_"];

/// One or more programs started together in one process group; the stdout of each feeds the stdin of
/// the next. The first reads its [`Command::input`]. When any of them exits, all are stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// The programs in the order of the data flow. At least one.
    pub stages: Vec<Command>,
}

impl From<Command> for Pipeline {
    fn from(command: Command) -> Self {
        Self { stages: vec![command] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_variables() {
        let mut command = Command::new("/bin/true");
        command.env_remove.push("SECRET".into());
        command.env_remove_prefixes.push("MTX_".into());
        for name in ["SECRET", "MTX_RTSPADDRESS", "NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC"] {
            assert!(command.withholds(&name.into()), "{name}");
        }
        for name in ["PATH", "SECRETS", "mtx_a", "HOME"] {
            assert!(!command.withholds(&name.into()), "{name}");
        }
    }

    #[test]
    fn an_input_is_read_from_its_start_and_shown_nowhere() {
        use std::io::Read as _;
        let command = Command::new("/bin/cat").input(Input::Bytes(Arc::from(*b"secret")));
        assert!(!format!("{command:?}").contains("secret"));
        let mut text = String::new();
        File::from(command.input.open().unwrap().unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "secret");
        assert!(Input::Null.open().unwrap().is_none());
    }

    #[test]
    fn a_title_is_without_arguments() {
        assert_eq!(Command::new("/usr/bin/ffmpeg").arg("rtsp://u:p@h/").title(), "ffmpeg");
    }
}
