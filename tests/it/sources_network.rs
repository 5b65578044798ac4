//! Network cameras: with a clock and without, with rare key frames, with secrets, and those that lead elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use havatar_api::SourceClock;
use havatar_tests::{Feed, Feeds, figure, free_port, once_over_tcp, pause, tools};

use crate::sources::{SHOWN_WITHIN, Stage};

#[tokio::test]
async fn pictures_without_a_clock_come_at_the_rate_of_their_sender() {
    let jpegs = |fps: f64| Feed::Jpegs { fps, chunked: false };
    let paths = vec![
        ("/5", jpegs(5.0)),
        ("/10?quality=high", jpegs(10.0)),
        ("/60", jpegs(60.0)),
        ("/120", jpegs(120.0)),
        ("/chunked", Feed::Jpegs { fps: 10.0, chunked: true }),
    ];
    let feeds = Feeds::serve(paths).await;
    let mut stage = Stage::open().await;
    for (path, wanted) in
        [("/5", 5.0_f64), ("/10?quality=high", 10.0), ("/60", 30.0), ("/120", 30.0), ("/chunked", 10.0)]
    {
        stage.put_url(&feeds.url(path));
        let video = stage.shown(path).await;
        assert_eq!((video.codec.as_str(), video.clock), ("mjpeg", SourceClock::Arrival), "{path}: {video:?}");
        let frames = if wanted > 20.0 { 75 } else { 20 };
        let (times, sizes) = stage.packets(frames).await;
        let seconds = times[times.len() - 1] - times[0];
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let rate = (times.len() - 1) as f64 / seconds;
        // On a busy machine the sender is slower than it was told to be, and what arrives cannot be faster.
        let sent = feeds.seen(path).fps();
        let least = wanted.min(sent) * 0.9;
        assert!(rate >= least && rate <= wanted * 1.1, "{path}: {rate} of {sent}");
        figure(&format!("source_fps {path}"), format!("{rate:.2} of {sent:.2}"));
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        let kbps = sizes.iter().sum::<u64>() as f64 * 8.0 / 1000.0 / seconds;
        // 300k, at most 360k over a buffer of 600k.
        assert!(kbps <= 360.0 + 600.0 / seconds, "{path}: {kbps} kb/s");
        figure(&format!("source_kbps {path}"), format!("{kbps:.0}"));
        // One connection for probe and encoder, where the camera allows for it.
        let requests = feeds.seen(path).requests;
        assert!(requests == 1 || path == "/chunked", "{path}: {requests} requests");
    }
}

#[tokio::test]
async fn a_camera_with_a_picture_every_three_seconds_is_not_taken_for_dead() {
    let feeds = Feeds::serve(vec![("/slow", Feed::Jpegs { fps: 0.33, chunked: false })]).await;
    let mut stage = Stage::open().await;
    stage.put_url(&feeds.url("/slow"));
    stage.shown("/slow").await;
    let before = stage.daemon.process("camera").await;
    stage
        .daemon
        .eventually(SHOWN_WITHIN, "six pictures were sent", async || {
            (feeds.seen("/slow").pictures >= 6).then_some(())
        })
        .await;
    let after = stage.daemon.process("camera").await;
    assert_eq!((after.pid, after.restarts), (before.pid, before.restarts), "{after:?}");
    assert_eq!(feeds.seen("/slow").requests, 1);
}

#[tokio::test]
async fn films_and_streams_over_http_and_tcp() {
    let mut stage = Stage::open().await;
    let film = stage.make("film.mp4", "V25 -t 3 X264 -g 250").await;
    let stream = stage.make("film.ts", "V25 -t 3 X264 -g 25").await;
    let feeds = Feeds::serve(vec![
        ("/film.mp4", Feed::File(film.clone())),
        ("/film.mp4?key=hunter2", Feed::File(film)),
        ("/live.ts", Feed::Stream(stream.clone())),
    ])
    .await;
    for path in ["/film.mp4", "/film.mp4?key=hunter2", "/live.ts"] {
        stage.put_url(&feeds.url(path));
        let video = stage.shown(path).await;
        assert_eq!((video.codec.as_str(), video.clock), ("h264", SourceClock::Source), "{path}");
        let rate = stage.rate(30).await;
        assert!((rate / 25.0 - 1.0).abs() < 0.05, "{path}: {rate}");
        // A film is played at its own pace: of three seconds, not thirty times a second.
        assert!(feeds.seen(path).requests < 12, "{path}: {:?}", feeds.seen(path));
        assert!(!told_anywhere(&stage, "hunter2").await, "{path}");
    }
    let port = free_port();
    let _sender = once_over_tcp(&stream, port.port());
    stage.put_url(&format!("tcp://127.0.0.1:{}", port.port()));
    let video = stage.shown("tcp").await;
    assert_eq!((video.container.as_str(), video.clock), ("mpegts", SourceClock::Source));
    let rate = stage.rate(16).await;
    assert!((rate / 25.0 - 1.0).abs() < 0.05, "tcp: {rate}");
}

#[tokio::test]
async fn an_address_that_gives_no_picture_or_leads_elsewhere_is_told_and_not_followed() {
    let trap = Feeds::serve(vec![("/stream", Feed::Jpegs { fps: 10.0, chunked: false })]).await;
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n", trap.url("/stream"));
    let head = "200 OK\r\nContent-Type: application/vnd.apple.mpegurl";
    let there: &'static str =
        Box::leak(format!("302 Found\r\nLocation: {}", trap.url("/stream")).into_boxed_str());
    let mut stage = Stage::open().await;
    let photo = stage.make("photo.jpg", "V25 -frames:v 1").await;
    let feeds = Feeds::serve(vec![
        ("/list.m3u8", Feed::Answer(head, playlist.clone())),
        ("/list", Feed::Answer("200 OK", playlist)),
        ("/concat", Feed::Answer("200 OK", format!("ffconcat version 1.0\nfile {}\n", trap.url("/stream")))),
        ("/moved", Feed::Answer(there, String::new())),
        ("/login", Feed::Answer("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", String::new())),
        ("/photo", Feed::File(photo)),
    ])
    .await;
    let gone = free_port();
    for (url, sentence) in [
        (feeds.url("/list.m3u8"), "not followed"),
        (feeds.url("/list"), "not followed"),
        (feeds.url("/concat"), "not followed"),
        (feeds.url("/moved"), "not followed"),
        (feeds.url("/login"), "media.camera.url_file"),
        (feeds.url("/photo"), "single picture"),
        (feeds.url("/nothing"), "404"),
        (format!("http://127.0.0.1:{}/", gone.port()), "refuses the connection"),
        (format!("rtsp://127.0.0.1:{}/x", gone.port()), "refuses the connection"),
    ] {
        stage.put_url(&url);
        let why = stage.refused(sentence).await;
        assert!(why.starts_with("the network camera at 127.0.0.1:"), "{url}: {why}");
    }
    assert_eq!(trap.seen("/stream").requests, 0, "the camera sent this machine elsewhere");
}

#[tokio::test]
async fn rtsp_over_tcp_and_over_udp_with_a_login_that_is_seen_nowhere() {
    let mut stage = Stage::open().await;
    let film = stage.make("film.mp4", "V25 -t 2 X264 -g 25").await;
    let secret = stage.daemon.plan().place("camera-url");
    for transport in ["tcp", "udp"] {
        let far = Rtsp::open(&stage, &film, transport, "film").await;
        // A password with characters that would end it, and a query.
        let url = format!("rtsp://eye:p%40ss%23%2Bw%5Bo%5Drd@127.0.0.1:{}/film?token=hunter2", far.port);
        fs::write(&secret, url).expect("a file");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("its mode");
        stage.daemon.rewrite(|plan| {
            plan.put("media.camera.source", "url");
            plan.put("media.camera.url_file", secret.to_str());
        });
        let video = stage.shown(transport).await;
        assert_eq!((video.codec.as_str(), video.clock), ("h264", SourceClock::Source), "{transport}");
        let rate = stage.rate(16).await;
        assert!((rate / 25.0 - 1.0).abs() < 0.05, "{transport}: {rate}");
        for word in ["p%40ss", "p@ss", "hunter2"] {
            assert!(!told_anywhere(&stage, word).await, "{transport}: {word}");
        }
        drop(far);
        let why = stage.refused("the network camera").await;
        for word in ["p%40ss", "p@ss", "hunter2", "eye"] {
            assert!(!why.contains(word) && !told_anywhere(&stage, word).await, "{transport}: {word}: {why}");
        }
    }
}

#[tokio::test]
async fn a_camera_with_rare_key_frames_is_waited_for() {
    // The next key frame of what is joined in its middle is further away than a start may usually take.
    let mut stage = Stage::open().await;
    let film = stage.make("rare.mp4", "V10 -t 40 X264 -g 200 -keyint_min 200 -sc_threshold 0").await;
    let far = Rtsp::open(&stage, &film, "tcp", "open").await;
    pause(Duration::from_secs(2)).await;
    stage.put_url(&format!("rtsp://127.0.0.1:{}/open", far.port));
    stage.shown("rare key frames").await;
    let camera = stage.daemon.process("camera").await;
    assert_eq!(camera.last_exit.filter(|how| how.contains("not ready")), None);
}

/// A word is in an argument or the environment of a process, in the log, in the status or in a process's lines.
async fn told_anywhere(stage: &Stage, word: &str) -> bool {
    let daemon = &stage.daemon;
    let mut text = daemon.log();
    for process in daemon.processes() {
        text.push_str(&process.args.join("\n"));
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&environment));
    }
    for path in ["/api/v1/status", "/api/v1/processes/camera/logs", "/readyz"] {
        text.push_str(&daemon.ask(reqwest::Method::GET, path).await.text());
    }
    text.contains(word)
}

/// A camera with RTSP over one transport, behind a login or open to all: a MediaMTX with a film.
struct Rtsp {
    port: u16,
    _held: [Box<dyn std::any::Any + Send>; 2],
    children: Vec<Child>,
}

impl Rtsp {
    /// The path `open` is open to all, others ask for the login.
    async fn open(stage: &Stage, film: &Path, transport: &str, path: &str) -> Self {
        let (port, rtp) = (free_port(), free_port());
        let even = rtp.port() & !1;
        let config = stage.daemon.plan().place(&format!("far-{transport}.yml"));
        let text = format!(
            "logLevel: error\napi: false\nrtmp: false\nhls: false\nwebrtc: false\nsrt: false\nmoq: false\n\
             rtspAddress: 127.0.0.1:{}\nrtspTransports: [{transport}]\nrtpAddress: 127.0.0.1:{even}\n\
             rtcpAddress: 127.0.0.1:{}\nauthInternalUsers:\n- {{user: any, permissions: [{{action: publish}}, {{action: read, path: open}}]}}\n\
             - {{user: eye, pass: 'p@ss#+w[o]rd', permissions: [{{action: read}}]}}\npaths: {{all_others: {{}}}}\n",
            port.port(),
            even + 1,
        );
        fs::write(&config, text).expect("its config");
        let mut children = Vec::new();
        let quiet = |command: &mut std::process::Command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts")
        };
        children.push(quiet(tools::ends_with_us("mediamtx").arg(&config)));
        havatar_tests::eventually(Duration::from_secs(20), "the far camera listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port.port())).await.ok()
        })
        .await;
        let mut publisher = std::process::Command::new("setpriv");
        publisher.args(["--pdeathsig", "KILL", "--", "ffmpeg", "-nostdin", "-v", "error", "-re"]);
        publisher.args(["-stream_loop", "-1", "-i"]).arg(film).args([
            "-c",
            "copy",
            "-f",
            "rtsp",
            "-rtsp_transport",
        ]);
        publisher.arg(transport);
        publisher.arg(format!("rtsp://127.0.0.1:{}/{path}", port.port()));
        children.push(quiet(&mut publisher));
        Self { port: port.port(), _held: [Box::new(port), Box::new(rtp)], children }
    }
}

impl Drop for Rtsp {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
