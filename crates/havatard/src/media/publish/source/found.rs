//! What ffprobe found, read from its JSON.

use serde::Deserialize;

/// What a probe found out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Probed {
    pub(crate) found: Found,
    /// How long an analysis must be to find it, in microseconds.
    pub(crate) analysis: &'static str,
}

/// What a source gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// ffmpeg's name of the container or protocol.
    pub(crate) container: String,
    /// It has a size in bytes: a file, here or on a web server.
    pub(crate) finite: bool,
    /// Its first video stream.
    pub(crate) video: Option<Video>,
    /// Codec of its first audio stream.
    pub(crate) audio: Option<String>,
}

/// A video stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Video {
    pub(crate) codec: String,
    pub(crate) profile: Option<String>,
    pub(crate) pixel_format: Option<String>,
    /// Width and height in pixels, as coded.
    pub(crate) size: Option<(u32, u32)>,
    /// Width and height of a pixel.
    pub(crate) pixel_aspect: (u32, u32),
    /// Degrees.
    pub(crate) rotation: i32,
    pub(crate) interlaced: bool,
    pub(crate) b_frames: bool,
    /// Frames a second, as the source says.
    pub(crate) fps: Option<f64>,
    /// Longest time between two key frames that the probe saw, in seconds.
    pub(crate) key_frames_every: Option<f64>,
    /// One picture instead of a video.
    pub(crate) still: bool,
}

/// Formats of bare frames, without a time of any kind.
const WITHOUT_CLOCK: [&str; 10] =
    ["mpjpeg", "mjpeg", "mjpeg_2000", "h264", "hevc", "m4v", "mpegvideo", "h263", "vc1", "obu"];

impl Found {
    /// It holds a video, and not one picture alone: of a slow stream of pictures, the first may be all that has come.
    pub(crate) fn moves(&self) -> bool {
        self.video.as_ref().is_some_and(|video| !video.still)
    }

    /// Reads ffprobe's JSON; `None` if it is no such thing, as after an error.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        let report: Report = serde_json::from_str(json).ok()?;
        let format = report.format?;
        // A cover that a sound file carries is no video.
        let is_video =
            |stream: &&Stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0;
        let video = report.streams.iter().find(is_video);
        let audio = report.streams.iter().find(|stream| stream.codec_type == "audio");
        let finite = format.size.is_some();
        Some(Self {
            finite,
            video: video.and_then(|stream| stream.video(&report.packets, &format)),
            audio: audio.and_then(|stream| stream.codec_name.clone()),
            container: format.format_name,
        })
    }

    /// Its frames carry times of their own.
    pub(crate) fn has_clock(&self) -> bool {
        !WITHOUT_CLOCK.contains(&self.container.as_str())
    }
}

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    packets: Vec<Packet>,
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Packet {
    stream_index: u32,
    pts_time: Option<String>,
    flags: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: u32,
    #[serde(default)]
    codec_type: String,
    codec_name: Option<String>,
    profile: Option<String>,
    pix_fmt: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    has_b_frames: Option<u32>,
    sample_aspect_ratio: Option<String>,
    field_order: Option<String>,
    r_frame_rate: Option<String>,
    avg_frame_rate: Option<String>,
    nb_frames: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Default)]
struct Disposition {
    #[serde(default)]
    attached_pic: u32,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Deserialize, Default)]
struct Tags {
    rotate: Option<String>,
}

#[derive(Deserialize)]
struct Format {
    format_name: String,
    size: Option<String>,
}

impl Stream {
    fn video(&self, packets: &[Packet], format: &Format) -> Option<Video> {
        let codec = self.codec_name.clone().filter(|name| name != "unknown")?;
        let own: Vec<&Packet> = packets.iter().filter(|packet| packet.stream_index == self.index).collect();
        let times: Vec<f64> =
            own.iter().filter_map(|packet| packet.pts_time.as_ref()?.parse().ok()).collect();
        let disorder = times.windows(2).any(|pair| pair[1] < pair[0]);
        // With enough frames seen, what they did counts; else what the stream announces.
        let b_frames = disorder || (times.len() < ENOUGH && self.has_b_frames.unwrap_or(0) > 0);
        let rate = |text: &Option<String>| text.as_deref().and_then(ratio);
        let fps = rate(&self.avg_frame_rate).or_else(|| rate(&self.r_frame_rate));
        let turned = self.side_data_list.iter().find_map(|data| data.rotation);
        let tag = self.tags.rotate.as_ref().and_then(|text| text.parse().ok());
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        let rotation = turned.or(tag).unwrap_or(0.0).round() as i32;
        let picture_file = format.format_name == "image2" || format.format_name.ends_with("_pipe");
        Some(Video {
            still: picture_file || (single(&codec) && self.nb_frames.as_deref() == Some("1")),
            codec,
            profile: self.profile.clone().filter(|name| name != "unknown"),
            pixel_format: self.pix_fmt.clone().filter(|name| name != "unknown"),
            size: self.width.zip(self.height).filter(|(width, height)| *width > 0 && *height > 0),
            pixel_aspect: self.sample_aspect_ratio.as_deref().and_then(aspect).unwrap_or((1, 1)),
            rotation,
            interlaced: matches!(self.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt")),
            b_frames,
            fps,
            key_frames_every: key_frames_every(&own),
        })
    }
}

/// Frames after which their order proves that there are no B-frames.
const ENOUGH: usize = 16;

fn single(codec: &str) -> bool {
    matches!(codec, "mjpeg" | "png" | "webp" | "bmp" | "tiff" | "gif" | "jpegxl")
}

fn key_frames_every(packets: &[&Packet]) -> Option<f64> {
    let is_key = |packet: &&&Packet| packet.flags.as_ref().is_some_and(|flags| flags.starts_with('K'));
    let keys: Vec<f64> =
        packets.iter().filter(is_key).filter_map(|packet| packet.pts_time.as_ref()?.parse().ok()).collect();
    keys.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0).reduce(f64::max)
}

/// `30000/1001` as a number, if it is one that a camera can have. Time bases such as 90000/1 are not.
fn ratio(text: &str) -> Option<f64> {
    let (over, under) = text.split_once('/')?;
    let (over, under): (f64, f64) = (over.parse().ok()?, under.parse().ok()?);
    Some(over / under).filter(|rate| rate.is_finite() && *rate > 0.0 && *rate <= 1000.0)
}

fn aspect(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(':')?;
    Some((width.parse().ok()?, height.parse().ok()?)).filter(|(width, height)| *width > 0 && *height > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stream: &str, packets: &str, format: &str) -> Found {
        Found::parse(&format!(r#"{{"packets":[{packets}],"streams":[{stream}],"format":{format}}}"#)).unwrap()
    }

    const FILM: &str = r#"{"format_name":"mov,mp4","size":"1000"}"#;

    #[test]
    fn a_film_is_read_with_its_shape_order_and_key_frames() {
        let packet =
            |time: f64, flags: &str| format!(r#"{{"stream_index":0,"pts_time":"{time}","flags":"{flags}"}}"#);
        let packets =
            [packet(0.0, "K_"), packet(0.12, "__"), packet(0.04, "__"), packet(0.08, "K_")].join(",");
        let stream = r#"{"index":0,"codec_type":"video","codec_name":"h264","profile":"High","pix_fmt":"yuv420p",
            "width":720,"height":576,"has_b_frames":2,"sample_aspect_ratio":"64:45","field_order":"tt",
            "avg_frame_rate":"25/1","r_frame_rate":"25/1","side_data_list":[{"rotation":-90}]}"#;
        let film = found(stream, &packets, FILM);
        let video = film.video.clone().unwrap();
        assert!(film.finite && film.has_clock());
        assert_eq!((video.pixel_aspect, video.rotation, video.interlaced), ((64, 45), -90, true));
        assert_eq!((video.b_frames, video.fps, video.key_frames_every), (true, Some(25.0), Some(0.08)));
    }

    #[test]
    fn what_is_no_video_is_told_apart() {
        let cover = r#"{"index":0,"codec_type":"audio","codec_name":"mp3"},
            {"index":1,"codec_type":"video","codec_name":"mjpeg","disposition":{"attached_pic":1}}"#;
        let song = found(cover, "", r#"{"format_name":"mp3","size":"1"}"#);
        assert_eq!((song.video, song.audio.as_deref()), (None, Some("mp3")));
        let photo = r#"{"index":0,"codec_type":"video","codec_name":"mjpeg","width":8,"height":8}"#;
        assert!(found(photo, "", r#"{"format_name":"image2","size":"1"}"#).video.unwrap().still);
        let live = found(photo, "", r#"{"format_name":"mpjpeg"}"#);
        assert!(!live.video.clone().unwrap().still && !live.finite && !live.has_clock());
        assert_eq!(live.video.unwrap().fps, None);
        assert_eq!(Found::parse("{\n\n}"), None);
    }

    #[test]
    fn many_frames_in_order_outweigh_an_announced_delay() {
        let stream = r#"{"index":0,"codec_type":"video","codec_name":"h264","has_b_frames":1}"#;
        let in_order: Vec<String> =
            (0..ENOUGH).map(|n| format!(r#"{{"stream_index":0,"pts_time":"{n}.0","flags":"__"}}"#)).collect();
        assert!(found(stream, &in_order[..3].join(","), FILM).video.unwrap().b_frames);
        assert!(!found(stream, &in_order.join(","), FILM).video.unwrap().b_frames);
    }
}
