//! What is wrong with the surroundings is said in words, with what to do, and recovers when it is put right.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use havatar_api::ProcessState;
use havatar_tests::{Daemon, Plan, free_port, tools};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_broken_file_is_refused_with_every_fault_at_once() {
    let broken = Plan::new().raw("media:\n  camera: {fps: 30\n").run_to_end().await;
    assert_eq!(broken.status.code(), Some(2));
    assert!(broken.stderr.contains("havatar.yaml:"), "{}", broken.stderr);

    let wrong = Plan::new()
        .raw("media:\n  camera:\n    fsp: 30\n    size: 1281x721\nrecord: {}\n")
        .run_to_end()
        .await;
    assert_eq!(wrong.status.code(), Some(2));
    for part in [
        "havatar.yaml:3: media.camera.fsp",
        "did you mean fps?",
        "havatar.yaml:4: media.camera.size",
        "havatar.yaml:5: record",
    ] {
        assert!(wrong.stderr.contains(part), "{part} in {}", wrong.stderr);
    }
    let check = Plan::new().raw("media:\n  camera:\n    fsp: 30\n").end_of("check").await;
    assert_eq!(check.status.code(), Some(2));
    let check = Plan::new().end_of("check").await;
    assert_eq!(check.status.code(), Some(0), "{}", check.stderr);
}

#[tokio::test]
async fn a_port_of_mediamtx_that_somebody_holds_is_named_and_used_once_it_is_free() {
    for (key, udp) in [("media.mediamtx.webrtc_address", false), ("media.mediamtx.webrtc_udp_address", true)]
    {
        let port = free_port();
        let address = ("127.0.0.1", port.port());
        let (tcp, datagrams) = if udp {
            (None, Some(std::net::UdpSocket::bind(address).expect("a port")))
        } else {
            (Some(TcpListener::bind(address).expect("a port")), None)
        };
        let daemon = Plan::new().set(key, format!("127.0.0.1:{}", port.port())).launch().await;
        let words = words(&daemon, "mediamtx_down", key).await;
        assert!(words.contains(&format!("(pid {})", std::process::id())), "{words}");
        assert!(words.contains(&port.port().to_string()), "{words}");
        drop((tcp, datagrams));
        daemon.ready().await;
    }
}

#[tokio::test]
async fn the_daemons_own_port_taken_ends_it_with_the_holders_name() {
    let port = free_port();
    let _foreign = TcpListener::bind(("127.0.0.1", port.port())).expect("a port");
    let ended = Plan::new().set("server.listen", format!("127.0.0.1:{}", port.port())).run_to_end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains(&port.port().to_string()), "{}", ended.stderr);
    assert!(ended.stderr.contains(&std::process::id().to_string()), "who holds it: {}", ended.stderr);
}

#[tokio::test]
async fn without_ffmpeg_the_daemon_says_so_and_goes_on_when_it_is_installed() {
    let plan = Plan::new();
    let programs = plan.place("bin");
    fs::create_dir(&programs).expect("a folder");
    let daemon = plan.env("PATH", programs.to_str().expect("UTF-8")).launch().await;
    let words = words(&daemon, "camera_silent", "ffmpeg is not found").await;
    assert!(words.contains("install"), "{words}");
    symlink(which("ffmpeg"), programs.join("ffmpeg")).expect("installed");
    daemon.ready().await;
}

#[tokio::test]
async fn an_ffmpeg_without_the_encoder_is_told_and_a_better_one_taken() {
    let plan = Plan::new();
    let ffmpeg = plan.place("ffmpeg");
    tools::script(
        &ffmpeg,
        "case \" $* \" in *' libx264 '*) echo \"Unknown encoder 'libx264'\" >&2; exit 1 ;; esac\nexec ffmpeg \"$@\"",
    );
    let daemon = plan.set("media.ffmpeg", ffmpeg.to_str()).launch().await;
    let words = words(&daemon, "camera_silent", "Unknown encoder 'libx264'").await;
    assert!(words.contains("install"), "{words}");
    daemon.process_is(SOON, "microphone", ProcessState::Running).await;
    fs::remove_file(&ffmpeg).expect("removed");
    symlink(which("ffmpeg"), &ffmpeg).expect("replaced");
    daemon.ready().await;
}

#[tokio::test]
async fn a_mediamtx_that_is_not_there_is_told_and_found_once_it_is() {
    // Beside a copy of the daemon's file there is no MediaMTX.
    let target = tools::built("havatard").parent().expect("a folder").to_owned();
    let elsewhere = tempfile::Builder::new().prefix("story-").tempdir_in(target).expect("a folder");
    let program = elsewhere.path().join("havatard");
    fs::hard_link(tools::built("havatard"), &program).expect("a second name");
    let plan = Plan::new();
    let programs = plan.place("bin");
    fs::create_dir(&programs).expect("a folder");
    let daemon = plan.program(program).env("PATH", programs.to_str().expect("UTF-8")).launch().await;
    let words = words(&daemon, "mediamtx_down", "MediaMTX is not found").await;
    assert!(words.contains("media.mediamtx.binary"), "{words}");
    symlink(tools::built("mediamtx"), programs.join("mediamtx")).expect("installed");
    daemon.process_is(SOON, "mediamtx", ProcessState::Running).await;
}

#[tokio::test]
async fn a_configured_mediamtx_that_is_not_there_is_a_fault_of_the_file() {
    let ended = Plan::new().set("media.mediamtx.binary", "/nowhere/mediamtx").run_to_end().await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended.stderr.contains("media.mediamtx.binary: /nowhere/mediamtx is not there"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_mediamtx_that_is_too_old_is_refused_and_an_update_taken() {
    let plan = Plan::new();
    let binary = plan.place("mediamtx");
    tools::script(&binary, "echo v1.20.1");
    let daemon = plan.set("media.mediamtx.binary", binary.to_str()).launch().await;
    let words = words(&daemon, "mediamtx_down", "is MediaMTX 1.20.1").await;
    assert!(words.contains("1.21.0 or newer"), "{words}");
    tools::mediamtx_wrapper(&binary, "exec \"$mediamtx\" \"$@\"");
    daemon.ready().await;
}

#[tokio::test]
async fn settings_that_mediamtx_refuses_are_told_in_its_words_and_never_put_in_place() {
    let plan = Plan::new();
    let binary = plan.place("mediamtx");
    tools::mediamtx_that_refuses(&binary, "hlsSegmentCount");
    let daemon = plan.set("media.mediamtx.binary", binary.to_str()).launch().await;
    let words = words(&daemon, "mediamtx_down", "'hlsSegmentCount' must be at least 3").await;
    assert!(words.contains("refuses its settings") && words.contains("havatar.yaml"), "{words}");
    let left = fs::read_dir(daemon.plan().runtime()).expect("the runtime folder").flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    assert!(!left.iter().any(|name| name == "mediamtx.yml"), "it was put in place: {left:?}");
    tools::mediamtx_wrapper(&binary, "exec \"$mediamtx\" \"$@\"");
    daemon.ready().await;
}

#[tokio::test]
async fn directories_that_cannot_be_used_end_it_with_their_name() {
    let plan = Plan::new();
    let file = plan.place("file");
    fs::write(&file, "").expect("a file");
    let (below, inside) = (file.join("folder"), PathBuf::from("/proc/havatar"));
    for (plan, place) in [
        (Plan::new().runtime_dir(&below), &below),
        (Plan::new().runtime_dir(&inside), &inside),
        (Plan::new().state_dir(&below), &below),
    ] {
        let ended = plan.run_to_end().await;
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(place.to_str().expect("UTF-8")), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_written_are_told_and_written_once_they_can() {
    let plan = Plan::new();
    // Permissions do not bind root, but nobody can put a file in a folder's place.
    let obstacle = plan.runtime().join("mediamtx.yml");
    fs::create_dir_all(&obstacle).expect("an obstacle");
    let daemon = plan.launch().await;
    let words = words(&daemon, "mediamtx_down", "cannot write").await;
    assert!(words.contains("mediamtx.yml"), "{words}");
    fs::remove_dir(&obstacle).expect("out of the way");
    daemon.ready().await;
}

#[tokio::test]
async fn a_second_daemon_on_the_same_state_is_refused_and_the_first_not_disturbed() {
    let first = Plan::new().launch().await;
    first.ready().await;
    let pid = first.pid_of("mediamtx").await;
    let ended = Plan::new().state_dir(first.plan().state()).run_to_end().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains(&format!("another havatard (pid {})", first.pid())), "{}", ended.stderr);
    assert_eq!(first.pid_of("mediamtx").await, pid);
}

/// Waits until what is missing is explained with these words; gives the whole sentence.
async fn words(daemon: &Daemon, code: &str, part: &str) -> String {
    daemon
        .eventually(SOON, &format!("{code} is explained with {part:?}"), async || {
            Some(daemon.missing(Duration::from_secs(1), code).await).filter(|words| words.contains(part))
        })
        .await
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
        .expect("a program")
}

#[tokio::test]
async fn a_slate_that_a_power_cut_left_broken_is_made_anew() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let (_, mut plan) = daemon.kill();
    let slates: Vec<PathBuf> = fs::read_dir(plan.state())
        .expect("the state")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("slate-")))
        .collect();
    assert_eq!(slates.len(), 1);
    for broken in ["", "not a film"] {
        fs::write(&slates[0], broken).expect("broken");
        let daemon = plan.launch().await;
        daemon.ready().await;
        plan = daemon.kill().1;
    }
}
