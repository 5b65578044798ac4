//! What the camera's source gives, and what is done with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The video that comes from a network source or a file, as it was found by a probe before the launch, and what is done
/// with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VideoSource {
    /// FFmpeg's name of the container or protocol: `mov,mp4,m4a,3gp,3g2,mj2`, `mpegts`, `rtsp`, `mpjpeg`.
    pub container: String,
    /// FFmpeg's name of the codec: `h264`, `hevc`, `mjpeg`.
    pub codec: String,
    /// The codec's profile.
    #[schema(required)]
    pub profile: Option<String>,
    /// FFmpeg's name of the pixel format: `yuv420p`, `yuv420p10le`, `yuv444p`.
    #[schema(required)]
    pub pixel_format: Option<String>,
    /// Pixels, as they are coded.
    #[schema(required)]
    pub width: Option<u32>,
    /// Pixels, as they are coded.
    #[schema(required)]
    pub height: Option<u32>,
    /// Width to height of one pixel: `1:1` is square.
    pub pixel_aspect: String,
    /// Degrees by which it is turned for display.
    pub rotation: i32,
    /// Two fields a frame.
    pub interlaced: bool,
    /// It has frames that refer to later ones, which WebRTC cannot show.
    pub b_frames: bool,
    /// Frames a second; `null` where the source does not say.
    #[schema(required)]
    pub fps: Option<f64>,
    /// The longest time from one key frame to the next, in seconds; `null` if the probe saw only one, or none.
    #[schema(required)]
    pub key_frame_interval_s: Option<f64>,
    /// Where its frames' times come from.
    pub clock: SourceClock,
    /// What is done with it and why, a sentence each.
    pub handling: Vec<String>,
}

/// Where the times of a source's frames come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceClock {
    /// The source stamps its frames.
    #[default]
    Source,
    /// It is live and has no stamps: each frame gets the time of its arrival.
    Arrival,
    /// A file without stamps: its frames are counted, at its nominal rate.
    Counted,
}
