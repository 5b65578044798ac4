//! Streams, and what viewers measure of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Frames a second as the publisher reports them; `null` for audio.
    #[schema(required)]
    pub fps: Option<f64>,
    /// `H264`, `Opus`.
    pub codecs: Vec<String>,
    /// Frame width in pixels.
    #[schema(required)]
    pub width: Option<u32>,
    /// Frame height in pixels.
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

/// What a viewer's page measures of its own video: body of `PUT /api/v1/stats/viewer`, every few seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ViewerReport {
    /// Age of the newest video frame on the screen, ms.
    pub picture_ms: Option<f64>,
    /// The age is measured from the moment of capture, not only from the way since the server.
    pub measured_from_capture: bool,
    /// Frames a second on the screen.
    pub fps: Option<f64>,
    /// Bit rate of the video, kb/s.
    pub bitrate_kbps: Option<f64>,
    /// Share of packets that were lost, percent.
    pub lost_percent: Option<f64>,
    /// How long frames wait in the jitter buffer, ms.
    pub jitter_buffer_ms: Option<f64>,
    /// Round trip to the media server, ms.
    pub round_trip_ms: Option<f64>,
}

/// A viewer's own figures, as `GET /api/v1/stats` lists them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Viewer {
    /// Their name.
    pub who: String,
    /// How old the report is, ms.
    pub age_ms: u32,
    /// What it says.
    pub report: ViewerReport,
}
