//! A format that a camera gives, and the choice among several. Pure.

use havatar_api as api;
use serde::{Deserialize, Serialize};

use crate::config::{CameraFormat, Size};

/// One format that a device gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// ffmpeg's name: `h264`, `mjpeg`, `yuyv422`.
    pub(crate) format: String,
    /// The device compresses by itself.
    pub(crate) compressed: bool,
    /// In which sizes.
    pub(crate) sizes: Sizes,
}

impl Offer {
    pub(super) fn into_described(self) -> api::AttachedCameraFormat {
        let sizes = self.sizes.describe();
        api::AttachedCameraFormat { format: self.format, compressed: self.compressed, sizes }
    }
}

/// The sizes that a device gives in a format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sizes {
    /// These widths and heights.
    Listed(Vec<(u32, u32)>),
    /// Least, most and step of width and height.
    Range {
        /// Pixels.
        width: [u32; 3],
        /// Pixels.
        height: [u32; 3],
    },
    /// The driver does not say; it takes the nearest that it has.
    Unknown,
}

impl Sizes {
    fn hold(&self, size: Size) -> bool {
        let within = |value: u32, [least, most, step]: [u32; 3]| {
            (least..=most).contains(&value) && (value - least).is_multiple_of(step.max(1))
        };
        match self {
            Self::Listed(sizes) => sizes.contains(&(size.width, size.height)),
            Self::Range { width, height } => within(size.width, *width) && within(size.height, *height),
            Self::Unknown => true,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Listed(sizes) => {
                let sizes: Vec<String> =
                    sizes.iter().map(|(width, height)| format!("{width}x{height}")).collect();
                sizes.join(", ")
            }
            Self::Range { width, height } => format!(
                "{}x{} to {}x{} in steps of {}x{}",
                width[0], height[0], width[1], height[1], width[2], height[2]
            ),
            Self::Unknown => "any size".to_owned(),
        }
    }
}

/// The offer to use, or why there is none.
pub(crate) fn choose(offers: &[Offer], wanted: CameraFormat, size: Size) -> Result<&Offer, String> {
    let of = |kind: fn(&Offer) -> bool| {
        // Of equals, the first that is sure to have the size, and colour before grey.
        let fitting = offers.iter().filter(|offer| kind(offer) && offer.sizes.hold(size));
        fitting.min_by_key(|offer| (is_last_resort(&offer.format), offer.sizes == Sizes::Unknown))
    };
    let h264: fn(&Offer) -> bool = |offer| offer.format == "h264";
    let mjpeg: fn(&Offer) -> bool = |offer| offer.format == "mjpeg";
    let raw: fn(&Offer) -> bool = |offer| !offer.compressed;
    let choice = match wanted {
        CameraFormat::H264 => of(h264),
        CameraFormat::Mjpeg => of(mjpeg),
        CameraFormat::Raw => of(raw),
        // Raw last: at 720p a USB 2 camera has the bandwidth for ten raw frames a second.
        CameraFormat::Auto => of(h264).or_else(|| of(mjpeg)).or_else(|| of(raw)),
    };
    choice.ok_or_else(|| {
        let list: Vec<String> =
            offers.iter().map(|offer| format!("{} ({})", offer.format, offer.sizes.describe())).collect();
        format!(
            "the camera has no {size} in the wanted format; set media.camera.size to one of: {}",
            list.join("; ")
        )
    })
}

/// Without colour, or with the colours still to be reckoned out of a mosaic.
fn is_last_resort(format: &str) -> bool {
    format.starts_with("gray") || format.starts_with("bayer")
}
