//! Talking: WHIP on our own origin.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use havatar_api::Problem;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::{TO_THE_ROBOT, Way, talk_held, unsupported};
use crate::{
    auth::Identity,
    http::{Http, problem::Failure},
};

/// Takes the talk line: takes an SDP offer of one Opus track, gives the answer.
///
/// A page does this when it is loaded, and from then on sends sound, silence included: MediaMTX ends a session of which
/// nothing comes for two seconds. Whoever has the line without an open microphone gives way, and so does whoever nothing
/// comes from for three seconds.
#[utoipa::path(
    post,
    path = "/api/mediamtx/webrtc/whip",
    operation_id = "whip_begin",
    tag = "whip",
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The SDP answer; Location takes PATCH and DELETE, Link names ICE servers", body = String, content_type = "application/sdp"),
        (status = 400, description = "bad_sdp", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "stream_offline: this robot has no loudspeaker", body = Problem, content_type = "application/problem+json"),
        (status = 406, description = "unsupported_tracks", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "talk_held: somebody else's microphone is open", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "mediamtx_away, busy", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn begin(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, Failure> {
    // Nobody gives way to an offer that comes to nothing for its form.
    super::check_offer(&headers, &offer)?;
    if !is_one_voice(&offer) {
        return Err(unsupported());
    }
    let claim = http.0.line.claim(identity.owner(), &identity.me.name, Timestamp::now());
    let (hold, before) = claim.await.map_err(|who| talk_held(&who))?;
    if let Some(before) = before {
        http.0.webrtc.end(&before, &http.app().media).await;
    }
    super::begin(&http, TO_THE_ROBOT, &identity, &headers, offer, Some(hold)).await
}

/// The ICE servers, before an offer is made.
#[utoipa::path(
    options,
    path = "/api/mediamtx/webrtc/whip",
    operation_id = "whip_ice_servers",
    tag = "whip",
    responses(
        (status = 204, description = "Link names ICE servers"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn ice_servers(State(http): State<Http>) -> Result<Response, Failure> {
    super::ice_servers(&http, TO_THE_ROBOT).await
}

/// Adds ICE candidates, or restarts ICE.
#[utoipa::path(
    patch,
    path = "/api/mediamtx/webrtc/whip/{id}",
    operation_id = "whip_trickle",
    tag = "whip",
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
    super::trickle(&http, Way::Whip, &id, &identity, &headers, fragment).await
}

/// Gives the talk line back.
#[utoipa::path(
    delete,
    path = "/api/mediamtx/webrtc/whip/{id}",
    operation_id = "whip_end",
    tag = "whip",
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
    super::end(&http, Way::Whip, &id, &identity).await
}

/// Whether an offer is of one track of Opus sound. MediaMTX would take others, and drop the session only when they come. An
/// offer of no track at all is MediaMTX's to refuse.
fn is_one_voice(offer: &[u8]) -> bool {
    let starts = |line: &&[u8]| line.starts_with(b"m=");
    let mut tracks = offer.split(|byte| *byte == b'\n').filter(starts);
    let Some(first) = tracks.next() else { return true };
    let opus = offer.windows(11).any(|part| part.eq_ignore_ascii_case(b" opus/48000"));
    first.starts_with(b"m=audio ") && tracks.next().is_none() && opus
}
