//! The routes and what they answer.

use std::collections::HashMap;
use std::path::Path;

use super::*;

fn content() -> Vec<u8> {
    (0..300_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

const FILE: &str = "2026-01-02_03-04-05-000006.mp4";
const LONG_AGO: Duration = Duration::from_mins(1);

/// Where a recording of this robot is downloaded.
async fn recorded(robot: &Robot) -> String {
    let id = robot.record(FILE, &content(), LONG_AGO).await;
    format!("/api/v1/recordings/{id}/download")
}

/// A MediaMTX API that gives these answers, by path and query.
pub(super) async fn mediamtx_api(answers: &[(&str, u16, &str)]) -> SocketAddr {
    let answers: HashMap<String, (u16, String)> = answers
        .iter()
        .map(|(path, status, body)| ((*path).to_owned(), (*status, (*body).to_owned())))
        .collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async move |uri: http::Uri| {
        let unknown = (404, r#"{"error":"not found"}"#.to_owned());
        let (status, body) = answers.get(&uri.to_string()).cloned().unwrap_or(unknown);
        (StatusCode::from_u16(status).unwrap(), body)
    });
    // Ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn health_and_readiness_are_public() {
    let robot = Robot::new();
    let health = robot.ask(Ask::get("/healthz")).await;
    assert_eq!(health.json::<api::Health>(), api::Health { alive: true });
    let ready = robot.ask(Ask::get("/readyz")).await;
    assert_eq!((ready.status, ready.json::<api::Readiness>().ready), (StatusCode::OK, true));
    robot.change(|status| {
        let missing = api::Missing {
            code: "camera_away".to_owned(),
            message: "no picture".to_owned(),
            why: Some("plug it in".to_owned()),
        };
        status.readiness = api::Readiness { ready: false, missing: vec![missing] };
    });
    let ready = robot.ask(Ask::get("/readyz")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let told = |answer: &Answer| answer.json::<api::Readiness>().missing[0].clone();
    assert_eq!(
        (told(&ready).code.as_str(), told(&ready).why),
        ("camera_away", None),
        "reasons are not for anybody"
    );
    let known = robot.get("/readyz").await;
    assert_eq!(told(&known).why.as_deref(), Some("plug it in"));
}

#[tokio::test]
async fn the_status_is_one_snapshot_of_everything() {
    let robot = Robot::new();
    let status: api::Status = robot.get("/api/v1/status").await.json();
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(status.mediamtx_version.as_deref(), Some("v1.21.0"));
    let processes: Vec<api::Process> = robot.get("/api/v1/processes").await.json();
    assert_eq!(processes.len(), status.processes.len());
    assert_eq!(processes[0].name, status.processes[0].name);
    assert_eq!(status.streams, robot.get("/api/v1/stats").await.json::<api::Streams>());
}

// Paused: a recording that is started is waited for.
#[tokio::test(start_paused = true)]
async fn verbs_reach_their_process() {
    let robot = Robot::new();
    for verb in ["start", "stop", "restart"] {
        let answer = robot.ask_as_admin(Ask::post(&format!("/api/v1/processes/camera/{verb}"))).await;
        assert_eq!(answer.json::<api::Process>().name, "camera");
        let stream = robot.ask_as_admin(Ask::post(&format!("/api/v1/stream/{verb}"))).await;
        assert_eq!(stream.status.is_success(), verb != "restart");
    }
    assert_eq!(robot.get("/api/v1/processes/camera/logs").await.json::<api::Logs>().dropped, 0);
    for verb in ["start", "stop"] {
        let answer = robot.ask_as_admin(Ask::post(&format!("/api/v1/recordings/{verb}"))).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_recording_is_listed_shown_and_deleted_unless_it_is_being_written() {
    let robot = Robot::new();
    let done = robot.record(FILE, b"x", LONG_AGO).await;
    let growing = robot.record("2026-01-02_03-04-06-000000.ts", b"x", Duration::ZERO).await;
    assert_eq!(robot.get("/api/v1/recordings").await.json::<api::Recordings>().items.len(), 2);
    let path = |id: &str| format!("/api/v1/recordings/{id}");
    assert_eq!(robot.get(&path(&done)).await.json::<api::Recording>().file, FILE);
    let delete = |id: &str| Ask::new(Method::DELETE, &path(id));
    assert_eq!(robot.ask_as_admin(delete(&growing)).await.refused(409), "recording_in_progress");
    assert_eq!(robot.ask_as_admin(delete(&done)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(robot.ask_as_admin(delete(&done)).await.refused(404), "no_such_recording");
    let stream = robot.get(&format!("{}/download", path(&growing))).await;
    assert_eq!(stream.header(header::CONTENT_TYPE), "video/mp2t");
}

#[tokio::test]
async fn a_download_is_whole_or_one_range() {
    let robot = Robot::new();
    let content = content();
    let path = &*recorded(&robot).await;

    let whole = robot.get(path).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.body, content);
    assert_eq!(whole.header(header::CONTENT_TYPE), "video/mp4");
    assert_eq!(whole.header(header::CONTENT_LENGTH), "300000");
    assert_eq!(whole.header(header::ACCEPT_RANGES), "bytes");
    assert_eq!(
        whole.header(header::CONTENT_DISPOSITION),
        "attachment; filename=\"2026-01-02_03-04-05-000006.mp4\""
    );

    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=100000-", 100_000, 299_999),
        ("bytes=65535-65537", 65_535, 65_537),
        ("bytes=-10", 299_990, 299_999),
        ("bytes=299999-400000", 299_999, 299_999),
    ] {
        let part = robot.ask_as_admin(Ask::get(path).header(header::RANGE, range)).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.header(header::CONTENT_RANGE), format!("bytes {first}-{last}/300000"));
        assert_eq!(part.body, content[first..=last], "{range}");
        assert_eq!(part.header(header::CONTENT_LENGTH), part.body.len().to_string());
    }

    let beyond = robot.ask_as_admin(Ask::get(path).header(header::RANGE, "bytes=300000-")).await;
    assert_eq!(beyond.refused(416), "no_such_range");
    assert_eq!(beyond.header(header::CONTENT_RANGE), "bytes */300000");

    let head = robot.ask_as_admin(Ask::new(Method::HEAD, path)).await;
    assert_eq!((head.header(header::CONTENT_LENGTH), head.body.len()), ("300000", 0));
}

#[tokio::test]
async fn an_empty_file_is_no_recording() {
    let robot = Robot::new();
    let dir = robot.dir.path().join("recordings/havatar");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("2026-01-02_03-04-06-000000.mp4"), b"").unwrap();
    robot.record("2026-01-02_03-04-05-000000.mp4", b"film", LONG_AGO).await;
    let all: api::Recordings = robot.get("/api/v1/recordings").await.json();
    let files: Vec<&str> = all.items.iter().map(|item| &*item.file).collect();
    assert_eq!(files, ["2026-01-02_03-04-05-000000.mp4"], "what a power failure has left of a file");
}

#[tokio::test]
async fn a_range_of_another_version_is_not_given() {
    let robot = Robot::new();
    let path = &*recorded(&robot).await;
    let tag = robot.get(path).await.header(header::ETAG).to_owned();
    let part = |tag: &str| Ask::get(path).header(header::RANGE, "bytes=5-9").header(header::IF_RANGE, tag);
    assert_eq!(robot.ask_as_admin(part(&tag)).await.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(robot.ask_as_admin(part("\"other\"")).await.status, StatusCode::OK);
    robot.record(FILE, b"another version", LONG_AGO).await;
    assert_eq!(robot.ask_as_admin(part(&tag)).await.body, "another version");
    robot.record(FILE, b"another version", Duration::ZERO).await;
    let growing = robot.get(path).await;
    assert!(!growing.headers.contains_key(header::ETAG), "what still grows has no version");
}

#[tokio::test]
async fn mediamtx_is_reached_by_the_allow_list_only() {
    let api = mediamtx_api(&[
        ("/v3/info", 200, r#"{"version":"v1.21.0"}"#),
        ("/v3/paths/list?itemsPerPage=100", 200, r#"{"items":[]}"#),
        (
            "/v3/webrtc/sessions/list?itemsPerPage=5&page=2",
            200,
            r#"{"items":[{"query":"token=canary","id":"1"}]}"#,
        ),
        ("/v3/rtsp/sessions/get/7", 200, r#"{"id":"7"}"#),
        ("/v3/paths/get/havatar", 200, r#"{"name":"havatar"}"#),
        ("/v3/config/global/get", 200, r#"{"secret":"canary"}"#),
        ("/v3/paths/get/broken", 200, "<html>"),
        ("/v3/paths/get/failing", 500, r#"{"error":"canary"}"#),
    ])
    .await;
    let robot = Robot::with(Parts { api, ..Parts::default() });
    let get = async |path: &str| robot.get(&format!("/api/mediamtx/v3/{path}")).await;

    assert_eq!(get("info").await.json::<serde_json::Value>()["version"], "v1.21.0");
    assert_eq!(get("paths/list").await.status, StatusCode::OK);
    assert_eq!(get("paths/get/havatar").await.json::<serde_json::Value>()["name"], "havatar");
    for name in ["webrtc/sessions", "webrtcsessions"] {
        let sessions = get(&format!("{name}/list?page=2&itemsPerPage=5")).await;
        assert_eq!(sessions.json::<serde_json::Value>()["items"][0]["id"], "1", "{name}");
        assert!(!sessions.text().contains("canary"), "{}", sessions.text());
    }
    for name in ["rtsp/sessions", "rtspsessions"] {
        assert_eq!(get(&format!("{name}/get/7")).await.json::<serde_json::Value>()["id"], "7", "{name}");
    }

    for path in [
        "config/global/get",
        "config/list",
        "config/get/global",
        "paths/get/..%2f..%2fconfig%2fglobal%2fget",
        "paths/get/%2e%2e",
        "paths/get/x%3fy",
        "paths/get/x%00",
        "paths/get/../../config/global/get",
        "..%2fconfig/list",
        "recordings/deletesegment",
        "recordings/segments/delete",
        "webrtcsessions/kick/1",
        "webrtc/sessions/kick/1",
        "webrtc/sessions/get/..%2f..%2f..%2fconfig%2fglobal%2fget",
        "srt/sessions/list",
        "config/sessions/list",
        "config/path-defaults/get",
        "config/pathdefaults/get",
        "paths/forward-dests/list",
        "paths/static-sources/get/havatar",
        "auth/jwks/refresh",
    ] {
        let answer = get(path).await;
        answer.refused(404);
        assert!(!answer.text().contains("canary"), "{path}");
    }
    assert_eq!(get("paths/get/nothing").await.refused(404), "no_such_item");
    assert_eq!(get("paths/get/broken").await.refused(502), "mediamtx_odd");
    let failing = get("paths/get/failing").await;
    assert_eq!(failing.refused(502), "mediamtx_odd");
    assert!(!failing.text().contains("canary"));
    for method in [Method::POST, Method::PATCH, Method::DELETE] {
        let ask = Ask::new(method, "/api/mediamtx/v3/paths/list");
        robot.ask_as_admin(ask).await.refused(405);
    }
}

#[tokio::test]
async fn the_page_is_served_or_said_to_be_missing() {
    let robot = Robot::new();
    let page = robot.ask(Ask::get("/")).await;
    assert!(page.header(header::CONTENT_TYPE).starts_with("text/html"));
    if page.status == StatusCode::OK {
        assert_eq!(page.header(header::CACHE_CONTROL), "no-cache");
        let again = Ask::get("/").header(header::IF_NONE_MATCH, page.header(header::ETAG));
        assert_eq!(robot.ask(again).await.status, StatusCode::NOT_MODIFIED);
    } else {
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.text().contains("panel was not built"), "{}", page.text());
    }
}

#[tokio::test]
async fn the_description_is_served_and_the_committed_one_is_current() {
    let text = document_text();
    assert_eq!(Robot::new().get("/api/openapi.json").await.text(), text);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/openapi.json is not current: run this test with UPDATE_OPENAPI=1");
}

#[test]
fn the_description_names_the_contract() {
    let document: serde_json::Value = serde_json::from_str(&document_text()).unwrap();
    for (method, path) in [
        ("get", "/healthz"),
        ("get", "/readyz"),
        ("post", "/api/v1/login"),
        ("post", "/api/v1/logout"),
        ("get", "/api/v1/me"),
        ("get", "/api/v1/status"),
        ("get", "/api/v1/stats"),
        ("get", "/api/v1/events"),
        ("get", "/api/v1/processes"),
        ("post", "/api/v1/processes/{name}/restart"),
        ("get", "/api/v1/processes/{name}/logs"),
        ("post", "/api/v1/stream/start"),
        ("post", "/api/v1/recordings/start"),
        ("get", "/api/v1/recordings"),
        ("delete", "/api/v1/recordings/{id}"),
        ("get", "/api/v1/recordings/{id}/download"),
        ("post", "/api/mediamtx/webrtc/whep"),
        ("patch", "/api/mediamtx/webrtc/whep/{id}"),
        ("delete", "/api/mediamtx/webrtc/whep/{id}"),
        ("get", "/api/mediamtx/v3/info"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    for schema in ["Event", "Status", "Problem", "Recording", "Streams"] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
    }
}

#[tokio::test]
async fn what_is_plugged_in_is_listed_for_one_client_at_a_time() {
    let robot = Robot::new();
    let asked = || robot.ask_as_admin(Ask::new(Method::GET, "/api/v1/devices"));
    let answers = futures_util::future::join_all((0..4).map(|_| asked())).await;
    let (answered, busy): (Vec<_>, Vec<_>) = answers.into_iter().partition(|it| it.status == StatusCode::OK);
    assert!(!answered.is_empty());
    for answer in &answered {
        let devices: api::AttachedDevices = answer.json();
        assert!(devices.serial_ports.iter().all(|port| port.port.starts_with("/dev/serial/by-id/")));
    }
    for answer in &busy {
        assert_eq!(answer.refused(503), "busy");
    }
}

#[tokio::test]
async fn controls_are_set_on_a_v4l2_camera_that_is_there() {
    let put = |body: &str| Ask::new(Method::PUT, "/api/v1/devices/camera/controls").json(body);
    let robot = Robot::new();
    for wrong in ["[]", r#"{"brightness": 0.5}"#, r#"{"brightness": [1]}"#] {
        assert_eq!(robot.ask_as_admin(put(wrong)).await.refused(400), "bad_request", "{wrong}");
    }
    // The fake's config is the default one, and no camera is plugged in where tests run.
    let away = !["/dev/v4l/by-id", "/dev/v4l/by-path"].iter().any(|place| Path::new(place).exists());
    if away {
        let answer = robot.ask_as_admin(put(r#"{"brightness": 5, "hue": null}"#)).await;
        assert_eq!(answer.refused(409), "camera_away");
    }
}
