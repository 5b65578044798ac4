//! What the robot says: with the real engine and a loudspeaker that a test holds.

use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};

use crate::config::SpeechEngine;

use super::*;

/// The loudspeaker's end.
struct Speaker(UnixListener);

impl Speaker {
    fn of(robot: &Robot) -> Self {
        Self(UnixListener::bind(robot.app.media.audio.speech_socket()).unwrap())
    }

    async fn accept(&self) -> UnixStream {
        let accepted = tokio::time::timeout(Duration::from_secs(20), self.0.accept()).await;
        accepted.expect("somebody speaks").unwrap().0
    }

    /// Plays one connection to its end: its samples.
    async fn play(&self) -> Vec<i16> {
        let mut stream = self.accept().await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
        read.expect("it ends").unwrap();
        bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
    }
}

fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

fn speak(text: &str) -> Ask {
    Ask::post("/api/v1/robot/speak").json(&serde_json::json!({ "text": text }).to_string())
}

async fn said(robot: &Robot, ask: Ask) -> api::Utterance {
    let answer = robot.ask_as_admin(ask).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    answer.json()
}

async fn idle(robot: &Robot) -> api::Speech {
    let mut state = robot.app.speech.subscribe();
    let over = state.wait_for(|speech| speech.speaking.is_none() && speech.waiting.is_empty());
    tokio::time::timeout(Duration::from_secs(30), over).await.expect("it is over").unwrap().clone()
}

async fn speaking(robot: &Robot, id: u64) {
    let mut state = robot.app.speech.subscribe();
    let begun = state.wait_for(|speech| speech.speaking.as_ref().is_some_and(|it| it.id == id));
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("its turn came").unwrap();
}

/// With this program as the engine.
fn engine(robot: &Robot, command: &[&str]) {
    robot.config.send_modify(|config| {
        let speech = &mut Arc::make_mut(config).speech;
        speech.engine = SpeechEngine::Command;
        speech.command = command.iter().map(|part| (*part).to_owned()).collect();
    });
}

fn quiet(robot: &Robot, hours: &str) {
    robot.config.send_modify(|config| {
        Arc::make_mut(config).speech.quiet_hours = Some(serde_json::from_value(hours.into()).unwrap());
    });
}

#[tokio::test]
async fn words_become_sound_in_both_languages() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    for language in ["ro", "en"] {
        let body = format!(r#"{{"text":"Bună ziua, eu sunt aici.","language":"{language}"}}"#);
        let utterance = said(&robot, Ask::post("/api/v1/robot/speak").json(&body)).await;
        assert_eq!(utterance.text.as_deref(), Some("Bună ziua, eu sunt aici."));
        let samples = speaker.play().await;
        assert!((48_000..400_000).contains(&samples.len()), "{}", samples.len());
        assert!(peak(&samples) > 3_000, "{}", peak(&samples));
        assert_eq!(idle(&robot).await.failed, None);
    }
}

#[tokio::test]
async fn the_attention_sound_is_heard_alone_or_first() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    let utterance = said(&robot, Ask::post("/api/v1/robot/attention")).await;
    assert_eq!(utterance.text, None);
    let alone = speaker.play().await;
    assert!(peak(&alone) > 8_000);
    let body = r#"{"text":"Da.","attention":true}"#;
    said(&robot, Ask::post("/api/v1/robot/speak").json(body)).await;
    let both = speaker.play().await;
    assert!(both.len() > alone.len() + 5_000);
    assert_eq!(both[..alone.len()], alone[..]);
}

/// Whatever is typed reaches the engine's standard input, and nothing else.
#[tokio::test]
async fn what_is_typed_is_never_an_option_an_argument_or_a_command() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    // Not in the state directory: an engine may not write there.
    let place = tempfile::tempdir().unwrap();
    let (heard, argv) = (place.path().join("heard"), place.path().join("argv"));
    let script = format!(
        "cat >{}; tr '\\0' ' ' </proc/$$/cmdline >{}; tr '\\0' ' ' </proc/$PPID/cmdline >>{}; exec espeak-ng --stdout x",
        heard.display(),
        argv.display(),
        argv.display()
    );
    engine(&robot, &["sh", "-c", &script]);
    let long = "ț".repeat(500);
    for text in [
        "--help",
        "-w /tmp/canary",
        "$(reboot)",
        "`reboot`",
        "\"; rm -rf /",
        "%s%n",
        "a\u{7f}b",
        "ș ț ă î â",
        &long,
    ] {
        said(&robot, speak(text)).await;
        assert!(!speaker.play().await.is_empty());
        assert_eq!(idle(&robot).await.failed, None, "{text}");
        let expected: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        assert_eq!(std::fs::read_to_string(&heard).unwrap(), format!("{expected}\n"));
        assert!(!std::fs::read_to_string(&argv).unwrap().contains(text), "{text} is in an argument");
    }
}

/// The same through espeak-ng itself.
#[tokio::test]
async fn the_default_engine_says_them_all() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    for text in ["--help", "$(reboot)", "\"; rm", "-f /etc/passwd"] {
        said(&robot, speak(text)).await;
        let samples = speaker.play().await;
        assert!(samples.len() > 10_000 && peak(&samples) > 2_000, "{text}: {}", samples.len());
        assert_eq!(idle(&robot).await.failed, None, "{text}");
    }
}

#[tokio::test]
async fn texts_that_are_no_texts_are_refused() {
    let robot = Robot::new();
    for text in ["", "   ", "\n\t\u{0}", &"ț".repeat(501)] {
        assert_eq!(robot.ask_as_admin(speak(text)).await.refused(422), "out_of_range");
    }
    for text in
        ["...!?", "[[", "\u{200b}\u{200d}", "\u{feff}", "- — „”", "\u{661}\u{662}", "\u{202e}.\u{202c}"]
    {
        let answer = robot.ask_as_admin(speak(text)).await;
        assert_eq!(answer.refused(422), "out_of_range", "{text:?}");
        assert!(answer.text().contains("nothing in this text can be said"), "{}", answer.text());
    }
    for body in
        ["{}", "[]", r#"{"text":1}"#, r#"{"text":"a","language":"fr"}"#, r#"{"text":"a","voice":"x"}"#]
    {
        let ask = Ask::post("/api/v1/robot/speak").json(body);
        assert_eq!(robot.ask_as_admin(ask).await.refused(400), "bad_request");
    }
    assert_eq!(robot.ask(speak("a")).await.refused(401), "not_signed_in");
}

#[tokio::test]
async fn what_the_robot_cannot_do_is_told_at_once() {
    let mute = Robot::with(Parts { speaker: false, ..Parts::default() });
    assert_eq!(mute.ask_as_admin(speak("a")).await.refused(501), "not_supported");
    assert_eq!(mute.ask_as_admin(Ask::post("/api/v1/robot/attention")).await.refused(501), "not_supported");
    let robot = Robot::new();
    engine(&robot, &["no-such-engine"]);
    let answer = robot.ask_as_admin(speak("a")).await;
    assert_eq!(answer.refused(501), "not_supported");
    assert!(answer.text().contains("no-such-engine"));
}

#[tokio::test]
async fn quiet_hours_are_quiet_and_end() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    quiet(&robot, "00:00-23:59");
    // In the one minute between, this test says nothing; no other minute of the day is like it.
    let now = jiff::Zoned::now().time();
    if (now.hour(), now.minute()) == (23, 59) {
        return;
    }
    let answer = robot.ask_as_admin(speak("a")).await;
    assert_eq!(answer.refused(409), "quiet_hours");
    assert!(answer.text().contains("until 23:59"), "{}", answer.text());
    assert_eq!(robot.ask_as_admin(Ask::post("/api/v1/robot/attention")).await.refused(409), "quiet_hours");
    robot.config.send_modify(|config| Arc::make_mut(config).speech.quiet_hours = None);
    said(&robot, speak("a")).await;
    assert!(!speaker.play().await.is_empty());
}

/// Also for the one whose turn has come: a live talker may hold it up at the loudspeaker until they have begun.
#[tokio::test]
async fn quiet_hours_that_begin_meanwhile_are_quiet_for_all_who_were_asked_before() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    let first = said(&robot, speak(&"foarte lung ".repeat(40))).await;
    let second = said(&robot, speak("doi")).await;
    let mut held = speaker.accept().await;
    assert_eq!(robot.app.speech.state().speaking, Some(first));
    quiet(&robot, "00:00-23:59");
    let failed = idle(&robot).await.failed.unwrap();
    assert_eq!(failed.utterance, second);
    assert!(failed.why.contains("quiet hours"), "{}", failed.why);
    let mut rest = Vec::new();
    let cut = tokio::time::timeout(Duration::from_secs(2), held.read_to_end(&mut rest)).await;
    cut.expect("the loudspeaker is let go of").unwrap();
    assert!(rest.len() < 48_000, "{} bytes were under way", rest.len());
}

#[tokio::test]
async fn the_queue_is_bounded_in_order_and_emptied_by_one_call() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    let first = said(&robot, speak("unu")).await;
    speaking(&robot, first.id).await;
    let mut stream = speaker.accept().await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(said(&robot, speak("doi")).await);
    }
    let full = robot.ask_as_admin(speak("trei")).await;
    assert_eq!(full.refused(503), "busy");
    let voice = robot.get("/api/v1/status").await.json::<api::Status>().voice;
    assert_eq!((voice.speech.speaking, voice.speech.waiting), (Some(first), waiting));

    let hush = || Ask::new(Method::DELETE, "/api/v1/robot/speak");
    assert_eq!(robot.ask_as_admin(hush()).await.status, StatusCode::NO_CONTENT);
    let mut rest = Vec::new();
    let cut = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut rest)).await;
    cut.expect("the loudspeaker is let go of at once").unwrap();
    assert!(rest.len() < 48_000, "{} bytes were under way", rest.len());
    let speech = idle(&robot).await;
    assert_eq!(speech.failed, None, "a cancelling is no failure");
    assert_eq!(robot.ask_as_admin(hush()).await.status, StatusCode::NO_CONTENT, "as often as you like");
}

#[tokio::test]
async fn one_is_cancelled_and_the_others_are_not() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    let cancel = |id: &str| Ask::new(Method::DELETE, &format!("/api/v1/robot/speak/{id}"));
    let first = said(&robot, speak("unu")).await;
    let second = said(&robot, speak("doi")).await;
    let third = said(&robot, speak("trei")).await;
    speaking(&robot, first.id).await;
    let _held = speaker.accept().await;
    let ended = robot.ask_as_admin(cancel(&second.id.to_string())).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let ended = robot.ask_as_admin(cancel(&first.id.to_string())).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    speaking(&robot, third.id).await;
    assert!(!speaker.play().await.is_empty());
    idle(&robot).await;
    for id in [&*first.id.to_string(), &*second.id.to_string(), "0", "-1", "x", "99999999999999999999999"] {
        assert_eq!(robot.ask_as_admin(cancel(id)).await.refused(404), "no_such_utterance");
    }
}

#[tokio::test]
async fn a_cancelling_ends_the_engine_and_what_it_started() {
    let robot = Robot::new();
    let _speaker = Speaker::of(&robot);
    let place = tempfile::tempdir().unwrap();
    let pids = place.path().join("pids");
    let script = format!("sleep 1000 & echo $! $$ >{}; wait", pids.display());
    engine(&robot, &["sh", "-c", &script]);
    let utterance = said(&robot, speak("a")).await;
    let mut born = Vec::new();
    until("the engine runs", || {
        let text = std::fs::read_to_string(&pids).unwrap_or_default();
        born = text.split_whitespace().map(str::to_owned).collect();
        born.len() == 2
    })
    .await;
    robot.app.speech.cancel(utterance.id).unwrap();
    until("nothing of it is left", || {
        born.iter().all(|pid| {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        })
    })
    .await;
}

#[tokio::test]
async fn an_engine_that_fails_is_told_in_words_and_blocks_nobody() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    engine(&robot, &["sh", "-c", "echo the voice is missing >&2; exit 3"]);
    let utterance = said(&robot, speak("a")).await;
    speaker.play().await;
    let failed = idle(&robot).await.failed.unwrap();
    assert_eq!(failed.utterance, utterance);
    assert!(failed.why.contains("sh (stage 1) exited with status 3"), "{}", failed.why);
    engine(&robot, &["espeak-ng", "--stdin", "--stdout"]);
    said(&robot, speak("a")).await;
    assert!(!speaker.play().await.is_empty());
    assert_eq!(idle(&robot).await.failed, None, "what came after has been said");
}

#[tokio::test]
async fn a_loudspeaker_that_is_lost_blocks_nobody() {
    let robot = Robot::new();
    let speaker = Speaker::of(&robot);
    said(&robot, speak(&"foarte lung ".repeat(40))).await;
    drop(speaker.accept().await);
    let failed = idle(&robot).await.failed.unwrap();
    assert!(failed.why.contains("the loudspeaker was lost"), "{}", failed.why);
    said(&robot, speak("a")).await;
    assert!(!speaker.play().await.is_empty());
}

#[tokio::test]
async fn the_volume_is_a_percentage() {
    let robot = Robot::new();
    let put = |body: &str| Ask::new(Method::PUT, "/api/v1/robot/volume").json(body);
    let voice: api::Voice = robot.ask_as_admin(put(r#"{"percent":35}"#)).await.json();
    assert_eq!((voice.volume, voice.speaker.name.as_str()), (35, "test speaker"));
    assert_eq!(robot.ask_as_admin(put(r#"{"percent":101}"#)).await.refused(422), "out_of_range");
    for body in [r#"{"percent":256}"#, r#"{"percent":-1}"#, r#"{"percent":"1"}"#, "{}"] {
        assert_eq!(robot.ask_as_admin(put(body)).await.refused(400), "bad_request");
    }
    assert_eq!(robot.app.media.audio.sound().borrow().volume, 35);
}
