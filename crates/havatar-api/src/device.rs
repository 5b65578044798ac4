//! The devices of the robot: those that are used, and those that are plugged in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::control::CameraControl;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// What the config asks for, in words: `v4l2 /dev/v4l/by-id/...`, `test picture`.
    pub name: String,
    /// Where it is.
    pub state: DeviceState,
    /// In words, where there is something to say.
    #[schema(required)]
    pub why: Option<String>,
}

/// Where a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// Not configured.
    Off,
    /// Its file is not there: unplugged or not yet plugged in. It is waited for.
    Away,
    /// There, but nothing comes from it yet.
    Silent,
    /// Frames or samples come from it.
    Live,
    /// Held off by the switch on the robot.
    Private,
}

/// The devices that are plugged in, used or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachedDevices {
    /// V4L2 cameras, by their stable names.
    pub cameras: Vec<AttachedCamera>,
    /// Sound cards of ALSA.
    pub sound_cards: Vec<SoundCard>,
    /// Serial ports on USB.
    pub serial_ports: Vec<SerialPort>,
}

/// A V4L2 camera that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachedCamera {
    /// What `media.camera.device` takes, and what stays the same when it is plugged in elsewhere: `/dev/v4l/by-id/...`.
    pub device: String,
    /// Its node at present: `/dev/video0`.
    pub node: String,
    /// The name that its driver gives.
    pub name: String,
    /// What it gives; empty if it cannot be asked.
    pub formats: Vec<AttachedCameraFormat>,
    /// What can be set on it; empty if it cannot be asked.
    #[serde(default)]
    pub controls: Vec<CameraControl>,
    /// Why it cannot be asked or used, in words.
    #[schema(required)]
    pub fault: Option<String>,
}

/// A format that a camera gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttachedCameraFormat {
    /// ffmpeg's name: `h264`, `mjpeg`, `yuyv422`.
    pub format: String,
    /// The camera compresses by itself.
    pub compressed: bool,
    /// In words: `640x480, 1280x720`, or `16x16 to 1920x1080 in steps of 2x2`.
    pub sizes: String,
}

/// A sound card that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SoundCard {
    /// What `media.microphone.device` and `media.speaker.device` take: `plughw:CARD=Device`.
    pub device: String,
    /// Its name.
    pub name: String,
    /// It has a microphone.
    pub captures: bool,
    /// It has a loudspeaker.
    pub plays: bool,
    /// Who has its microphone or loudspeaker open at present: `arecord (pid 812)`.
    pub in_use_by: Vec<String>,
}

/// A serial port on USB that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SerialPort {
    /// What `robot.port` takes, and what stays the same when it is plugged in elsewhere: `/dev/serial/by-id/...`.
    pub port: String,
    /// Its node at present: `/dev/ttyUSB0`.
    pub node: String,
}
