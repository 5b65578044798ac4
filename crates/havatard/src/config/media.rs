//! Section `media`: pictures and sound.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::{Camera, CameraSource, MediaMtx, Microphone, MicrophoneSource, Program, Speaker, SpeakerOutput};

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
    /// The loudspeaker.
    pub speaker: Speaker,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            ffmpeg: Program::named("ffmpeg"),
            mediamtx: MediaMtx::default(),
            camera: Camera::default(),
            microphone: Microphone::default(),
            speaker: Speaker::default(),
        }
    }
}

impl Media {
    /// A camera, or something in its place, is configured.
    pub fn has_camera(&self) -> bool {
        self.camera.source != CameraSource::Off
    }

    /// A microphone, or something in its place, is configured.
    pub fn has_microphone(&self) -> bool {
        self.microphone.source != MicrophoneSource::Off
    }

    /// A loudspeaker, or something in its place, is configured.
    pub fn has_speaker(&self) -> bool {
        self.speaker.output != SpeakerOutput::Off
    }

    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if let Some(path) = self.ffmpeg.path() {
            checks.executable("media.ffmpeg", path);
        }
        self.mediamtx.check(checks);
        self.camera.check(checks);
    }
}
