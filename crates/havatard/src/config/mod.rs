//! The one config file, `havatar.yaml`.
//!
//! Every key is optional; an empty file is all defaults. `yaml` parses the text into a tree that knows its lines (`tree`). `read`
//! deserializes the tree into the types of the sections (`root` and a file for each). When serde stops at an error, `read` records a
//! diagnostic with the line, removes the offending node and deserializes again. So the types alone say what is allowed, and one run
//! reports every error of a file. `validate` then checks what no single value shows (ports that clash, files that do not exist) on the
//! typed config. `schema` derives the JSON schema for editors from the same types. `load` puts these steps together.
//!
//! No secret is part of a config: passwords are in files that it names.

mod auth;
mod camera;
mod checks;
mod confinement;
mod control;
mod diagnostic;
mod load;
mod media;
mod mediamtx;
mod microphone;
mod names;
mod net;
mod read;
mod recording;
mod robot;
mod root;
mod scalar;
mod schema;
mod server;
mod source_url;
mod speaker;
mod speech;
mod speed;
mod subnet;
mod tree;
pub mod trust;
mod units;
mod validate;
mod yaml;

pub use auth::Auth;
pub use camera::{Camera, CameraEncoder, CameraFormat, CameraSource};
pub use confinement::Confinement;
pub use control::{CameraFlip, CameraRotation, ControlSetting};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use load::Loaded;
pub use media::Media;
pub use mediamtx::{IceServer, LogLevel, MediaMtx};
pub use microphone::{Microphone, MicrophoneSource};
pub use names::{AbsolutePath, CameraDevice, Program, SoundDevice, UserName};
pub use net::{HostName, IceUrl, ListenAddr};
pub use recording::{Recording, RecordingContainer};
pub use robot::{Robot, RobotLines, RobotPort, RobotProtocol, RobotText};
pub use root::Config;
pub use schema::schema;
pub use server::{Server, Tls};
pub use source_url::SourceUrl;
pub use speaker::{Speaker, SpeakerOutput};
pub use speech::{QuietHours, Speech, SpeechEngine, VoiceName, Voices};
pub use speed::Speed;
pub use subnet::Subnet;
pub use units::{BitRate, Duration, Size};
