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

    /// The first one; of a range the largest.
    fn first(&self) -> Option<Size> {
        match self {
            Self::Listed(sizes) => sizes.first().map(|&(width, height)| Size { width, height }),
            Self::Range { width: [_, width, _], height: [_, height, _] } => {
                Some(Size { width: *width, height: *height })
            }
            Self::Unknown => None,
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

/// The offer and the size to use where the config asks for nothing: this size in any format, else one that the camera lists.
///
/// # Errors
/// It lists none.
pub(crate) fn choose_any(offers: &[Offer], size: Size) -> Result<(&Offer, Size), String> {
    choose(offers, CameraFormat::Auto, size)
        .map(|offer| (offer, size))
        .or_else(|why| offers.iter().find_map(|offer| Some((offer, offer.sizes.first()?))).ok_or(why))
}

/// Without colour, or with the colours still to be reckoned out of a mosaic.
fn is_last_resort(format: &str) -> bool {
    format.starts_with("gray") || format.starts_with("bayer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_not_configured_is_asked_for_what_it_has() {
        let offer = |format: &str, sizes| Offer { format: format.to_owned(), compressed: false, sizes };
        let (small, hd) = (Size { width: 320, height: 240 }, Size { width: 1280, height: 720 });
        let listed = offer("yuyv422", Sizes::Listed(vec![(320, 240), (640, 480)]));
        let range = offer("uyvy422", Sizes::Range { width: [32, 1920, 2], height: [32, 1080, 2] });
        assert_eq!(choose_any(&[listed.clone(), range.clone()], hd), Ok((&range, hd)), "it has the size");
        assert_eq!(
            choose_any(std::slice::from_ref(&listed), hd),
            Ok((&listed, small)),
            "the first of its own"
        );
        let odd = Size { width: 321, height: 241 };
        let largest = Size { width: 1920, height: 1080 };
        assert_eq!(choose_any(std::slice::from_ref(&range), odd), Ok((&range, largest)));
        assert!(choose_any(&[], hd).is_err());
    }
}
