//! The publishers: camera, microphone and muxer, and what their command lines depend on.

pub(super) mod camera;
pub(super) mod devices;
pub(super) mod encoder;
pub(super) mod encoder_cache;
pub(super) mod ffmpeg;
pub(super) mod launch;
pub(super) mod microphone;
pub(super) mod muxer;
pub(super) mod progress;
pub(super) mod slate;
pub(super) mod source;
pub(super) mod turn;
pub(super) mod v4l2;
