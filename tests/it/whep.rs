//! Watching over WHEP: one origin, and MediaMTX's secrets stay behind it.

use std::time::Duration;

use havatar_tests::offers::ICE_PASSWORD;
use havatar_tests::{Answer, Daemon, Plan, offers};
use reqwest::Method;

const WHEP: &str = "/api/mediamtx/webrtc/whep";

#[tokio::test]
async fn an_offer_is_answered_on_our_origin_and_the_session_takes_candidates_and_an_end() {
    let daemon = Plan::new()
        .set("media.mediamtx.ice_servers", serde_json::json!([{ "url": "stun:127.0.0.1:3478" }]))
        .set("media.mediamtx.log_level", "debug")
        .env("HAVATAR_LOG", "debug")
        .launch()
        .await;
    daemon.ready().await;
    let answer = offer(&daemon, WHEP, &sdp()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/sdp");
    let text = answer.text();
    for line in ["v=0", "m=video", "a=sendonly", "H264/90000", "a=candidate:"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(answer.header("link").contains("stun:127.0.0.1:3478"), "{:?}", answer.headers);
    let location = answer.header("location").to_owned();
    let id = location.strip_prefix(&format!("{WHEP}/")).expect("a session on our origin").to_owned();

    let fragment = format!(
        "a=ice-ufrag:story\r\na=ice-pwd:{ICE_PASSWORD}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
         a=candidate:1 1 UDP 2130706431 127.0.0.1 40000 typ host\r\n"
    );
    let patched = daemon
        .try_ask(Method::PATCH, &location, |it| {
            it.header("content-type", "application/trickle-ice-sdpfrag")
                .header("if-match", "*")
                .body(fragment)
        })
        .await
        .expect("an answer");
    assert_eq!(patched.status, 204, "{}", patched.text());
    let sessions = daemon.ask(Method::GET, "/api/mediamtx/v3/webrtc/sessions/list").await;
    assert!(sessions.text().contains("havatar_camera"), "{}", sessions.text());

    let ended = daemon.ask(Method::DELETE, &location).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    daemon
        .eventually(Duration::from_secs(5), "MediaMTX has ended the session", async || {
            let sessions = daemon.ask(Method::GET, "/api/mediamtx/v3/webrtc/sessions/list").await;
            (!sessions.text().contains("havatar_camera")).then_some(())
        })
        .await;
    let gone = daemon.ask(Method::DELETE, &location).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "no_such_session"));

    // Even at the most talkative: neither the session's name nor keys, nor what MediaMTX calls our hook with.
    let settings =
        std::fs::read_to_string(daemon.plan().runtime().join("mediamtx.yml")).expect("the settings");
    let hook =
        settings.split("http://mediamtx:").nth(1).and_then(|rest| rest.split('@').next()).expect("a secret");
    let logs = daemon.ask(Method::GET, "/api/v1/processes/mediamtx/logs").await.text();
    let shown = format!("{}{logs}{text}{:?}{}", daemon.log(), answer.headers, sessions.text());
    assert!(!shown.contains(hook), "the hook's secret");
    for secret in [ICE_PASSWORD, id.as_str(), daemon.token()] {
        assert!(!daemon.log().contains(secret) && !logs.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn every_stream_may_be_watched_and_the_ice_servers_are_told_beforehand() {
    let daemon = Plan::new()
        .set("media.mediamtx.ice_servers", serde_json::json!([{ "url": "stun:127.0.0.1:3478" }]))
        .launch()
        .await;
    daemon.ready().await;
    for (path, offered) in
        [("havatar", sdp()), ("havatar_audio", offers::offer(&[("audio", "opus/48000/2")], "a=recvonly\r\n"))]
    {
        let answer = offer(&daemon, &format!("{WHEP}?path={path}"), &offered).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }
    let options = daemon.ask(Method::OPTIONS, WHEP).await;
    assert_eq!(options.status, 204);
    assert!(options.header("link").contains("stun:127.0.0.1:3478"));
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_in_words() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    for (path, body, status, code) in [
        (WHEP, "hello".to_owned(), 400, "bad_sdp"),
        (WHEP, "v=0\r\nnonsense".to_owned(), 400, "bad_sdp"),
        ("/api/mediamtx/webrtc/whep?path=nowhere", sdp(), 404, "no_such_stream"),
        ("/api/mediamtx/webrtc/whep?path=../v3", sdp(), 404, "no_such_stream"),
    ] {
        let answer = offer(&daemon, path, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
    let large = offer(&daemon, WHEP, &format!("v=0\r\n{}", "a".repeat(200_000))).await;
    assert_eq!(large.status, 413);
    let wrong =
        daemon.try_ask(Method::POST, WHEP, |it| it.header("content-type", "text/plain").body(sdp())).await;
    assert_eq!(wrong.expect("an answer").status, 415);
    let stranger = reqwest::Client::new().post(format!("{}{WHEP}", daemon.origin())).body(sdp()).send().await;
    assert_eq!(stranger.expect("an answer").status().as_u16(), 401);

    let stopped = daemon.post("/api/v1/processes/mediamtx/stop").await;
    assert_eq!(stopped.status, 200, "{}", stopped.text());
    let away = offer(&daemon, WHEP, &sdp()).await;
    assert_eq!((away.status, away.code().as_str()), (503, "mediamtx_away"), "{}", away.text());
    assert!(!away.header("retry-after").is_empty());
    daemon.post("/api/v1/processes/mediamtx/start").await;
    daemon.ready().await;
    let back = offer(&daemon, WHEP, &sdp()).await;
    assert_eq!(back.status, 201, "{}", back.text());
}

#[tokio::test]
async fn a_session_belongs_to_whoever_began_it() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let answer = offer(&daemon, WHEP, &sdp()).await;
    let url = format!("{}{}", daemon.origin(), answer.header("location"));
    let stranger = reqwest::Client::new().delete(url).send().await.expect("an answer");
    assert_eq!(stranger.status().as_u16(), 401);
    assert_eq!(daemon.ask(Method::DELETE, answer.header("location")).await.status, 200);
}

async fn offer(daemon: &Daemon, path: &str, body: &str) -> Answer {
    let body = body.to_owned();
    daemon
        .try_ask(Method::POST, path, |it| it.header("content-type", "application/sdp").body(body))
        .await
        .expect("an answer")
}

/// What a browser that wants to receive one H.264 stream offers.
fn sdp() -> String {
    offers::offer(&[("video", "H264/90000")], "a=recvonly\r\n")
}
