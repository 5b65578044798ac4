//! Routes of WHEP: watching and listening.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::error::ApiError;
use crate::http::extract::Caller;
use crate::http::state::AppState;
use crate::media::{AUDIO, BOTH, CAMERA};

use super::protocol::{Protocol, Target};
use super::sdp::Wanted;
use super::signalling;
use super::signalling::session_routes;

/// The streams that may be watched, with what each gives; the first is the default.
const STREAMS: [(&str, Wanted); 3] = [(CAMERA, Wanted::Video), (AUDIO, Wanted::Audio), (BOTH, Wanted::Both)];

/// Which stream.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Watch {
    /// `havatar_camera` by default; or `havatar_audio`, or `havatar`.
    path: Option<String>,
}

/// Begins a WHEP session: takes an SDP offer, returns the answer.
///
/// The offer has at most one video line, one audio line and one data channel, bundled, each with a mid. What the robot
/// does not know is left out of it, and so are ICE candidates of TCP, of loopback and of the local link, names, and those
/// beyond 16.
#[utoipa::path(
    post,
    path = "/api/mediamtx/webrtc/whep",
    operation_id = "whep_begin",
    tag = "whep",
    params(Watch),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The SDP answer; Location takes PATCH and DELETE, Link names ICE servers", body = String, content_type = "application/sdp"),
        (status = 400, description = "bad_sdp"),
        (status = 404, description = "stream_offline, no_such_stream"),
        (status = 406, description = "unsupported_tracks: the offer has nothing that this stream gives, H.264 or Opus"),
        (status = 503, description = "mediamtx_away, busy"),
    )
)]
pub(in crate::http) async fn begin(
    State(state): State<AppState>,
    Caller(identity): Caller,
    Query(watch): Query<Watch>,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, ApiError> {
    let (target, wanted) = target(&watch)?;
    let offer = signalling::read_offer(&headers, &offer, wanted)?;
    signalling::begin(&state, target, &identity, offer, None).await
}

/// The ICE servers, before an offer is made.
#[utoipa::path(
    options,
    path = "/api/mediamtx/webrtc/whep",
    operation_id = "whep_ice_servers",
    tag = "whep",
    params(Watch),
    responses((status = 204, description = "Link names ICE servers"))
)]
pub(in crate::http) async fn ice_servers(
    State(state): State<AppState>,
    Query(watch): Query<Watch>,
) -> Result<Response, ApiError> {
    signalling::ice_servers(&state, target(&watch)?.0).await
}

session_routes!(
    Protocol::Whep,
    "whep",
    "/api/mediamtx/webrtc/whep/{id}",
    "whep_trickle",
    "whep_end",
    "Ends a WHEP session."
);

fn target(watch: &Watch) -> Result<(Target, Wanted), ApiError> {
    let path = watch.path.as_deref().unwrap_or(STREAMS[0].0);
    let known = STREAMS.into_iter().find(|(stream, _)| *stream == path);
    let (stream, wanted) = known.ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "no_such_stream",
            format!(
                "there is no such stream: ask for one of {}",
                STREAMS.map(|(stream, _)| stream).join(", ")
            ),
        )
    })?;
    Ok((Target { protocol: Protocol::Whep, stream }, wanted))
}
