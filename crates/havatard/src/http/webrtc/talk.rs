use axum::{Extension, extract::State};
use havatar_api::{Problem, TalkRequest};
use http::StatusCode;

use super::{Way, no_such_session, talk_held};
use crate::{
    auth::Identity,
    http::{Http, problem::Failure, robot::Object},
};

/// Opens or closes one's own microphone on a session of the talk line.
///
/// While it is open, nobody else can take the line, and the robot's own speech waits. It closes by itself when the session ends.
#[utoipa::path(
    put,
    path = "/api/v1/talk",
    operation_id = "talk",
    tag = "voice",
    request_body = TalkRequest,
    responses(
        (status = 204, description = "Done"),
        (status = 404, description = "no_such_session", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "talk_held: somebody else has taken the line", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn talk(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Object(request): Object<TalkRequest>,
) -> Result<StatusCode, Failure> {
    let session = http.0.webrtc.find(&request.session, Way::Whip, identity.owner());
    session.ok_or_else(|| no_such_session(Way::Whip))?;
    http.0.line.open(&request.session, request.on).map_err(|who| talk_held(&who))?;
    Ok(StatusCode::NO_CONTENT)
}
