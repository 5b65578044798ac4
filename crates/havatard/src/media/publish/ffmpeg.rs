//! ffmpeg's command lines, as pure functions from the config to argument lists.
//!
//! Arguments are arrays and never pass a shell; what a person configured fills one value slot and can never
//! become an option. All publishers talk RTSP over TCP to MediaMTX on this machine.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::config::{Camera, Microphone, Size};

use super::source::address::InputArgs;
use super::source::plan::Plan;
use super::turn;

/// RTP packets of this size fit into MediaMTX's WebRTC packets, so that it need not cut them again.
const PACKET_SIZE: &str = "1200";

/// What the chosen encoder takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VideoCodec {
    /// The camera gives H.264 already.
    Copy,
    /// Software.
    Libx264,
    /// The V4L2 encoder of a Raspberry Pi 4.
    V4l2m2m,
    /// A PC's GPU.
    Vaapi,
}

/// The render node that VAAPI uses.
pub(crate) const VAAPI_DEVICE: &str = "/dev/dri/renderD128";

/// Where the camera's ffmpeg takes its video from.
#[derive(Debug, Clone)]
pub(crate) enum CameraInput<'a> {
    /// A V4L2 device with ffmpeg's name of its pixel format.
    V4l2 {
        /// Device file.
        device: &'a Path,
        /// `h264`, `mjpeg`, `yuyv422`, ...
        format: &'a str,
    },
    /// Raw yuv420p frames of the configured size on standard input.
    RawPipe,
    /// A network source or a file, with what is to be done with it.
    Source {
        /// How it is reached.
        input: &'a InputArgs,
        /// What is done with it.
        plan: &'a Plan,
    },
}

impl VideoCodec {
    /// ffmpeg's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Libx264 => "libx264",
            Self::V4l2m2m => "h264_v4l2m2m",
            Self::Vaapi => "h264_vaapi",
        }
    }
}

/// A V4L2 device as an input, with ffmpeg's name of its pixel format.
pub(crate) fn v4l2_input(device: &Path, format: &str, size: Size, fps: u32) -> Vec<OsString> {
    let mut args = Args::default();
    args.push(["-f", "v4l2", "-input_format", format, "-video_size", &size.to_string()]);
    args.push(["-framerate", &fps.to_string(), "-i"]);
    args.value(device.as_os_str());
    args.0
}

/// Raw yuv420p frames on standard input.
pub(crate) fn raw_input(size: Size, fps: u32) -> Vec<OsString> {
    let mut args = Args::default();
    args.push(["-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", &size.to_string()]);
    args.push(["-framerate", &fps.to_string(), "-i", "pipe:0"]);
    args.0
}

/// The camera's publisher.
pub(crate) fn camera(
    camera: &Camera,
    input: &CameraInput<'_>,
    codec: VideoCodec,
    target: &str,
) -> Vec<OsString> {
    let mut args = Args::publisher();
    if codec == VideoCodec::Vaapi {
        args.push(["-vaapi_device", VAAPI_DEVICE]);
    }
    // Nowhere `-fflags nobuffer`: it throws away what was read while the input was analysed, and with it the first key frame. It
    // spares no time: what was read is passed on as fast as it can be decoded.
    match input {
        CameraInput::V4l2 { device, format } => {
            args.extend(v4l2_input(device, format, camera.size, camera.fps));
        }
        CameraInput::RawPipe => {
            args.extend(raw_input(camera.size, camera.fps));
        }
        CameraInput::Source { input, plan } => {
            if plan.looped {
                args.push(["-re", "-stream_loop", "-1"]);
            }
            if plan.copy && plan.is_stamped() {
                args.push(["-use_wallclock_as_timestamps", "1"]);
            }
            args.extend(input.args.clone());
        }
    }
    args.push(["-map", "0:v:0", "-an", "-sn", "-dn"]);
    args.extend(encode(camera, Some(input), codec));
    args.output(target);
    args.0
}

/// The test encode of one encoder: its own settings on moving video at the configured size, to nowhere.
pub(crate) fn test_encode(camera: &Camera, codec: VideoCodec, frames: u32) -> Vec<OsString> {
    let mut args = Args::quiet();
    if codec == VideoCodec::Vaapi {
        args.push(["-vaapi_device", VAAPI_DEVICE]);
    }
    let source = format!("testsrc2=size={}:rate={}", camera.size, camera.fps);
    args.push(["-f", "lavfi", "-i", &source, "-frames:v", &frames.to_string()]);
    args.extend(encode(camera, None, codec));
    args.push(["-f", "null", "-"]);
    args.0
}

/// The microphone's publisher: takes a CAF stream on standard input, whose packets are 10 ms.
pub(crate) fn microphone(microphone: &Microphone, target: &str) -> Vec<OsString> {
    let mut args = Args::publisher();
    args.push([
        "-fflags",
        "nobuffer",
        "-probesize",
        "32",
        "-analyzeduration",
        "0",
        "-f",
        "caf",
        "-i",
        "pipe:0",
    ]);
    args.push(["-map", "0:a:0", "-vn", "-c:a", "libopus", "-b:a", &microphone.bitrate.bps().to_string()]);
    args.push(["-ar", "48000", "-ac", "1", "-application", "lowdelay", "-frame_duration", "10"]);
    args.output(target);
    args.0
}

/// The reader of the talk line: raw samples to the loudspeaker's stage, as soon as they arrive.
pub(crate) fn talk(source: &str, socket: &Path) -> Vec<OsString> {
    let mut args = Args::publisher();
    args.push(["-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "32", "-analyzeduration", "0"]);
    args.push(["-max_delay", "0", "-reorder_queue_size", "0", "-rtsp_transport", "tcp", "-i", source]);
    args.push(["-map", "0:a:0", "-vn", "-c:a", "pcm_s16le", "-ar", "48000", "-ac", "1"]);
    args.push(["-flush_packets", "1", "-f", "s16le"]);
    let mut url = OsString::from("unix:");
    url.push(socket);
    args.value(&url);
    args.0
}

/// What the muxer reads and writes: video and audio, or the one that there is.
#[derive(Debug, Clone)]
pub(crate) struct Mux {
    /// URL of the video.
    pub(crate) video: Option<String>,
    /// URL of the audio.
    pub(crate) audio: Option<String>,
    /// URL of the path that carries both.
    pub(crate) target: String,
    /// Frames a second of the video, as far as they are known.
    pub(crate) fps: f64,
}

/// The muxer: both streams into one path, by copy.
pub(crate) fn muxer(mux: &Mux) -> Vec<OsString> {
    let mut args = Args::publisher();
    for url in [&mux.video, &mux.audio].into_iter().flatten() {
        // Two RTSP sessions have no common zero, so packets are stamped with the time of their arrival.
        args.push(["-use_wallclock_as_timestamps", "1", "-max_delay", "0"]);
        args.push(["-probesize", "32768", "-analyzeduration", "200000", "-thread_queue_size", "512"]);
        args.push(["-rtsp_transport", "tcp", "-i", url]);
    }
    if mux.video.is_some() {
        args.push(["-map", "0:v:0", "-bsf:v", &smoothed(90_000.0 / mux.fps, 18_000)]);
    }
    if mux.audio.is_some() {
        let input = if mux.video.is_some() { "1:a:0" } else { "0:a:0" };
        args.push(["-map", input, "-bsf:a", &smoothed(960.0, 9_600)]);
    }
    // One input that falls silent must not hold the other back until it is noticed and replaced.
    args.push(["-c", "copy", "-max_interleave_delta", "100000"]);
    args.output(&mux.target);
    args.0
}

/// Where publishers find a path, from this machine. It holds no secret: see `server/proof.rs`.
pub(crate) fn rtsp_url(listener: SocketAddr, path: &str) -> String {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("rtsp://{}/{path}", SocketAddr::new(ip, listener.port()))
}

/// A line of ffmpeg's with the credentials of any URL in it left out.
pub(crate) fn redact(line: &str) -> std::borrow::Cow<'_, str> {
    if !line.contains('@') {
        return line.into();
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find("://") {
        let (head, tail) = rest.split_at(start + 3);
        out.push_str(head);
        let end =
            tail.find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"').unwrap_or(tail.len());
        match tail.get(..end).and_then(|authority| authority.rfind('@')) {
            Some(at) => {
                out.push_str("***");
                rest = tail.get(at..).unwrap_or_default();
            }
            None => rest = tail,
        }
    }
    out.push_str(rest);
    out.into()
}

/// Arrival times jitter by whole frames on a busy machine. This follows their mean: the usual step, plus a
/// sixteenth of the error, and a jump only where the error says that the stream itself has jumped. The usual step begins
/// as `step` and follows the source, whose rate may be another.
fn smoothed(step: f64, jump: u32) -> String {
    let error = "PTS-PREV_OUTPTS-ld(0)";
    let usual = "st(0\\,ld(0)+(PTS-PREV_INPTS-ld(0))/min(N+16\\,64))";
    format!(
        "setts=ts=if(eq(N\\,0)\\,PTS+0*st(0\\,{step:.0})\\,0*{usual}+max(PREV_OUTPTS+1\\,\
         if(gt(abs({error})\\,{jump})\\,PTS\\,PREV_OUTPTS+ld(0)+({error})/16)))"
    )
}

/// Frames that carry no time get that of their arrival: counting them falls behind for good whenever the camera leaves one
/// out, or gives another number than was assumed. A player would hold back, and the panel call late, what is neither.
const STAMPED: &str = "settb=1/90000,setpts=(RTCTIME-RTCSTART)*0.09";

/// Leaves out what comes faster, and nothing else: a frame is due when the time that the ones before it were worth is over, less
/// a frame and a half for those that come unevenly. A frame that is not later than the last one is left out too.
fn at_most(fps: u32) -> String {
    let due = format!("ld(0)-1.5/{fps}");
    format!("select='if(lt(t\\,{due})+lte(t\\,prev_selected_t)\\,0\\,1+0*st(0\\,max(t\\,ld(0))+0.99/{fps}))'")
}

/// Square pixels and the configured size, whatever comes: the shape is kept, and bars fill up the rest.
fn fitted(width: u32, height: u32) -> String {
    format!(
        "scale=w='2*max(1\\,round(min({width}\\,{height}*dar)/2))':h='2*max(1\\,round(min({height}\\,{width}/dar)/2))',\
         pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1"
    )
}

/// The encoder's part of the line; without an input, for a test encode.
fn encode(camera: &Camera, input: Option<&CameraInput<'_>>, codec: VideoCodec) -> Vec<OsString> {
    let mut args = Args::default();
    let mut filters = Vec::new();
    match input {
        None => {}
        Some(CameraInput::RawPipe) => filters.push(STAMPED.into()),
        Some(CameraInput::V4l2 { .. }) => filters.push(at_most(camera.fps)),
        Some(CameraInput::Source { plan, .. }) => {
            if plan.is_stamped() {
                filters.push(STAMPED.into());
            }
            if plan.deinterlaced {
                filters.push("yadif=deint=interlaced".into());
            }
            filters.push(at_most(camera.fps));
        }
    }
    filters.extend(turn::filters(camera));
    if matches!(input, Some(CameraInput::Source { .. })) {
        let size = camera.picture_size();
        filters.push(fitted(size.width, size.height));
    }
    match codec {
        VideoCodec::Copy => {
            args.push(["-c:v", "copy"]);
            return args.0;
        }
        VideoCodec::Libx264 => {
            args.push(["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]);
            // The rate is reckoned by the frames' times: by their number, 120 frames a second that are taken for 25 exceed every limit.
            args.push(["-x264-params", "force-cfr=0"]);
        }
        VideoCodec::V4l2m2m => args.push(["-c:v", "h264_v4l2m2m"]),
        VideoCodec::Vaapi => args.push(["-c:v", "h264_vaapi", "-bf", "0"]),
    }
    filters.push(if codec == VideoCodec::Vaapi {
        "format=nv12,hwupload".into()
    } else {
        "format=yuv420p".into()
    });
    if input.is_some() {
        // Frames keep their times; none is repeated to fill up a rate.
        args.push(["-fps_mode", "passthrough", "-enc_time_base", "1:90000"]);
    }
    args.push(["-vf", &filters.join(",")]);
    let gop = camera.gop.to_string();
    args.push(["-g", &gop, "-keyint_min", &gop]);
    args.push(["-b:v", &camera.bitrate.bps().to_string(), "-maxrate", &camera.max_bitrate.bps().to_string()]);
    args.push(["-bufsize", &camera.buffer.bps().to_string()]);
    args.0
}

#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn quiet() -> Self {
        let mut args = Self::default();
        args.push(["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"]);
        args
    }

    fn publisher() -> Self {
        let mut args = Self::quiet();
        args.push(["-stats_period", "0.25", "-progress", "pipe:1"]);
        args
    }

    fn push<const N: usize>(&mut self, words: [&str; N]) {
        self.0.extend(words.into_iter().map(OsString::from));
    }

    fn value(&mut self, value: &std::ffi::OsStr) {
        self.0.push(value.to_owned());
    }

    fn extend(&mut self, more: Vec<OsString>) {
        self.0.extend(more);
    }

    fn output(&mut self, target: &str) {
        self.push(["-f", "rtsp", "-rtsp_transport", "tcp", "-pkt_size", PACKET_SIZE, target]);
    }
}

#[cfg(test)]
mod tests {
    use havatar_api::SourceClock;

    use super::super::source::address;
    use super::*;

    #[test]
    fn credentials_leave_no_trace_in_a_line() {
        for (line, wanted) in [
            ("plain", "plain"),
            ("mail me@home", "mail me@home"),
            ("[rtsp] rtsp://publisher:tok@127.0.0.1:1/x: 401", "[rtsp] rtsp://***@127.0.0.1:1/x: 401"),
            ("'rtsp://a:p@ss@h/x' and http://h/y@z", "'rtsp://***@h/x' and http://h/y@z"),
            ("rtsp://a:b@", "rtsp://***@"),
        ] {
            assert_eq!(redact(line), wanted);
        }
    }

    #[test]
    fn publishers_reach_a_wildcard_listener_over_loopback() {
        let url = |address: &str| rtsp_url(address.parse().unwrap(), "p");
        assert_eq!(url("0.0.0.0:8554"), "rtsp://127.0.0.1:8554/p");
        assert_eq!(url("[::]:8554"), "rtsp://[::1]:8554/p");
        assert_eq!(url("192.0.2.7:1"), "rtsp://192.0.2.7:1/p");
    }

    #[test]
    fn a_source_keeps_its_first_key_frame_and_its_own_times() {
        let input = address::file(Path::new("/a.mp4")).input(false, "1");
        let line = |plan: &Plan, codec| {
            let args = camera(&Camera::default(), &CameraInput::Source { input: &input, plan }, codec, "t");
            args.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
        };
        let film = line(&Plan { looped: true, ..Plan::default() }, VideoCodec::Libx264);
        assert!(film.contains("-re -stream_loop -1") && film.contains("passthrough"), "{film}");
        assert!(!film.contains("nobuffer") && !film.contains("RTCTIME") && !film.contains(",fps="), "{film}");
        let arrival = SourceClock::Arrival;
        let camera =
            line(&Plan { clock: arrival, deinterlaced: true, ..Plan::default() }, VideoCodec::Libx264);
        assert!(camera.contains(STAMPED) && camera.contains("yadif") && !camera.contains("-re "), "{camera}");
        let copy = line(&Plan { copy: true, clock: arrival, ..Plan::default() }, VideoCodec::Copy);
        assert!(copy.contains("-use_wallclock_as_timestamps 1") && !copy.contains("-vf"), "{copy}");
    }
}
