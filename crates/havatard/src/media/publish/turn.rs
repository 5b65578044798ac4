//! Turning and mirroring the picture, as `media.camera.rotate` and `media.camera.flip` ask for.

use crate::config::{Camera, CameraFlip, CameraRotation};

/// ffmpeg's filters for it; `None` for a picture that stays as it comes.
///
/// The format comes first: in one with the colours of two pixels in each other's place nothing can be turned, and ffmpeg would
/// convert the picture on its own, to one that has to be converted again.
pub(crate) fn filters(camera: &Camera) -> Option<String> {
    let turn = match camera.rotate {
        CameraRotation::Upright => None,
        CameraRotation::Right => Some("transpose=clock"),
        CameraRotation::Half => Some("hflip,vflip"),
        CameraRotation::Left => Some("transpose=cclock"),
    };
    let flip = match camera.flip {
        CameraFlip::None => None,
        CameraFlip::Horizontal => Some("hflip"),
        CameraFlip::Vertical => Some("vflip"),
    };
    let filters: Vec<&str> = turn.into_iter().chain(flip).collect();
    (!filters.is_empty()).then(|| format!("format=yuv420p,{}", filters.join(",")))
}

/// What is done, in words for people; `None` for a picture that stays as it comes.
pub(crate) fn described(camera: &Camera) -> Option<String> {
    let turn = (camera.rotate != CameraRotation::Upright)
        .then(|| format!("turned by {} degrees, media.camera.rotate", camera.rotate));
    let flip =
        (camera.flip != CameraFlip::None).then(|| format!("mirrored, media.camera.flip {}", camera.flip));
    let parts: Vec<String> = turn.into_iter().chain(flip).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::path::Path;

    use super::super::ffmpeg::{self, CameraInput, VideoCodec};
    use super::super::source::address;
    use super::super::source::plan::Plan;
    use super::*;

    fn joined(args: &[OsString]) -> String {
        args.join(OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn the_picture_is_turned_and_then_mirrored() {
        for (rotate, flip, wanted) in [
            (CameraRotation::Upright, CameraFlip::None, None),
            (CameraRotation::Half, CameraFlip::None, Some("format=yuv420p,hflip,vflip")),
            (CameraRotation::Upright, CameraFlip::Vertical, Some("format=yuv420p,vflip")),
            (CameraRotation::Right, CameraFlip::Horizontal, Some("format=yuv420p,transpose=clock,hflip")),
            (CameraRotation::Left, CameraFlip::None, Some("format=yuv420p,transpose=cclock")),
        ] {
            let camera = Camera { rotate, flip, ..Camera::default() };
            assert_eq!(filters(&camera).as_deref(), wanted, "{rotate} {flip}");
            assert_eq!(described(&camera).is_some(), camera.is_turned());
        }
    }

    #[test]
    fn a_picture_is_turned_before_it_is_fitted_into_its_turned_size() {
        let turned = Camera { rotate: CameraRotation::Right, ..Camera::default() };
        let (input, plan) = (address::file(Path::new("/a.mp4")).input(false, "1"), Plan::default());
        let input = CameraInput::Source { input: &input, plan: &plan };
        let line = joined(&ffmpeg::camera(&turned, &input, VideoCodec::Libx264, "t"));
        let (turn, fit) = (line.find("transpose=clock").unwrap(), line.find("pad=720:1280").unwrap());
        assert!(turn < fit, "{line}");
        let device = CameraInput::V4l2 { device: Path::new("/dev/video0"), format: "mjpeg" };
        let line = joined(&ffmpeg::camera(&turned, &device, VideoCodec::Libx264, "t"));
        assert!(line.contains("-video_size 1280x720") && line.contains("transpose=clock"), "{line}");
        let test = joined(&ffmpeg::test_encode(&turned, VideoCodec::Libx264, 30));
        assert!(test.contains("transpose=clock"), "it costs time as well: {test}");
    }
}
