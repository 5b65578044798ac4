//! What is heard at the robot, and that it does not hear itself.

use std::time::Duration;

use havatar_api::{DeviceState, ProcessState};
use havatar_tests::sound::{LOUDSPEAKER, MICROPHONE, SoundCard};
use havatar_tests::{AUDIO, Daemon, Plan, figure, goal, proc, tools};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::Instant;

/// 10 ms.
const BLOCK: usize = 480;
const SOON: Duration = Duration::from_secs(10);
/// Goal for what has reached the loudspeaker's stage: half of the way from a browser.
const HEARD_WITHIN: Duration = Duration::from_millis(150);

#[tokio::test]
async fn speech_is_heard_at_once_and_to_its_end_and_a_cancel_silences_it() {
    let (card, daemon) = with_loudspeaker(|plan| plan).await;
    let ear = card.listen(LOUDSPEAKER);
    ear.silent(Instant::now(), SOON).await.expect("it listens");

    let begun = Instant::now();
    let mut speech = connect(&daemon, "speech.sock").await;
    speech.write_all(&tone(16_000, 100)).await.expect("taken");
    speech.shutdown().await.expect("the end is told");
    let mut rest = Vec::new();
    speech.read_to_end(&mut rest).await.expect("an end");
    let played = begun.elapsed();
    let heard = ear.louder(begun, SOON, 5000).await.expect("it is heard") - begun;
    goal("speech_to_loudspeaker", heard, HEARD_WITHIN);
    assert!(played >= Duration::from_millis(900), "{played:?}");
    goal("speech_of_a_second_played", played, Duration::from_millis(1600));
    ear.silent(begun + played, SOON).await.expect("it ends");

    let mut speech = connect(&daemon, "speech.sock").await;
    let begun = Instant::now();
    speech.write_all(&tone(16_000, 100)).await.expect("taken");
    ear.louder(begun, SOON, 5000).await.expect("it is heard");
    let cancelled = Instant::now();
    drop(speech);
    let silent = ear.silent(cancelled, SOON).await.expect("it is silent") - cancelled;
    goal("speech_cancel_to_silence", silent, Duration::from_millis(250));
}

#[tokio::test]
async fn a_live_voice_goes_before_speech_and_is_never_late() {
    let (card, daemon) = with_loudspeaker(|plan| plan).await;
    let ear = card.listen(LOUDSPEAKER);
    ear.silent(Instant::now(), SOON).await.expect("it listens");
    // This story is the reader of the talk line itself.
    assert_eq!(daemon.post("/api/v1/processes/talk/stop").await.status, 200);
    let mut line = connect(&daemon, "talk.sock").await;
    let mut speech = connect(&daemon, "speech.sock").await;
    let begun = Instant::now();
    let speaking = tokio::spawn(async move {
        speech.write_all(&tone(20_000, 300)).await.expect("taken");
        speech
    });
    ear.louder(begun, SOON, 9000).await.expect("speech is heard");

    // What piled up somewhere arrives at once, then the voice goes on at its own pace.
    line.write_all(&tone(2_000, 200)).await.expect("taken");
    let talking = Instant::now();
    for frame in 1..100 {
        line.write_all(&tone(2_000, 2)).await.expect("taken");
        tokio::time::sleep_until(talking + Duration::from_millis(20) * frame).await;
    }
    let ended = Instant::now();
    let (from, to) = (talking + Duration::from_millis(300), ended);
    let loudest = ear.loudest(from, to);
    assert!((800..4000).contains(&loudest), "the voice alone: {loudest}");
    // Two seconds were sent at once before it: had they been kept, the voice would go on for that long.
    let again = ear.louder(ended, SOON, 9000).await.expect("speech goes on") - ended;
    assert!(again >= Duration::from_millis(400), "{again:?}");
    goal("speech_goes_on_after_a_voice", again, Duration::from_millis(900));
    drop(speaking.await.expect("no panic"));
}

#[tokio::test]
async fn the_microphone_is_held_back_while_the_loudspeaker_is_heard() {
    let (card, daemon) = with_loudspeaker(|plan| {
        plan.set("media.microphone.source", "pulse")
            .set("media.microphone.device", format!("{MICROPHONE}.monitor"))
            .set("media.speaker.guard", "500ms")
    })
    .await;
    let _tone = card.tone(MICROPHONE);
    daemon.process_is(SOON, "microphone", ProcessState::Running).await;
    let url = daemon.rtsp("havatar");
    let open = daemon
        .eventually(SOON, "the tone is published", async || {
            Some(tools::loudness(&url).await).filter(|loudness| *loudness > -30.0)
        })
        .await;
    assert!(!daemon.status().await.voice.ducked);

    let mut speech = connect(&daemon, "speech.sock").await;
    let speaking = tokio::spawn(async move {
        speech.write_all(&tone(16_000, 1000)).await.expect("taken");
        speech
    });
    daemon
        .eventually(SOON, "the microphone is held back", async || {
            daemon.status().await.voice.ducked.then_some(())
        })
        .await;
    let held = daemon
        .eventually(SOON, "it is quieter", async || {
            Some(tools::loudness(&url).await).filter(|loudness| *loudness < open - 25.0)
        })
        .await;
    figure("microphone_open_and_held_back_db", format!("{open} {held}"));
    drop(speaking.await.expect("no panic"));
    daemon
        .eventually(SOON, "it is let go", async || (!daemon.status().await.voice.ducked).then_some(()))
        .await;
    assert!(daemon.stream(AUDIO).await.active);
}

#[tokio::test]
async fn a_player_that_hangs_is_replaced_and_costs_neither_picture_nor_sound() {
    let (card, daemon) = with_loudspeaker(|plan| plan.set("media.microphone.source", "test")).await;
    daemon.ready().await;
    for (stage, signal) in
        [("pacat", Signal::SIGSTOP), ("havatard", Signal::SIGSTOP), ("pacat", Signal::SIGKILL)]
    {
        let (before, at) = (daemon.process("speaker").await.restarts, Instant::now());
        proc::signal(daemon.child("speaker", stage).pid, signal);
        daemon
            .eventually(SOON, "another one plays", async || {
                let speaker = daemon.process("speaker").await;
                (speaker.restarts > before && speaker.state == ProcessState::Running).then_some(())
            })
            .await;
        figure(&format!("loudspeaker_{stage}_{signal}_replaced_ms"), at.elapsed().as_millis());
        daemon.process_is(SOON, "talk", ProcessState::Running).await;
    }
    for process in ["microphone", "muxer", "mediamtx"] {
        assert_eq!(daemon.process(process).await.restarts, 0, "{process}");
    }
    let ear = card.listen(LOUDSPEAKER);
    let begun = Instant::now();
    let mut speech = connect(&daemon, "speech.sock").await;
    speech.write_all(&tone(16_000, 100)).await.expect("taken");
    ear.louder(begun, SOON, 5000).await.expect("it is heard");
}

#[tokio::test]
async fn without_a_sound_card_the_loudspeaker_is_waited_for_and_nothing_else_is_missing() {
    let daemon = Plan::new()
        .set("media.camera.source", "off")
        .set("media.speaker.output", "alsa")
        .set("media.speaker.device", "plughw:CARD=Nowhere")
        .launch()
        .await;
    daemon.ready().await;
    let speaker = daemon.status().await.voice.speaker;
    assert_eq!(speaker.state, DeviceState::Away, "{speaker:?}");
    assert!(speaker.why.is_some_and(|why| why.contains("Nowhere")));
    assert_eq!(daemon.process("speaker").await.restarts, 0, "waiting is no failing");
    assert_eq!(daemon.process("talk").await.state, ProcessState::Waiting);
}

/// A daemon whose loudspeaker plays, and whose talk line is read.
async fn with_loudspeaker(change: impl FnOnce(Plan) -> Plan) -> (SoundCard, Daemon) {
    let card = SoundCard::new().await;
    let plan = Plan::new()
        .env("PULSE_SERVER", card.address())
        .set("media.camera.source", "off")
        .set("media.microphone.source", "off")
        .set("media.speaker.output", "auto")
        .set("media.speaker.device", LOUDSPEAKER);
    let daemon = change(plan).launch().await;
    daemon.process_is(SOON, "talk", ProcessState::Running).await;
    assert_eq!(daemon.status().await.voice.speaker.state, DeviceState::Live);
    (card, daemon)
}

async fn connect(daemon: &Daemon, socket: &str) -> UnixStream {
    let place = daemon.plan().runtime().join(socket);
    daemon.eventually(SOON, "the loudspeaker listens", async || UnixStream::connect(&place).await.ok()).await
}

/// So many blocks of a 1 kHz tone.
fn tone(amplitude: i16, blocks: usize) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a test tone")]
    let sample = |at: usize| (f64::from(amplitude) * (at as f64 / 48.0 * std::f64::consts::TAU).sin()) as i16;
    (0..blocks * BLOCK).flat_map(|at| sample(at).to_le_bytes()).collect()
}
