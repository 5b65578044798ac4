//! Which file is read, and the demo.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use havatard::config::{CameraSource, Config, Loaded, MicrophoneSource};

#[test]
fn a_named_file_must_be_there() {
    let errors = Config::load(Some(Path::new("/nowhere/havatar.yaml")), false).unwrap_err();
    assert_eq!(errors.0.len(), 1);
    assert_eq!(errors.0[0].file, "/nowhere/havatar.yaml");
    assert_eq!(errors.0[0].line, None);
    assert!(errors.0[0].message.contains("is not there"));
}

#[test]
fn a_directory_or_pipe_is_not_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [dir.path(), &pipe] {
        let errors = Config::load(Some(path), false).unwrap_err();
        assert!(errors.0[0].message.contains("is not a file"), "{errors}");
    }
}

#[test]
fn a_file_is_read_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("havatar.yaml");
    fs::write(&path, "media:\n  camera:\n    fps: 15\n").unwrap();
    let loaded = Config::load(Some(&path), false).unwrap();
    assert_eq!(loaded.config.media.camera.fps, 15);
    assert_eq!(loaded.file.as_deref(), Some(path.as_path()));
    fs::write(&path, vec![b'#'; Config::LARGEST_FILE + 1]).unwrap();
    assert!(Config::load(Some(&path), false).unwrap_err().to_string().contains("larger than"));
    fs::write(&path, vec![b'#'; Config::LARGEST_FILE]).unwrap();
    Config::load(Some(&path), false).unwrap();
}

#[test]
fn a_file_that_others_can_write_is_refused_with_the_command_that_closes_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("havatar.yaml");
    fs::write(&path, "media: {ffmpeg: /tmp/evil}\n").unwrap();
    for (mode, trusted) in [(0o644, true), (0o600, true), (0o666, false), (0o664, false), (0o646, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let read = Config::load(Some(&path), false).map(|_| ()).map_err(|errors| errors.0[0].clone());
        let Err(error) = read else {
            panic!("{mode:o}: there is no program of that name");
        };
        assert_eq!(error.message.contains("can be written by others"), !trusted, "{mode:o}: {error}");
        if !trusted {
            assert_eq!(error.fix, Some(format!("run chmod go-w {}", path.display())));
            assert_eq!(error.file, path.display().to_string());
        }
    }
}

#[test]
fn without_a_file_defaults_are_in_force() {
    // Where Havatar is installed, the test would read that machine's own file.
    if Path::new(Loaded::DEFAULT_FILE).exists() {
        return;
    }
    let loaded = Config::load(None, false).unwrap();
    assert_eq!(loaded, Loaded { config: Config::default(), file: None, warnings: Vec::new() });
}

#[test]
fn the_demo_needs_no_hardware_but_obeys_the_file() {
    let sources = |text: &str, demo| {
        let media = Config::from_bytes(text.as_bytes(), Path::new("x"), demo).unwrap().config.media;
        (media.camera.source, media.microphone.source)
    };
    assert_eq!(sources("", true), (CameraSource::Test, MicrophoneSource::Test));
    assert_eq!(sources("", false), (CameraSource::V4l2, MicrophoneSource::Auto));
    let set = "media: {camera: {source: csi}, microphone: {source: alsa}}";
    assert_eq!(sources(set, true), (CameraSource::Csi, MicrophoneSource::Alsa));
    assert_eq!(sources("media: {camera: {source: ~, fps: 5}}", true).0, CameraSource::Test);
}
