//! Signing in and out.

use super::*;

fn login(body: &str) -> Ask {
    Ask::post("/api/v1/login").json(body)
}

#[tokio::test]
async fn a_link_gives_a_cookie_once() {
    for tls in [false, true] {
        let robot = Robot::with(Parts { tls, ..Parts::default() });
        let link: api::LoginLink = robot.ask_as_admin(Ask::post("/api/v1/login/link")).await.json();
        assert_eq!(link.expires_in_s, 600);
        let code = link.path.strip_prefix("/#code=").unwrap();
        let body = format!(r#"{{"code":"{code}"}}"#);

        let answer = robot.ask(login(&body)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json::<api::Me>(), api::Me { name: "admin".to_owned(), role: api::Role::Admin });
        let set = answer.header(header::SET_COOKIE).to_owned();
        let (cookie, flags) = set.split_once("; ").unwrap();
        let secure = if tls { "; Secure" } else { "" };
        assert_eq!(flags, format!("Path=/; Max-Age=86400; HttpOnly; SameSite=Strict{secure}"));
        assert_eq!(cookie.starts_with("__Host-havatar="), tls);

        assert_eq!(robot.ask(login(&body)).await.refused(401), "sign_in_refused");
        let me = robot.ask(Ask::get("/api/v1/me").header(header::COOKIE, cookie)).await;
        assert_eq!(me.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn every_wrong_sign_in_gets_the_same_answer() {
    let robot = Robot::new();
    let used = robot.app.auth.sign_in_link().path.replace("/#code=", "");
    assert_eq!(robot.ask(login(&format!(r#"{{"code":"{used}"}}"#))).await.status, StatusCode::OK);
    let mut answers = Vec::new();
    for (n, body) in [
        r#"{"code":"wrong"}"#.to_owned(),
        r#"{"token":"wrong"}"#.to_owned(),
        r#"{"code":""}"#.to_owned(),
        format!(r#"{{"code":"{used}"}}"#),
        format!(r#"{{"code":"{}"}}"#, robot.token),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = robot.ask(login(&body).from(&format!("198.51.100.{n}:1"))).await;
        answer.refused(401);
        answers.push((answer.headers, answer.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test(start_paused = true)]
async fn wrong_tries_make_wrong_ones_wait_and_never_a_right_one() {
    let robot = Robot::new();
    let code = robot.app.auth.sign_in_link().path.replace("/#code=", "");
    let wrong = || login(r#"{"code":"wrong"}"#);
    for _ in 0..5 {
        robot.ask(wrong()).await.refused(401);
    }
    let answer = robot.ask(wrong()).await;
    assert_eq!(answer.refused(429), "too_many_tries");
    assert_eq!(answer.header(header::RETRY_AFTER), "30");
    robot.ask(wrong().from("192.0.2.2:1")).await.refused(401);
    // Five more from each of sixty networks.
    for n in 0..300 {
        robot.ask(wrong().from(&format!("198.51.{}.7:1", n % 60))).await;
    }
    robot.ask(wrong().from("192.0.2.3:1")).await.refused(429);
    let token = login(&format!(r#"{{"token":"{}"}}"#, robot.token));
    assert_eq!(robot.ask(token.from("192.0.2.3:1")).await.status, StatusCode::OK);
    assert_eq!(robot.ask(login(&format!(r#"{{"code":"{code}"}}"#))).await.status, StatusCode::OK);
}

/// Behind a reverse proxy all clients have one address. The ones that it names count, if it is trusted; those of others do not.
#[tokio::test(start_paused = true)]
async fn behind_a_trusted_proxy_each_client_waits_for_itself() {
    let robot = Robot::new();
    let wrong =
        |client: &str| login(r#"{"code":"wrong"}"#).from("127.0.0.1:1").header("x-forwarded-for", client);
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"] {
        robot.ask(wrong(client)).await.refused(401);
    }
    robot.ask(wrong("192.0.2.6")).await.refused(429);
    robot.config.send_modify(|config| {
        let trusted = serde_json::from_value(serde_json::json!(["127.0.0.1"])).unwrap();
        Arc::make_mut(config).server.trusted_proxies = trusted;
    });
    for _ in 0..5 {
        robot.ask(wrong("192.0.2.7")).await.refused(401);
    }
    robot.ask(wrong("192.0.2.7")).await.refused(429);
    robot.ask(wrong("192.0.2.7, 192.0.2.8")).await.refused(401);
    robot
        .ask(login(r#"{"code":"wrong"}"#).from("192.0.2.9:1").header("x-forwarded-for", "192.0.2.7"))
        .await
        .refused(401);
}

#[tokio::test(start_paused = true)]
async fn a_code_lapses() {
    let robot = Robot::new();
    let code = robot.app.auth.sign_in_link().path.replace("/#code=", "");
    tokio::time::advance(Duration::from_mins(10)).await;
    robot.ask(login(&format!(r#"{{"code":"{code}"}}"#))).await.refused(401);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_by_idling() {
    let robot = Robot::new();
    let cookie = robot.cookie().await;
    let me = || Ask::get("/api/v1/me").header(header::COOKIE, &cookie);
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(3599)).await;
        assert_eq!(robot.ask(me()).await.status, StatusCode::OK);
    }
    tokio::time::advance(Duration::from_hours(1)).await;
    robot.ask(me()).await.refused(401);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_clears_the_cookie() {
    let robot = Robot::new();
    let (cookie, other) = (robot.cookie().await, robot.cookie().await);
    let answer = robot.ask(Ask::post("/api/v1/logout").page(&cookie)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header(header::SET_COOKIE).starts_with("havatar=; Path=/; Max-Age=0;"));
    robot.ask(Ask::get("/api/v1/me").page(&cookie)).await.refused(401);
    assert_eq!(robot.ask(Ask::get("/api/v1/me").page(&other)).await.status, StatusCode::OK);
    let stored = std::fs::read_to_string(robot.dir.path().join("sessions.json")).unwrap();
    assert_eq!(stored.matches("sha256").count(), 1, "{stored}");
}

#[tokio::test]
async fn the_token_signs_in_too_and_outlives_a_sign_out() {
    let robot = Robot::new();
    let answer = robot.ask(login(&format!(r#"{{"token":"{}"}}"#, robot.token))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(robot.ask_as_admin(Ask::post("/api/v1/logout")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(robot.get("/api/v1/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_secret_of_a_sign_in_is_logged() {
    let (logged, guard) = Logged::capture();
    let robot = Robot::new();
    let cookie = robot.cookie().await;
    let link: api::LoginLink = robot.ask_as_admin(Ask::post("/api/v1/login/link")).await.json();
    robot.ask(login(r#"{"code":"canary-wrong-code"}"#)).await.refused(401);
    robot.ask(login(r#"{"canary-odd-key":"canary-odd-value"}"#)).await.refused(400);
    robot.ask(Ask::get("/api/v1/me?token=canary-query").bearer("canary-bearer")).await.refused(401);
    robot.ask(Ask::post("/api/v1/logout").page(&cookie)).await;
    drop(guard);
    let text = logged.text();
    assert!(text.contains("signed in peer="), "the capture works: {text}");
    for secret in [
        robot.token.as_str(),
        cookie.split('=').nth(1).unwrap(),
        link.path.split('=').nth(1).unwrap(),
        "canary",
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}
