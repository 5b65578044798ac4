//! MediaMTX: its process, its settings, its API, and the access rules of its ports.

pub(super) mod access;
pub(super) mod applied_config;
pub(super) mod apply;
pub(super) mod client;
mod error;
pub(super) mod process;
pub(super) mod proof;
pub(super) mod record_switch;
mod recorder_error;
pub(super) mod redact;
pub(super) mod render;
pub(super) mod settings;
mod validate;
