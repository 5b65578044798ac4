//! What is done with a source, decided from what the probe found. Pure.

use havatar_api::{SourceClock, VideoSource};

use crate::config::{Camera, CameraEncoder};
use crate::media::publish::turn;

use super::found::{Found, Video};

/// What is done with a source.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    /// It is passed on as it is.
    pub(crate) copy: bool,
    /// Where its frames' times come from.
    pub(crate) clock: SourceClock,
    /// Fields become frames.
    pub(crate) deinterlaced: bool,
    /// It is read at its own pace and from the start again after its end.
    pub(crate) looped: bool,
    /// Frames a second that are to be expected of the publisher, where that is known.
    pub(crate) fps: Option<f64>,
    /// What the API says about it.
    pub(crate) shown: Option<VideoSource>,
}

impl Plan {
    /// Each frame gets the time of its arrival.
    pub(crate) fn is_stamped(&self) -> bool {
        self.clock == SourceClock::Arrival
    }
}

/// A source whose key frames are further apart than this, in seconds, keeps a viewer waiting if it is passed on.
const RARE_KEY_FRAMES: f64 = 4.0;

/// Decides. `name` is the source in a message, `key` the config's key that names it.
///
/// # Errors
/// Why there is nothing to show: one sentence with its cure.
pub(crate) fn plan(camera: &Camera, found: &Found, name: &str, key: &str) -> Result<Plan, String> {
    let Some(video) = &found.video else {
        return Err(match &found.audio {
            Some(codec) => {
                format!("{name} holds sound alone ({codec}), no picture: name another source in {key}")
            }
            None => format!("{name} holds neither picture nor sound: name another source in {key}"),
        });
    };
    if video.still {
        return Err(format!(
            "{name} is a single picture ({}), not a video: name a film or a camera's video stream in {key}",
            codec_name(&video.codec)
        ));
    }
    let copy = camera.encoder == CameraEncoder::Copy;
    if copy {
        copyable(video, name)?;
    }
    let clock = match (found.has_clock(), found.finite) {
        (true, _) => SourceClock::Source,
        (false, true) => SourceClock::Counted,
        (false, false) => SourceClock::Arrival,
    };
    let most = f64::from(camera.fps);
    let fps = if clock == SourceClock::Arrival { None } else { video.fps };
    Ok(Plan {
        copy,
        clock,
        deinterlaced: video.interlaced && !copy,
        looped: found.finite,
        fps: fps.map(|fps| if copy { fps } else { fps.min(most) }),
        shown: Some(shown(camera, found, video, clock, fps)),
    })
}

/// Whether browsers and recordings can use the video as it is.
fn copyable(video: &Video, name: &str) -> Result<(), String> {
    let fault = if video.codec != "h264" {
        format!("gives {}, which browsers do not show live", codec_name(&video.codec))
    } else if video.b_frames {
        "has B-frames, which WebRTC cannot show".to_owned()
    } else if let Some(format) =
        video.pixel_format.as_deref().filter(|format| !["yuv420p", "yuvj420p"].contains(format))
    {
        format!("is H.264 of {format}, which browsers do not decode (they need 8-bit 4:2:0)")
    } else if video.interlaced {
        "is interlaced, which browsers show as combs".to_owned()
    } else if video.pixel_aspect.0 != video.pixel_aspect.1 {
        let (width, height) = video.pixel_aspect;
        format!(
            "has pixels of {width}:{height} instead of square ones, and WebRTC would show people too narrow or too wide"
        )
    } else if video.rotation % 360 != 0 {
        format!("is to be turned by {} degrees, which a copy cannot do", video.rotation)
    } else {
        return Ok(());
    };
    Err(format!(
        "media.camera.encoder is copy, but {name} {fault}: set media.camera.encoder to auto, which encodes it anew"
    ))
}

fn shown(camera: &Camera, found: &Found, video: &Video, clock: SourceClock, fps: Option<f64>) -> VideoSource {
    let copy = camera.encoder == CameraEncoder::Copy;
    let (aspect_width, aspect_height) = video.pixel_aspect;
    let mut handling = vec![if copy {
        "passed on as it is, as configured".to_owned()
    } else {
        format!(
            "decoded and encoded anew as H.264 of {}, because the config fixes size and bit rate",
            camera.picture_size()
        )
    }];
    if found.finite {
        handling.push("played at its own pace and in a loop, because it is a file".to_owned());
    }
    match clock {
        SourceClock::Source => {}
        SourceClock::Arrival => handling
            .push(format!("each frame stamped on arrival, because {} carries no times", found.container)),
        SourceClock::Counted => handling.push(format!(
            "frames counted at {} a second, because {} carries no times",
            fps.map_or_else(|| "a nominal number".to_owned(), |fps| format!("{fps:.2}")),
            found.container
        )),
    }
    if copy && let Some(every) = video.key_frames_every.filter(|every| *every > RARE_KEY_FRAMES) {
        handling.push(format!(
            "a viewer waits up to {every:.0} s for the next key frame; media.camera.encoder auto would spare that"
        ));
    }
    if !copy {
        if aspect_width != aspect_height {
            handling
                .push(format!("scaled to square pixels, because its own are {aspect_width}:{aspect_height}"));
        }
        if video.rotation % 360 != 0 {
            handling.push(format!("turned by {} degrees, as it says", video.rotation));
        }
        handling.extend(turn::described(camera));
        if video.interlaced {
            handling.push("deinterlaced, because it comes in fields".to_owned());
        }
        if fps.is_some_and(|fps| fps > f64::from(camera.fps) * 1.02) {
            handling.push(format!("thinned out to {} frames a second, media.camera.fps", camera.fps));
        }
    }
    VideoSource {
        container: found.container.clone(),
        codec: video.codec.clone(),
        profile: video.profile.clone(),
        pixel_format: video.pixel_format.clone(),
        width: video.size.map(|size| size.0),
        height: video.size.map(|size| size.1),
        pixel_aspect: format!("{aspect_width}:{aspect_height}"),
        rotation: video.rotation,
        interlaced: video.interlaced,
        b_frames: video.b_frames,
        fps: fps.map(|fps| (fps * 1000.0).round() / 1000.0),
        key_frame_interval_s: video.key_frames_every.map(|every| (every * 1000.0).round() / 1000.0),
        clock,
        handling,
    }
}

/// A codec's name as people write it.
pub(crate) fn codec_name(codec: &str) -> &str {
    match codec {
        "h264" => "H.264",
        "hevc" => "H.265 (HEVC)",
        "mpeg4" => "MPEG-4",
        "mjpeg" => "Motion JPEG",
        "mpeg2video" => "MPEG-2",
        "vp8" => "VP8",
        "vp9" => "VP9",
        "av1" => "AV1",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::CameraRotation;

    use super::*;

    fn video() -> Video {
        Video {
            codec: "h264".into(),
            profile: None,
            pixel_format: Some("yuv420p".into()),
            size: Some((640, 360)),
            pixel_aspect: (1, 1),
            rotation: 0,
            interlaced: false,
            b_frames: false,
            fps: Some(25.0),
            key_frames_every: Some(60.0),
            still: false,
        }
    }

    fn found(video: Option<Video>) -> Found {
        Found { container: "rtsp".into(), finite: false, video, audio: None }
    }

    #[test]
    fn a_copy_is_taken_only_of_what_browsers_show() {
        let camera = Camera { encoder: CameraEncoder::Copy, ..Camera::default() };
        let decide = |video| plan(&camera, &found(Some(video)), "the source", "media.camera.url");
        let taken = decide(video()).unwrap();
        assert!(taken.copy && !taken.looped && taken.fps == Some(25.0));
        assert!(taken.shown.unwrap().handling.join(" ").contains("up to 60 s"));
        let wrong = |change: fn(&mut Video)| {
            let mut video = video();
            change(&mut video);
            decide(video).unwrap_err()
        };
        for (refused, word) in [
            (wrong(|video| video.codec = "hevc".into()), "H.265"),
            (wrong(|video| video.codec = "mpeg4".into()), "MPEG-4"),
            (wrong(|video| video.codec = "mjpeg".into()), "Motion JPEG"),
            (wrong(|video| video.b_frames = true), "B-frames"),
            (wrong(|video| video.pixel_format = Some("yuv444p".into())), "yuv444p"),
            (wrong(|video| video.interlaced = true), "interlaced"),
            (wrong(|video| video.pixel_aspect = (64, 45)), "64:45"),
            (wrong(|video| video.rotation = -90), "-90"),
        ] {
            assert!(
                refused.contains(word) && refused.contains("set media.camera.encoder to auto"),
                "{refused}"
            );
        }
    }

    #[test]
    fn what_is_encoded_keeps_shape_and_time() {
        let camera = Camera::default();
        let decide = |found: &Found| plan(&camera, found, "the source", "media.camera.url").unwrap();
        let mut cam = found(Some(Video { codec: "mjpeg".into(), fps: Some(25.0), ..video() }));
        cam.container = "mpjpeg".into();
        let live = decide(&cam);
        assert!(live.is_stamped() && live.fps.is_none() && !live.looped);
        assert_eq!(live.shown.unwrap().clock, SourceClock::Arrival);
        cam.finite = true;
        let film = decide(&cam);
        assert!(!film.is_stamped() && film.looped && film.fps == Some(25.0));
        let fast = decide(&found(Some(Video { fps: Some(120.0), interlaced: true, ..video() })));
        assert_eq!((fast.fps, fast.deinterlaced, fast.is_stamped()), (Some(30.0), true, false));
    }

    #[test]
    fn what_is_turned_is_told_with_its_size() {
        let camera = Camera { rotate: CameraRotation::Left, ..Camera::default() };
        let plan = plan(&camera, &found(Some(video())), "the source", "media.camera.url").unwrap();
        let handling = plan.shown.unwrap().handling.join("; ");
        assert!(
            handling.contains("720x1280") && handling.contains("turned by 270 degrees, media.camera.rotate"),
            "{handling}"
        );
    }

    #[test]
    fn what_has_no_video_is_refused_in_one_sentence() {
        let refuse =
            |found: &Found| plan(&Camera::default(), found, "/a.mp3", "media.camera.file").unwrap_err();
        let song = Found { audio: Some("mp3".into()), ..found(None) };
        assert_eq!(
            refuse(&song),
            "/a.mp3 holds sound alone (mp3), no picture: name another source in media.camera.file"
        );
        let still = refuse(&found(Some(Video { still: true, codec: "mjpeg".into(), ..video() })));
        assert!(still.contains("single picture"), "{still}");
        assert!(refuse(&found(None)).contains("neither"));
    }
}
