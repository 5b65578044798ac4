//! The publishers: camera, microphone and muxer, and what their command lines depend on.

pub(super) mod devices;
pub(super) mod encoder;
pub(super) mod ffmpeg;
pub(super) mod progress;
pub(super) mod publishers;
pub(super) mod slate;
pub(super) mod v4l2;
