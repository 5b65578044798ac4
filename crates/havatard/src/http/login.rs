use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, FromRequestParts, State},
    response::IntoResponse,
};
use havatar_api::{Login, LoginLink, Me, Problem, Role};
use http::{StatusCode, header, request::Parts};

use super::{Http, problem::Failure};
use crate::auth::{Identity, SignInError, cookie};

/// Exchanges a one-time code or a token for a session cookie.
#[utoipa::path(
    post,
    path = "/api/v1/login",
    operation_id = "login",
    tag = "people",
    security(()),
    request_body = Login,
    responses(
        (status = 200, description = "Signed in; the cookie is set", body = Me),
        (status = 401, description = "Wrong, used or lapsed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tries", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn login(
    State(http): State<Http>,
    Peer(peer): Peer,
    Json(login): Json<Login>,
) -> Result<impl IntoResponse, Failure> {
    match http.app().auth.sign_in(&login, peer).await {
        Ok((secret, lasts)) => {
            tracing::info!(%peer, "somebody signed in");
            let cookie = cookie::set(http.listening().tls, secret.expose(), lasts);
            let me = Me { name: "admin".to_owned(), role: Role::Admin };
            Ok(([(header::SET_COOKIE, cookie)], Json(me)))
        }
        Err(error) => {
            // What was not even looked at is not worth a line each: a flood would fill the disk.
            if error == SignInError::Refused {
                tracing::warn!(%peer, "a sign-in was refused");
            }
            Err(error.into())
        }
    }
}

/// Ends this session, with its event sockets and pictures. A token has no session to end.
#[utoipa::path(
    post,
    path = "/api/v1/logout",
    operation_id = "logout",
    tag = "people",
    responses(
        (status = 204, description = "Signed out; the cookie is cleared"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn logout(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
) -> impl IntoResponse {
    http.app().auth.sign_out(identity.owner()).await;
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(http.listening().tls))])
}

/// A new sign-in link, good once.
#[utoipa::path(
    post,
    path = "/api/v1/login/link",
    operation_id = "login_link",
    tag = "people",
    responses(
        (status = 200, description = "The link", body = LoginLink),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn link(State(http): State<Http>) -> Json<LoginLink> {
    Json(http.app().auth.sign_in_link())
}

/// Who is asking.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me",
    tag = "people",
    responses(
        (status = 200, description = "You", body = Me),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn me(Extension(identity): Extension<Identity>) -> Json<Me> {
    Json(identity.me)
}

/// The address a request came from.
pub(super) struct Peer(IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        // Without an address (a router called in process) all share one, so limits still hold.
        Ok(Self(known.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}
