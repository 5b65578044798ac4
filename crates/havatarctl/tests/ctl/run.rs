//! Running `havatarctl`, and what came of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::fake::{Fake, TOKEN};

const PROGRAM: &str = env!("CARGO_BIN_EXE_havatarctl");
/// A user without rights.
pub(crate) const NOBODY: u32 = 65534;

/// No condition of these tests takes longer unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output of a run that must have gone well.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }
}

/// A folder to run in, with a token.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) token: PathBuf,
}

impl Place {
    pub(crate) fn at(fake: &Fake) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let token = dir.path().join("token");
        write_token(&token, TOKEN, 0o600);
        Self { dir, url: fake.url.clone(), token }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The command as every test starts it: nothing of this environment, times in UTC.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(args);
        command.current_dir(self.dir.path());
        command.env("HAVATAR_URL", &self.url).env("HAVATAR_TOKEN_FILE", &self.token);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        run(self.command(args))
    }
}

/// The command with nothing set but its arguments.
pub(crate) fn bare(args: &[&str]) -> Command {
    program(Path::new(PROGRAM), args)
}

/// The same by a user who is not root. Where root runs the tests, that is nobody, to whom `dir` is given, with a copy of the program.
pub(crate) fn without_root(args: &[&str], dir: &Path) -> Command {
    if !geteuid().is_root() {
        return bare(args);
    }
    let copy = dir.join("havatarctl");
    fs::copy(PROGRAM, &copy).unwrap();
    give(dir);
    let mut command = program(&copy, args);
    command.uid(NOBODY).gid(NOBODY);
    command
}

/// Gives a folder, with all that is in it, to nobody.
pub(crate) fn give(dir: &Path) {
    let owner = format!("{NOBODY}:{NOBODY}");
    assert!(Command::new("chown").args(["-hR", &owner]).arg(dir).status().unwrap().success());
}

fn program(program: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub(crate) fn run(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn write_token(file: &Path, token: &str, mode: u32) {
    fs::write(file, token).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// A run that goes on, with its lines as they come. It ends with this value.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) out: Receiver<String>,
    pub(crate) err: Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines(child.stdout.take().unwrap());
        let err = lines(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// Reads on until a line has `text` in it.
    pub(crate) fn until(&self, text: &str) -> String {
        loop {
            let line = self.out.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "{what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
