//! Sign-in, sign-out, and the account that is signed in.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use havatar_api::{Login, LoginLink, Me, Role};
use http::{StatusCode, header};

use crate::auth::{Owner, SignInError, cookie};
use crate::config::HostName;

use super::error::ApiError;
use super::extract::{Caller, Peer};
use super::origins;
use super::robot::who;
use super::state::AppState;

/// Exchanges a one-time code or a token for a session cookie.
///
/// A right proof is never refused. Wrong ones are answered 429 after a few, and then only once in a while.
#[utoipa::path(
    post,
    path = "/api/v1/login",
    operation_id = "login",
    tag = "people",
    request_body = Login,
    responses(
        (status = 200, description = "Signed in; the cookie is set", body = Me),
        (status = 401, description = "Wrong, used or lapsed"),
        (status = 429, description = "Wrong, after too many wrong tries"),
        (status = "default", description = "Refused"),
    )
)]
pub(super) async fn login(
    State(state): State<AppState>,
    Peer(peer): Peer,
    Json(login): Json<Login>,
) -> Result<impl IntoResponse, ApiError> {
    match state.handles.auth.sign_in(&login, peer).await {
        Ok((secret, lasts)) => {
            tracing::info!(%peer, "signed in");
            let cookie = cookie::set(state.listening.tls, secret.expose(), lasts);
            let me = Me { name: "admin".to_owned(), role: Role::Admin };
            Ok(([(header::SET_COOKIE, cookie)], Json(me)))
        }
        Err(error) => {
            // Attempts beyond the limit are not logged: a flood would fill the disk.
            if error == SignInError::Refused {
                tracing::warn!(%peer, "a sign-in was refused");
            }
            Err(error.into())
        }
    }
}

/// Ends this session, with its event sockets, its WebRTC sessions and its lease: the robot stops. A token has no session to end.
#[utoipa::path(
    post,
    path = "/api/v1/logout",
    operation_id = "logout",
    tag = "people",
    responses(
        (status = 204, description = "Signed out; the cookie is cleared"),
    )
)]
pub(super) async fn logout(State(state): State<AppState>, Caller(identity): Caller) -> impl IntoResponse {
    state.handles.auth.sign_out(identity.owner()).await;
    if matches!(identity.owner(), Owner::Session(_)) {
        // The session's end has ended the lease already; here it is certain, before the answer.
        state.handles.robot.sign_out(&who(&identity));
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(state.listening.tls))])
}

/// A new sign-in link, good once.
#[utoipa::path(
    post,
    path = "/api/v1/login/link",
    operation_id = "login_link",
    tag = "people",
    responses(
        (status = 200, description = "The link", body = LoginLink),
    )
)]
pub(super) async fn link(State(state): State<AppState>, Caller(identity): Caller) -> Json<LoginLink> {
    let link = state.handles.auth.sign_in_link_of(identity.owner());
    let config = state.handles.config.borrow();
    let names: Vec<&str> = config.server.hosts.iter().map(HostName::as_str).collect();
    Json(LoginLink { origins: origins::of(state.public, &names, &origins::interfaces()), ..link })
}

/// Who is asking.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me",
    tag = "people",
    responses(
        (status = 200, description = "You", body = Me),
    )
)]
pub(super) async fn me(Caller(identity): Caller) -> Json<Me> {
    Json(identity.me)
}
