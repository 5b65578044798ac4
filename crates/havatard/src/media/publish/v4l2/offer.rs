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

/// A kind of format, as `media.camera.format` has it.
type Kind = (&'static str, fn(&Offer) -> bool);

const H264: Kind = ("h264", |offer| offer.format == "h264");
const MJPEG: Kind = ("mjpeg", |offer| offer.format == "mjpeg");
const RAW: Kind = ("raw", |offer| !offer.compressed);

/// The offer to use, or why there is none. What is to be turned (`is_turned`) is encoded anew, and H.264 is then no gain.
pub(crate) fn choose(
    offers: &[Offer],
    wanted: CameraFormat,
    size: Size,
    is_turned: bool,
) -> Result<&Offer, String> {
    let of = |(_, kind): &Kind| {
        // Of equals, the first that is sure to have the size, and colour before grey.
        let fitting = offers.iter().filter(|offer| kind(offer) && offer.sizes.hold(size));
        fitting.min_by_key(|offer| (is_last_resort(&offer.format), offer.sizes == Sizes::Unknown))
    };
    let kinds: &[Kind] = match wanted {
        CameraFormat::H264 => &[H264],
        CameraFormat::Mjpeg => &[MJPEG],
        CameraFormat::Raw => &[RAW],
        // Raw last: at 720p a USB 2 camera has the bandwidth for ten raw frames a second.
        CameraFormat::Auto if is_turned => &[MJPEG, H264, RAW],
        CameraFormat::Auto => &[H264, MJPEG, RAW],
    };
    kinds.iter().find_map(of).ok_or_else(|| refusal(offers, kinds, size))
}

/// That the camera lacks the format, or lacks the size in it, with what it has.
fn refusal(offers: &[Offer], kinds: &[Kind], size: Size) -> String {
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let of_kind: Vec<&Offer> =
        offers.iter().filter(|offer| kinds.iter().any(|(_, kind)| kind(offer))).collect();
    let all = [H264, MJPEG, RAW];
    if of_kind.is_empty() {
        let there: Vec<&str> = all
            .iter()
            .filter(|(_, kind)| offers.iter().any(|offer| kind(offer) && offer.sizes.hold(size)))
            .map(|(name, _)| *name)
            .collect();
        let gives = short(&offers.iter().collect::<Vec<_>>());
        return if there.is_empty() {
            format!("the camera gives no {names}, and nothing else at {size} either; it gives {gives}")
        } else {
            let cure = format!("set media.camera.format to auto or {}", there.join(" or "));
            format!("the camera gives no {names}: {cure}; it gives {gives}")
        };
    }
    let has_size = |(_, kind): &&Kind| offers.iter().any(|offer| kind(offer) && offer.sizes.hold(size));
    let elsewhere: Vec<&str> = all.iter().filter(has_size).map(|(name, _)| *name).collect();
    let other = if elsewhere.is_empty() {
        String::new()
    } else {
        format!("; or set media.camera.format to auto: it has {size} as {}", elsewhere.join(" and "))
    };
    format!(
        "the camera has no {size} in the wanted format; set media.camera.size to one of: {}{other}",
        short(&of_kind)
    )
}

/// Formats with their sizes in one line: those with the same sizes together, and of many the first.
fn short(offers: &[&Offer]) -> String {
    const MOST_GROUPS: usize = 4;
    const MOST_NAMES: usize = 4;
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for offer in offers {
        let sizes = offer.sizes.describe();
        match groups.iter_mut().find(|(known, _)| *known == sizes) {
            Some((_, names)) if names.contains(&offer.format.as_str()) => {}
            Some((_, names)) => names.push(offer.format.as_str()),
            None => groups.push((sizes, vec![offer.format.as_str()])),
        }
    }
    let rest = groups.len().saturating_sub(MOST_GROUPS);
    let mut parts: Vec<String> = groups
        .iter()
        .take(MOST_GROUPS)
        .map(|(sizes, names)| {
            let more = names.len().saturating_sub(MOST_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = names[..names.len().min(MOST_NAMES)].join(", ");
            format!("{names}{more} ({sizes})")
        })
        .collect();
    if rest > 0 {
        parts.push(format!("and formats with {rest} other lists of sizes"));
    }
    parts.join("; ")
}

/// The offer and the size to use where the config asks for nothing: this size in any format, else one that the camera lists.
///
/// # Errors
/// It lists none.
pub(crate) fn choose_any(offers: &[Offer], size: Size) -> Result<(&Offer, Size), String> {
    choose(offers, CameraFormat::Auto, size, false)
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

    const HD: Size = Size { width: 1280, height: 720 };

    fn offer(format: &str, compressed: bool, sizes: &[(u32, u32)]) -> Offer {
        Offer { format: format.to_owned(), compressed, sizes: Sizes::Listed(sizes.to_vec()) }
    }

    #[test]
    fn a_format_that_is_not_there_is_told_with_those_that_are() {
        // vivid: dozens of uncompressed formats in the same sizes.
        let sizes = [(320, 180), (640, 360), (1280, 720)];
        let many: Vec<Offer> = (0..40).map(|number| offer(&format!("raw{number}"), false, &sizes)).collect();
        let why = choose(&many, CameraFormat::Mjpeg, HD, false).unwrap_err();
        assert_eq!(
            why,
            "the camera gives no mjpeg: set media.camera.format to auto or raw; it gives raw0, raw1, raw2, raw3 and 36 more \
             (320x180, 640x360, 1280x720)"
        );
        let small = [offer("yuyv422", false, &[(640, 480)])];
        let why = choose(&small, CameraFormat::H264, HD, false).unwrap_err();
        assert_eq!(
            why,
            "the camera gives no h264, and nothing else at 1280x720 either; it gives yuyv422 (640x480)"
        );
    }

    #[test]
    fn a_size_that_is_not_there_is_told_with_those_of_the_format() {
        let offers = [
            offer("yuyv422", false, &[(640, 480)]),
            offer("mjpeg", true, &[(640, 480), (1280, 720)]),
            offer("nv12", false, &[(640, 480)]),
        ];
        let why = choose(&offers, CameraFormat::Raw, HD, false).unwrap_err();
        assert_eq!(
            why,
            "the camera has no 1280x720 in the wanted format; set media.camera.size to one of: yuyv422, nv12 (640x480); or \
             set media.camera.format to auto: it has 1280x720 as mjpeg"
        );
    }

    #[test]
    fn what_is_turned_anyway_is_not_taken_as_h264_first() {
        let offers = [offer("h264", true, &[(1280, 720)]), offer("mjpeg", true, &[(1280, 720)])];
        let taken = |is_turned| choose(&offers, CameraFormat::Auto, HD, is_turned).unwrap().format.as_str();
        assert_eq!((taken(false), taken(true)), ("h264", "mjpeg"));
        let only = [offer("h264", true, &[(1280, 720)])];
        assert_eq!(choose(&only, CameraFormat::Auto, HD, true).unwrap().format, "h264");
    }

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
