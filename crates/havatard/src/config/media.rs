//! Section `media`: pictures and sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Camera, MediaMtx, Microphone, Program};

/// Pictures and sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Media {
    /// FFmpeg: a name, looked up on PATH, or a path from /.
    pub ffmpeg: Program,
    /// The media server.
    pub mediamtx: MediaMtx,
    /// The camera.
    pub camera: Camera,
    /// The microphone.
    pub microphone: Microphone,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            ffmpeg: Program::named("ffmpeg"),
            mediamtx: MediaMtx::default(),
            camera: Camera::default(),
            microphone: Microphone::default(),
        }
    }
}
