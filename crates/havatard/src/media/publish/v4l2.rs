//! What a V4L2 camera offers, as ffmpeg lists it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::Spawner;

use crate::config::{CameraFormat, Size};
use crate::program;

/// One format that a device gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// ffmpeg's name: `h264`, `mjpeg`, `yuyv422`.
    pub(crate) format: String,
    /// The device compresses by itself.
    pub(crate) compressed: bool,
    /// Sizes; empty where the device gives a range instead of a list.
    pub(crate) sizes: Vec<Size>,
}

/// The device behind `auto`: the first by its stable name, so that a second camera changes nothing. A camera
/// that does not say who it is has no name by id, only one by its place.
pub(crate) fn first() -> Option<PathBuf> {
    ["/dev/v4l/by-id", "/dev/v4l/by-path"].into_iter().find_map(|directory| {
        let entries = std::fs::read_dir(directory).ok()?;
        let names = entries.flatten().map(|entry| entry.path());
        names.filter(|path| path.to_string_lossy().ends_with("-video-index0")).min()
    })
}

/// Asks ffmpeg for the device's formats. It exits with an error after listing, by design.
pub(crate) async fn offers(spawner: &Spawner, ffmpeg: &Path, device: &Path) -> Result<Vec<Offer>, String> {
    let args = ["-hide_banner", "-nostdin", "-f", "v4l2", "-list_formats", "all", "-i"]
        .map(std::ffi::OsString::from)
        .into_iter()
        .chain([device.as_os_str().to_owned()])
        .collect::<Vec<_>>();
    let output = program::run(spawner, ffmpeg, args, Duration::from_secs(5))
        .await
        .map_err(|error| error.to_string())?;
    let offers = parse(&output.stderr);
    if offers.is_empty() {
        let line = output.stderr.lines().last().unwrap_or("no answer");
        return Err(format!("{} lists no formats: {line}", device.display()));
    }
    Ok(offers)
}

/// The offer to use, or why there is none.
pub(crate) fn choose(offers: &[Offer], wanted: CameraFormat, size: Size) -> Result<&Offer, String> {
    let fits = |offer: &&Offer| offer.sizes.is_empty() || offer.sizes.contains(&size);
    let of = |kind: fn(&Offer) -> bool| offers.iter().filter(move |offer| kind(offer)).find(fits);
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
        let list: Vec<String> = offers
            .iter()
            .map(|offer| {
                let sizes: Vec<String> = offer.sizes.iter().map(ToString::to_string).collect();
                format!("{} ({})", offer.format, sizes.join(", "))
            })
            .collect();
        format!(
            "the camera has no {size} in the wanted format; set media.camera.size to one of: {}",
            list.join("; ")
        )
    })
}

fn parse(listing: &str) -> Vec<Offer> {
    listing.lines().filter_map(offer).collect()
}

/// `[video4linux2,v4l2 @ 0x..] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 1280x720`
fn offer(line: &str) -> Option<Offer> {
    let (kind, rest) = line.split_once(']')?.1.split_once(':')?;
    let compressed = match kind.trim() {
        "Raw" => false,
        "Compressed" => true,
        _ => return None,
    };
    // The description in between may hold colons of its own.
    let (format, rest) = rest.split_once(" : ")?;
    let sizes = rest.rsplit_once(" : ")?.1.split_ascii_whitespace().filter_map(parse_size).collect();
    Some(Offer { format: format.trim().to_owned(), compressed, sizes })
}

fn parse_size(text: &str) -> Option<Size> {
    let (width, height) = text.split_once('x')?;
    Some(Size { width: width.parse().ok()?, height: height.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
[video4linux2,v4l2 @ 0x5581] Compressed:       mjpeg :          Motion-JPEG : 1280x720 640x480\n\
[video4linux2,v4l2 @ 0x5581] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 320x240\n\
[video4linux2,v4l2 @ 0x5581] Compressed:        h264 :                H.264 : {32-1920, 2}x{32-1080, 2}\n\
/dev/video0: Immediate exit requested\n";

    fn size(text: &str) -> Size {
        parse_size(text).unwrap()
    }

    #[test]
    fn reads_ffmpegs_listing() {
        let offers = parse(LISTING);
        assert_eq!(offers.len(), 3);
        assert_eq!(offers[1].format, "yuyv422");
        assert!(!offers[1].compressed);
        assert_eq!(offers[0].sizes, [size("1280x720"), size("640x480")]);
        assert!(offers[2].sizes.is_empty(), "a range is no list");
    }

    #[test]
    fn prefers_what_the_camera_has_encoded_already() {
        let offers = parse(LISTING);
        let pick = |wanted, wxh: &str| choose(&offers, wanted, size(wxh)).map(|offer| offer.format.as_str());
        assert_eq!(pick(CameraFormat::Auto, "1280x720"), Ok("h264"));
        assert_eq!(pick(CameraFormat::Mjpeg, "1280x720"), Ok("mjpeg"));
        assert_eq!(pick(CameraFormat::Raw, "640x480"), Ok("yuyv422"));
        let refused = pick(CameraFormat::Raw, "1280x720").unwrap_err();
        assert!(refused.contains("mjpeg (1280x720, 640x480)"), "{refused}");
    }
}
