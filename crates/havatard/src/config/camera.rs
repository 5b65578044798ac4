//! Section `media.camera`: where the picture comes from and how it is encoded.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::leaf::{whole, words};
use super::{AbsolutePath, BitRate, CameraDevice, Size, SourceUrl};

/// Where the picture comes from and how it is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Camera {
    /// Where the picture comes from.
    pub source: CameraSource,
    /// Which camera: `auto`, a V4L2 device's path (best one below /dev/v4l/by-id), or a CSI camera's number.
    pub device: CameraDevice,
    /// The stream that source `url` plays.
    pub url: Option<SourceUrl>,
    /// The file that source `file` plays in a loop.
    pub file: Option<AbsolutePath>,
    /// What a V4L2 camera is asked for.
    pub format: CameraFormat,
    /// Picture size in pixels: both sides even, 160x120 to 3840x2160.
    pub size: Size,
    /// Frames a second: 1 to 60.
    #[serde(deserialize_with = "fps")]
    #[schemars(range(min = 1, max = 60))]
    pub fps: u32,
    /// The H.264 encoder.
    pub encoder: CameraEncoder,
    /// Wanted bit rate: 100k to 20M.
    #[serde(deserialize_with = "rate")]
    pub bitrate: BitRate,
    /// Highest bit rate, measured over `buffer`: 100k to 20M, never below `bitrate`. If it is not set, it
    /// follows `bitrate` at 1.2 times.
    #[serde(deserialize_with = "rate")]
    pub max_bitrate: BitRate,
    /// The encoder's rate buffer in bits: 50k to 40M. If it is not set, it follows `bitrate` at twice.
    #[serde(deserialize_with = "buffer")]
    pub buffer: BitRate,
    /// Frames from one key frame to the next: 1 to 300. Fewer let a viewer in sooner, at a coarser picture.
    #[serde(deserialize_with = "gop")]
    #[schemars(range(min = 1, max = 300))]
    pub gop: u32,
}

impl Camera {
    /// Highest bit rate that anything here may be set to.
    pub(super) const MOST: BitRate = BitRate::from_kbps(20_000);
    /// What `max_bitrate` is if the file does not set it, in tenths of `bitrate`.
    pub(super) const MAX_BITRATE_TENTHS: u64 = 12;
    /// What `buffer` is if the file does not set it, in tenths of `bitrate`.
    pub(super) const BUFFER_TENTHS: u64 = 20;
}

impl Default for Camera {
    fn default() -> Self {
        let bitrate = BitRate::from_kbps(1000);
        Self {
            source: CameraSource::V4l2,
            device: CameraDevice::Auto,
            url: None,
            file: None,
            format: CameraFormat::Auto,
            size: Size { width: 1280, height: 720 },
            fps: 30,
            encoder: CameraEncoder::Auto,
            bitrate,
            max_bitrate: bitrate.tenths(Self::MAX_BITRATE_TENTHS),
            buffer: bitrate.tenths(Self::BUFFER_TENTHS),
            gop: 10,
        }
    }
}

words! {
    /// Where the picture comes from.
    CameraSource {
        /// A USB camera, or anything else below /dev/video*.
        #[default]
        V4l2 = "v4l2",
        /// A Raspberry Pi camera, through rpicam-vid.
        Csi = "csi",
        /// A network stream.
        Url = "url",
        /// A file, in a loop.
        File = "file",
        /// A made picture that shows its frame's number and time.
        Test = "test",
        /// No picture.
        Off = "off",
    }
}

words! {
    /// What a V4L2 camera is asked for.
    CameraFormat {
        /// The best that it lists at this size and speed.
        #[default]
        Auto = "auto",
        /// H.264, which is passed on as it is.
        H264 = "h264",
        /// Motion JPEG, which is encoded anew.
        Mjpeg = "mjpeg",
        /// Uncompressed pictures.
        Raw = "raw",
    }
}

words! {
    /// The H.264 encoder.
    CameraEncoder {
        /// The best that passes a test encode at this size and speed.
        #[default]
        Auto = "auto",
        /// Software.
        Libx264 = "libx264",
        /// The Raspberry Pi 4's encoder (a Pi 5 has none).
        H264V4l2m2m = "h264_v4l2m2m",
        /// Intel and AMD graphics.
        H264Vaapi = "h264_vaapi",
        /// None: the source gives H.264, which is passed on as it is.
        Copy = "copy",
    }
}

fn fps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 1..=60, "frames a second")
}

fn gop<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 1..=300, "frames")
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BitRate, D::Error> {
    BitRate::within(deserializer, BitRate::from_kbps(100), Camera::MOST)
}

fn buffer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BitRate, D::Error> {
    BitRate::within(deserializer, BitRate::from_kbps(50), BitRate::from_kbps(40_000))
}
