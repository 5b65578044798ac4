//! Where MediaMTX asks whom to let in: a listener of its own on loopback, for MediaMTX alone.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use tokio_util::sync::CancellationToken;

use super::server;
use crate::{
    auth::Auth,
    media::{AccessRequest, BOTH, CAMERA, HOOK_USER, Media},
    secrets::Fingerprint,
};

/// The path it asks at.
pub const PATH: &str = "/auth";

const LARGEST_BODY: usize = 16 * 1024;
/// The longest piece of a client's text in a log line, in characters.
const LONGEST_LOGGED: usize = 64;

/// A bound hook that does not answer yet: its port goes into MediaMTX's config first.
#[derive(Debug)]
pub struct Hook {
    listener: TcpListener,
}

/// Binds the hook to a free port of 127.0.0.1 and says which.
///
/// # Errors
/// No port is free.
pub fn bind() -> io::Result<(Hook, u16)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    Ok((Hook { listener }, port))
}

/// Answers MediaMTX until `shutdown`: 204 lets in, 401 does not. Whoever does not know `secret` is told
/// nothing.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    hook: Hook,
    media: Media,
    auth: Auth,
    secret: &str,
    shutdown: CancellationToken,
) -> io::Result<()> {
    server::serve_plain(hook.listener, router(media, auth, secret), shutdown).await
}

fn router(media: Media, auth: Auth, secret: &str) -> Router {
    let expected = STANDARD.encode(format!("{HOOK_USER}:{secret}"));
    Router::new()
        .route(PATH, post(decide))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Fingerprint::of(&expected), prove))
        .with_state((media, auth))
}

async fn prove(State(expected): State<Fingerprint>, request: Request, next: Next) -> Response {
    if presented(request.headers()).is_some_and(|presented| expected.matches(&presented)) {
        next.run(request).await
    } else {
        tracing::debug!("somebody who is not MediaMTX called its auth hook");
        StatusCode::UNAUTHORIZED.into_response()
    }
}

fn presented(headers: &HeaderMap) -> Option<Fingerprint> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| Fingerprint::of(credentials))
}

async fn decide(
    State((media, auth)): State<(Media, Auth)>,
    Json(request): Json<AccessRequest>,
) -> StatusCode {
    let own = media.access.admit(&request);
    // Of what we ourselves let through, WebRTC is for people; our own readers use RTSP.
    let watches = if own {
        request.action == "read" && request.protocol == "webrtc"
    } else {
        may_watch(&auth, &request)
    };
    let admitted = own || watches;
    if watches {
        media.access.note_reader_admitted();
    }
    tracing::debug!(
        action = ?short(&request.action),
        path = ?short(&request.path),
        protocol = ?short(&request.protocol),
        admitted,
        "MediaMTX asked whether to let somebody in"
    );
    if admitted { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED }
}

/// VLC, OBS and the like sign in with a token as their password, whatever the user name. The robot's microphone alone is
/// for the panel, and what is said into the room for nobody.
fn may_watch(auth: &Auth, request: &AccessRequest) -> bool {
    request.action == "read"
        && matches!(request.protocol.as_str(), "rtsp" | "hls")
        && matches!(request.path.as_str(), BOTH | CAMERA)
        && request.ip.parse().is_ok_and(|peer| auth.may_watch(&request.password, peer))
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_LOGGED).collect()
}
