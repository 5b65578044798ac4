//! The one config file, `havatar.yaml`.
//!
//! Every key is optional; an empty file is all defaults. There is one mechanism: the text becomes a tree
//! that knows its lines (`yaml`, `tree`), the tree is read by serde into the types of this module, and each time
//! serde stops at a fault, the fault is noted with its line, the offending node is cut out of the tree, and
//! reading starts over (`read`). So the types alone say what is allowed, and every fault of a file is told
//! at once. What no single value shows (ports that clash, files that are not there) is checked after that,
//! on the typed config (`checks`). The JSON schema for editors comes from the same types (`schema`).
//!
//! No secret is part of a config: passwords are in files that it names.

mod auth;
mod camera;
mod change;
mod checks;
mod fault;
mod leaf;
mod media;
mod mediamtx;
mod microphone;
mod names;
mod net;
mod read;
mod recording;
mod robot;
mod schema;
mod server;
mod speaker;
mod speech;
mod tree;
mod units;
mod yaml;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use auth::Auth;
pub use camera::{Camera, CameraEncoder, CameraFormat, CameraSource};
pub use change::{Change, diff};
pub use fault::{Fault, Faults};
pub use media::Media;
pub use mediamtx::{IceServer, LogLevel, MediaMtx};
pub use microphone::{Microphone, MicrophoneSource};
pub use names::{AbsolutePath, CameraDevice, Program, SoundDevice, UserName};
pub use net::{HostName, IceUrl, ListenAddr, SourceUrl};
pub use recording::{Recording, RecordingContainer};
pub use robot::{Robot, RobotLines, RobotPort, RobotProtocol, RobotText, Speed};
pub use schema::schema;
pub use server::{Server, Tls};
pub use speaker::{Speaker, SpeakerOutput};
pub use speech::{QuietHours, Speech, SpeechEngine, VoiceName, Voices};
pub use units::{BitRate, Duration, Size};

/// Everything that can be set, checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Config {
    /// Where havatard itself is reached.
    pub server: Server,
    /// How long sign-ins last.
    pub auth: Auth,
    /// Pictures and sound.
    pub media: Media,
    /// Where recordings go and in what form.
    pub recording: Recording,
    /// What the robot says aloud.
    pub speech: Speech,
    /// The motor controller.
    pub robot: Robot,
}

impl Config {
    /// Largest config file, in bytes.
    pub const LARGEST_FILE: usize = 256 * 1024;

    /// Reads and checks `file`, or [`Loaded::DEFAULT_FILE`] if none is given. A given file must be there;
    /// without the default file, defaults are in force. With `demo`, camera and microphone are test
    /// sources and the robot is a simulated one, unless the file sets them.
    ///
    /// # Errors
    /// Every fault of the file, by line.
    pub fn load(file: Option<&Path>, demo: bool) -> Result<Loaded, Faults> {
        let path = file.unwrap_or(Path::new(Loaded::DEFAULT_FILE));
        match contents(path) {
            Ok(bytes) => Self::from_bytes(&bytes, path, demo),
            Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Self::from_bytes(b"", path, demo).map(|loaded| Loaded { file: None, ..loaded })
            }
            Err(error) => {
                let fix = "name a file that is there and that havatard's user may read";
                Err(whole_file(path, None, checks::because(&error), fix))
            }
        }
    }

    /// Checks the contents of a config file; `file` is its name in messages. Reads the files that it names
    /// (certificate, password), but not the file itself.
    ///
    /// # Errors
    /// Every fault of the contents, by line.
    pub fn from_bytes(bytes: &[u8], file: &Path, demo: bool) -> Result<Loaded, Faults> {
        if bytes.len() > Self::LARGEST_FILE {
            let message = format!("is larger than {} KiB", Self::LARGEST_FILE / 1024);
            return Err(whole_file(file, None, message, "name Havatar's config file"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            whole_file(file, u32::try_from(line).ok(), "holds a byte that is not UTF-8", "save it as UTF-8")
        })?;
        let mut read = read::read(text.strip_prefix('\u{feff}').unwrap_or(text));
        read.fill(demo);
        let checks = checks::Checks::run(&read.config, read.tree.as_ref(), &read.cut);
        let (mut faults, mut remarks) = (read.faults, checks.remarks);
        faults.extend(checks.faults);
        for list in [&mut faults, &mut remarks] {
            list.sort_by_key(|fault| fault.line.unwrap_or(u32::MAX));
            if list.len() > read::MOST_FAULTS {
                list.truncate(read::MOST_FAULTS);
                list.extend(whole_file(file, None, "there are more faults than these", "begin with these").0);
            }
            for fault in list {
                fault.file = file.display().to_string();
            }
        }
        if faults.is_empty() {
            Ok(Loaded { config: read.config, file: Some(file.to_owned()), remarks })
        } else {
            Err(Faults(faults))
        }
    }
}

/// A config that has passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// Where it was read from; `None` if there is no file and defaults alone are in force.
    pub file: Option<PathBuf>,
    /// Worth knowing, yet no fault: a camera that is not plugged in, a key without effect.
    pub remarks: Vec<Fault>,
}

impl Loaded {
    /// Where the config is looked for if no file is named.
    pub const DEFAULT_FILE: &'static str = "/etc/havatar/havatar.yaml";
}

/// A file's bytes, no more than one beyond the limit.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(Config::LARGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn whole_file(file: &Path, line: Option<u32>, message: impl Into<String>, fix: &str) -> Faults {
    Faults(vec![Fault {
        file: file.display().to_string(),
        line,
        key: String::new(),
        message: message.into(),
        fix: Some(fix.to_owned()),
    }])
}
