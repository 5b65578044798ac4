//! What a V4L2 device offers, from its answers to the interface's questions. The questions are a trait, so that recorded
//! answers can be put in a device's place.

use std::io;

use super::offer::{Offer, Sizes};

/// The questions.
pub(super) trait Query {
    /// Capabilities of this device node.
    fn capabilities(&self) -> io::Result<u32>;
    /// The format of this number; `None` behind the last.
    fn format(&self, index: u32) -> io::Result<Option<FormatDesc>>;
    /// The size of this number in this format; `None` behind the last.
    fn size(&self, fourcc: [u8; 4], index: u32) -> io::Result<Option<SizeDesc>>;
}

/// An answer about a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FormatDesc {
    pub(super) fourcc: [u8; 4],
    pub(super) compressed: bool,
}

/// An answer about a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SizeDesc {
    Discrete {
        width: u32,
        height: u32,
    },
    /// Least, most and step of each.
    Range {
        width: [u32; 3],
        height: [u32; 3],
    },
}

/// `V4L2_CAP_VIDEO_CAPTURE`.
const CAPTURE: u32 = 1;
/// `V4L2_CAP_VIDEO_CAPTURE_MPLANE`, which ffmpeg cannot capture from.
const CAPTURE_MPLANE: u32 = 0x1000;
/// A driver that numbers on for ever is not followed.
const MOST: u32 = 256;

/// ffmpeg's names of the formats that it captures, by their codes.
const NAMES: [(&[u8; 4], &str); 31] = [
    (b"H264", "h264"),
    (b"MJPG", "mjpeg"),
    (b"JPEG", "mjpeg"),
    (b"MPG4", "mpeg4"),
    (b"YUYV", "yuyv422"),
    (b"UYVY", "uyvy422"),
    (b"NV12", "nv12"),
    (b"NV21", "nv21"),
    (b"YU12", "yuv420p"),
    (b"422P", "yuv422p"),
    (b"411P", "yuv411p"),
    (b"YUV9", "yuv410p"),
    (b"RGB3", "rgb24"),
    (b"BGR3", "bgr24"),
    (b"RGBO", "rgb555le"),
    (b"RGBQ", "rgb555be"),
    (b"RGBP", "rgb565le"),
    (b"RGBR", "rgb565be"),
    (b"XR24", "bgr0"),
    (b"BX24", "0rgb"),
    (b"AR24", "bgra"),
    (b"BA24", "argb"),
    (b"BGR4", "bgr0"),
    (b"RGB4", "0rgb"),
    (b"BA81", "bayer_bggr8"),
    (b"GBRG", "bayer_gbrg8"),
    (b"GRBG", "bayer_grbg8"),
    (b"RGGB", "bayer_rggb8"),
    (b"GREY", "gray"),
    (b"Y16 ", "gray16le"),
    (b"Z16 ", "gray16le"),
];

/// Everything that ffmpeg can capture from the device, and the codes of what it cannot.
pub(super) fn offers(device: &impl Query) -> io::Result<(Vec<Offer>, Vec<String>)> {
    let capabilities = device.capabilities()?;
    if capabilities & CAPTURE == 0 {
        let what = if capabilities & CAPTURE_MPLANE == 0 {
            "is no camera: it captures no video; its neighbour (index0) may"
        } else {
            "gives its picture in several planes, which ffmpeg cannot capture: use source csi, or its driver's other node"
        };
        return Err(io::Error::other(what));
    }
    let (mut offers, mut unusable) = (Vec::new(), Vec::new());
    for index in 0..MOST {
        let Some(FormatDesc { fourcc, compressed }) = device.format(index)? else { break };
        match NAMES.iter().find(|(code, _)| **code == fourcc) {
            Some((_, name)) => {
                offers.push(Offer { format: (*name).to_owned(), compressed, sizes: sizes(device, fourcc)? });
            }
            None => unusable.push(String::from_utf8_lossy(&fourcc).trim().to_owned()),
        }
    }
    Ok((offers, unusable))
}

fn sizes(device: &impl Query, fourcc: [u8; 4]) -> io::Result<Sizes> {
    let mut listed = Vec::new();
    for index in 0..MOST {
        match device.size(fourcc, index)? {
            Some(SizeDesc::Discrete { width, height }) => listed.push((width, height)),
            Some(SizeDesc::Range { width, height }) => return Ok(Sizes::Range { width, height }),
            None => break,
        }
    }
    Ok(if listed.is_empty() { Sizes::Unknown } else { Sizes::Listed(listed) })
}

#[cfg(test)]
mod tests {
    use crate::config::{CameraFormat, Size};

    use super::super::offer::choose;
    use super::*;

    /// A device's answers, as they were recorded or as its driver's source gives them.
    struct Recorded {
        capabilities: u32,
        formats: Vec<(FormatDesc, Vec<SizeDesc>)>,
    }

    impl Query for Recorded {
        fn capabilities(&self) -> io::Result<u32> {
            Ok(self.capabilities)
        }
        fn format(&self, index: u32) -> io::Result<Option<FormatDesc>> {
            Ok(self.formats.get(index as usize).map(|(format, _)| *format))
        }
        fn size(&self, fourcc: [u8; 4], index: u32) -> io::Result<Option<SizeDesc>> {
            let format = self.formats.iter().find(|(format, _)| format.fourcc == fourcc);
            Ok(format.and_then(|(_, sizes)| sizes.get(index as usize)).copied())
        }
    }

    fn raw(fourcc: [u8; 4]) -> FormatDesc {
        FormatDesc { fourcc, compressed: false }
    }

    fn is(width: u32, height: u32) -> SizeDesc {
        SizeDesc::Discrete { width, height }
    }

    const HD: Size = Size { width: 1280, height: 720 };

    #[test]
    fn formats_that_ffmpeg_does_not_know_are_passed_over() {
        // A Raspberry Pi's unicam: packed 10-bit Bayer first.
        let device = Recorded {
            capabilities: CAPTURE,
            formats: vec![
                (raw(*b"pBAA"), vec![is(1280, 720)]),
                (raw(*b"YUYV"), vec![is(640, 480), is(1280, 720)]),
            ],
        };
        let (offers, unusable) = offers(&device).unwrap();
        assert_eq!(unusable, ["pBAA"]);
        assert_eq!(choose(&offers, CameraFormat::Auto, HD, false).unwrap().format, "yuyv422");
    }

    #[test]
    fn a_range_of_sizes_and_no_sizes_at_all_are_offers_too() {
        // vivid gives lists; a capture card gives a range, an analogue grabber (em28xx) nothing.
        let range = SizeDesc::Range { width: [32, 1920, 16], height: [32, 1088, 8] };
        for (sizes, fits) in [(vec![range], true), (vec![], true), (vec![is(640, 480)], false)] {
            let device = Recorded { capabilities: CAPTURE, formats: vec![(raw(*b"UYVY"), sizes)] };
            let (offers, _) = offers(&device).unwrap();
            assert_eq!(choose(&offers, CameraFormat::Auto, HD, false).is_ok(), fits, "{offers:?}");
        }
    }

    /// One that numbers its formats for ever.
    struct Endless;
    impl Query for Endless {
        fn capabilities(&self) -> io::Result<u32> {
            Ok(CAPTURE)
        }
        fn format(&self, _: u32) -> io::Result<Option<FormatDesc>> {
            Ok(Some(raw(*b"YUYV")))
        }
        fn size(&self, _: [u8; 4], _: u32) -> io::Result<Option<SizeDesc>> {
            Ok(Some(is(640, 480)))
        }
    }

    #[test]
    fn a_node_that_captures_nothing_says_what_to_use() {
        for (capabilities, word) in [(0x0080_0000, "index0"), (CAPTURE_MPLANE, "planes")] {
            let device = Recorded { capabilities, formats: vec![] };
            assert!(offers(&device).unwrap_err().to_string().contains(word));
        }
        assert_eq!(offers(&Endless).unwrap().0.len(), MOST as usize);
    }
}
