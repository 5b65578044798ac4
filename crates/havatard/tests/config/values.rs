//! What each key takes, and what it says to the rest.

use havatard::config::{
    BitRate, CameraDevice, CameraEncoder, CameraSource, Config, Duration, HostName, LogLevel,
    MicrophoneSource, RecordingContainer, Size, SpeakerOutput,
};
use proptest::prelude::*;

use crate::{error, loads, setting};

#[test]
fn nothing_is_all_defaults() {
    for text in
        ["", "\n", "# only a comment\n", "---\n", "{}", "~", "\u{feff}", "media:\n", "media:\n  camera:\n"]
    {
        let loaded = loads(text);
        assert_eq!(loaded.config, Config::default(), "{text:?}");
        assert!(loaded.warnings.is_empty(), "{text:?}");
    }
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = Config::default();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.auth.session_idle.as_std().as_secs(), 12 * 3600);
    assert_eq!(config.auth.session_max.as_std().as_secs(), 30 * 86400);
    assert_eq!(config.auth.sign_in_link_valid.as_std().as_secs(), 600);
    let camera = &config.media.camera;
    assert_eq!((camera.source, camera.fps, camera.gop), (CameraSource::V4l2, 30, 10));
    assert_eq!(camera.size, Size { width: 1280, height: 720 });
    assert_eq!(camera.bitrate.bps(), 1_000_000);
    assert_eq!(camera.max_bitrate.bps(), 1_200_000);
    assert_eq!(camera.buffer.bps(), 2_000_000);
    assert_eq!(config.media.microphone.source, MicrophoneSource::Auto);
    assert_eq!(config.media.microphone.bitrate.bps(), 64_000);
    let speaker = &config.media.speaker;
    assert_eq!((speaker.output, speaker.max_volume, speaker.duck), (SpeakerOutput::Auto, 100, true));
    assert_eq!(speaker.guard, Duration::from_millis(300));
    assert_eq!(config.recording.segment.as_std().as_secs(), 600);
    assert!(config.media.mediamtx.ice_servers.is_empty());
}

#[test]
fn a_key_without_a_value_means_its_default() {
    let text = "server:\n  listen:\n  tls: null\n  hosts: ~\nmedia:\n  mediamtx:\n    binary:\n    ice_servers:\n  \
                camera:\n    fps:\n    source: ~\n    bitrate:\n    url: null\nrecording:\n";
    assert_eq!(loads(text).config, Config::default());
}

#[test]
fn everything_can_be_set() {
    let config = loads(
        "server: {listen: '[::1]:9000', hosts: [Robot.Local, 192.168.1.20, '[fe80::1]']}\n\
         auth: {session_idle: 90s, session_max: 1d, sign_in_link_valid: 24h}\n\
         media:\n  \
           ffmpeg: my-ffmpeg\n  \
           mediamtx:\n    \
             webrtc_udp_address: 0.0.0.0:8189\n    \
             webrtc_additional_hosts: [robot.example.org]\n    \
             log_level: debug\n    \
             ice_servers:\n      - url: stun:stun.example.org:19302\n      - {url: 'stun:[2001:db8::1]:3478'}\n  \
           camera: {source: csi, device: 1, size: 640x480, fps: 15, encoder: libx264, bitrate: 0.5M, gop: 30}\n  \
           microphone: {source: 'off', device: 'plughw:CARD=Mic,DEV=0', bitrate: 24k}\n  \
           speaker: {output: alsa, device: 'hw:1,0', max_volume: 60, duck: false, guard: 0ms}\n\
         recording: {format: mpegts, segment: 30s}\n",
    )
    .config;
    assert_eq!(config.server.listen.to_string(), "[::1]:9000");
    let hosts: Vec<&str> = config.server.hosts.iter().map(HostName::as_str).collect();
    assert_eq!(hosts, ["robot.local", "192.168.1.20", "fe80::1"]);
    assert_eq!(config.auth.session_idle, Duration::from_secs(90));
    assert_eq!(config.media.ffmpeg.as_str(), "my-ffmpeg");
    assert_eq!(config.media.mediamtx.log_level, LogLevel::Debug);
    assert_eq!(config.media.mediamtx.ice_servers.len(), 2);
    assert!(!config.media.mediamtx.ice_servers[1].url.is_turn());
    let camera = &config.media.camera;
    assert_eq!((camera.source, &camera.device), (CameraSource::Csi, &CameraDevice::Number(1)));
    assert_eq!((camera.encoder, camera.bitrate), (CameraEncoder::Libx264, BitRate::from_kbps(500)));
    assert_eq!(config.media.microphone.source, MicrophoneSource::Off);
    let speaker = &config.media.speaker;
    assert_eq!((speaker.output, speaker.device.as_str()), (SpeakerOutput::Alsa, "hw:1,0"));
    assert_eq!((speaker.max_volume, speaker.duck, speaker.guard), (60, false, Duration::from_millis(0)));
    assert_eq!(config.recording.format, RecordingContainer::Mpegts);
}

#[test]
fn controls_are_what_the_file_says_and_a_turned_picture_has_its_sides_in_each_others_place() {
    let camera = loads(
        "media: {camera: {controls: {brightness: 130, focus_automatic_continuous: false, power_line_frequency: 50 Hz}, rotate: 90, flip: vertical}}",
    )
    .config
    .media
    .camera;
    let controls: Vec<(&str, String)> =
        camera.controls.iter().map(|(name, setting)| (name.as_str(), setting.value().to_string())).collect();
    let text = |value: &str| value.to_owned();
    assert_eq!(
        controls,
        [
            ("brightness", text("130")),
            ("focus_automatic_continuous", text("false")),
            ("power_line_frequency", text("50 Hz"))
        ]
    );
    assert_eq!(
        (camera.size.to_string(), camera.picture_size().to_string()),
        (text("1280x720"), text("720x1280"))
    );
    let (upright, half) =
        (Config::default().media.camera, loads("media: {camera: {rotate: 180}}").config.media.camera);
    assert!(!upright.is_turned() && half.is_turned() && camera.is_turned());
    assert_eq!((upright.picture_size(), half.picture_size()), (upright.size, upright.size));
}

#[test]
fn unset_rates_follow_the_bit_rate() {
    let camera = |text: &str| loads(text).config.media.camera;
    let follows = camera("media: {camera: {bitrate: 2M}}");
    assert_eq!((follows.max_bitrate, follows.buffer), (BitRate::from_kbps(2400), BitRate::from_kbps(4000)));
    let set = camera("media: {camera: {bitrate: 2M, max_bitrate: 3M, buffer: 1M}}");
    assert_eq!((set.max_bitrate, set.buffer), (BitRate::from_kbps(3000), BitRate::from_kbps(1000)));
    let highest = camera("media: {camera: {bitrate: 20M}}");
    assert_eq!(
        (highest.max_bitrate, highest.buffer),
        (BitRate::from_kbps(20_000), BitRate::from_kbps(40_000))
    );
}

/// Key, a value it refuses, what the message and the fix must say.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("media.camera.fps", "300", "300 is out of range", "use 1 to 60 frames a second"),
    ("media.camera.fps", "0", "0 is out of range", "use 1 to 60 frames a second"),
    ("media.camera.fps", "-1", "-1 is out of range", "1 to 60"),
    ("media.camera.fps", "1e9", "is out of range", "1 to 60"),
    ("media.camera.fps", "99999999999999999999999", "is out of range", "1 to 60"),
    ("media.camera.fps", "29.97", "29.97 is not a whole number", "1 to 60"),
    ("media.camera.fps", "30.0", "30.0 has a decimal point", "write 30"),
    ("media.camera.fps", "90.0", "90 is out of range", "1 to 60"),
    ("media.speaker.duck", "yes", "not true or false", "write true"),
    ("media.speaker.duck", "'off'", "not true or false", "write false"),
    ("media.speaker.duck", "1", "not true or false", "write true"),
    ("media.speaker.duck", "maybe", "not true or false", "write true or false"),
    ("media.speaker.duck", "[true]", "not true or false", "write true or false"),
    ("media.camera.fps", "fast", "\"fast\" is not a whole number", "1 to 60"),
    ("media.camera.fps", "[30]", "a list is not a whole number", "1 to 60"),
    ("media.camera.gop", "301", "301 is out of range", "use 1 to 300 frames"),
    ("recording.segment", "10", "10 has no unit", "write 10s for seconds or 10m for minutes"),
    ("recording.segment", "'10'", "\"10\" has no unit", "10s"),
    ("recording.segment", "1.5", "no unit", "90s"),
    ("recording.segment", "1.5h", "is not a length of time", "like 10s or 10m"),
    ("recording.segment", "10 m", "is not a length of time", "without a space"),
    ("recording.segment", "10min", "is not a length of time", "10m"),
    ("recording.segment", "h", "is not a length of time", "10m"),
    ("recording.segment", "9s", "9s is out of range", "use 10s to 1d"),
    ("recording.segment", "25h", "25h is out of range", "use 10s to 1d"),
    ("recording.segment", "99999999999999999999d", "is out of range", "use 10s to 1d"),
    ("auth.session_idle", "59s", "59s is out of range", "use 1m to 365d"),
    ("auth.sign_in_link_valid", "true", "true is not a length of time", "10m"),
    ("media.camera.bitrate", "1000", "1000 has no unit", "write 1000k for thousands of bits a second"),
    ("media.camera.bitrate", "1000K", "is not a bit rate", "1000k"),
    ("media.camera.bitrate", "1 M", "is not a bit rate", "1.2M"),
    ("media.camera.bitrate", "1.2.3M", "is not a bit rate", "1.2M"),
    ("media.camera.bitrate", ".5M", "is not a bit rate", "1.2M"),
    ("media.camera.bitrate", "99k", "99k is out of range", "use 100k to 20M"),
    ("media.camera.bitrate", "21M", "21M is out of range", "use 100k to 20M"),
    ("media.camera.bitrate", "99999999999999999999M", "is out of range", "use 100k to 20M"),
    ("media.microphone.bitrate", "257k", "257k is out of range", "use 6k to 256k"),
    ("media.camera.size", "720p", "is not a picture size", "1280x720"),
    ("media.camera.size", "1280 x 720", "is not a picture size", "without spaces"),
    ("media.camera.size", "158x120", "is out of range", "160x120 to 3840x2160"),
    ("media.camera.size", "4096x2160", "is out of range", "160x120 to 3840x2160"),
    ("media.camera.size", "641x481", "odd", "use 640x480"),
    ("media.camera.controls", "[brightness]", "a list is not a group of keys", "without dashes"),
    ("media.camera.controls", "brightness", "is not a group of keys", "below it"),
    ("media.camera.controls", "{brightness: 0.5}", "0.5 is no control's value", "write a whole number"),
    ("media.camera.controls", "{focus_absolute: ''}", "\"\" is no control's value", "50 Hz"),
    ("media.camera.rotate", "45", "45 is no turn of the picture", "use 0, 90, 180 or 270"),
    ("media.camera.rotate", "'90'", "\"90\" is no turn of the picture", "use 0, 90, 180 or 270"),
    ("media.camera.flip", "horizontaly", "not a choice", "did you mean horizontal?"),
    ("media.camera.source", "v4l", "\"v4l\" is not a choice here", "did you mean v4l2?"),
    ("media.camera.source", "V4L2", "not a choice", "did you mean v4l2?"),
    ("media.camera.source", "false", "false is not a choice", "v4l2, csi, url, file, test, off"),
    ("media.camera.encoder", "x264", "not a choice", "did you mean libx264?"),
    ("media.camera.format", "yuyv", "not a choice", "auto, h264, mjpeg, raw"),
    ("media.camera.device", "video0", "\"video0\" is not a camera", "auto"),
    ("media.camera.device", "12", "\"12\" is not a camera", "auto"),
    ("media.camera.device", "-i", "is not a camera", "auto"),
    ("media.camera.device", "\"/dev/video0\\n\"", "is not a camera", "auto"),
    ("media.microphone.device", "-f", "is not a sound device", "arecord -L"),
    ("media.microphone.device", "\"a\\u0007b\"", "is not a sound device", "arecord -L"),
    ("media.microphone.device", "''", "is not a sound device", "arecord -L"),
    ("media.microphone.device", "0", "0 is not a text", "arecord -L"),
    ("media.microphone.source", "pulseaudio", "not a choice", "did you mean pulse?"),
    ("media.speaker.device", "--raw", "is not a sound device", "aplay -L"),
    ("media.speaker.output", "loud", "not a choice", "auto, pulse, alsa, test, off"),
    ("media.speaker.max_volume", "0", "0 is out of range", "use 1 to 100 percent"),
    ("media.speaker.max_volume", "150", "150 is out of range", "use 1 to 100 percent"),
    ("media.speaker.guard", "3s", "3s is out of range", "use 0ms to 2s"),
    ("media.speaker.duck", "maybe", "", ""),
    ("server.listen", "8080", "8080 is a port without an address", "write 127.0.0.1:8080"),
    ("server.listen", ":8080", "is a port without an address", "write 127.0.0.1:8080"),
    ("server.listen", "localhost:8080", "a name where an IP address is needed", "write 127.0.0.1:8080"),
    ("server.listen", "127.0.0.1", "is not a listen address", "127.0.0.1:8080"),
    ("server.listen", "127.0.0.1:80800", "is not a listen address", "127.0.0.1:8080"),
    ("server.hosts", "[https://robot]", "is a URL", "robot.local"),
    ("server.hosts", "[robot.local:8080]", "has a port", "robot.local"),
    ("server.hosts", "['*.local']", "wildcard", "robot.local"),
    ("server.hosts", "[256.1.1.1]", "is not a host name", "robot.local"),
    ("server.hosts", "['a b']", "is not a host name", "robot.local"),
    ("server.hosts", "['[10.0.0.1]']", "is not a host name", "robot.local"),
    ("server.hosts", "[5]", "5 is not a text", "robot.local"),
    ("server.hosts", "robot.local", "\"robot.local\" is not a list", "[one, two]"),
    ("media.ffmpeg", "bin/ffmpeg", "neither a name nor an absolute path", "from /"),
    ("media.ffmpeg", "-x", "is not a program", "from /"),
    ("media.ffmpeg", "ffmpeg -re", "is not a program", "from /"),
    ("media.ffmpeg", "''", "is not a program", "from /"),
    ("media.mediamtx.binary", "mediamtx", "the path is not absolute", "begins with /"),
    ("recording.directory", "~/recordings", "~ is not expanded", "from /"),
    ("recording.directory", "''", "the path is empty", "begins with /"),
    ("recording.directory", "\"/a\\tb\"", "control character", "without"),
    ("recording.directory", "5", "this is not a path", "begins with /"),
    ("media.camera.url", "/dev/video0", "this is not a URL", "rtsp"),
    ("media.camera.url", "file:///etc/passwd", "the scheme \"file\" is not accepted", "rtsps"),
    ("media.camera.url", "concat://a", "the scheme \"concat\" is not accepted", "rtsps"),
    ("media.camera.url", "RTSP://host/", "the scheme \"RTSP\" is not accepted", "rtsp"),
    ("media.camera.url", "'rtsp://a b/'", "a space", "%20"),
    ("media.camera.url", "'rtsp:///stream'", "names no host", "rtsp"),
    ("media.mediamtx.ice_servers", "[{url: 'http://x'}]", "is not a STUN or TURN server", "stun:host:port"),
    ("media.mediamtx.ice_servers", "[{url: 'stun://x:1'}]", "has slashes", "write stun:x:1"),
    ("media.mediamtx.ice_servers", "[{url: 'stun:x?transport=udp'}]", "is not a STUN", "stun:host:port"),
    ("media.mediamtx.ice_servers", "[{url: 'stun:x:0'}]", "is not a STUN", "stun:host:port"),
    ("media.mediamtx.ice_servers", "[{url: 'stun:'}]", "is not a STUN", "stun:host:port"),
    ("media.mediamtx.ice_servers", "[{}]", "this key is missing", "url"),
    ("media.mediamtx.ice_servers", "['stun:x']", "is not a group of keys", "below it"),
    ("media.mediamtx.log_level", "warning", "not a choice", "did you mean warn?"),
    ("server.tls", "{certificate: /a}", "this key is missing", "key:"),
    ("server", "[8080]", "a list is not a group of keys", "without dashes"),
    ("media.camera", "test", "\"test\" is not a group of keys", "indented"),
];

#[test]
fn what_is_refused_says_what_to_write() {
    for (key, value, message, fix) in REFUSED {
        let text = setting(key, value);
        let error = error(&text);
        assert!(error.key.starts_with(key), "{text}{error}");
        assert_eq!(error.line, Some(u32::try_from(key.split('.').count()).unwrap()), "{text}{error}");
        assert!(error.message.contains(message), "{text}{error}");
        assert!(error.fix.as_deref().unwrap_or_default().contains(fix), "{text}{error}");
    }
}

#[test]
fn a_login_in_a_url_is_refused_and_never_repeated() {
    for url in ["rtsp://me:hunter2@cam/1", "rtsp://hunter2@cam/1", "srt://cam:9000?passphrase=hunter2"] {
        let error = error(&setting("media.camera.url", &format!("'{url}'")));
        assert!(error.message.contains("login"), "{error}");
        assert!(error.fix.as_ref().is_some_and(|fix| fix.contains("media.camera.url_file")), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for url in ["rtsp://me:hunter/2@cam/1", "rtsp://me:hunter@2@cam/1", "http://me:1?hunter2@cam/1"] {
        let error = error(&setting("media.camera.url", &format!("'{url}'")));
        assert!(
            error.message.contains("login") && error.fix.as_ref().is_some_and(|fix| fix.contains("%2F")),
            "{error}"
        );
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
    let config = loads("media: {camera: {source: url, url: 'https://cam/live?token=hunter2'}}").config;
    let debug = format!("{config:?}");
    assert!(debug.contains("https://cam/...") && !debug.contains("hunter2"), "{debug}");
    assert_eq!(
        config.media.camera.url.map(|url| url.as_str().len()),
        Some("https://cam/live?token=hunter2".len())
    );
    // A multicast address has an @ and no login.
    loads("media: {camera: {source: url, url: 'udp://@239.0.0.1:1234'}}");
}

proptest! {
    #[test]
    fn quantities_print_as_they_are_read(seconds in 10_u64..86_400, bits in 100_000_u32..20_000_000,
            width in 80_u32..=1920, height in 60_u32..=1080) {
        let duration = Duration::from_secs(seconds);
        let text = setting("recording.segment", &duration.to_string());
        prop_assert_eq!(loads(&text).config.recording.segment, duration);
        let rate = BitRate::from_bps(bits);
        let text = setting("media.camera.bitrate", &rate.to_string());
        prop_assert_eq!(loads(&text).config.media.camera.bitrate, rate);
        let size = Size { width: width * 2, height: height * 2 };
        let text = setting("media.camera.size", &size.to_string());
        prop_assert_eq!(loads(&text).config.media.camera.size, size);
    }
}
