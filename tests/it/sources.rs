//! Films of every kind: each shows its picture in the right shape and at its own rate, or one sentence says why not.
//!
//! With `HAVATAR_TEST_SOURCES=url` they come over HTTP instead, which is tried in `sources_network.rs` with a few of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_api::{Process, ProcessState, SourceClock, VideoSource};
use havatar_tests::{CAMERA, Daemon, Feed, Feeds, Plan, figure, pause, tools};
use tokio::time::Instant;

/// How long a source may take; what it took is told as a figure.
pub(crate) const SHOWN_WITHIN: Duration = Duration::from_secs(40);

/// A film by its making, with what the probe must find and what must come out.
struct Film {
    name: &'static str,
    /// What ffmpeg is told, without the output.
    make: &'static str,
    codec: &'static str,
    /// Frames a second that come out.
    fps: f64,
}

const fn film(name: &'static str, make: &'static str, codec: &'static str, fps: f64) -> Film {
    Film { name, make, codec, fps }
}

const X264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// `V25` is a moving picture of 25 frames a second, `X264` the usual encoder.
const CONTAINERS: [Film; 10] = [
    film("a.mp4", "V25 -t 2 X264", "h264", 25.0),
    film("a.mkv", "V24 -t 2 X264", "h264", 24.0),
    film("a.mov", "V25 -t 2 X264 -r 24000/1001", "h264", 23.976),
    film("a.ts", "V25 -t 2 X264", "h264", 25.0),
    film("a.flv", "V25 -t 2 X264", "h264", 25.0),
    film("a.avi", "V15 -t 2 -c:v mjpeg -q:v 6", "mjpeg", 15.0),
    film("a.webm", "V25 -t 2 -c:v libvpx -deadline realtime -cpu-used 8", "vp8", 25.0),
    film("vp9.webm", "V10 -t 1 -c:v libvpx-vp9 -deadline realtime -cpu-used 8", "vp9", 10.0),
    film("a.mpg", "V25 -t 2 -c:v mpeg2video -bf 2", "mpeg2video", 25.0),
    film("a.gif", "V10 -t 2 -c:v gif", "gif", 10.0),
];

const CODINGS: [Film; 11] = [
    film("bframes.mp4", "V25 -t 2 -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 250 -bf 3", "h264", 25.0),
    film("intra.mp4", "V25 -t 2 X264 -g 1", "h264", 25.0),
    film("endless.mp4", "V25 -t 4 X264 -g 9999 -keyint_min 9999", "h264", 25.0),
    film("hevc.mp4", "V25 -t 2 -c:v libx265 -preset ultrafast -x265-params log-level=none", "hevc", 25.0),
    film(
        "hevc10.mp4",
        "V10 -t 1 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none",
        "hevc",
        10.0,
    ),
    film("high10.mp4", "V25 -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le", "h264", 25.0),
    film("444.mp4", "V25 -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv444p", "h264", 25.0),
    film("422.mkv", "V25 -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv422p", "h264", 25.0),
    film("mpeg4.avi", "V25 -t 2 -c:v mpeg4 -q:v 6 -bf 2", "mpeg4", 25.0),
    film("surround.mkv", "V25 -f lavfi -i anullsrc=cl=5.1:r=48000 -t 2 X264 -c:a ac3", "h264", 25.0),
    film("bare.h264", "V25 -t 2 X264 -f h264", "h264", 25.0),
];

const RATES: [Film; 5] = [
    film("5fps.mp4", "V5 -t 4 X264", "h264", 5.0),
    film("30fps.mp4", "V30 -t 2 X264", "h264", 30.0),
    film("50fps.mp4", "V50 -t 2 X264", "h264", 30.0),
    film("60fps.mp4", "V60 -t 2 X264", "h264", 30.0),
    film("120fps.mkv", "V120 -t 2 X264", "h264", 30.0),
];

#[tokio::test]
async fn containers() {
    plays_all(&CONTAINERS).await;
}

#[tokio::test]
async fn codings() {
    plays_all(&CODINGS).await;
}

#[tokio::test]
async fn rates() {
    plays_all(&RATES).await;
    let mut stage = Stage::open().await;
    for (name, make, fps) in [("1fps.mp4", "V1 -t 20 X264", 1.0), ("02fps.mp4", "V0.2 -t 60 X264", 0.2)] {
        let video = stage.plays(&stage.make(name, make).await).await;
        assert!(video.fps.is_some_and(|told| (told - fps).abs() < 0.01), "{name}: {video:?}");
        let before = stage.daemon.process("camera").await;
        // Longer than two frames of the slower one would take without any: it must not be taken for dead.
        pause(Duration::from_secs(6)).await;
        let after = stage.daemon.process("camera").await;
        assert_eq!((after.pid, after.restarts), (before.pid, before.restarts), "{name}: {after:?}");
    }
}

#[tokio::test]
async fn shapes() {
    // White pictures: what is not white on the screen is a bar. Width and height of the white part, in 320x180.
    let white =
        |size: &str, more: &str| format!("-f lavfi -i color=c=white:size={size}:rate=25 -t 2 {more} {X264}");
    let mut stage = Stage::open().await;
    for (name, make, shown) in [
        ("wide.mp4", white("320x180", ""), (320, 180)),
        ("anamorphic.mp4", white("160x180", "-vf setsar=2/1"), (320, 180)),
        ("pal.mpg", white("352x288", "-vf setsar=16/11").replace(X264, "-c:v mpeg2video"), (320, 180)),
        ("narrow.mp4", white("320x180", "-vf setsar=1/2"), (160, 180)),
        ("portrait.mp4", white("180x320", ""), (102, 180)),
        ("odd.avi", white("321x181", "").replace(X264, "-c:v mjpeg -pix_fmt yuvj444p"), (320, 180)),
        ("tiny.mp4", white("32x16", ""), (320, 160)),
        (
            "fields.mpg",
            white("320x180", "").replace(X264, "-c:v mpeg2video -flags +ildct+ilme -top 1"),
            (320, 180),
        ),
    ] {
        let film = stage.make(name, &make).await;
        let video = stage.plays(&film).await;
        stage.shows(name, shown).await;
        assert_eq!(video.interlaced, name == "fields.mpg", "{video:?}");
        assert_eq!(
            video.pixel_aspect == "1:1",
            !["anamorphic.mp4", "pal.mpg", "narrow.mp4"].contains(&name),
            "{video:?}"
        );
    }
    // Turned by its container, as phones do.
    let upright = stage.make("upright.mp4", &white("320x180", "")).await;
    let turned = stage.daemon.plan().place("turned.mp4");
    run(&format!("-i {} -c copy -metadata:s:v rotate=90 {}", upright.display(), turned.display())).await;
    let video = stage.plays(&turned).await;
    stage.shows("turned.mp4", (102, 180)).await;
    assert!(video.rotation.abs() == 90, "{video:?}");
    assert!(video.handling.iter().any(|line| line.contains("turned")), "{video:?}");
}

#[tokio::test]
async fn what_is_no_film_or_a_broken_one_is_told_in_one_sentence() {
    let mut stage = Stage::open().await;
    let film = stage.make("whole.mp4", "V25 -t 2 X264").await;
    let whole = stage.make("whole.mkv", "V25 -t 4 X264").await;
    let dir = stage.daemon.plan().place("");
    let place = |name: &str| dir.join(name);
    let cut = |from: &Path, name: &str| {
        let bytes = fs::read(from).expect("a film");
        fs::write(place(name), &bytes[..bytes.len() * 2 / 3]).expect("a part of it");
        place(name)
    };
    let written = |name: &str, text: &str| {
        fs::write(place(name), text).expect("a file");
        place(name)
    };
    let playlist =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n", film.display());
    let script = format!("ffconcat version 1.0\nfile '{}'\n", film.display());
    let refused = [
        (cut(&film, "cut.mp4"), "damaged or not complete"),
        (stage.make("photo.jpg", "V25 -frames:v 1").await, "a single picture"),
        (stage.make("photo.png", "V25 -frames:v 1").await, "a single picture"),
        (stage.make("song.mp3", "-f lavfi -i sine -t 1").await, "sound alone (mp3)"),
        (stage.make("song.wav", "-f lavfi -i sine -t 1").await, "sound alone"),
        (written("letter.mp4", "Dear robot,\n"), "damaged or not complete"),
        (written("letter.bin", "Dear robot,\n"), "nothing that ffmpeg can read"),
        (written("empty.mp4", ""), "empty.mp4"),
        (written("list.m3u8", &playlist), "not followed"),
        (written("list.mp4", &script), "not followed"),
    ];
    for (file, sentence) in &refused {
        let (name, why) = stage.refuses(file).await;
        assert!(why.contains(sentence), "{name}: {why}");
        assert!(!why.contains("add a trailing") && !why.starts_with("exited"), "{name}: {why}");
    }
    // What is there of a film that was cut off is played.
    stage.plays(&cut(&whole, "cut.mkv")).await;
}

#[tokio::test]
async fn a_copy_is_made_only_of_what_browsers_show() {
    let mut stage = Stage::open().await;
    stage.daemon.rewrite(|plan| plan.put("media.camera.encoder", "copy"));
    let x = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 25";
    for (name, make, told) in [
        (
            "hevc.mp4",
            "V25 -t 2 -c:v libx265 -preset ultrafast -x265-params log-level=none".to_owned(),
            "H.265",
        ),
        ("mpeg4.mp4", "V25 -t 2 -c:v mpeg4".to_owned(), "MPEG-4"),
        ("mjpeg.avi", "V25 -t 2 -c:v mjpeg".to_owned(), "Motion JPEG"),
        ("bframes.mp4", format!("V25 -t 2 {x} -bf 3"), "B-frames"),
        ("444.mp4", "V25 -t 2 -c:v libx264 -preset ultrafast -pix_fmt yuv444p".to_owned(), "yuv444p"),
        ("anamorphic.mp4", format!("V25 -t 2 -vf setsar=64/45 {x} -bf 0"), "64:45"),
    ] {
        let (_, why) = stage.refuses(&stage.make(name, &make).await).await;
        assert!(why.contains(told) && why.contains("set media.camera.encoder to auto"), "{name}: {why}");
    }
    let video = stage.plays(&stage.make("fit.mp4", &format!("V25 -t 2 {x} -bf 0")).await).await;
    assert!(!video.b_frames && video.key_frame_interval_s == Some(1.0), "{video:?}");
    assert_eq!(stage.daemon.status().await.encoder.expect("an encoder").name, "copy");
    let rate = stage.rate(16).await;
    assert!((rate / 25.0 - 1.0).abs() < 0.05, "{rate}");
}

async fn plays_all(films: &[Film]) {
    let mut stage = Stage::open().await;
    for film in films {
        let path = stage.make(film.name, film.make).await;
        let video = stage.plays(&path).await;
        assert_eq!(video.codec, film.codec, "{}: {video:?}", film.name);
        let clock = if film.name == "bare.h264" { SourceClock::Counted } else { SourceClock::Source };
        assert_eq!(video.clock, clock, "{}: {video:?}", film.name);
        let rate = stage.rate(16).await;
        assert!((rate / film.fps - 1.0).abs() < 0.05, "{}: {rate} instead of {}", film.name, film.fps);
    }
}

/// A daemon whose source is changed from one case to the next.
pub(crate) struct Stage {
    pub(crate) daemon: Daemon,
    /// Who serves the newest film, if it comes over HTTP.
    feeds: Option<Feeds>,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        let plan = Plan::new().set("media.microphone.source", "off").set("media.camera.bitrate", "300k");
        Self { daemon: plan.launch().await, feeds: None }
    }

    pub(crate) async fn make(&self, name: &str, make: &str) -> PathBuf {
        let path = self.daemon.plan().place(name);
        let mut words: Vec<String> = Vec::new();
        for word in make.split_ascii_whitespace() {
            match word.strip_prefix('V').filter(|rate| rate.parse::<f64>().is_ok()) {
                Some(rate) => words.push(format!("-f lavfi -i testsrc2=size=320x180:rate={rate}")),
                None if word == "X264" => words.push(X264.to_owned()),
                None => words.push(word.to_owned()),
            }
        }
        run(&format!("{} {}", words.join(" "), path.display())).await;
        path
    }

    /// Plays a file, and waits until its picture comes.
    pub(crate) async fn plays(&mut self, file: &Path) -> VideoSource {
        let name = self.put_file(file).await;
        self.shown(&name).await
    }

    /// The name by which the source is told, and why it is refused.
    async fn refuses(&mut self, file: &Path) -> (String, String) {
        let name = self.put_file(file).await;
        let why = self.refused(&name).await;
        (name, why)
    }

    /// Gives what the film is called in words to people: its name, or where it comes from.
    async fn put_file(&mut self, file: &Path) -> String {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let by_url = std::env::var("HAVATAR_TEST_SOURCES").is_ok_and(|way| way == "url");
        if by_url && file.is_file() {
            let path: &'static str = format!("/{name}").leak();
            let feeds = Feeds::serve(vec![(path, Feed::File(file.to_owned()))]).await;
            let url = feeds.url(path);
            self.feeds = Some(feeds);
            self.put_url(&url);
            url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
        } else {
            self.daemon.rewrite(|plan| {
                plan.put("media.camera.source", "file");
                plan.put("media.camera.file", file.to_str());
            });
            name
        }
    }

    pub(crate) fn put_url(&mut self, url: &str) {
        self.daemon.rewrite(|plan| {
            plan.put("media.camera.source", "url");
            plan.put("media.camera.url", url);
        });
    }

    /// Reloads, and waits until the new source's picture comes.
    pub(crate) async fn shown(&mut self, name: &str) -> VideoSource {
        let (before, begun) = (self.daemon.process("camera").await, Instant::now());
        self.daemon.reload();
        let what = format!("{name} is shown");
        let video = self
            .daemon
            .eventually(SHOWN_WITHIN, &what, async || {
                let camera = self.daemon.process("camera").await;
                let is_new = camera.state == ProcessState::Running && camera.pid != before.pid;
                if is_new { self.daemon.status().await.devices.video } else { None }
            })
            .await;
        figure(&format!("source_shown_ms {name}"), begun.elapsed().as_millis());
        video
    }

    /// Reloads, and waits until it is said why nothing is shown.
    pub(crate) async fn refused(&mut self, name: &str) -> String {
        self.daemon.reload();
        self.daemon
            .eventually(SHOWN_WITHIN, &format!("{name} is refused"), async || {
                let Process { state, why, .. } = self.daemon.process("camera").await;
                why.filter(|why| state == ProcessState::Backoff && why.contains(name))
            })
            .await
    }

    /// Frames a second by their own times, over so many frames.
    pub(crate) async fn rate(&self, frames: usize) -> f64 {
        let (times, _) = self.packets(frames).await;
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let steps = (times.len() - 1) as f64;
        steps / (times[times.len() - 1] - times[0])
    }

    /// Times and sizes of so many frames as a reader receives them.
    pub(crate) async fn packets(&self, frames: usize) -> (Vec<f64>, Vec<u64>) {
        let interval = format!("%+#{frames}");
        let url = self.daemon.rtsp(CAMERA);
        let args = ["-v", "error", "-rtsp_transport", "tcp", "-read_intervals", &interval];
        let entries = ["-show_entries", "packet=pts_time,size", "-of", "csv=p=0", &url];
        let output = tools::run("ffprobe", &[&args[..], &entries].concat()).await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let packets: Vec<(f64, u64)> = text
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(',');
                Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
            })
            .collect();
        assert!(packets.len() > 2, "{text} {}", tools::complaints(&output));
        packets.into_iter().unzip()
    }

    /// The part of the picture that is not black is so wide and so high, to a few pixels.
    async fn shows(&self, name: &str, (width, height): (usize, usize)) {
        let url = self.daemon.rtsp(CAMERA);
        let args =
            ["-v", "error", "-rtsp_transport", "tcp", "-i", &url, "-frames:v", "1", "-pix_fmt", "gray"];
        let output = tools::run("ffmpeg", &[&args[..], &["-f", "rawvideo", "-"]].concat()).await;
        let luma = &output.stdout;
        assert_eq!(luma.len(), 320 * 180, "{name}: {}", tools::complaints(&output));
        let bright = |at: &usize| luma[*at] > 40;
        let columns = (0..320).filter(|x| (0..180).map(|y| y * 320 + x).filter(bright).count() > 20).count();
        let rows = (0..180).filter(|y| (0..320).map(|x| y * 320 + x).filter(bright).count() > 20).count();
        let near = |seen: usize, wanted: usize| seen.abs_diff(wanted) <= 6;
        assert!(
            near(columns, width) && near(rows, height),
            "{name}: {columns}x{rows} instead of {width}x{height}"
        );
    }
}

async fn run(line: &str) {
    let mut args = vec!["-nostdin", "-v", "error", "-y"];
    args.extend(line.split_ascii_whitespace());
    let made = tools::run("ffmpeg", &args).await;
    assert!(made.status.success(), "{line}: {}", tools::complaints(&made));
}
