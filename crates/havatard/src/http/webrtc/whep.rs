//! Watching: WHEP on our own origin.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
    response::Response,
};
use havatar_api::Problem;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Target, Way};
use crate::{
    auth::Identity,
    http::{Http, problem::Failure},
};

/// The streams that may be watched.
const STREAMS: [&str; 3] = ["havatar_camera", "havatar_audio", "havatar"];

/// Which stream.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Watch {
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
pub(in crate::http) async fn begin(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, Failure> {
    super::begin(&http, target(&watch)?, &identity, &headers, offer, None).await
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
pub(in crate::http) async fn ice_servers(
    State(http): State<Http>,
    Query(watch): Query<Watch>,
) -> Result<Response, Failure> {
    super::ice_servers(&http, target(&watch)?).await
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
pub(in crate::http) async fn trickle(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Path(id): Path<String>,
    headers: HeaderMap,
    fragment: Bytes,
) -> Result<Response, Failure> {
    super::trickle(&http, Way::Whep, &id, &identity, &headers, fragment).await
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
pub(in crate::http) async fn end(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    super::end(&http, Way::Whep, &id, &identity).await
}

fn target(watch: &Watch) -> Result<Target, Failure> {
    let asked = watch.path.as_deref().unwrap_or(STREAMS[0]);
    let stream = STREAMS.into_iter().find(|stream| *stream == asked).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "no_such_stream",
            format!("there is no such stream: ask for one of {}", STREAMS.join(", ")),
        )
    })?;
    Ok(Target { way: Way::Whep, stream })
}
