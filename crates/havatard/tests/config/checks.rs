//! Keys that contradict each other, and files that are not there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use havatard::config::Diagnostic;

use crate::{error, errors, loads, setting};

/// Writes a file that nobody else may read.
fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("the secret is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is closed");
}

fn keys(errors: &[Diagnostic]) -> Vec<(&str, Option<u32>)> {
    errors.iter().map(|error| (error.key.as_str(), error.line)).collect()
}

#[test]
fn clashing_ports() {
    let clash = error("server:\n  listen: 127.0.0.1:8889\n");
    assert_eq!((clash.key.as_str(), clash.line), ("server.listen", Some(2)));
    assert!(clash.message.contains("media.mediamtx.webrtc_address"), "{clash}");
    assert!(clash.message.contains("its default"), "{clash}");

    // A wider address takes the port from a narrower one; the key that the file sets is the one told.
    let clash = error("media:\n  mediamtx:\n    rtsp_address: 0.0.0.0:8888\n");
    assert_eq!(clash.key, "media.mediamtx.rtsp_address");
    let clash = error("media:\n  mediamtx:\n    rtsp_address: '[::]:8888'\n");
    assert_eq!(clash.key, "media.mediamtx.rtsp_address");

    let both =
        error("server:\n  listen: 127.0.0.1:7000\nmedia:\n  mediamtx:\n    api_address: 127.0.0.1:7000\n");
    assert_eq!((both.key.as_str(), both.line), ("media.mediamtx.api_address", Some(5)));
    assert!(both.message.contains("server.listen as well (127.0.0.1:7000)"), "{both}");
}

#[test]
fn ports_that_do_not_clash() {
    // Another address, UDP beside TCP, and a port that the kernel chooses.
    loads("media: {mediamtx: {rtsp_address: 192.168.1.20:8888}}");
    loads("media: {mediamtx: {rtsp_address: '[::1]:8888'}}");
    loads("media: {mediamtx: {webrtc_udp_address: 0.0.0.0:8889}}");
    loads("server: {listen: 127.0.0.1:0}");
}

#[test]
fn beyond_loopback() {
    let open = error("server:\n  listen: 0.0.0.0:8443\n");
    assert!(open.message.contains("server.tls is not set"), "{open}");
    assert!(open.fix.unwrap().contains("127.0.0.1:8443"));
    let errors = errors(
        "media:\n  mediamtx:\n    api_address: 0.0.0.0:9997\n    metrics_address: 192.168.1.2:9998\n    \
         webrtc_address: '[::]:8889'\n    hls_address: 0.0.0.0:8888\n    rtsp_address: 0.0.0.0:8554\n    \
         webrtc_udp_address: 0.0.0.0:8189\n",
    );
    assert_eq!(
        keys(&errors),
        [
            ("media.mediamtx.api_address", Some(3)),
            ("media.mediamtx.metrics_address", Some(4)),
            ("media.mediamtx.webrtc_address", Some(5)),
            ("media.mediamtx.hls_address", Some(6)),
        ]
    );
    loads("server: {listen: '127.8.8.8:80'}");
    loads("server: {listen: '[::1]:80'}");
    loads("server: {listen: '[::ffff:127.0.0.1]:80'}");
}

#[test]
fn mediamtx_needs_a_port_that_stays() {
    assert!(error("media: {mediamtx: {api_address: 127.0.0.1:0}}").message.contains("port 0"));
}

#[test]
fn certificate_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    let text = format!(
        "server:\n  listen: 0.0.0.0:8443\n  tls:\n    certificate: {}\n    key: {}\n",
        cert.display(),
        key.display()
    );
    let missing = errors(&text);
    assert_eq!(keys(&missing), [("server.tls.certificate", Some(4)), ("server.tls.key", Some(5))]);
    assert!(missing[0].message.contains("is not there"), "{}", missing[0]);

    fs::write(&cert, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    secret(&key, "-----BEGIN EC PRIVATE KEY-----\n");
    assert!(error(&text).message.contains("holds no certificate"));
    fs::write(&cert, "-----BEGIN CERTIFICATE-----\n").unwrap();
    loads(&text);
    // A certificate is for everybody to read; its key is not, and nobody else writes either.
    for (file, mode, named, cure) in [
        (&key, 0o644, "server.tls.key", "chmod 600"),
        (&key, 0o660, "server.tls.key", "chmod 600"),
        (&cert, 0o666, "server.tls.certificate", "chmod go-w"),
    ] {
        let before = fs::metadata(file).unwrap().permissions();
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        let refused = error(&text);
        assert_eq!(refused.key, named, "{refused}");
        assert!(refused.message.contains("by others"), "{refused}");
        assert_eq!(refused.fix, Some(format!("run {cure} {}", file.display())));
        fs::set_permissions(file, before).unwrap();
    }
    loads(&text);
}

#[test]
fn turn_needs_a_login_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    let text = |more: &str| {
        format!(
            "media:\n  mediamtx:\n    ice_servers:\n      - url: stun:a\n      - url: turns:b:5349\n{more}"
        )
    };
    let bare = errors(&text(""));
    let list = "media.mediamtx.ice_servers[1]";
    assert_eq!(
        keys(&bare),
        [(format!("{list}.username").as_str(), Some(5)), (format!("{list}.password_file").as_str(), Some(5))]
    );
    let full = text(&format!("        username: me\n        password_file: {}\n", file.display()));
    let missing = error(&full);
    assert_eq!(
        (missing.key.as_str(), missing.line),
        ("media.mediamtx.ice_servers[1].password_file", Some(7))
    );
    secret(&file, "\n");
    assert!(error(&full).message.contains("is empty"));
    secret(&file, "hunter2\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = error(&full);
    assert!(exposed.message.contains("can be read by others"), "{exposed}");
    assert_eq!(exposed.fix, Some(format!("run chmod 600 {}", file.display())));
    secret(&file, "hunter2\n");
    let loaded = loads(&full);
    assert!(loaded.warnings.is_empty());
    assert!(!format!("{loaded:?}").contains("hunter2"));
    // The user wrote the password itself as password_file.
    let secret = error(&text("        username: me\n        password_file: hunter2\n"));
    assert!(!secret.to_string().contains("hunter2"), "{secret}");
    let secret = error(&text("        username: me\n        password_file: /hunter2\n"));
    assert!(!secret.to_string().contains("hunter2"), "{secret}");
}

#[test]
fn programs_by_path() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("mediamtx");
    let text = format!("media:\n  ffmpeg: {0}\n  mediamtx:\n    binary: {0}\n", program.display());
    let messages = |text: &str| {
        let errors = errors(text);
        assert_eq!(keys(&errors), [("media.ffmpeg", Some(2)), ("media.mediamtx.binary", Some(4))]);
        errors[0].message.clone()
    };
    assert!(messages(&text).ends_with("is not there"));
    fs::create_dir(&program).unwrap();
    assert!(messages(&text).ends_with("is not a file"));
    fs::remove_dir(&program).unwrap();
    fs::write(&program, "#!/bin/sh\n").unwrap();
    assert!(messages(&text).ends_with("may not be executed"));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    loads(&text);
}

#[test]
fn recording_directory() {
    let dir = tempfile::tempdir().unwrap();
    let text = |path: &Path| format!("recording:\n  directory: {}\n", path.display());
    loads(&text(dir.path()));
    loads(&text(&dir.path().join("made-later")));
    let missing = error(&text(&dir.path().join("a/b")));
    assert!(missing.message.ends_with("is not there"), "{missing}");
    assert_eq!((missing.key.as_str(), missing.line), ("recording.directory", Some(2)));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(error(&text(&file)).message.ends_with("is not a directory"));
    assert!(error(&text(&file.join("below"))).message.contains("not a directory"));
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere, and says so.
    if nix::unistd::geteuid().is_root() {
        loads(&text(&closed));
    } else {
        assert!(error(&text(&closed)).message.contains("may not be written to"));
        assert!(error(&text(&closed.join("below"))).message.contains("may not be written to"));
    }
}

#[test]
fn sources_need_their_key() {
    let missing = error("media:\n  camera:\n    source: url\n");
    assert_eq!((missing.key.as_str(), missing.line), ("media.camera.url", Some(3)));
    let missing = error("media:\n  camera:\n    fps: 3\n    source: file\n");
    assert_eq!((missing.key.as_str(), missing.line), ("media.camera.file", Some(4)));
    let folder = error("media:\n  camera:\n    source: file\n    file: /\n");
    assert_eq!((folder.key.as_str(), folder.line), ("media.camera.file", Some(4)));
    let idle = loads("media:\n  camera:\n    url: rtsp://cam/1\n");
    assert_eq!(keys(&idle.warnings), [("media.camera.url", Some(3))]);
    assert!(idle.warnings[0].message.contains("no effect"));
}

#[test]
fn a_camera_that_is_away_is_a_remark() {
    let loaded = loads("media:\n  camera:\n    device: /dev/v4l/by-id/usb-none-video-index0\n");
    assert_eq!(keys(&loaded.warnings), [("media.camera.device", Some(3))]);
    assert!(loaded.warnings[0].message.ends_with("is not there"));
    let film = loads("media:\n  camera:\n    source: file\n    file: /nowhere/film.mp4\n");
    assert_eq!(keys(&film.warnings), [("media.camera.file", Some(4))]);
    let unstable = loads("media: {camera: {device: /dev/video987}}");
    assert!(unstable.warnings.iter().any(|warning| warning.fix.as_deref().unwrap().contains("by-id")));
}

#[test]
fn what_does_not_go_together() {
    for (text, key) in [
        ("media: {camera: {bitrate: 2M, max_bitrate: 1M}}", "media.camera.max_bitrate"),
        ("media: {camera: {device: 1}}", "media.camera.device"),
        ("media: {camera: {source: csi, device: /dev/video0}}", "media.camera.device"),
        ("media: {camera: {source: test, encoder: copy}}", "media.camera.encoder"),
        ("media: {camera: {encoder: copy, format: mjpeg}}", "media.camera.encoder"),
        ("media: {camera: {encoder: copy, rotate: 180}}", "media.camera.rotate"),
        ("media: {camera: {encoder: copy, flip: vertical}}", "media.camera.flip"),
        ("auth: {session_idle: 2d, session_max: 1d}", "auth.session_idle"),
    ] {
        assert_eq!(error(text).key, key);
    }
    loads("media: {camera: {encoder: copy, format: h264}}");
    loads("media: {camera: {source: csi, device: 0}}");
    let idle = loads("media:\n  camera:\n    source: test\n    controls: {brightness: 1}\n");
    assert_eq!(keys(&idle.warnings), [("media.camera.controls", Some(4))]);
}

#[test]
fn a_cameras_url_may_stand_in_a_file_of_its_own_that_nobody_else_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("camera-url");
    let text = format!("media: {{camera: {{source: url, url_file: '{}'}}}}", file.display());
    let write = |content: &str, mode: u32| {
        std::fs::write(&file, content).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    write("rtsp://me:hunter2@cam/live?key=hunter2\n", 0o600);
    let config = loads(&text).config;
    assert_eq!(config.media.camera.read_url().unwrap().as_str(), "rtsp://me:hunter2@cam/live?key=hunter2");
    assert!(!format!("{config:?} {:?}", config.media.camera.read_url()).contains("hunter2"));
    for (content, mode, message, fix) in [
        ("rtsp://me:hunter2@cam/live\n", 0o644, "by others", "chmod 600"),
        ("rtsp://me:hunter2@cam/live\n", 0o620, "by others", "chmod 600"),
        ("file:///etc/hunter2\n", 0o600, "scheme", "rtsp"),
        ("rtsp://me:hunter/2@cam\n", 0o600, "login", "%2F"),
        ("\n", 0o600, "empty", "rtsp"),
    ] {
        write(content, mode);
        let error = error(&text);
        assert_eq!(error.key, "media.camera.url_file");
        assert!(error.message.contains(message), "{error}");
        assert!(error.fix.as_ref().is_some_and(|text| text.contains(fix)), "{error}");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(error(&text).message.contains("is not there"));
    write("rtsp://cam/1", 0o600);
    let both =
        format!("media: {{camera: {{source: url, url: 'rtsp://cam/1', url_file: '{}'}}}}", file.display());
    assert!(error(&both).message.contains("both"));
}

#[test]
fn a_recordings_directory_with_a_percent_sign_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["100%", "%path", "a%Yb"] {
        let path = dir.path().join(name);
        let error = error(&setting("recording.directory", &format!("'{}'", path.display())));
        assert!(error.message.contains('%') && error.fix.is_some_and(|fix| fix.contains("without")));
    }
    // Neither of these is anything to MediaMTX.
    for name in ["a$HOME", "~b", "a~"] {
        loads(&setting("recording.directory", &format!("'{}'", dir.path().join(name).display())));
    }
}
