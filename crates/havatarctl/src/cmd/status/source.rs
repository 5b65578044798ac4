//! What the camera's source gives, and what is done with it.

use havatar_api::{SourceClock, VideoSource};

use crate::format;

/// What the camera's source gives, then what is done with it, a line each.
pub(super) fn lines(video: &VideoSource) -> Vec<String> {
    let mut parts = vec![video.codec.clone()];
    parts.extend(video.profile.clone());
    if let (Some(width), Some(height)) = (video.width, video.height) {
        parts.push(format!("{width}x{height}"));
    }
    parts.extend(video.pixel_format.clone());
    if video.pixel_aspect != "1:1" {
        parts.push(format!("pixels {}", video.pixel_aspect));
    }
    if video.rotation != 0 {
        parts.push(format!("turned by {} degrees", video.rotation));
    }
    parts.extend(video.interlaced.then(|| "interlaced".to_owned()));
    parts.extend(video.b_frames.then(|| "B-frames".to_owned()));
    parts.push(video.fps.map_or_else(|| "rate unknown".to_owned(), |fps| format!("{fps:.2} frames/s")));
    parts.extend(video.key_frame_interval_s.map(|every| format!("a key frame every {every:.1} s")));
    parts.push(
        match video.clock {
            SourceClock::Source => "own clock",
            SourceClock::Arrival => "no clock: stamped on arrival",
            SourceClock::Counted => "no clock: frames counted",
        }
        .to_owned(),
    );
    let what = format!("{}: {}", video.container, parts.join(", "));
    std::iter::once(&what).chain(&video.handling).map(|line| format::clean(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_what_is_done_with_it() {
        let video = VideoSource {
            container: "mpjpeg".to_owned(),
            codec: "mjpeg".to_owned(),
            profile: Some("Baseline".to_owned()),
            pixel_format: Some("yuvj422p".to_owned()),
            width: Some(800),
            height: Some(600),
            pixel_aspect: "4:3".to_owned(),
            rotation: 90,
            interlaced: false,
            b_frames: false,
            fps: None,
            key_frame_interval_s: Some(0.1),
            clock: SourceClock::Arrival,
            handling: vec!["decoded and encoded anew".to_owned(), "each frame stamped on arrival".to_owned()],
        };
        insta::assert_snapshot!(lines(&video).join("\n"), @r"
        mpjpeg: mjpeg, Baseline, 800x600, yuvj422p, pixels 4:3, turned by 90 degrees, rate unknown, a key frame every 0.1 s, no clock: stamped on arrival
        decoded and encoded anew
        each frame stamped on arrival
        ");
    }
}
