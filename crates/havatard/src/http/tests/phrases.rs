//! Phrases, kept by account.

use super::*;

fn put(body: &str) -> Ask {
    Ask::new(Method::PUT, "/api/v1/phrases").json(body)
}

fn category(name: &str, texts: &[&str]) -> serde_json::Value {
    let phrases: Vec<_> =
        texts.iter().map(|text| serde_json::json!({ "text": text, "language": "ro" })).collect();
    serde_json::json!({ "name": name, "phrases": phrases })
}

fn all(categories: &[serde_json::Value]) -> String {
    serde_json::json!({ "categories": categories }).to_string()
}

#[tokio::test]
async fn somebody_new_finds_phrases_and_keeps_their_own() {
    let robot = Robot::new();
    let starter: api::Phrases = robot.get("/api/v1/phrases").await.json();
    assert!(starter.categories.iter().any(|it| it.name == "Urgențe" && !it.phrases.is_empty()));
    for (accepted, name) in
        [("en-GB,en;q=0.9", "Greetings"), ("ro", "Salut"), ("hu, en", "Salut"), ("", "Salut")]
    {
        let ask = Ask::get("/api/v1/phrases").header("accept-language", accepted);
        let starter: api::Phrases = robot.ask_as_admin(ask).await.json();
        assert_eq!(starter.categories[0].name, name, "{accepted}");
    }
    let own = all(&[category("Ale mele", &["Țin la tine.", "Înapoi!"]), category("Goală", &[])]);
    assert_eq!(robot.ask_as_admin(put(&own)).await.status, StatusCode::NO_CONTENT);
    let kept: serde_json::Value = robot.get("/api/v1/phrases").await.json();
    assert_eq!(kept, serde_json::from_str::<serde_json::Value>(&own).unwrap());
    // A session of the same account, and a daemon that was started again, find the same.
    let cookie = robot.cookie().await;
    let seen: serde_json::Value = robot.ask(Ask::get("/api/v1/phrases").page(&cookie)).await.json();
    assert_eq!(seen, kept);
    let again = crate::phrases::Store::new(robot.dir.path()).of("admin", api::Language::Ro).await.unwrap();
    assert_eq!(again.categories.len(), 2);
}

#[tokio::test]
async fn there_are_bounds() {
    let robot = Robot::new();
    let long = "ț".repeat(500);
    let most = vec![category(&"ș".repeat(40), &[&long]); 20];
    assert_eq!(robot.ask_as_admin(put(&all(&most))).await.status, StatusCode::NO_CONTENT);
    for wrong in [
        vec![category("a", &[]); 21],
        vec![category("", &[])],
        vec![category(" ", &[])],
        vec![category(&"ș".repeat(41), &[])],
        vec![category("a", &[""])],
        vec![category("a", &[&"ț".repeat(501)])],
        vec![category("a", &["a\nb"])],
        vec![category("a", &["x"; 51])],
    ] {
        assert_eq!(robot.ask_as_admin(put(&all(&wrong))).await.refused(422), "out_of_range");
    }
    for body in ["[]", "{}", r#"{"categories":{}}"#, r#"{"categories":[],"more":1}"#] {
        assert_eq!(robot.ask_as_admin(put(body)).await.refused(400), "bad_request");
    }
    let huge = all(&vec![category("a", &[&*"x".repeat(500); 50]); 20]);
    assert_eq!(robot.ask_as_admin(put(&huge)).await.refused(413), "too_large");
    assert_eq!(robot.ask(Ask::get("/api/v1/phrases")).await.refused(401), "not_signed_in");
    let kept: api::Phrases = robot.get("/api/v1/phrases").await.json();
    assert_eq!(kept.categories.len(), 20, "what was refused changed nothing");
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_told() {
    let robot = Robot::new();
    let before: Vec<_> = std::fs::read_dir(robot.dir.path()).unwrap().map(|it| it.unwrap().path()).collect();
    robot.ask_as_admin(put(&all(&[]))).await;
    let file = std::fs::read_dir(robot.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| !before.contains(path))
        .expect("a file was made");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join("x"), "").unwrap();
    assert_eq!(robot.ask_as_admin(put(&all(&[]))).await.refused(503), "phrases_unavailable");
    assert_eq!(robot.get("/api/v1/phrases").await.refused(503), "phrases_unavailable");
}
