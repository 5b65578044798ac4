//! The auth hook: MediaMTX asks it for every access decision, on a listener of its own on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use tokio_util::sync::CancellationToken;

use crate::auth::{Auth, Owner};
use crate::media::{AccessRequest, BOTH, CAMERA, HOOK_USER, Media};
use crate::secrets::Fingerprint;

use super::limits::Connection;
use super::server;

/// Path of the hook.
pub const PATH: &str = "/auth";

const LARGEST_BODY: usize = 16 * 1024;
/// The longest client text in a log line, in characters.
const LONGEST_LOGGED: usize = 64;

/// A bound hook that does not answer yet: its port is written to MediaMTX's config first.
#[derive(Debug)]
pub struct Hook {
    listener: TcpListener,
}

/// Binds the hook to a free port of 127.0.0.1. Returns the port.
///
/// # Errors
/// No port is free.
pub fn bind() -> io::Result<(Hook, u16)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    Ok((Hook { listener }, port))
}

/// Answers MediaMTX until `shutdown`: 204 admits, 401 refuses. A caller without `secret` gets 401 for everything, one of another
/// user no answer.
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
    server::serve_own_processes(hook.listener, router(media, auth, secret), shutdown).await
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
        if let Some(connection) = request.extensions().get::<Connection>() {
            connection.prove(Some(Owner::Token));
        }
        next.run(request).await
    } else {
        tracing::debug!("a caller other than MediaMTX used its auth hook");
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
    let own = media.access.admit(&request).await;
    // Of the daemon's own requests, those over WebRTC are viewers'; its own readers use RTSP.
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
        "MediaMTX asked for an access decision"
    );
    if admitted { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED }
}

/// VLC, OBS and other players send a token as the password, with any user name. The microphone's own path is for the panel
/// only, and the talk path has no readers.
fn may_watch(auth: &Auth, request: &AccessRequest) -> bool {
    request.action == "read"
        && matches!(request.protocol.as_str(), "rtsp" | "hls")
        && matches!(request.path.as_str(), BOTH | CAMERA)
        && request.ip.parse().is_ok_and(|peer| auth.may_watch(&request.password, peer))
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_LOGGED).collect()
}
