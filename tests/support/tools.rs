//! The programs that stories use: those that were built, and ffmpeg.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The workspace's root.
///
/// # Panics
/// Never: the package lies in it.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// A program of this workspace, beside the test's own executable.
///
/// # Panics
/// If it has not been built.
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    // target/PROFILE/deps/it-HASH
    let path = test.ancestors().nth(2).expect("the profile's folder").join(name);
    assert!(
        path.exists(),
        "{} is not there: build it first, with `cargo build --workspace` (and scripts/build-mediamtx for mediamtx)",
        path.display()
    );
    path
}

/// A program of this workspace that is killed when the thread that starts it ends, however that ends.
pub fn ends_with_us(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(built(name));
    command
}

/// Writes an executable shell script.
///
/// # Panics
/// If it cannot be written.
pub fn script(path: &Path, text: &str) {
    // Written aside and renamed: a script that is open for writing cannot be started.
    let draft = path.with_extension("draft");
    fs::write(&draft, format!("#!/bin/sh\n{text}\n")).expect("the script is written");
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("the script is executable");
    fs::rename(&draft, path).expect("the script is in place");
}

/// Writes a file that nobody else may read.
///
/// # Panics
/// If it cannot be written.
pub fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("the secret is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is closed to others");
}

/// Permission bits of a file.
///
/// # Panics
/// If it is not there.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o7777
}

/// Runs ffmpeg or ffprobe to its end, without blocking the others on this thread.
///
/// # Panics
/// If it cannot be started.
pub async fn run(program: &str, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("the thread")
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Standard error of a finished program.
pub fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A script that answers `--version` and `--validate-conf` as the real MediaMTX does and otherwise goes on with `rest`, in which
/// `$mediamtx` is the real one.
pub fn mediamtx_wrapper(path: &Path, rest: &str) {
    let real = built("mediamtx");
    script(
        path,
        &format!(
            "mediamtx='{}'\ncase $1 in --version | --validate-conf=*) exec \"$mediamtx\" \"$1\" ;; esac\n{rest}",
            real.display()
        ),
    );
}

/// A MediaMTX that refuses each settings file in which `part` occurs, with the real one's words about a file that has too few
/// HLS segments.
pub fn mediamtx_that_refuses(path: &Path, part: &str) {
    let real = built("mediamtx");
    script(
        path,
        &format!(
            "case $1 in --validate-conf=*) if grep -q '{part}' \"${{1#*=}}\"; then\n\
             sed 's/hlsSegmentCount: .*/hlsSegmentCount: 2/' \"${{1#*=}}\" >\"$0.wrong\"\n\
             exec '{0}' --validate-conf=\"$0.wrong\"\nfi ;; esac\nexec '{0}' \"$@\"",
            real.display()
        ),
    );
}

/// The same, which first makes the first file and then waits for the second.
pub fn mediamtx_that_refuses_when_told(path: &Path, part: &str) -> (PathBuf, PathBuf) {
    let refusing = path.with_extension("refusing");
    mediamtx_that_refuses(&refusing, part);
    let (asked, answer) = (path.with_extension("asked"), path.with_extension("answer"));
    script(
        path,
        &format!(
            "case $1 in --validate-conf=*) if grep -q '{part}' \"${{1#*=}}\"; then\n\
             : >'{}'\nwhile [ ! -e '{}' ]; do sleep 0.05; done\nfi ;; esac\nexec '{}' \"$@\"",
            asked.display(),
            answer.display(),
            refusing.display()
        ),
    );
    (asked, answer)
}

/// A script in ffmpeg's place: publishers go on with `rest`, everything else (test encodes, listings) is the real
/// ffmpeg's affair.
pub fn ffmpeg_wrapper(path: &Path, rest: &str) {
    script(path, &format!("case \" $* \" in *' -progress '*) ;; *) exec ffmpeg \"$@\" ;; esac\n{rest}"));
}

/// Mean volume in dB of a second of a stream's sound, which has to be Opus at 48 kHz. Silence is -91.
///
/// # Panics
/// If the stream cannot be read, or holds something else.
pub async fn loudness(url: &str) -> f64 {
    let args = "-nostdin -v info -rtsp_transport tcp -i URL -t 1 -map 0:a:0 -af volumedetect -f null -";
    let args: Vec<&str> = args.split(' ').map(|arg| if arg == "URL" { url } else { arg }).collect();
    let said = complaints(&run("ffmpeg", &args).await);
    assert!(said.contains("Audio: opus, 48000 Hz"), "{said}");
    let text = said.split_once("mean_volume: ").unwrap_or_else(|| panic!("no measurement: {said}")).1;
    text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}
