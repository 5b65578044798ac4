//! Section `media.camera`: where the picture comes from and how it is encoded.

use std::collections::BTreeMap;
use std::io::Read as _;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::checks::{Checks, because};
use super::scalar::{string_enum, whole};
use super::trust::{self, Distrust, Trust};
use super::{
    AbsolutePath, BitRate, CameraDevice, CameraFlip, CameraRotation, ControlSetting, Size, SourceUrl,
};

/// Bytes that are read of `url_file`.
const LONGEST_URL_FILE: u64 = 64 * 1024;

/// Where the picture comes from and how it is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Camera {
    /// Where the picture comes from.
    pub source: CameraSource,
    /// Which camera: `auto`, a V4L2 device's path (best one below /dev/v4l/by-id), or a CSI camera's number.
    pub device: CameraDevice,
    /// The stream that source `url` plays. Without a login: one with a login goes into `url_file`.
    pub url: Option<SourceUrl>,
    /// A file that holds the URL of source `url`, with its login and all. Only havatard's user may read it (chmod 600).
    pub url_file: Option<AbsolutePath>,
    /// The file that source `file` plays in a loop.
    pub file: Option<AbsolutePath>,
    /// What a V4L2 camera is asked for.
    pub format: CameraFormat,
    /// What a V4L2 camera is set to before it is opened, by the names that `havatarctl devices controls` lists: `brightness: 130`,
    /// `power_line_frequency: 50 Hz`. What a camera does not offer is told in the status.
    pub controls: BTreeMap<String, ControlSetting>,
    /// Degrees by which the picture is turned, clockwise: 0, 90, 180 or 270. By 90 and 270 the picture that is sent has the width
    /// and height of `size` in each other's place.
    pub rotate: CameraRotation,
    /// Whether the picture is mirrored, after it was turned.
    pub flip: CameraFlip,
    /// Picture size in pixels, as the camera gives it: both sides even, 160x120 to 3840x2160.
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
            url_file: None,
            file: None,
            format: CameraFormat::Auto,
            controls: BTreeMap::new(),
            rotate: CameraRotation::Upright,
            flip: CameraFlip::None,
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

impl Camera {
    /// The URL of source `url`, from the config or from its file, which is read anew each time.
    ///
    /// # Errors
    /// What is missing or wrong, with its place, its reason and what to do; no part of the URL.
    pub fn read_url(&self) -> Result<SourceUrl, String> {
        let Some(file) = &self.url_file else {
            return self.url.clone().ok_or_else(|| "media.camera.url is not set".to_owned());
        };
        let mut content = Vec::new();
        trust::open(file.as_path(), Trust::Secret)
            .and_then(|file| file.take(LONGEST_URL_FILE).read_to_end(&mut content).map_err(Distrust::Io))
            .map_err(|distrust| match distrust {
                Distrust::Io(error) => format!("media.camera.url_file: {file} {}", because(&error)),
                Distrust::Exposed { why, fix } => format!("media.camera.url_file: {file} {why}; {fix}"),
            })?;
        SourceUrl::from_file(&String::from_utf8_lossy(&content))
            .map_err(|(message, fix)| format!("media.camera.url_file: {file}: {message}; {fix}"))
    }

    /// The picture is turned or mirrored on its way.
    pub fn is_turned(&self) -> bool {
        self.rotate != CameraRotation::Upright || self.flip != CameraFlip::None
    }

    /// The size of the picture that is sent: `size`, turned.
    pub fn picture_size(&self) -> Size {
        let Size { width, height } = self.size;
        if self.rotate.is_quarter() { Size { width: height, height: width } } else { self.size }
    }

    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        self.check_source(checks);
        self.check_device(checks);
        self.check_copy(checks);
        self.check_turn(checks);
        if !self.controls.is_empty() && self.source != CameraSource::V4l2 {
            let message = format!("source is {}: this has no effect", self.source);
            let fix = "set source to v4l2, or take this out";
            checks.warning("media.camera.controls", &["media.camera.source"], message, fix);
        }
        if self.max_bitrate < self.bitrate {
            let (key, other) = ("media.camera.max_bitrate", "media.camera.bitrate");
            let message = format!("{} is below {other}, {}", self.max_bitrate, self.bitrate);
            let fix = format!("use at least {}, or leave it out: it then follows {other}", self.bitrate);
            checks.error(key, &[other], message, fix);
        }
    }

    fn check_source(&self, checks: &mut Checks<'_>) {
        let source = "media.camera.source";
        let (url, url_file, file) = ("media.camera.url", "media.camera.url_file", "media.camera.file");
        if self.source == CameraSource::Url {
            match (&self.url, &self.url_file) {
                (None, None) => {
                    let fix = "write the stream's URL, or set url_file to a file that holds it";
                    checks.error(url, &[source, url_file], "source is url, and this is not set", fix);
                }
                (Some(_), Some(_)) => {
                    let message = "url and url_file are both set, and only one can be played";
                    checks.error(url_file, &[url], message, "take one of them out");
                }
                (_, file) => self.check_url_file(checks, file.as_ref()),
            }
        }
        if self.source == CameraSource::File {
            match &self.file {
                None => {
                    let fix = "write the path of the file to play";
                    checks.error(file, &[source], "source is file, and this is not set", fix);
                }
                // A warning: the publisher waits for the file.
                Some(path) if !path.as_path().exists() => {
                    let message = format!("{} is not there", path.as_path().display());
                    checks.warning(file, &[source], message, "put the film in place: it is waited for");
                }
                Some(path) => checks.exists(file, path.as_path()),
            }
        }
        let idle = [
            (url, self.url.is_some() && self.source != CameraSource::Url, "url"),
            (url_file, self.url_file.is_some() && self.source != CameraSource::Url, "url"),
            (file, self.file.is_some() && self.source != CameraSource::File, "file"),
        ];
        for (key, idle, wanted) in idle {
            if idle {
                let message = format!("source is {}: this has no effect", self.source);
                checks.warning(key, &[source], message, format!("set source to {wanted}, or take this out"));
            }
        }
    }

    fn check_url_file(&self, checks: &mut Checks<'_>, file: Option<&AbsolutePath>) {
        let key = "media.camera.url_file";
        let Some(file) = file else { return };
        if checks.readable(key, file.as_path(), Trust::Secret, true).is_none() {
            return;
        }
        if let Err(why) = self.read_url() {
            let why = why.strip_prefix("media.camera.url_file: ").unwrap_or(&why);
            let (message, fix) = why.split_once("; ").unwrap_or((why, "write the stream's URL into it"));
            checks.error(key, &[], message, fix);
        }
    }

    fn check_device(&self, checks: &mut Checks<'_>) {
        let (key, source) = ("media.camera.device", "media.camera.source");
        match (self.source, &self.device) {
            (CameraSource::V4l2, CameraDevice::Number(number)) => {
                let message = format!("{number} numbers a CSI camera, and source is v4l2");
                let fix = format!("write auto, or a path: /dev/video{number}");
                checks.error(key, &[source], message, fix);
            }
            (CameraSource::Csi, CameraDevice::Path(path)) => {
                let message = format!("{} is not the number of a CSI camera", path.display());
                checks.error(key, &[source], message, "write auto, or 0 or 1");
            }
            (CameraSource::V4l2, CameraDevice::Path(path)) => {
                // A warning: the publisher waits for the device.
                if let Err(error) = std::fs::metadata(path) {
                    let message = format!("{} {}", path.display(), because(&error));
                    checks.warning(key, &[source], message, "plug the camera in: it is waited for");
                }
                if path.to_str().is_some_and(|path| path.starts_with("/dev/video")) {
                    let message = format!("{} may be another camera after a restart", path.display());
                    checks.warning(key, &[source], message, "use its path below /dev/v4l/by-id");
                }
            }
            _ => {}
        }
    }

    fn check_copy(&self, checks: &mut Checks<'_>) {
        if self.encoder != CameraEncoder::Copy {
            return;
        }
        let (key, source, format) = ("media.camera.encoder", "media.camera.source", "media.camera.format");
        if matches!(self.source, CameraSource::Test | CameraSource::Csi) {
            let message = format!("copy needs a source that gives H.264, and {} gives pictures", self.source);
            checks.error(key, &[source], message, "use auto");
        }
        if self.source == CameraSource::V4l2 && matches!(self.format, CameraFormat::Mjpeg | CameraFormat::Raw)
        {
            let message = format!("copy needs a camera that gives H.264, and format is {}", self.format);
            checks.error(key, &[format, source], message, "use auto here, or format: h264");
        }
    }

    fn check_turn(&self, checks: &mut Checks<'_>) {
        if self.encoder != CameraEncoder::Copy {
            return;
        }
        let turns = [
            ("media.camera.rotate", self.rotate != CameraRotation::Upright, self.rotate.to_string()),
            ("media.camera.flip", self.flip != CameraFlip::None, self.flip.to_string()),
        ];
        for (key, _, value) in turns.into_iter().filter(|(_, set, _)| *set) {
            let message = format!("{value} needs the picture encoded anew, and media.camera.encoder is copy");
            checks.error(key, &["media.camera.encoder"], message, "set media.camera.encoder to auto");
        }
    }
}

string_enum! {
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

string_enum! {
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

string_enum! {
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
