//! What a daemon is to be launched with.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::ports::Ports;
use crate::{BOTH, tools, wait};

/// The variable whose value every process of a daemon inherits.
pub(crate) const TAG: &str = "HAVATAR_STORY";

/// The folder of what a story brings along.
const PLACES: &str = "places";

/// Folders, ports and config of one daemon. It can be launched again after it has ended.
#[must_use = "a plan does nothing until it is launched"]
#[derive(Debug)]
pub struct Plan {
    dir: PathBuf,
    /// The folder, if it goes with the plan.
    _temporary: Option<TempDir>,
    /// MediaMTX's ports.
    pub ports: Ports,
    /// The config as it will be written.
    pub config: Value,
    raw: Option<String>,
    program: PathBuf,
    env: Vec<(String, String)>,
    state_dir: PathBuf,
    runtime_dir: PathBuf,
    pub(crate) tag: String,
}

/// How a daemon ended that was not meant to live.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its output for people.
    pub stdout: String,
    /// Its log and its faults.
    pub stderr: String,
}

impl Plan {
    /// A test picture of 320x180 at 30 frames a second, a test sound and no loudspeaker; small, because stories run side by side.
    ///
    /// # Panics
    /// If no folder can be made.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("havatar-story-").tempdir().expect("a temporary folder");
        Self::with(dir.path().to_owned(), Some(dir), Ports::draw(), tools::built("havatard"))
    }

    /// The same in a folder that stays, on these ports, with this daemon.
    pub fn at(dir: PathBuf, ports: Ports, program: PathBuf) -> Self {
        Self::with(dir, None, ports, program)
    }

    fn with(dir: PathBuf, temporary: Option<TempDir>, ports: Ports, program: PathBuf) -> Self {
        fs::create_dir_all(dir.join(PLACES)).expect("a folder");
        let local = |port: u16| format!("127.0.0.1:{port}");
        let config = json!({
            "server": { "listen": "127.0.0.1:0" },
            "media": {
                "mediamtx": {
                    "api_address": local(ports.api),
                    "metrics_address": local(ports.metrics),
                    "rtsp_address": local(ports.rtsp),
                    "webrtc_address": local(ports.webrtc),
                    "webrtc_udp_address": local(ports.udp),
                    "hls_address": local(ports.hls),
                },
                "camera": { "source": "test", "size": "320x180", "fps": 30 },
                "microphone": { "source": "test" },
                "speaker": { "output": "off" },
            },
        });
        Self {
            state_dir: dir.join("state"),
            runtime_dir: dir.join("run"),
            dir,
            _temporary: temporary,
            ports,
            config,
            raw: None,
            program,
            env: Vec::new(),
            tag: format!("{:032x}", rand::random::<u128>()),
        }
    }

    /// Sets a key by its dotted name; `null` takes it out.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.put(key, value);
        self
    }

    /// The same, in place.
    ///
    /// # Panics
    /// If a part of the name is no group of keys.
    pub fn put(&mut self, key: &str, value: impl Into<Value>) {
        let mut at = &mut self.config;
        let (groups, last) = key.rsplit_once('.').unwrap_or(("", key));
        for group in groups.split('.').filter(|group| !group.is_empty()) {
            let map = at.as_object_mut().expect("a group of keys");
            at = map.entry(group).or_insert_with(|| Value::Object(Map::new()));
        }
        let map = at.as_object_mut().expect("a group of keys");
        match value.into() {
            Value::Null => drop(map.remove(last)),
            value => drop(map.insert(last.to_owned(), value)),
        }
    }

    /// This text as the config file, whatever it is.
    pub fn raw(mut self, text: impl Into<String>) -> Self {
        self.set_raw(Some(text.into()));
        self
    }

    pub(crate) fn set_raw(&mut self, text: Option<String>) {
        self.raw = text;
    }

    /// An environment variable for the daemon.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Another place of the daemon's own file.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = path.into();
        self
    }

    /// Another state directory.
    pub fn state_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_dir = path.into();
        self
    }

    /// Another runtime directory.
    pub fn runtime_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.runtime_dir = path.into();
        self
    }

    /// Where its state is.
    pub fn state(&self) -> &Path {
        &self.state_dir
    }

    /// Where its files of this run are.
    pub fn runtime(&self) -> &Path {
        &self.runtime_dir
    }

    /// A place in a folder of the story's own, gone when the story ends. Programs of the daemon may write there, for it is
    /// not the one that state and config are in.
    pub fn place(&self, name: &str) -> PathBuf {
        self.dir.join(PLACES).join(name)
    }

    /// Where recordings are by default.
    pub fn recordings(&self) -> PathBuf {
        self.state().join("recordings").join(BOTH)
    }

    /// The config file.
    pub fn config_file(&self) -> PathBuf {
        self.dir.join("havatar.yaml")
    }

    /// Writes the config file: JSON, which is YAML too, a key a line.
    pub(crate) fn write_config(&self) {
        let text = match &self.raw {
            Some(text) => text.clone(),
            None => format!("{:#}\n", self.config),
        };
        // Whatever the tester's umask is: one that others may write is refused.
        tools::secret(&self.config_file(), &text);
    }

    /// Launches a daemon that is to end by itself, and waits for that.
    pub async fn run_to_end(&self) -> Ended {
        self.end_of("run").await
    }

    /// Runs `havatard check` or `havatard render` on the config.
    ///
    /// # Panics
    /// If it does not end within 20 s.
    pub async fn end_of(&self, verb: &str) -> Ended {
        let mut child = self.spawn(verb);
        let status =
            wait::in_time(Duration::from_secs(20), async || child.try_wait().expect("its status")).await;
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let (stdout, stderr) = (self.stdout(), self.stderr());
        let status = status.unwrap_or_else(|| panic!("havatard {verb} did not end:\n{stdout}{stderr}"));
        Ended { status, stdout, stderr }
    }

    pub(crate) fn spawn(&self, verb: &str) -> Child {
        let output = |name: &str| File::create(self.dir.join(name)).expect("a file for output");
        let mut command = self.command(&[], verb);
        command.stdout(output("stdout")).stderr(output("stderr"));
        command.spawn().expect("havatard starts")
    }

    /// Writes the config file and gives the command of `havatard VERB` with it, behind the words of `within`.
    pub fn command(&self, within: &[String], verb: &str) -> Command {
        self.write_config();
        let mut command = match within {
            [] => Command::new(&self.program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.program);
                command
            }
        };
        command.arg(verb).args(["--demo", "--config"]).arg(self.config_file());
        command.arg("--state-dir").arg(&self.state_dir).arg("--runtime-dir").arg(&self.runtime_dir);
        command.env(TAG, &self.tag).env_remove("JOURNAL_STREAM").env_remove("HAVATAR_LOG");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn stdout(&self) -> String {
        self.said("stdout")
    }

    pub(crate) fn stderr(&self) -> String {
        self.said("stderr")
    }

    fn said(&self, name: &str) -> String {
        fs::read(self.dir.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}
