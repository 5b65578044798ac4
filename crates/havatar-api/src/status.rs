//! The status of everything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::Device;
use crate::machine::Machine;
use crate::process::Process;
use crate::recording::RecordingStatus;
use crate::robot::RobotState;
use crate::source::VideoSource;
use crate::stream::Streams;
use crate::voice::{Presence, Voice};

/// A snapshot of everything: body of `GET /api/v1/status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// havatard's version.
    pub version: String,
    /// MediaMTX's version, once it has answered.
    #[schema(required)]
    pub mediamtx_version: Option<String>,
    /// When the daemon started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// The machine, and the daemon on it.
    pub machine: Machine,
    /// The publishers are wanted (`/api/v1/stream/start` and `/stop`).
    pub streaming: bool,
    /// What is missing for a picture with sound.
    pub readiness: Readiness,
    /// The config file and whether its newest version is in force.
    pub config: ConfigStatus,
    /// Camera and microphone.
    pub devices: Devices,
    /// The video encoder in use, once one has been chosen.
    #[schema(required)]
    pub encoder: Option<Encoder>,
    /// Supervised processes.
    pub processes: Vec<Process>,
    /// Streams and their figures.
    pub streams: Streams,
    /// Recording.
    pub recording: RecordingStatus,
    /// The wheels and who drives.
    pub robot: RobotState,
    /// Sound at the robot.
    pub voice: Voice,
    /// Who is there through the robot.
    pub presence: Presence,
}

/// Body of `GET /readyz`: 200 if ready, 503 if not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Nothing is missing.
    pub ready: bool,
    /// What is missing, most basic first.
    pub missing: Vec<Missing>,
}

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Missing {
    /// Stable: `mediamtx_down`, `muxer_down`, `streaming_stopped`, and for `camera` and `microphone` each `_away`, `_stopped`,
    /// `_silent` and `_private`.
    pub code: String,
    /// What is missing, in words.
    pub message: String,
    /// Why, in words, with what to do; `null` if there is no more to say, or to a client that is not signed in.
    #[schema(required)]
    pub why: Option<String>,
}

/// The config file in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigStatus {
    /// Where it was read from; `null` if defaults alone are in force.
    #[schema(required)]
    pub file: Option<String>,
    /// When the version in force was loaded.
    #[schema(value_type = String, format = DateTime)]
    pub loaded_at: Timestamp,
    /// Faults of a newer version that was refused; empty if the newest is in force.
    pub faults: Vec<ConfigFault>,
}

/// One fault in the config file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigFault {
    /// The file.
    pub file: String,
    /// Line, from 1; `null` where the fault is an absence.
    #[schema(required)]
    pub line: Option<u32>,
    /// Dotted key, `media.camera.fps`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[schema(required)]
    pub fix: Option<String>,
}

/// The devices the publishers take from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Devices {
    /// The camera.
    pub camera: Device,
    /// The microphone.
    pub microphone: Device,
    /// What the camera's source gives and what is done with it; `null` before its probe, and for a source that is not
    /// probed (a V4L2 or CSI camera, the test picture).
    #[serde(default)]
    pub video: Option<VideoSource>,
}

/// The encoder in use and what its test encode showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Encoder {
    /// FFmpeg's name, `libx264`; `copy` if the camera gives H.264.
    pub name: String,
    /// Frames a second that the test encode reached at the configured size; `null` for `copy`.
    #[schema(required)]
    pub test_fps: Option<f64>,
    /// How the choice was made, in words.
    pub why: String,
}

/// Body of `GET /healthz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always true: a daemon that is not alive does not answer.
    pub alive: bool,
}
