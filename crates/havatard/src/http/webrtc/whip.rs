//! Routes of WHIP: talking.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use jiff::Timestamp;

use crate::http::error::ApiError;
use crate::http::extract::Caller;
use crate::http::robot::who;
use crate::http::state::AppState;
use crate::media::TALK;

use super::errors::talk_held;
use super::protocol::{Protocol, Target};
use super::sdp::Wanted;
use super::signalling;
use super::signalling::session_routes;

/// Where the operator's voice is published.
const TARGET: Target = Target { protocol: Protocol::Whip, stream: TALK };

/// Begins a WHIP session and claims the talk channel: takes an SDP offer of one Opus track, returns the answer.
///
/// The page does this when it is loaded, and from then on sends audio, silence included: MediaMTX ends a session from which
/// it receives nothing for two seconds. A claim displaces a session whose microphone is closed, or from which no audio has
/// arrived for three seconds; the driver's claim displaces any that is not the driver's.
#[utoipa::path(
    post,
    path = "/api/mediamtx/webrtc/whip",
    operation_id = "whip_begin",
    tag = "whip",
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The SDP answer; Location takes PATCH and DELETE, Link names ICE servers", body = String, content_type = "application/sdp"),
        (status = 400, description = "bad_sdp"),
        (status = 404, description = "stream_offline: this robot has no loudspeaker"),
        (status = 406, description = "unsupported_tracks"),
        (status = 409, description = "talk_held: another talker's microphone is open"),
        (status = 503, description = "mediamtx_away, busy"),
    )
)]
pub(in crate::http) async fn begin(
    State(state): State<AppState>,
    Caller(identity): Caller,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, ApiError> {
    // Read before the claim: a malformed offer must not displace the channel's owner.
    let offer = signalling::read_offer(&headers, &offer, Wanted::Voice)?;
    if !state.take_claim(identity.owner()) {
        return Err(ApiError::busy("this sign-in has claimed the talk channel too often"));
    }
    let drives = || state.handles.robot.is_driver(&who(&identity));
    let claim = state.talk.claim(identity.owner(), &identity.me.name, Timestamp::now(), drives);
    let (grant, displaced) = claim.await.map_err(|who| talk_held(&who))?;
    if let Some(displaced) = displaced {
        state.webrtc.end(&displaced).await;
    }
    signalling::begin(&state, TARGET, &identity, offer, Some(grant)).await
}

/// The ICE servers, before an offer is made.
#[utoipa::path(
    options,
    path = "/api/mediamtx/webrtc/whip",
    operation_id = "whip_ice_servers",
    tag = "whip",
    responses((status = 204, description = "Link names ICE servers"))
)]
pub(in crate::http) async fn ice_servers(State(state): State<AppState>) -> Result<Response, ApiError> {
    signalling::ice_servers(&state, TARGET).await
}

session_routes!(
    Protocol::Whip,
    "whip",
    "/api/mediamtx/webrtc/whip/{id}",
    "whip_trickle",
    "whip_end",
    "Ends a WHIP session and releases the talk channel."
);
