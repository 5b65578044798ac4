//! A sound card in user space, and ears at it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::{Plan, wait};

/// What is played into the robot's microphone.
pub const MICROPHONE: &str = "robot_mic";
/// What the robot's loudspeaker plays.
pub const LOUDSPEAKER: &str = "robot_speaker";
/// Samples in 10 ms.
const BLOCK: usize = 480;

/// A PulseAudio server of its own, with a microphone and a loudspeaker. It is gone with the value.
#[derive(Debug)]
pub struct SoundCard {
    dir: TempDir,
    _server: Ended,
}

/// What comes out of a source, block by block. It listens until it is dropped.
#[derive(Debug)]
pub struct Ear {
    heard: Arc<Mutex<Vec<(Instant, u16)>>>,
    _recorder: Ended,
}

/// Ends its process when it goes.
#[derive(Debug)]
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl SoundCard {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// If it does not within ten seconds.
    pub async fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("havatar-sound-").tempdir().expect("a temporary folder");
        let mut command = bound("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]);
        let socket = dir.path().join("native");
        command
            .arg(format!("--load=module-native-protocol-unix auth-anonymous=1 socket={}", socket.display()));
        for sink in [MICROPHONE, LOUDSPEAKER] {
            command.arg(format!("--load=module-null-sink sink_name={sink}"));
        }
        let server =
            Ended(home(command, dir.path()).stdin(Stdio::null()).spawn().expect("pulseaudio starts"));
        let card = Self { dir, _server: server };
        let answers = async || card.ask(&["info"]).then_some(());
        wait::in_time(Duration::from_secs(10), answers).await.expect("pulseaudio answers");
        card
    }

    /// The value of `PULSE_SERVER`.
    pub fn address(&self) -> String {
        format!("unix:{}", self.dir.path().join("native").display())
    }

    /// The plan, with this card's loudspeaker as the robot's.
    pub fn as_loudspeaker(&self, plan: Plan) -> Plan {
        plan.set("media.speaker.output", "pulse")
            .set("media.speaker.device", LOUDSPEAKER)
            .env("PULSE_SERVER", self.address())
    }

    /// Listens to a sink.
    ///
    /// # Panics
    /// If the recorder cannot be started.
    pub fn listen(&self, sink: &str) -> Ear {
        let mut command = self.client("parec");
        command.args(["--raw", "--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=10"]);
        command.arg(format!("--device={sink}.monitor")).stdout(Stdio::piped());
        let mut recorder = command.spawn().expect("parec starts");
        let mut out = recorder.stdout.take().expect("its output");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = heard.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 2 * BLOCK];
            while out.read_exact(&mut bytes).is_ok() {
                let peak = bytes.chunks(2).map(|it| i16::from_le_bytes([it[0], it[1]]).unsigned_abs()).max();
                keep.lock().expect("no panic").push((Instant::now(), peak.unwrap_or(0)));
            }
        });
        Ear { heard, _recorder: Ended(recorder) }
    }

    /// Plays a tone into a sink for as long as the value lives.
    ///
    /// # Panics
    /// If ffmpeg cannot be started.
    pub fn tone(&self, sink: &str) -> impl Drop + use<> {
        let mut command = self.client("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i"]);
        command.args([
            "sine=frequency=500:sample_rate=48000,volume=4",
            "-f",
            "pulse",
            "-device",
            sink,
            "tone",
        ]);
        Ended(command.spawn().expect("ffmpeg starts"))
    }

    fn ask(&self, words: &[&str]) -> bool {
        let mut command = self.client("pactl");
        command.args(words).output().is_ok_and(|output| output.status.success())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = bound(program);
        command.env("PULSE_SERVER", self.address()).stdin(Stdio::null()).stdout(Stdio::null());
        home(command, self.dir.path())
    }
}

impl Ear {
    /// When something louder than `least` was first heard after `from`.
    pub async fn louder(&self, from: Instant, within: Duration, least: u16) -> Option<Instant> {
        wait::in_time(within, async || {
            self.since(from).iter().find(|(_, peak)| *peak >= least).map(|it| it.0)
        })
        .await
    }

    /// When it had become silent after `from` and stayed so for 200 ms.
    pub async fn silent(&self, from: Instant, within: Duration) -> Option<Instant> {
        wait::in_time(within, async || {
            let heard = self.since(from);
            heard.windows(20).find(|part| part.iter().all(|(_, peak)| *peak < 30)).map(|part| part[0].0)
        })
        .await
    }

    /// The loudest between two moments.
    ///
    /// # Panics
    /// If nothing was recorded between them.
    pub fn loudest(&self, from: Instant, to: Instant) -> u16 {
        let heard = self.since(from);
        heard.iter().filter(|(at, _)| *at < to).map(|it| it.1).max().expect("something was recorded")
    }

    fn since(&self, from: Instant) -> Vec<(Instant, u16)> {
        self.heard.lock().expect("no panic").iter().filter(|(at, _)| *at >= from).copied().collect()
    }
}

/// Ends with the thread that starts it.
fn bound(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

fn home(mut command: Command, dir: &Path) -> Command {
    command.env("HOME", dir).env("XDG_RUNTIME_DIR", dir).stderr(Stdio::null());
    command
}
