//! Tests of single devices: what comes from a camera or a microphone, and whether a loudspeaker plays.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Body of `POST /api/v1/devices/tests/camera`, `.../microphone` and `.../speaker`. Without it, the configured device is
/// tested.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceTestRequest {
    /// Another device, by its name in `GET /api/v1/devices`: `/dev/v4l/by-id/...`, `plughw:CARD=Device`. For sound also a name
    /// of PulseAudio or PipeWire. With the admin token alone: a sign-in of the page tests what is configured.
    #[schema(required = false)]
    pub device: Option<String>,
}

/// What a test took its samples from, or gave them to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceTestSource {
    /// The device itself, which was free.
    Device,
    /// The process that uses the device already, which was not disturbed.
    Process,
}

/// What came from a camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraTest {
    /// Frames came, and nothing is wrong with them.
    pub passed: bool,
    /// The device, in words.
    pub device: String,
    /// Where the frames were taken. Those of the running stream are as viewers see them: encoded already.
    pub source: DeviceTestSource,
    /// Pixels; `null` if it could not be told.
    #[schema(required)]
    pub width: Option<u32>,
    /// Pixels; `null` if it could not be told.
    #[schema(required)]
    pub height: Option<u32>,
    /// As ffmpeg names it: `mjpeg`, `yuyv422`; `null` if it could not be told.
    #[schema(required)]
    pub format: Option<String>,
    /// From the start of the program that opens the camera to the first frame, ms. Of the running stream it is what a viewer
    /// would wait.
    pub first_frame_ms: u32,
    /// Frames a second, counted over about one; `null` if there was one frame alone.
    #[schema(required)]
    pub fps: Option<f64>,
    /// The mean of the last frame, percent: 0 is black, 100 white.
    pub brightness_percent: f64,
    /// The last frame as a JPEG, at most 320 pixels wide and 32 KiB long, in base64.
    pub jpeg: String,
    /// What stands out, in words, with what to do; empty if nothing does.
    pub remarks: Vec<String>,
}

/// What came from a microphone within about two seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MicrophoneTest {
    /// Something was heard, and it was not distorted.
    pub passed: bool,
    /// The device, in words.
    pub device: String,
    /// Where the samples were taken. They are as the microphone gave them, before it is held back for the loudspeaker.
    pub source: DeviceTestSource,
    /// The loudest sample, decibels under full scale, -90 (silence) to 0.
    pub peak_db: f32,
    /// The mean power, decibels under full scale, -90 (silence) to 0. A full-scale tone is -3.
    pub rms_db: f32,
    /// The share of samples at full scale, percent.
    pub clipped_percent: f32,
    /// What stands out, in words, with what to do; empty if nothing does.
    pub remarks: Vec<String>,
}

/// What a loudspeaker did with a rising tone of 0.3 s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpeakerTest {
    /// The device took the samples at their pace, and they were not silent. What is heard of it only a person can say.
    pub passed: bool,
    /// The device, in words.
    pub device: String,
    /// Where the samples were given to.
    pub source: DeviceTestSource,
    /// The volume, in percent of what the config allows.
    pub volume: u8,
    /// Until the device had taken all samples, ms; with the time that a talker or speech held it up.
    pub took_ms: u32,
    /// The robot's own microphone heard it; `null` if the microphone does not run.
    #[schema(required)]
    pub heard: Option<bool>,
    /// From the moment at which the loudspeaker began with it to its arrival at the microphone, ms; `null` if it was not heard.
    #[schema(required)]
    pub delay_ms: Option<u32>,
    /// What stands out, in words, with what to do; empty if nothing does.
    pub remarks: Vec<String>,
}
