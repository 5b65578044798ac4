//! WHEP on our own origin.
//!
//! MediaMTX names a session by a secret in its `Location`, and whoever knows it may change or end the
//! session without any other proof. So the secret stays here: the page is given an opaque id of ours, which
//! is good only together with the credentials that began the session. SDP, secrets and `Location`s are
//! never logged.

mod sessions;
mod upstream;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use havatar_api::Problem;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Http, problem::Failure};
use crate::auth::{Identity, Owner};

use sessions::Session;
pub(super) use sessions::Whep;
use upstream::Answer;

/// The largest offer, in bytes: MediaMTX's own limit.
pub(super) const LARGEST_SDP: usize = 128 * 1024;
/// The streams that may be watched.
const STREAMS: [&str; 3] = ["havatar_camera", "havatar_audio", "havatar"];
const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Where sessions are found.
const SESSIONS: &str = "/api/mediamtx/webrtc/whep";

/// Which stream.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Watch {
    /// `havatar_camera` unless told; or `havatar_audio`, or `havatar`.
    path: Option<String>,
}

/// Begins watching: takes an SDP offer, gives the answer.
#[utoipa::path(
    post,
    path = "/api/mediamtx/webrtc/whep",
    operation_id = "whep_begin",
    tag = "whep",
    params(Watch),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The SDP answer; Location takes PATCH and DELETE, Link names ICE servers", body = String, content_type = "application/sdp"),
        (status = 400, description = "bad_sdp", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "stream_offline, no_such_stream", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "mediamtx_away, busy", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn begin(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, Failure> {
    let stream = stream(&watch)?;
    must_be(&headers, SDP)?;
    if !offer.starts_with(b"v=0") {
        return Err(bad_sdp());
    }
    let whep = &http.0.whep;
    let place = whep.place(&http).await?;
    let answer = whep.upstream.begin(&http.app().media.whep_upstream(), stream, offer).await?;
    let id = whep.keep(
        Session::new(stream, answer.secret, answer.id, identity.owner(), place),
        identity.ended(),
        &http,
    );
    whep.sweep_now_and_then(&http);
    let mut response = (StatusCode::CREATED, answer.sdp).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    out.insert(header::ETAG, answer.etag.unwrap_or(HeaderValue::from_static("*")));
    if let Ok(location) = HeaderValue::from_str(&format!("{SESSIONS}/{id}")) {
        out.insert(header::LOCATION, location);
    }
    put_links(out, answer.links);
    Ok(response)
}

/// The ICE servers, before an offer is made.
#[utoipa::path(
    options,
    path = "/api/mediamtx/webrtc/whep",
    operation_id = "whep_ice_servers",
    tag = "whep",
    params(Watch),
    responses(
        (status = 204, description = "Link names ICE servers"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ice_servers(
    State(http): State<Http>,
    Query(watch): Query<Watch>,
) -> Result<Response, Failure> {
    let stream = stream(&watch)?;
    let links = http.0.whep.upstream.links(&http.app().media.whep_upstream(), stream).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert("accept-post", HeaderValue::from_static(SDP));
    put_links(response.headers_mut(), links);
    Ok(response)
}

/// Adds ICE candidates, or restarts ICE.
#[utoipa::path(
    patch,
    path = "/api/mediamtx/webrtc/whep/{id}",
    operation_id = "whep_trickle",
    tag = "whep",
    params(("id" = String, Path, description = "As in Location")),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses(
        (status = 200, description = "ICE was restarted: our fragment", body = String, content_type = "application/trickle-ice-sdpfrag"),
        (status = 204, description = "Taken"),
        (status = 404, description = "no_such_session", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn trickle(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Path(id): Path<String>,
    headers: HeaderMap,
    fragment: Bytes,
) -> Result<Response, Failure> {
    let whep = &http.0.whep;
    let (stream, secret) = whep.find(&id, identity.owner()).ok_or_else(no_such_session)?;
    must_be(&headers, FRAGMENT)?;
    let condition = headers.get(header::IF_MATCH).cloned();
    let media = http.app().media.whep_upstream();
    match whep.upstream.trickle(&media, stream, &secret, condition, fragment).await? {
        Answer::Gone => {
            whep.forget(&id);
            Err(no_such_session())
        }
        Answer::Empty => Ok(StatusCode::NO_CONTENT.into_response()),
        Answer::Fragment { body, etag } => {
            let mut response = body.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT));
            if let Some(etag) = etag {
                response.headers_mut().insert(header::ETAG, etag);
            }
            Ok(response)
        }
    }
}

/// Ends watching.
#[utoipa::path(
    delete,
    path = "/api/mediamtx/webrtc/whep/{id}",
    operation_id = "whep_end",
    tag = "whep",
    params(("id" = String, Path, description = "As in Location")),
    responses(
        (status = 200, description = "Ended"),
        (status = 404, description = "no_such_session", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let owner: Owner = identity.owner();
    http.0.whep.find(&id, owner).ok_or_else(no_such_session)?;
    http.0.whep.end(&id, &http.app().media.whep_upstream()).await;
    Ok(StatusCode::OK)
}

fn stream(watch: &Watch) -> Result<&'static str, Failure> {
    let asked = watch.path.as_deref().unwrap_or(STREAMS[0]);
    STREAMS.into_iter().find(|stream| *stream == asked).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "no_such_stream",
            format!("there is no such stream: ask for one of {}", STREAMS.join(", ")),
        )
    })
}

fn must_be(headers: &HeaderMap, kind: &'static str) -> Result<(), Failure> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(kind) {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong_content_type",
        format!("the body must be {kind}"),
    ))
}

fn bad_sdp() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "bad_sdp",
        "the body is no SDP that MediaMTX can answer: it must be a whole offer, beginning with v=0",
    )
}

fn no_such_session() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "no_such_session",
        "there is no such WHEP session of yours: it may have ended; begin a new one",
    )
}

fn put_links(headers: &mut HeaderMap, links: Vec<HeaderValue>) {
    for link in links {
        headers.append(HeaderName::from_static("link"), link);
    }
}
