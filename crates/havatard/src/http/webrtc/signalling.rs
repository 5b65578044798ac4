//! The signalling of both protocols: offer and answer, ICE servers, ICE candidates, end.

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::auth::Identity;
use crate::http::error::ApiError;
use crate::http::state::AppState;

use super::errors::{no_such_session, refused_sdp, wrong_content_type};
use super::protocol::{FRAGMENT, Protocol, SDP, Target};
use super::sdp::{self, Fragment, Wanted};
use super::sessions::Session;
use super::talk_channel::TalkGrant;
use super::upstream::Trickled;

/// Begins a session: takes an offer that was read, returns the answer. A WHIP session brings the grant of its talk channel.
pub(super) async fn begin(
    state: &AppState,
    target: Target,
    identity: &Identity,
    offer: String,
    grant: Option<TalkGrant>,
) -> Result<Response, ApiError> {
    let sessions = &state.webrtc;
    let permit = sessions.permit(target.protocol, identity.owner()).await?;
    let upstream = target.protocol.upstream(&state.handles.media);
    let begun = sessions.upstream.begin(&upstream, target, offer).await?;
    let session = Session::new(target, begun.secret, begun.id, identity.owner(), permit, grant);
    let id = sessions.insert(session, identity.ended());
    sessions.sweep_when_due();
    let mut response = (StatusCode::CREATED, begun.sdp).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    out.insert(header::ETAG, begun.etag.unwrap_or(HeaderValue::from_static("*")));
    if let Ok(location) = HeaderValue::from_str(&format!("{}/{id}", target.protocol.sessions())) {
        out.insert(header::LOCATION, location);
    }
    put_links(out, begun.links);
    Ok(response)
}

/// Returns the ICE servers, which a client may need before it makes an offer.
pub(super) async fn ice_servers(state: &AppState, target: Target) -> Result<Response, ApiError> {
    let upstream = target.protocol.upstream(&state.handles.media);
    let links = state.webrtc.upstream.links(&upstream, target).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert("accept-post", HeaderValue::from_static(SDP));
    put_links(response.headers_mut(), links);
    Ok(response)
}

/// Adds ICE candidates to a session, or restarts its ICE.
pub(super) async fn trickle(
    state: &AppState,
    protocol: Protocol,
    id: &str,
    identity: &Identity,
    headers: &HeaderMap,
    fragment: Bytes,
) -> Result<Response, ApiError> {
    let sessions = &state.webrtc;
    let (target, secret) =
        sessions.find(id, protocol, identity.owner()).ok_or_else(|| no_such_session(protocol))?;
    require_content_type(headers, FRAGMENT)?;
    let mut fragment = Fragment::parse(&fragment).map_err(|error| refused_sdp(&error))?;
    sessions.limit(id, &mut fragment);
    let condition = headers.get(header::IF_MATCH).cloned();
    let upstream = protocol.upstream(&state.handles.media);
    match sessions.upstream.trickle(&upstream, target, &secret, condition, fragment.render()).await? {
        Trickled::Gone => {
            sessions.remove(id);
            Err(no_such_session(protocol))
        }
        Trickled::Accepted => Ok(StatusCode::NO_CONTENT.into_response()),
        Trickled::Restarted { body, etag } => {
            let mut response = body.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT));
            if let Some(etag) = etag {
                response.headers_mut().insert(header::ETAG, etag);
            }
            Ok(response)
        }
    }
}

/// Ends a session.
pub(super) async fn end(
    state: &AppState,
    protocol: Protocol,
    id: &str,
    identity: &Identity,
) -> Result<StatusCode, ApiError> {
    state.webrtc.find(id, protocol, identity.owner()).ok_or_else(|| no_such_session(protocol))?;
    state.webrtc.end(id).await;
    Ok(StatusCode::OK)
}

/// Reads an offer and renders what of it may be passed on.
pub(super) fn read_offer(headers: &HeaderMap, body: &[u8], wanted: Wanted) -> Result<String, ApiError> {
    require_content_type(headers, SDP)?;
    sdp::offer(body, wanted).map_err(|error| refused_sdp(&error))
}

fn require_content_type(headers: &HeaderMap, expected: &str) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(wrong_content_type(expected)) }
}

fn put_links(headers: &mut HeaderMap, links: Vec<HeaderValue>) {
    for link in links {
        headers.append(HeaderName::from_static("link"), link);
    }
}

/// The handlers that change and end a session of a protocol: `trickle` and `end`. Only their descriptions differ, and the
/// attribute takes literals.
macro_rules! session_routes {
    ($protocol:expr, $tag:literal, $path:literal, $trickle:literal, $end:literal, $summary:literal) => {
        /// Adds ICE candidates, or restarts ICE.
        #[utoipa::path(
            patch,
            path = $path,
            operation_id = $trickle,
            tag = $tag,
            params(("id" = String, Path, description = "As in Location")),
            request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
            responses(
                (status = 200, description = "ICE was restarted: our fragment", body = String, content_type = "application/trickle-ice-sdpfrag"),
                (status = 204, description = "Taken"),
                (status = 404, description = "no_such_session"),
            )
        )]
        pub(in crate::http) async fn trickle(
            axum::extract::State(state): axum::extract::State<$crate::http::state::AppState>,
            $crate::http::extract::Caller(identity): $crate::http::extract::Caller,
            axum::extract::Path(id): axum::extract::Path<String>,
            headers: http::HeaderMap,
            fragment: axum::body::Bytes,
        ) -> Result<axum::response::Response, $crate::http::error::ApiError> {
            $crate::http::webrtc::signalling::trickle(&state, $protocol, &id, &identity, &headers, fragment).await
        }

        #[doc = $summary]
        #[utoipa::path(
            delete,
            path = $path,
            operation_id = $end,
            tag = $tag,
            params(("id" = String, Path, description = "As in Location")),
            responses(
                (status = 200, description = "Ended"),
                (status = 404, description = "no_such_session"),
            )
        )]
        pub(in crate::http) async fn end(
            axum::extract::State(state): axum::extract::State<$crate::http::state::AppState>,
            $crate::http::extract::Caller(identity): $crate::http::extract::Caller,
            axum::extract::Path(id): axum::extract::Path<String>,
        ) -> Result<http::StatusCode, $crate::http::error::ApiError> {
            $crate::http::webrtc::signalling::end(&state, $protocol, &id, &identity).await
        }
    };
}
pub(super) use session_routes;
