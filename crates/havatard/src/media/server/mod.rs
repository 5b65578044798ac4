//! MediaMTX: its process, its settings, its API, and who may do what at its ports.

pub(super) mod access;
pub(super) mod apply;
pub(super) mod client;
pub(super) mod process;
pub(super) mod render;
mod validate;
