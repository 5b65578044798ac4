//! The same verbs against the real havatard, with its own MediaMTX, ffmpeg and test picture. What the small
//! server of the other tests makes believe is held to this.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use havatar_api as api;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::{PATIENCE, Place, Ran, Running, eventually, write_token};

/// A havatard of our own; it is ended, and waited for, with this value.
struct Daemon {
    running: Running,
    place: Place,
}

impl Daemon {
    /// `None` if not all that it takes is built and installed.
    fn start() -> Option<Self> {
        let built = Path::new(env!("CARGO_BIN_EXE_havatarctl")).parent().unwrap();
        let needed = ["havatard", "havatar-sim", "mediamtx"].map(|name| built.join(name));
        let ffmpeg = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).status();
        if let Some(missing) = needed.iter().find(|file| !file.exists()) {
            eprintln!("NOT TESTED against the real havatard: {} is not built", missing.display());
            return None;
        }
        if ffmpeg.is_err() {
            eprintln!("NOT TESTED against the real havatard: ffmpeg is not installed");
            return None;
        }
        Some(Self::run(&needed[0]))
    }

    fn run(havatard: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("havatar.yaml");
        fs::write(&config, config_text()).unwrap();
        let mut command = Command::new(havatard);
        command.arg("run").arg("--config").arg(&config);
        command.arg("--state-dir").arg(dir.path().join("state"));
        command.arg("--runtime-dir").arg(dir.path().join("run"));
        command.env_remove("JOURNAL_STREAM").env_remove("NOTIFY_SOCKET").stdin(Stdio::null());
        let running = Running::start(command);
        let url = running.until("Havatar is at ").split_whitespace().last().unwrap().to_owned();
        let token = dir.path().join("state/admin-token");
        Self { running, place: Place { dir, url, token } }
    }

    fn ctl(&self, args: &[&str]) -> Ran {
        self.place.run(args)
    }

    fn status(&self) -> api::Status {
        serde_json::from_str(&self.ctl(&["status", "--output", "json"]).done()).unwrap()
    }

    fn when(&self, what: &str, condition: impl Fn(&api::Status) -> bool) {
        eventually(what, || condition(&self.status()));
    }

    fn path(&self) -> PathBuf {
        self.place.path().to_owned()
    }

    fn end(&mut self) -> bool {
        let pid = Pid::from_raw(self.running.child.id().try_into().unwrap());
        let _ = kill(pid, Signal::SIGTERM);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.running.child.try_wait() {
                Ok(Some(status)) => return status.success(),
                _ if tokio::time::Instant::now() > deadline => return false,
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // On SIGTERM it ends its own children; after SIGKILL its guard does.
        self.end();
    }
}

/// A small, slow picture: two cores are shared with other tests.
fn config_text() -> String {
    let [api, metrics, rtsp, webrtc, hls, udp] = ports();
    format!(
        "server: {{listen: '127.0.0.1:0'}}
media:
  mediamtx:
    api_address: 127.0.0.1:{api}
    metrics_address: 127.0.0.1:{metrics}
    rtsp_address: 127.0.0.1:{rtsp}
    webrtc_address: 127.0.0.1:{webrtc}
    hls_address: 127.0.0.1:{hls}
    webrtc_udp_address: 127.0.0.1:{udp}
  camera: {{source: test, size: 160x120, fps: 10}}
  microphone: {{source: test}}
"
    )
}

/// Free ports below those that the kernel hands out: what any other test is given while these wait to be
/// used is none of them.
fn ports() -> [u16; 6] {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let free = |port: &u16| {
        TcpListener::bind(("127.0.0.1", *port)).is_ok() && UdpSocket::bind(("127.0.0.1", *port)).is_ok()
    };
    let found: Vec<u16> = (first..32_000).filter(free).take(6).collect();
    found.try_into().unwrap()
}

#[test]
fn every_verb_does_what_it_says() {
    let Some(mut daemon) = Daemon::start() else { return };
    daemon.when("a picture with sound", |status| status.readiness.ready);
    assert!(daemon.ctl(&["status"]).done().starts_with("Ready: picture and sound are live.\n"));
    assert!(daemon.ctl(&["ps"]).done().contains("muxer"));
    eventually("figures", || {
        let stats: api::Streams =
            serde_json::from_str(&daemon.ctl(&["stats", "--output", "json"]).done()).unwrap();
        stats.live && stats.streams.iter().any(|it| it.name == "havatar_camera" && it.bytes_received > 0)
    });
    assert!(daemon.ctl(&["stats"]).done().contains("160x120"));
    assert!(daemon.ctl(&["logs", "camera"]).done().contains("[havatard] started"));

    let watching = Running::start(daemon.place.command(&["watch"]));
    watching.until("Recording is off");

    one_process(&daemon, &watching);
    the_stream(&daemon);
    a_recording(&daemon, &watching);
    access(&daemon);
    a_backup(&daemon);

    assert!(daemon.end(), "havatard ends well when it is told to");
    watching.until("havatard does not answer");
    assert_eq!(daemon.ctl(&["status"]).code, 3);
    a_restore(&daemon);
}

fn one_process(daemon: &Daemon, watching: &Running) {
    let pid = |status: &api::Status| {
        status.processes.iter().find(|it| it.name == "camera").and_then(|camera| camera.pid)
    };
    let first = pid(&daemon.status());
    assert_eq!(daemon.ctl(&["stop", "camera"]).done(), "camera is stopped\n");
    daemon.when("no camera", |status| pid(status).is_none());
    assert_eq!(daemon.ctl(&["stop", "camera"]).done(), "camera is stopped\n", "twice is no mistake");
    watching.until("camera is stopped");
    daemon.ctl(&["start", "camera"]).done();
    watching.until("camera is running");
    daemon.when("another camera", |status| pid(status).is_some_and(|pid| Some(pid) != first));
    daemon.when("a picture again", |status| status.readiness.ready);
    let second = pid(&daemon.status());
    daemon.ctl(&["restart", "camera"]).done();
    daemon.when("a third camera", |status| {
        status.readiness.ready && pid(status).is_some_and(|pid| Some(pid) != second)
    });
    let ran = daemon.ctl(&["restart", "wheels"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "havatarctl: there is no process named wheels (no_such_process)\n");
    assert_eq!(daemon.ctl(&["logs", "a/../b"]).code, 1);
}

fn the_stream(daemon: &Daemon) {
    daemon.ctl(&["stream", "stop"]).done();
    daemon.when("no stream", |status| !status.streaming && !status.readiness.ready);
    assert!(daemon.ctl(&["status"]).done().contains("havatarctl stream start"));
    daemon.ctl(&["stream", "start"]).done();
    daemon.when("the stream", |status| status.streaming && status.readiness.ready);
}

fn a_recording(daemon: &Daemon, watching: &Running) {
    assert!(daemon.ctl(&["record", "list"]).done().starts_with("There are no recordings."));
    assert!(daemon.ctl(&["record", "start"]).done().starts_with("Recording since"));
    watching.until("Recording since");
    let list = || -> api::Recordings {
        serde_json::from_str(&daemon.ctl(&["record", "list", "--output", "json"]).done()).unwrap()
    };
    eventually("a file that grows", || list().items.first().is_some_and(|it| it.size_bytes > 20_000));
    let id = list().items[0].id.clone();
    let refused = daemon.ctl(&["record", "delete", &id]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("(recording_in_progress)"), "{}", refused.err);
    assert_eq!(daemon.ctl(&["record", "stop"]).code, 0);
    eventually("a file that is complete", || list().items.iter().all(|it| !it.writing));

    let item = list().items[0].clone();
    daemon.ctl(&["record", "download", &id]).done();
    let saved = fs::read(daemon.path().join(&item.file)).unwrap();
    assert_eq!(saved.len() as u64, item.size_bytes);
    assert_eq!(&saved[4..8], b"ftyp", "an MP4 file");
    let again = daemon.ctl(&["record", "download", &id]);
    assert!(again.code == 1 && again.err.contains("exists already"), "{again:?}");

    assert_eq!(daemon.ctl(&["record", "delete", &id]).done(), format!("Deleted {id}.\n"));
    assert!(list().items.is_empty());
    let gone = daemon.ctl(&["record", "download", &id, "-o", "x.mp4"]);
    assert!(gone.code == 1 && gone.err.contains("(no_such_recording)"), "{gone:?}");
}

fn access(daemon: &Daemon) {
    let link = daemon.ctl(&["link"]).done();
    assert!(link.starts_with(&format!("{}/#code=", daemon.place.url)), "a link");
    let wrong = daemon.path().join("wrong-token");
    write_token(&wrong, "wrong-wrong-wrong-wrong-wrong-wrong-wrong", 0o600);
    let ran = daemon.ctl(&["--token-file", "wrong-token", "status"]);
    assert_eq!(ran.code, 4, "{ran:?}");
}

const SEALED: [&str; 6] =
    ["--passphrase-file", "passphrase", "--config-dir", "config", "--state-dir", "state"];

/// While the daemon runs, and writes.
fn a_backup(daemon: &Daemon) {
    // A file that the daemon has come to write since: is it to be in a backup, and to come back by one (archive/state_files.rs)?
    let known = [
        "admin-token",
        "watch-token",
        "sessions.json",
        "lock",
        "lease-runs",
        "estop.json",
        "encoder.json",
        "camera-controls.json",
        "black-box",
        "recordings",
        "recording-wanted",
        "streaming-off",
        "volume",
    ];
    for entry in fs::read_dir(daemon.path().join("state")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_passing = name == ".slate"
            || ["slate-", ".probe-"].iter().any(|begins| name.starts_with(begins))
            || name.strip_suffix(".tmp").is_some();
        assert!(is_passing || known.contains(&name.as_str()), "{name} is not known to backups");
    }
    fs::create_dir(daemon.path().join("config")).unwrap();
    fs::copy(daemon.path().join("havatar.yaml"), daemon.path().join("config/havatar.yaml")).unwrap();
    write_token(&daemon.path().join("passphrase"), "correct horse battery", 0o600);
    daemon.ctl(&[&["backup", "robot.age"][..], &SEALED].concat()).done();
    let refused = daemon.ctl(&[&["restore", "robot.age", "--yes"][..], &SEALED].concat());
    assert!(refused.code == 1 && refused.err.contains("systemctl stop havatard"), "{refused:?}");
}

/// Once it has ended.
fn a_restore(daemon: &Daemon) {
    let token = fs::read(daemon.path().join("state/admin-token")).unwrap();
    daemon.ctl(&[&["restore", "robot.age", "--yes"][..], &SEALED].concat()).done();
    assert_eq!(fs::read(daemon.path().join("state/admin-token")).unwrap(), token);
    assert!(!daemon.path().join("state/sessions.json").exists());
    assert!(!daemon.path().join("state/encoder.json").exists());
}
