//! How ffmpeg is asked for the frames of a test, and what it tells of its input. Pure.

use std::ffi::OsString;

use super::frame::WIDEST;

/// How long frames are taken, in seconds.
pub(super) const SECONDS: f64 = 1.1;

/// A path of MediaMTX. Nothing is waited for that the stream tells by itself.
pub(super) fn stream(url: &str) -> Vec<OsString> {
    let words = ["-rtsp_transport", "tcp", "-analyzeduration", "500000", "-fpsprobesize", "0", "-i", url];
    words.map(OsString::from).into()
}

/// The whole command line: about a second of small pixmaps of the input, as they come.
pub(super) fn frames(input: Vec<OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "info"].map(OsString::from).into();
    args.extend(input);
    let scale = format!("scale=w='min({WIDEST}\\,iw)':h=-2");
    let seconds = SECONDS.to_string();
    let picked =
        ["-map", "0:v:0", "-an", "-sn", "-dn", "-t", &seconds, "-fps_mode", "passthrough", "-vf", &scale];
    args.extend(picked.map(OsString::from));
    let output = ["-c:v", "ppm", "-pix_fmt", "rgb24", "-flush_packets", "1", "-f", "image2pipe", "pipe:1"];
    args.extend(output.map(OsString::from));
    args
}

/// A JPEG of the pixmap on standard input; the quality is ffmpeg's, 2 (best) to 31.
pub(super) fn jpeg(quality: &str) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["-hide_banner", "-nostdin", "-loglevel", "error", "-protocol_whitelist", "pipe"]
            .map(OsString::from)
            .into();
    let rest = ["-f", "ppm_pipe", "-i", "pipe:0", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"];
    args.extend(rest.map(OsString::from));
    args.extend(["-q:v", quality, "-f", "image2pipe", "pipe:1"].map(OsString::from));
    args
}

/// What an input gives, as far as it was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The codec.
    pub(super) format: Option<String>,
    /// Width and height, pixels.
    pub(super) size: Option<(u32, u32)>,
}

/// `Stream #0:0: Video: mjpeg (Baseline), yuvj422p(pc), 1280x720, 30 fps`: the first such line is about the input.
pub(super) fn told(lines: &str) -> Told {
    let video =
        lines.lines().filter(|line| line.contains("Stream #")).find_map(|line| line.split_once("Video: "));
    let Some((_, video)) = video else { return Told::default() };
    let format = video.split([' ', ',']).next().filter(|word| !word.is_empty());
    Told { format: format.map(str::to_owned), size: video.split([' ', ',']).find_map(size) }
}

/// A code of a pixel format, `0x32595559`, is no size.
fn size(word: &str) -> Option<(u32, u32)> {
    let (width, height) = word.split_once('x')?;
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| *side > 0);
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Size;
    use crate::media::publish::ffmpeg::v4l2_input;

    use super::*;

    fn line(args: &[OsString]) -> String {
        args.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
    }

    #[test]
    fn a_device_fills_one_value_and_nothing_is_repeated_or_scaled_up() {
        let size = Size { width: 1280, height: 720 };
        let args = frames(v4l2_input(Path::new("-y /dev/x"), "mjpeg", size, 30));
        assert!(args.contains(&OsString::from("-y /dev/x")));
        let line = line(&args);
        assert!(line.contains("-input_format mjpeg -video_size 1280x720 -framerate 30 -i "), "{line}");
        assert!(line.contains("passthrough") && line.contains(r"min(320\,iw)"), "{line}");
        assert!(line.ends_with("image2pipe pipe:1"));
    }

    #[test]
    fn what_an_input_gives_is_read_off_the_first_line_about_it() {
        let is = |lines: &str, format: &str, size| {
            let wanted = Told { format: Some(format.to_owned()), size };
            assert_eq!(told(lines), wanted, "{lines}");
        };
        is(
            "Input #0, video4linux2,v4l2, from '/dev/video0':\n  Stream #0:0: Video: mjpeg (Baseline) (MJPG / 0x47504A4D), \
             yuvj422p(pc, bt470bg/unknown/unknown), 1280x720, 30 fps, 30 tbr\n  Stream #0:0: Video: ppm, rgb24, 320x180\n",
            "mjpeg",
            Some((1280, 720)),
        );
        is(
            "  Stream #0:0: Video: rawvideo (YUY2 / 0x32595559), yuyv422, 640x480, 147456 kb/s",
            "rawvideo",
            Some((640, 480)),
        );
        is(
            "  Stream #0:0: Video: h264 (High), yuv420p(progressive), 320x180 [SAR 1:1 DAR 16:9], 30 fps",
            "h264",
            Some((320, 180)),
        );
        is("Stream #0:0[0x1]: Video: h264, none", "h264", None);
        assert_eq!(told("Stream #0:0: Audio: opus\nnothing"), Told::default());
    }
}
