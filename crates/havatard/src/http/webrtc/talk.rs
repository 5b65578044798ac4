//! The route that opens and closes the talker's microphone.

use axum::extract::State;
use havatar_api::TalkRequest;
use http::StatusCode;

use crate::http::error::ApiError;
use crate::http::extract::{Caller, JsonObject};
use crate::http::state::AppState;

use super::errors::{no_such_session, talk_held};
use super::protocol::Protocol;

/// Opens or closes the caller's microphone on a WHIP session.
///
/// While it is open, the talk channel cannot be claimed, and the robot's own speech waits. It closes when the session ends.
#[utoipa::path(
    put,
    path = "/api/v1/talk",
    operation_id = "talk",
    tag = "voice",
    request_body = TalkRequest,
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "no_such_session"),
        (status = 409, description = "talk_held: another talker has claimed the channel"),
    )
)]
pub(in crate::http) async fn talk(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<TalkRequest>,
) -> Result<StatusCode, ApiError> {
    let session = state.webrtc.find(&request.session, Protocol::Whip, identity.owner());
    session.ok_or_else(|| no_such_session(Protocol::Whip))?;
    state.talk.open(&request.session, request.on).map_err(|who| talk_held(&who))?;
    Ok(StatusCode::NO_CONTENT)
}
