//! Who may use which route.

use crate::http::permission::Permission;

use super::*;

/// Every route of the description.
fn described() -> Vec<(Method, String)> {
    let document: serde_json::Value = serde_json::from_str(&document_text()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let Ok(method) = method.to_uppercase().parse() else { continue };
            if ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"].contains(&Method::as_str(&method))
            {
                routes.push((method, path.clone()));
            }
        }
    }
    routes
}

/// A path with something in place of its parameters.
fn concrete(path: &str) -> String {
    let path = path.replace("{kind}/sessions", "webrtc/sessions");
    path.replace("{kind}", "paths").replace("{id}", "x").replace("{name}", "x")
}

fn routes() -> Vec<(Method, String)> {
    described().into_iter().map(|(method, path)| (method, concrete(&path))).collect()
}

#[tokio::test]
async fn each_described_route_is_in_the_table_and_requires_its_permission() {
    let (robot, permissions) = (Robot::new(), crate::http::routes::build().permissions);
    for (method, path) in described() {
        let required = permissions.of(&path, &method);
        let answer =
            robot.ask(Ask::new(method.clone(), &concrete(&path)).header(header::ORIGIN, ORIGIN)).await;
        match required.unwrap_or_else(|| panic!("{method} {path} is not in the table")) {
            Permission::Public => assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}"),
            Permission::SignedIn => assert_eq!(answer.refused(401), "not_signed_in", "{method} {path}"),
        }
    }
}

const PUBLIC: [&str; 3] = ["/healthz", "/readyz", "/api/v1/login"];

#[tokio::test]
async fn every_route_but_the_public_ones_refuses_without_credentials() {
    let robot = Robot::new();
    let token = robot.token.clone();
    let cookie = robot.cookie().await;
    let routes = routes();
    assert!(routes.len() >= 27, "{routes:?}");
    let mut checked = 0;
    for (method, path) in routes {
        if PUBLIC.contains(&path.as_str()) {
            continue;
        }
        for (name, value) in [
            (header::ACCEPT, "*/*".to_owned()),
            (header::AUTHORIZATION, "Bearer wrong".to_owned()),
            (header::AUTHORIZATION, format!("Basic {token}")),
            (header::AUTHORIZATION, token.clone()),
            (header::AUTHORIZATION, "Bearer".to_owned()),
            (header::COOKIE, "havatar=wrong".to_owned()),
            (header::COOKIE, format!("havatar={token}")),
            (header::COOKIE, cookie.replace("havatar=", "__Host-havatar=")),
        ] {
            let ask = Ask::new(method.clone(), &path).header(header::ORIGIN, ORIGIN).header(name, &value);
            let answer = robot.ask(ask).await;
            assert_eq!(answer.refused(401), "not_signed_in", "{method} {path} with {value}");
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
            checked += 1;
        }
    }
    assert!(checked >= 8 * 24, "{checked}");
}

// Paused: a recording that is started is waited for.
#[tokio::test(start_paused = true)]
async fn every_route_is_reached_with_a_token_and_with_a_cookie() {
    let robot = Robot::new();
    let cookie = robot.cookie().await;
    for (method, path) in routes() {
        if path == "/api/v1/logout" {
            continue;
        }
        for ask in [
            Ask::new(method.clone(), &path).bearer(&robot.token),
            Ask::new(method.clone(), &path).page(&cookie),
        ] {
            let answer = robot.ask(ask).await;
            let code = answer.status.as_u16();
            assert!(![401, 403, 405, 421].contains(&code), "{method} {path}: {}", answer.text());
            if code == 404 {
                assert_ne!(answer.refused(404), "no_such_route", "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_bearer_is_not_saved_by_a_good_cookie() {
    let robot = Robot::new();
    let cookie = robot.cookie().await;
    let ask = Ask::get("/api/v1/me").header(header::COOKIE, &cookie).bearer("wrong");
    robot.ask(ask).await.refused(401);
}

/// Headers of a request, and what becomes of it with a cookie, with a token, and at sign-in.
type OriginCase = (&'static [(&'static str, &'static str)], bool, bool);

#[tokio::test]
async fn unsafe_requests_must_come_from_our_own_page() {
    let cases: [OriginCase; 9] = [
        (&[("origin", ORIGIN)], true, true),
        (&[("sec-fetch-site", "same-origin")], true, true),
        (&[("origin", "https://robot.example"), ("sec-fetch-site", "same-origin")], true, true),
        (&[], false, true),
        (&[("origin", "http://evil.example")], false, false),
        (&[("origin", "http://127.0.0.1:3000")], false, false),
        (&[("origin", "null")], false, false),
        (&[("sec-fetch-site", "cross-site")], false, false),
        (&[("origin", ORIGIN), ("sec-fetch-site", "same-site")], false, false),
    ];
    let robot = Robot::new();
    let cookie = robot.cookie().await;
    for (headers, with_cookie, with_token) in cases {
        let dress = |mut ask: Ask| {
            for (name, value) in headers {
                ask = ask.header(*name, value);
            }
            ask
        };
        let post = || dress(Ask::post("/api/v1/stream/start"));
        let upgrade = || {
            dress(Ask::get("/api/v1/events"))
                .header(header::CONNECTION, "Upgrade")
                .header(header::UPGRADE, "websocket")
        };
        let login = dress(Ask::post("/api/v1/login")).json(r#"{"code":"wrong"}"#).from("192.0.2.9:1");
        for (ask, passes) in [
            (post().header(header::COOKIE, &cookie), with_cookie),
            (post().bearer(&robot.token), with_token),
            (upgrade().header(header::COOKIE, &cookie), with_cookie),
            (upgrade().bearer(&robot.token), with_token),
            (login, with_token),
        ] {
            let what = format!("{} {headers:?}", ask.0.uri());
            let answer = robot.ask(ask).await;
            if passes {
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "{what}");
            } else {
                assert_eq!(answer.refused(403), "foreign_origin", "{what}");
            }
        }
        let look = dress(Ask::get("/api/v1/me")).header(header::COOKIE, &cookie);
        assert_eq!(robot.ask(look).await.status, StatusCode::OK, "looking changes nothing");
    }
}

#[tokio::test]
async fn only_our_host_names_are_answered() {
    let robot = Robot::new();
    for (host, ours) in [
        (HOST, true),
        ("localhost:8080", true),
        ("robot.example:8080", true),
        ("evil.example:8080", false),
        ("127.0.0.1:9999", false),
        ("", false),
        ("a b", false),
    ] {
        for path in ["/", "/api/v1/me", "/api/v1/nothing", "/readyz"] {
            let answer = robot.ask_as_admin(Ask::get(path).header(header::HOST, host)).await;
            if ours {
                assert_ne!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            } else {
                assert_eq!(answer.refused(421), "wrong_host", "{host} {path}");
            }
        }
        let health = robot.ask(Ask::get("/healthz").header(header::HOST, host)).await;
        assert_eq!(health.status, StatusCode::OK, "{host}");
    }
    let mut none = Ask::get("/api/v1/me").bearer(&robot.token);
    none.0.headers_mut().remove(header::HOST);
    robot.ask(none).await.refused(421);
    let mut two = Ask::get("/api/v1/me").bearer(&robot.token);
    two.0.headers_mut().append(header::HOST, HOST.parse().unwrap());
    robot.ask(two).await.refused(421);
    let split = Ask::get("http://localhost:8080/api/v1/me").bearer(&robot.token);
    assert_eq!(robot.ask(split).await.refused(421), "wrong_host");
}

#[tokio::test]
async fn a_reloaded_host_list_holds_at_once() {
    let robot = Robot::new();
    let ask = || Ask::get("/api/v1/me").header(header::HOST, "new.example:8080").bearer(&robot.token);
    robot.ask(ask()).await.refused(421);
    robot.config.send_replace(Arc::new(config(robot.listening, &["new.example"])));
    assert_eq!(robot.ask(ask()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for tls in [false, true] {
        let robot = Robot::with(Parts { tls, ..Parts::default() });
        let wrong_host = Ask::get("/").header(header::HOST, "evil.example");
        let asks = ["/", "/nothing", "/healthz", "/readyz", "/api/v1/me", "/api/v1/nothing"];
        for ask in asks.into_iter().map(Ask::get).chain([wrong_host, Ask::post("/api/v1/login")]) {
            let foreign = ask.0.headers()[header::HOST] == "evil.example";
            let path = ask.0.uri().path().to_owned();
            let answer = robot.ask(ask).await;
            let policy = answer.header(header::CONTENT_SECURITY_POLICY).to_owned();
            for part in
                ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"]
            {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe-"), "{policy}");
            assert!(!policy.contains("evil"), "{policy}");
            let socket = if tls { "wss://127.0.0.1:8080" } else { "ws://127.0.0.1:8080" };
            assert_eq!(policy.contains(&format!("connect-src 'self' {socket}")), !foreign, "{policy}");
            assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
            assert_eq!(answer.header("permissions-policy"), "camera=(), microphone=(self)");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), tls);
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
            if path.starts_with("/api/") {
                assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn every_error_is_a_problem() {
    let robot = Robot::new();
    let big = "x".repeat(20 * 1024);
    let huge = "x".repeat(1024 * 1024 + 1);
    let login = || Ask::post("/api/v1/login");
    let cases = [
        (Ask::get("/api"), 404, "no_such_route"),
        (Ask::get("/api/v1/nothing"), 404, "no_such_route"),
        (Ask::get("/api/v1/recordings/x/nothing"), 404, "no_such_route"),
        (Ask::get("/nothing"), 404, "no_such_route"),
        (Ask::get("/../../etc/passwd"), 404, "no_such_route"),
        (Ask::get("/%2e%2e/%2e%2e/Cargo.toml"), 404, "no_such_route"),
        (Ask::new(Method::DELETE, "/"), 405, "method_not_allowed"),
        (Ask::new(Method::PUT, "/api/v1/me"), 405, "method_not_allowed"),
        (Ask::get("/api/v1/login"), 405, "method_not_allowed"),
        (login().json("{"), 400, "bad_request"),
        (login().json("{}"), 400, "bad_request"),
        (login().json(r#"{"code":1}"#), 400, "bad_request"),
        (login().json(r#"{"code":"x","token":"y"}"#), 400, "bad_request"),
        (login().json(r#"{"password":"x"}"#), 400, "bad_request"),
        (login().body("application/json", vec![0xff, 0xfe]), 400, "bad_request"),
        (login().body("text/plain", "x"), 415, "wrong_content_type"),
        (login(), 415, "wrong_content_type"),
        (login().json(&format!(r#"{{"code":"{big}"}}"#)), 413, "too_large"),
        (login().json(&format!(r#"{{"code":"{huge}"}}"#)), 413, "too_large"),
        (Ask::get("/api/v1/events"), 400, "bad_request"),
        (Ask::get("/api/v1/recordings/nothing"), 404, "no_such_recording"),
        (Ask::new(Method::DELETE, "/api/v1/recordings/nothing"), 404, "no_such_recording"),
        (Ask::get("/api/v1/recordings/nothing/download"), 404, "no_such_recording"),
        (Ask::get("/api/v1/recordings/%ff"), 400, "bad_request"),
        (Ask::post("/api/v1/processes/nothing/start"), 404, "no_such_process"),
        (Ask::get("/api/v1/processes/nothing/logs"), 404, "no_such_process"),
        (Ask::get("/api/mediamtx/v3/paths/list?page=x"), 400, "bad_request"),
        (Ask::get("/api/mediamtx/v3/paths/list?search=x"), 400, "bad_request"),
        (Ask::post("/api/mediamtx/webrtc/whep?path=nothing"), 404, "no_such_stream"),
        (Ask::post("/api/mediamtx/webrtc/whep?other=1"), 400, "bad_request"),
    ];
    for (ask, status, code) in cases {
        let what = format!("{} {}", ask.0.method(), ask.0.uri());
        let answer = robot.ask_as_admin(ask).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
        assert_eq!(answer.refused(status), code, "{what}");
    }
}

#[tokio::test]
async fn a_refused_method_says_which_are_allowed() {
    let robot = Robot::new();
    let answer = robot.ask_as_admin(Ask::new(Method::PUT, "/api/v1/recordings/x")).await;
    answer.refused(405);
    assert!(answer.header(header::ALLOW).contains("DELETE"), "{}", answer.header(header::ALLOW));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let robot = Robot::new();
    let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = robot.ask(Ask::post("/api/v1/login").body("application/json", body)).await;
    assert_eq!(answer.refused(408), "took_too_long");
}
