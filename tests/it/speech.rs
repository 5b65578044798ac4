//! What the robot says aloud, from the request to the loudspeaker, with the real engine; and who may talk through it.

use std::time::Duration;

use havatar_api::{DeviceState, Utterance};
use havatar_tests::sound::{LOUDSPEAKER, SoundCard};
use havatar_tests::{Daemon, Plan, figure, goal, offers, proc};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(10);
const WHIP: &str = "/api/mediamtx/webrtc/whip";
/// Loud enough to be a voice.
const VOICE: u16 = 1500;

#[tokio::test]
async fn words_are_heard_in_order_and_hushed_at_once() {
    let (card, daemon) = with_loudspeaker(Plan::new()).await;
    let ear = card.listen(LOUDSPEAKER);
    ear.silent(Instant::now(), SOON).await.expect("it listens");
    let asked = Instant::now();
    let first = speak(&daemon, json!({ "text": "Bună ziua!", "attention": true })).await;
    let heard = ear.louder(asked, SOON, VOICE).await.expect("the attention sound is heard") - asked;
    figure("speak_to_sound_ms", heard.as_millis());
    assert_eq!(daemon.status().await.voice.speech.speaking.as_ref(), Some(&first));
    said(&daemon).await;
    ear.silent(Instant::now(), SOON).await.expect("it ends");

    let asked = Instant::now();
    speak(&daemon, json!({ "text": "unu doi trei patru ".repeat(20) })).await;
    speak(&daemon, json!({ "text": "niciodată" })).await;
    ear.louder(asked, SOON, VOICE).await.expect("the voice is heard");
    let hushed = Instant::now();
    assert_eq!(daemon.ask(Method::DELETE, "/api/v1/robot/speak").await.status, 204);
    let silent = ear.silent(hushed, SOON).await.expect("it is silent") - hushed;
    goal("hush_to_silence", silent, Duration::from_millis(400));
    let speech = daemon.status().await.voice.speech;
    assert!(speech.waiting.is_empty() && speech.failed.is_none(), "{speech:?}");
    no_engine_is_left(&daemon).await;
}

#[tokio::test]
async fn what_is_typed_reaches_no_command_line() {
    let (_card, daemon) = with_loudspeaker(Plan::new()).await;
    let canary = "--help $(reboot) canary-of-speech ";
    speak(&daemon, json!({ "text": canary.repeat(14) })).await;
    let seen = daemon
        .eventually(SOON, "the engine's decoder runs", async || {
            let all = proc::children(daemon.pid());
            all.iter().any(|it| it.args.iter().any(|arg| arg == "-ignore_length")).then_some(all)
        })
        .await;
    assert!(seen.iter().all(|it| !it.args.iter().any(|arg| arg.contains("canary-of-speech"))), "{seen:?}");
    daemon.ask(Method::DELETE, "/api/v1/robot/speak").await;
    assert!(!daemon.log().contains("canary-of-speech"));
    no_engine_is_left(&daemon).await;
}

#[tokio::test]
async fn one_talker_has_the_line_and_a_silent_one_loses_it() {
    let (_card, daemon) = with_loudspeaker(Plan::new()).await;
    let answer = offer(&daemon, &sdp("audio", "opus/48000/2")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(answer.text().contains("a=recvonly"), "{}", answer.text());
    let location = answer.header("location").to_owned();
    let session = location.strip_prefix(&format!("{WHIP}/")).expect("a session on our origin");
    let talk = daemon
        .try_ask(Method::PUT, "/api/v1/talk", |it| it.json(&json!({ "session": session, "on": true })))
        .await
        .expect("an answer");
    assert_eq!(talk.status, 204, "{}", talk.text());
    let talker = daemon.status().await.voice.talker.expect("a talker");
    assert!(talker.talking && talker.who == "admin", "{talker:?}");
    // Nothing ever comes of this session's media: MediaMTX drops it, and the line is free without anybody asking.
    let began = Instant::now();
    daemon
        .eventually(Duration::from_secs(20), "the line is free", async || {
            daemon.status().await.voice.talker.is_none().then_some(())
        })
        .await;
    figure("silent_talker_dropped_ms", began.elapsed().as_millis());
    let gone = daemon.ask(Method::DELETE, &location).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "no_such_session"));
}

#[tokio::test]
async fn mediamtx_dies_and_the_line_is_free() {
    let (_card, daemon) = with_loudspeaker(Plan::new()).await;
    assert_eq!(offer(&daemon, &sdp("audio", "opus/48000/2")).await.status, 201);
    assert!(daemon.status().await.voice.talker.is_some());
    assert_eq!(daemon.post("/api/v1/processes/mediamtx/restart").await.status, 200);
    daemon
        .eventually(Duration::from_secs(5), "the line is free", async || {
            daemon.status().await.voice.talker.is_none().then_some(())
        })
        .await;
    daemon
        .eventually(SOON, "the line is taken anew", async || {
            (offer(&daemon, &sdp("audio", "opus/48000/2")).await.status == 201).then_some(())
        })
        .await;
}

#[tokio::test]
async fn what_the_line_does_not_take_is_refused_in_words() {
    let (_card, daemon) = with_loudspeaker(Plan::new()).await;
    for (offered, status, code) in [
        ("hello".to_owned(), 400, "bad_sdp"),
        ("v=0\r\nnonsense".to_owned(), 400, "bad_sdp"),
        (sdp("video", "H264/90000"), 406, "unsupported_tracks"),
    ] {
        let answer = offer(&daemon, &offered).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{offered}");
        assert_eq!(daemon.status().await.voice.talker, None);
    }
}

async fn with_loudspeaker(plan: Plan) -> (SoundCard, Daemon) {
    let card = SoundCard::new().await;
    let daemon = card.as_loudspeaker(plan).launch().await;
    daemon.ready().await;
    daemon
        .eventually(SOON, "the loudspeaker plays", async || {
            (daemon.status().await.voice.speaker.state == DeviceState::Live).then_some(())
        })
        .await;
    (card, daemon)
}

async fn speak(daemon: &Daemon, body: Value) -> Utterance {
    let answer = daemon.try_ask(Method::POST, "/api/v1/robot/speak", |it| it.json(&body)).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()
}

async fn said(daemon: &Daemon) {
    daemon
        .eventually(Duration::from_secs(20), "all is said", async || {
            let speech = daemon.status().await.voice.speech;
            assert_eq!(speech.failed, None);
            (speech.speaking.is_none() && speech.waiting.is_empty()).then_some(())
        })
        .await;
}

async fn no_engine_is_left(daemon: &Daemon) {
    daemon
        .eventually(SOON, "nothing of the engine is left", async || {
            let engines = |arg: &String| arg == "-ignore_length" || arg.ends_with("espeak-ng");
            let all = proc::children(daemon.pid());
            (!all.iter().any(|it| it.args.iter().any(engines))).then_some(())
        })
        .await;
}

async fn offer(daemon: &Daemon, offer: &str) -> havatar_tests::Answer {
    let answer = daemon
        .try_ask(Method::POST, WHIP, |it| it.header("content-type", "application/sdp").body(offer.to_owned()))
        .await;
    answer.expect("an answer")
}

/// What a browser that wants to talk offers.
fn sdp(kind: &str, codec: &str) -> String {
    offers::offer(&[(kind, codec)], "a=sendonly\r\n")
}
