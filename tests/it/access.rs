//! Who gets in where, past the daemon too: at MediaMTX's own ports.

use std::process::Output;
use std::time::Duration;

use futures_util::future::join_all;
use havatar_tests::{AUDIO, BOTH, CAMERA, Daemon, Plan, tools};

#[tokio::test]
async fn without_credentials_mediamtx_gives_nothing_at_any_of_its_ports() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let ports = &daemon.plan().ports;
    let gets = [
        format!("http://127.0.0.1:{}/v3/paths/list", ports.api),
        format!("http://127.0.0.1:{}/v3/config/global/get", ports.api),
        format!("http://127.0.0.1:{}/metrics", ports.metrics),
        format!("http://127.0.0.1:{}/{BOTH}/index.m3u8", ports.hls),
    ];
    let http = client();
    let (http, token) = (&http, daemon.token());
    let refused = join_all(gets.iter().map(|url| async move {
        let plain = http.get(url).send().await.expect("an answer").status().as_u16();
        // The admin's token is for the daemon; MediaMTX's API is the daemon's alone.
        let admin = if url.contains("/index.m3u8") {
            401
        } else {
            http.get(url)
                .basic_auth("havatard", Some(token))
                .send()
                .await
                .expect("an answer")
                .status()
                .as_u16()
        };
        (url, plain, admin)
    }));
    let whep = async {
        let url = format!("http://127.0.0.1:{}/{CAMERA}/whep", ports.webrtc);
        let asked = http.post(&url).header("content-type", "application/sdp").body("v=0\r\n").send();
        let token = http
            .post(&url)
            .header("content-type", "application/sdp")
            .bearer_auth(token)
            .body("v=0\r\n")
            .send();
        (asked.await.expect("an answer").status().as_u16(), token.await.expect("an answer").status().as_u16())
    };
    let open = |path: &str| format!("rtsp://127.0.0.1:{}/{path}", ports.rtsp);
    let (both, camera) = (open(BOTH), open(CAMERA));
    let (gets, whep, read, publish) = tokio::join!(refused, whep, read(&both), publish(&camera));
    for (url, plain, admin) in gets {
        assert_eq!((plain, admin), (401, 401), "{url}");
    }
    assert_eq!(whep, (401, 401), "WHEP goes through the daemon");
    assert_refused(&read);
    assert_refused(&publish);
    daemon.ready().await;
}

#[tokio::test]
async fn what_a_publishers_command_line_shows_opens_nothing() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let urls: Vec<String> = daemon
        .processes()
        .into_iter()
        .flat_map(|process| process.args)
        .filter(|arg| arg.starts_with("rtsp://"))
        .collect();
    assert_eq!(
        urls.len(),
        5,
        "camera and microphone publish, the muxer reads two and publishes one: {urls:?}"
    );
    assert!(urls.iter().all(|url| !url.contains('@')), "there is nothing to read off them: {urls:?}");
    let before: Vec<_> =
        daemon.status().await.processes.into_iter().map(|it| (it.pid, it.restarts)).collect();
    // By the daemon's own user: it is not one of the daemon's own processes for that.
    let replayed = join_all(urls.iter().map(|url| async { tokio::join!(read(url), publish(url)) }));
    for (read, publish) in replayed.await {
        assert_refused(&read);
        assert_refused(&publish);
    }
    let after: Vec<_> = daemon.status().await.processes.into_iter().map(|it| (it.pid, it.restarts)).collect();
    assert_eq!(before, after, "nobody was thrown out by the attempt");
    let settings =
        std::fs::read_to_string(daemon.plan().runtime().join("mediamtx.yml")).expect("the settings");
    let hook =
        settings.split("http://mediamtx:").nth(1).and_then(|rest| rest.split('@').next()).expect("a secret");
    for process in daemon.processes() {
        let line = process.args.join(" ");
        assert!(!line.contains(hook) && !line.contains(daemon.token()), "{line}");
    }
}

#[tokio::test]
async fn a_token_opens_rtsp_and_hls_for_reading_and_the_microphone_alone_for_nobody() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let (both, camera, audio) = (daemon.rtsp(BOTH), daemon.rtsp(CAMERA), daemon.rtsp(AUDIO));
    let wrong = both.replace(daemon.watch_token(), "wrong");
    // On this machine the admin's own token does as well; elsewhere it must not be shown.
    let admin = both.replace(daemon.watch_token(), daemon.token());
    let hls = |path: &str| format!("http://127.0.0.1:{}/{path}/index.m3u8", daemon.plan().ports.hls);
    let sound = hls(AUDIO);
    let (opened, by_admin, picture, microphone, forged, push, deaf) = tokio::join!(
        read(&both),
        read(&admin),
        read(&camera),
        read(&audio),
        read(&wrong),
        publish(&camera),
        playlist(&daemon, &sound),
    );
    for opened in [opened, by_admin, picture] {
        assert!(opened.status.success(), "{}", tools::complaints(&opened));
    }
    for refused in [microphone, forged, push] {
        assert_refused(&refused);
    }
    assert_eq!(deaf.0, 401);
    let list = daemon
        .eventually(Duration::from_secs(15), "HLS gives a playlist", async || {
            let (status, text) = playlist(&daemon, &hls(BOTH)).await;
            (status == 200).then_some(text)
        })
        .await;
    assert!(list.starts_with("#EXTM3U"), "{list}");
    // What a player shows to the network does nothing but watch.
    let status = client().get(format!("{}/api/v1/status", daemon.origin())).bearer_auth(daemon.watch_token());
    assert_eq!(status.send().await.expect("an answer").status().as_u16(), 401);
}

#[tokio::test]
async fn a_stranger_is_told_what_is_missing_but_not_why() {
    let daemon = Plan::new()
        .set("media.camera.source", "v4l2")
        .set("media.camera.device", "/dev/v4l/by-id/canary-device")
        .launch()
        .await;
    let told = daemon.missing(Duration::from_secs(10), "camera_away").await;
    assert!(told.contains("canary-device"), "{told}");
    let answer = client().get(format!("{}/readyz", daemon.origin())).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 503);
    let text = answer.text().await.expect("a body");
    assert!(text.contains("camera_away") && !text.contains("canary-device"), "{text}");
}

#[tokio::test]
async fn only_health_readiness_and_sign_in_are_open_to_strangers() {
    let daemon = Plan::new().launch().await;
    let http = client();
    let contract: serde_json::Value = daemon.get("/api/openapi.json").await;
    let mut asked = 0;
    for (path, item) in contract["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            let Ok(verb) = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            let concrete = path.replace("{kind}", "paths").replace(['{', '}'], "");
            let status = http
                .request(verb, format!("{}{concrete}", daemon.origin()))
                .send()
                .await
                .expect("an answer")
                .status()
                .as_u16();
            let open = ["/healthz", "/readyz", "/api/v1/login"].contains(&path.as_str());
            assert!(open != (status == 401), "{method} {path}: {status}");
            asked += 1;
        }
    }
    assert!(asked >= 20, "{asked} routes");
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("an HTTP client")
}

async fn playlist(daemon: &Daemon, url: &str) -> (u16, String) {
    let answer =
        client().get(url).basic_auth("vlc", Some(daemon.watch_token())).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.unwrap_or_default())
}

async fn read(url: &str) -> Output {
    let args = [
        "-nostdin",
        "-v",
        "error",
        "-rtsp_transport",
        "tcp",
        "-i",
        url,
        "-t",
        "0.5",
        "-c",
        "copy",
        "-f",
        "null",
        "-",
    ];
    tools::run("ffmpeg", &args).await
}

async fn publish(url: &str) -> Output {
    let args = "-nostdin -v error -re -f lavfi -i testsrc=size=160x120:rate=10 -t 2 -c:v libx264 -preset ultrafast -f rtsp -rtsp_transport tcp";
    let mut args: Vec<&str> = args.split(' ').collect();
    args.push(url);
    tools::run("ffmpeg", &args).await
}

fn assert_refused(output: &Output) {
    let said = tools::complaints(output);
    assert!(!output.status.success() && said.contains("401"), "{said}");
}
