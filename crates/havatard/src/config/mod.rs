//! The one config file, `havatar.yaml`.
//!
//! Every key is optional; an empty file is all defaults. There is one mechanism: the text becomes a tree
//! that knows its lines (`yaml`), the tree is read by serde into the types of this module, and each time
//! serde stops at a fault, the fault is noted with its line, the offending node is cut out of the tree, and
//! reading starts over (`read`). So the types alone say what is allowed, and every fault of a file is told
//! at once. What no single value shows (ports that clash, files that are not there) is checked after that,
//! on the typed config (`checks`). The JSON schema for editors comes from the same types (`schema`).
//!
//! No secret is part of a config: passwords are in files that it names.

mod auth;
mod camera;
mod change;
mod fault;
mod leaf;
mod media;
mod mediamtx;
mod microphone;
mod names;
mod net;
mod recording;
mod server;
mod units;

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
pub use names::{AbsolutePath, AlsaDevice, CameraDevice, Program, UserName};
pub use net::{HostName, IceUrl, ListenAddr, SourceUrl};
pub use recording::{Recording, RecordingContainer};
pub use server::{Server, Tls};
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

    /// The file, for messages.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}
