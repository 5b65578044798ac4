//! The names of MediaMTX's paths.

/// The camera's video alone.
pub const CAMERA: &str = "havatar_camera";
/// The robot's microphone alone, for WebRTC.
pub const AUDIO: &str = "havatar_audio";
/// What a talker says into the room: published over WebRTC alone, read by the daemon alone.
pub const TALK: &str = "havatar_talk";
/// Video and audio together, for RTSP, HLS and recordings.
pub const BOTH: &str = "havatar";

/// The name under which the spawner knows the helper program that reads [`CAMERA`] for a test.
pub(crate) const CAMERA_TEST: &str = "test/camera";
