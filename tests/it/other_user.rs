//! Another user of the robot's machine: what it sees of the daemon's processes opens no stream to it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use havatar_tests::{AUDIO, BOTH, CAMERA, Daemon, Plan, not_shown};
use nix::unistd::{Pid, geteuid};

const SOON: Duration = Duration::from_secs(30);
/// `nobody` on every Linux; nothing of the daemon's belongs to it.
const OTHER: &str = "65534";

/// Reads every command line that the kernel shows, and tries each RTSP URL in it at once: as a reader, then as a publisher, with
/// the credentials in it, if there are any. Writes down what it tried and what the server said.
const THIEF: &str = r#"
set -u
port=$1
sdp=$'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n'
ask() { # method, URL without credentials, credentials, header, body
  local auth='' status=''
  [ -z "$3" ] || auth="Authorization: Basic $(printf %s "$3" | base64 -w0)"$'\r\n'
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return
  printf '%s %s RTSP/1.0\r\nCSeq: 1\r\n%s%sContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$auth" "$4" "${#5}" "$5" >&3
  read -r -t 20 status <&3
  exec 3>&-
  echo "$1 $2 ${3:+with credentials }-> ${status%$'\r'}"
}
while :; do
  for url in $(grep -aohs 'rtsp://[^[:cntrl:]]*' /proc/[0-9]*/cmdline | grep ":$port/" | sort -u); do
    rest=${url#rtsp://} credentials=
    case $rest in *@*) credentials=${rest%@*} rest=${rest##*@} ;; esac
    ask ANNOUNCE "rtsp://$rest" "$credentials" $'Content-Type: application/sdp\r\n' "$sdp"
    ask DESCRIBE "rtsp://$rest" "$credentials" '' ''
  done
done
"#;

#[tokio::test]
async fn replays_what_it_sees_over_restarts_and_is_admitted_never() {
    if !geteuid().is_root() {
        not_shown("another user replays what it sees", "only root can act as another user");
        return;
    }
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let place = tempfile::tempdir().expect("a folder");
    let said = place.path().join("said");
    let thief = Thief::start(daemon.plan().ports.rtsp, &said);
    let tried = |path: &str| {
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        text.lines().filter(|line| line.contains(&format!("/{path} ")) && line.contains("-> RTSP")).count()
    };
    for round in 0..3 {
        for name in ["camera", "microphone", "muxer"] {
            let before = [CAMERA, AUDIO, BOTH].map(tried);
            assert_eq!(daemon.post(&format!("/api/v1/processes/{name}/restart")).await.status, 200);
            daemon
                .eventually(SOON, &format!("the other user tries all paths, round {round}"), async || {
                    let now = [CAMERA, AUDIO, BOTH].map(tried);
                    before.iter().zip(now).all(|(before, now)| now >= before + 2).then_some(())
                })
                .await;
            // The robot's own do not suffer by it.
            daemon.ready().await;
            let shown = shows_watchers(&daemon).await;
            assert_eq!(shown, 0, "a reader that was refused is none");
        }
    }
    drop(thief);
    let text = std::fs::read_to_string(&said).expect("what it tried");
    let admitted: Vec<&str> = text.lines().filter(|line| !line.contains(" 401 ")).collect();
    assert!(admitted.iter().all(|line| !line.contains("-> RTSP")), "{admitted:#?}");
    let replies = text.lines().filter(|line| line.contains("-> RTSP/1.0 401")).count();
    assert!(replies >= 18, "it was answered {replies} times");
}

async fn shows_watchers(daemon: &Daemon) -> u32 {
    daemon.status().await.presence.watchers
}

/// A process of another user. Dropping it kills it, with its own children.
struct Thief(Child);

impl Thief {
    fn start(port: u16, said: &Path) -> Self {
        let file = std::fs::File::create(said).expect("a file");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", OTHER, "--regid", OTHER, "--clear-groups", "--pdeathsig", "KILL", "--"]);
        command.args(["bash", "-c", THIEF, "thief"]).arg(port.to_string());
        command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Self(command.spawn().expect("setpriv and bash are there"))
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        let group = Pid::from_raw(self.0.id().cast_signed());
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.0.wait();
    }
}
