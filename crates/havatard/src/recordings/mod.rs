//! Recording: the recorder that keeps MediaMTX's switch, and the recorded files.

pub(crate) mod files;
pub(crate) mod recorder;
