use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Viewer;

/// One MediaMTX path as a person thinks of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stream {
    /// `havatar_camera`, `havatar_audio` or `havatar`.
    pub name: String,
    /// Bytes from its publisher arrive: the byte counter grew at the last look.
    pub active: bool,
    /// How many watch or listen, over any protocol; our own muxer is not counted.
    pub readers: u64,
    /// Bytes received from the publisher since MediaMTX started.
    pub bytes_received: u64,
    /// Bytes sent to readers since MediaMTX started.
    pub bytes_sent: u64,
    /// Rate from the publisher over the last seconds.
    pub bitrate_kbps: f64,
    /// Frames a second as the publisher reports them; `null` for sound.
    #[schema(required)]
    pub fps: Option<f64>,
    /// `H264`, `Opus`.
    pub codecs: Vec<String>,
    /// Picture width in pixels.
    #[schema(required)]
    pub width: Option<u32>,
    /// Picture height in pixels.
    #[schema(required)]
    pub height: Option<u32>,
}

/// Body of `GET /api/v1/stats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Streams {
    /// False while MediaMTX does not answer: the figures are then the last known ones.
    pub live: bool,
    /// One per stream.
    pub streams: Vec<Stream>,
    /// What viewers' pages measure themselves, none older than ten seconds. Filled by `GET /api/v1/stats` alone.
    #[serde(default)]
    pub viewers: Vec<Viewer>,
}
