//! Tests of authentication as a whole.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn settings() -> Settings {
    Settings {
        session_idle: Duration::from_hours(1),
        session_max: Duration::from_hours(24),
        sign_in_link_valid: Duration::from_mins(10),
    }
}

fn open(dir: &tempfile::TempDir) -> Auth {
    Auth::open(dir.path(), settings()).unwrap()
}

fn code_of(link: &LoginLink) -> Login {
    Login::Code(link.path.strip_prefix("/#code=").unwrap().to_owned())
}

fn token(dir: &tempfile::TempDir) -> String {
    std::fs::read_to_string(dir.path().join(ADMIN_TOKEN)).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_link_signs_in_once_and_the_cookie_holds_until_sign_out() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let code = code_of(&auth.sign_in_link());
    let (cookie, lasts) = auth.sign_in(&code, PEER).await.unwrap();
    assert_eq!(lasts, settings().session_max);
    assert_eq!(auth.sign_in(&code, PEER).await.err(), Some(SignInError::Refused));

    let identity = auth.by_session(cookie.expose()).unwrap();
    assert_eq!(identity.me.role, Role::Admin);
    let ended = identity.ended();
    auth.sign_out(identity.owner()).await;
    assert!(ended.is_cancelled());
    assert!(auth.by_session(cookie.expose()).is_none());
}

#[tokio::test]
async fn the_token_signs_in_and_is_a_bearer_but_a_cookie_is_neither() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let token = token(&dir);
    assert!(auth.by_token(&token).is_some());
    assert!(auth.by_session(&token).is_none());
    let (cookie, _) = auth.sign_in(&Login::Token(token), PEER).await.unwrap();
    assert!(auth.by_token(cookie.expose()).is_none());
    assert!(auth.by_token("").is_none());
}

#[tokio::test(start_paused = true)]
async fn wrong_tries_wait_and_a_right_proof_never_does() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let wrong = || Login::Code(crate::random::text::<32>());
    for _ in 0..5 {
        assert_eq!(auth.sign_in(&wrong(), PEER).await.err(), Some(SignInError::Refused));
    }
    let Some(SignInError::TooMany { wait }) = auth.sign_in(&wrong(), PEER).await.err() else {
        panic!("a wrong try did not have to wait");
    };
    // From everywhere, so that the window of all is full as well.
    for n in 0..1000_u32 {
        let _ = auth.sign_in(&wrong(), IpAddr::from(n.to_be_bytes())).await;
    }
    for proof in [Login::Token(token(&dir)), code_of(&auth.sign_in_link())] {
        for peer in [PEER, "198.51.100.7".parse().unwrap(), "2001:db8::1".parse().unwrap()] {
            let signed_in = auth.sign_in(&proof, peer).await;
            let is_used_code = matches!(proof, Login::Code(_)) && peer != PEER;
            assert!(signed_in.is_ok() || is_used_code, "{:?}", signed_in.err());
        }
    }
    // The right proof has cleared its network's count, the window has passed.
    tokio::time::advance(wait.max(Duration::from_mins(1))).await;
    assert_eq!(auth.sign_in(&wrong(), PEER).await.err(), Some(SignInError::Refused));
}

#[tokio::test]
async fn a_restart_signs_nobody_out_and_a_sign_out_survives_it() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let (kept, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    let (gone, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    auth.sign_out(auth.by_session(gone.expose()).unwrap().owner()).await;

    let again = open(&dir);
    assert!(again.by_session(kept.expose()).is_some());
    assert!(again.by_session(gone.expose()).is_none());
    let stored = std::fs::read_to_string(dir.path().join("sessions.json")).unwrap();
    assert!(!stored.contains(kept.expose()));
}

#[tokio::test]
async fn a_damaged_or_exposed_sessions_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let (cookie, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    let path = dir.path().join("sessions.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(open(&dir).by_session(cookie.expose()).is_none());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open(&dir).by_session(cookie.expose()).is_some());
    std::fs::write(&path, "{\"saved_at\":").unwrap();
    assert_eq!(open(&dir).sessions(), 0);
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_never_keeps_anybody_out() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    // A folder in the file's place fails the rename even for root, whom a read-only mode would not stop.
    std::fs::create_dir(dir.path().join("sessions.json")).unwrap();
    let (cookie, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    assert!(auth.by_session(cookie.expose()).is_some());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "no scratch file stays behind");
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_idle_sessions_and_what_waits_on_them() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let (cookie, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    let identity = auth.by_session(cookie.expose()).unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(auth.clone().run(shutdown.clone()));

    // Something of the session lives on for half an hour, then goes; an hour of quiet begins.
    tokio::time::sleep(Duration::from_mins(30)).await;
    auth.touch(identity.owner());
    tokio::time::sleep(Duration::from_secs(3599)).await;
    assert!(!identity.ended().is_cancelled());
    tokio::time::timeout(Duration::from_mins(1), identity.ended().cancelled()).await.unwrap();
    assert_eq!(auth.sessions(), 0);
    shutdown.cancel();
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn reloaded_times_hold_for_running_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir);
    let (cookie, _) = auth.sign_in(&code_of(&auth.sign_in_link()), PEER).await.unwrap();
    auth.set(Settings { session_max: Duration::from_mins(1), ..settings() });
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(auth.by_session(cookie.expose()).is_none());
}
