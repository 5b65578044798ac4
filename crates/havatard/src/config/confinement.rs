//! Section `confinement`: how far the programs that havatard starts are held back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AbsolutePath;

/// How far the programs that havatard starts are held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Confinement {
    /// MediaMTX, ffmpeg, the speech engine and the sound programs reach only what they need, as far as the kernel can hold
    /// them: not the admin token, and no recordings but those that are being made. The status says what each runs under.
    pub enabled: bool,
    /// Further files and folders that they may read: an ffmpeg's models or filters, for example.
    pub readable: Vec<AbsolutePath>,
}

impl Default for Confinement {
    fn default() -> Self {
        Self { enabled: true, readable: Vec::new() }
    }
}
