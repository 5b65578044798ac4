//! What ffmpeg lists of a device, for those that do not answer the interface's own questions: a driver in user space that
//! stands behind a wrapper of ffmpeg.

use super::offer::{Offer, Sizes};

/// The offers in the listing that ffmpeg can use.
pub(super) fn parse(listing: &str) -> Vec<Offer> {
    listing.lines().filter_map(offer).collect()
}

/// `[video4linux2,v4l2 @ 0x..] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 1280x720`, where the sizes may be a
/// range, `{32-1920, 2}x{32-1080, 2}`, or missing with or without their colon.
fn offer(line: &str) -> Option<Offer> {
    let (kind, rest) = line.split_once("] ")?.1.split_once(':')?;
    let compressed = match kind.trim() {
        "Raw" => false,
        "Compressed" => true,
        _ => return None,
    };
    // The description in between may hold colons of its own.
    let (format, rest) = rest.split_once(" :")?;
    let format = format.trim();
    if format.is_empty() || format == "Unsupported" {
        return None;
    }
    let tail = rest.rsplit_once(" :").map_or("", |(_, tail)| tail).trim();
    let listed: Vec<(u32, u32)> = tail.split_ascii_whitespace().filter_map(size).collect();
    let sizes = match range(tail) {
        Some((width, height)) => Sizes::Range { width, height },
        None if listed.is_empty() => Sizes::Unknown,
        None => Sizes::Listed(listed),
    };
    Some(Offer { format: format.to_owned(), compressed, sizes })
}

fn size(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

fn range(text: &str) -> Option<([u32; 3], [u32; 3])> {
    let (width, height) = text.split_once("}x{")?;
    let side = |text: &str| {
        let (bounds, step) = text.trim_matches(['{', '}', ' ']).split_once(',')?;
        let (least, most) = bounds.split_once('-')?;
        Some([least.trim().parse().ok()?, most.trim().parse().ok()?, step.trim().parse().ok()?])
    };
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use crate::config::{CameraFormat, Size};

    use super::super::offer::choose;
    use super::*;

    const LISTING: &str = "\
[video4linux2,v4l2 @ 0x5581] Raw       : Unsupported :  10-bit Bayer BGBG/GRGR Packed : 1280x720 640x480\n\
[video4linux2,v4l2 @ 0x5581] Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480\n\
[video4linux2,v4l2 @ 0x5581] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 320x240\n\
[video4linux2,v4l2 @ 0x5581] Compressed:        h264 :                H.264 : {32-1920, 2}x{32-1080, 2}\n\
[video4linux2,v4l2 @ 0x5581] Compressed: Unsupported :                H.265 : 640x480\n\
/dev/video0: Immediate exit requested\n";

    #[test]
    fn reads_ffmpegs_listing() {
        let offers = parse(LISTING);
        let names: Vec<&str> = offers.iter().map(|offer| offer.format.as_str()).collect();
        assert_eq!(names, ["mjpeg", "yuyv422", "h264"]);
        let sizes = ["1280x720", "640x480"].map(|text| size(text).unwrap());
        assert_eq!(offers[0].sizes, Sizes::Listed(sizes.into()));
        assert_eq!(offers[2].sizes, Sizes::Range { width: [32, 1920, 2], height: [32, 1080, 2] });
    }

    #[test]
    fn formats_without_sizes_are_offered() {
        for line in [
            "[video4linux2,v4l2 @ 0x5] Raw       :     uyvy422 :           UYVY 4:2:2 :",
            "[video4linux2,v4l2 @ 0x5] Raw       :     uyvy422 :           UYVY 4:2:2 : ",
            "[video4linux2,v4l2 @ 0x5] Raw       :     uyvy422 :           UYVY 4:2:2",
        ] {
            assert_eq!(
                parse(line),
                [Offer { format: "uyvy422".into(), compressed: false, sizes: Sizes::Unknown }],
                "{line:?}"
            );
        }
    }

    #[test]
    fn prefers_what_the_camera_has_encoded_already() {
        let offers = parse(LISTING);
        let pick = |wanted, wxh: &str| {
            let (width, height) = size(wxh).unwrap();
            choose(&offers, wanted, Size { width, height }, false).map(|offer| offer.format.as_str())
        };
        assert_eq!(pick(CameraFormat::Auto, "1280x720"), Ok("h264"));
        assert_eq!(pick(CameraFormat::Mjpeg, "1280x720"), Ok("mjpeg"));
        assert_eq!(pick(CameraFormat::Raw, "640x480"), Ok("yuyv422"));
        let refused = pick(CameraFormat::Raw, "1280x720").unwrap_err();
        assert!(refused.contains("yuyv422 (640x480, 320x240)"), "{refused}");
        assert!(refused.contains("it has 1280x720 as h264 and mjpeg"), "{refused}");
        assert!(pick(CameraFormat::H264, "1281x720").is_err(), "not one of its steps");
    }
}
