//! MediaMTX's auth hook.

use crate::http::hook;
use crate::media::HOOK_USER;

use super::*;

const NEAR: &str = "127.0.0.1";
const FAR: &str = "192.0.2.7";

#[tokio::test]
async fn only_mediamtx_is_answered_and_only_the_verdict_is_logged() {
    let (logged, _guard) = Logged::capture();
    let robot = Robot::new();
    let viewer = robot.app.media.access.whep_upstream();
    let (bound, port) = hook::bind().unwrap();
    let shutdown = CancellationToken::new();
    let serving = {
        let (media, auth, shutdown) = (robot.app.media.clone(), robot.app.auth.clone(), shutdown.clone());
        tokio::spawn(async move { hook::serve(bound, media, auth, "canary-secret", shutdown).await })
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |user: &'static str, password: &'static str, body: String| {
        let url = format!("http://127.0.0.1:{port}{}", hook::PATH);
        client.post(url).basic_auth(user, Some(password)).json(&serde_json::Value::Null).body(body).send()
    };
    let watch = std::fs::read_to_string(robot.dir.path().join(crate::auth::WATCH_TOKEN)).unwrap();
    let watch = watch.trim();
    let as_player = |ip: &str, protocol: &str, path: &str, password: &str| {
        serde_json::json!({
            "user": "vlc", "password": password, "token": password, "ip": ip,
            "action": "read", "path": path, "protocol": protocol,
        })
        .to_string()
    };
    let token = robot.token.clone();
    let body = |action: &str, password: &str| {
        serde_json::json!({
            "user": viewer.user, "password": password, "token": password, "ip": "127.0.0.1",
            "action": action, "path": "havatar_camera", "protocol": "webrtc", "id": null,
            "query": "canary-query", "userAgent": "canary-agent", "new": 1,
        })
        .to_string()
    };
    let right = viewer.password.as_str();
    for (user, secret, body, status) in [
        (HOOK_USER, "canary-secret", body("read", right), 204),
        (HOOK_USER, "canary-secret", body("read", "canary-wrong"), 401),
        (HOOK_USER, "canary-secret", body("publish", right), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "rtsp", "havatar", watch), 204),
        (HOOK_USER, "canary-secret", as_player(FAR, "hls", "havatar_camera", watch), 204),
        (HOOK_USER, "canary-secret", as_player(NEAR, "rtsp", "havatar", &token), 204),
        (HOOK_USER, "canary-secret", as_player(FAR, "rtsp", "havatar", &token), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "rtsp", "havatar", "canary-wrong"), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "rtsp", "havatar_audio", watch), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "rtsp", "havatar_talk", watch), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "hls", "havatar_talk", watch), 401),
        (HOOK_USER, "canary-secret", as_player(NEAR, "rtsp", "havatar_talk", &token), 401),
        (HOOK_USER, "canary-secret", as_player(FAR, "webrtc", "havatar", watch), 401),
        (HOOK_USER, "wrong", body("read", right), 401),
        ("other", "canary-secret", body("read", right), 401),
        (HOOK_USER, "canary-secret", "{".to_owned(), 400),
        (HOOK_USER, "canary-secret", format!(r#"{{"path":"{}"}}"#, "x".repeat(20_000)), 413),
    ] {
        assert_eq!(ask(user, secret, body).await.unwrap().status().as_u16(), status, "{user} {secret}");
    }
    let url = format!("http://127.0.0.1:{port}{}", hook::PATH);
    let plain = client.post(&url).json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!(plain.status().as_u16(), 401, "no credentials");
    shutdown.cancel();
    drop(client);
    serving.await.unwrap().unwrap();
    let text = logged.text();
    assert!(text.contains("admitted=true") && text.contains("admitted=false"), "{text}");
    let ours: Vec<_> = text.lines().filter(|line| line.contains("havatard")).collect();
    for secret in ["canary", right, token.as_str(), watch] {
        assert!(!ours.join("\n").contains(secret), "{ours:?}");
    }
}

/// A hook that admits nothing, its port, and what stops it.
fn serve_hook(robot: &Robot) -> (u16, CancellationToken) {
    let (bound, port) = hook::bind().unwrap();
    let shutdown = CancellationToken::new();
    let (media, auth, stop) = (robot.app.media.clone(), robot.app.auth.clone(), shutdown.clone());
    tokio::spawn(async move { hook::serve(bound, media, auth, "secret", stop).await });
    (port, shutdown)
}

async fn asks(port: u16) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = serde_json::json!({ "user": "", "password": "", "token": "", "ip": "", "action": "read", "path": "", "protocol": "rtsp" });
    let request = client.post(format!("http://127.0.0.1:{port}{}", hook::PATH));
    request.basic_auth(HOOK_USER, Some("secret")).json(&body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn processes_that_hold_connections_do_not_keep_mediamtx_out() {
    let robot = Robot::new();
    let (port, shutdown) = serve_hook(&robot);
    let mut held = Vec::new();
    for _ in 0..600 {
        held.push(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        if held.len() % 50 == 0 {
            assert_eq!(asks(port).await, 401, "with {} others", held.len());
        }
    }
    shutdown.cancel();
}

/// Takes root, which alone may act as another user.
#[tokio::test]
async fn a_process_of_another_user_gets_no_answer() {
    use std::io::Read as _;
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let robot = Robot::new();
    let (port, shutdown) = serve_hook(&robot);
    let others = std::thread::spawn(move || {
        // Of this thread alone.
        nix::unistd::setfsuid(65_534.into());
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let _ = stream.write_all(b"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    until("the other user was left", || others.is_finished()).await;
    assert_eq!(others.join().unwrap(), "");
    assert_eq!(asks(port).await, 401);
    shutdown.cancel();
}
