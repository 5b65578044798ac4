use axum::{
    Extension, Json,
    extract::{Path, State},
};
use havatar_api::{Problem, SpeakRequest, Utterance};
use http::StatusCode;

use super::super::{Http, problem::Failure, robot::Object};
use crate::{auth::Identity, speech::SpeechError};

/// Says something aloud, once its turn comes. A live talker goes first.
#[utoipa::path(
    post,
    path = "/api/v1/robot/speak",
    operation_id = "robot_speak",
    tag = "voice",
    request_body = SpeakRequest,
    responses(
        (status = 202, description = "It will be said", body = Utterance),
        (status = 409, description = "`quiet_hours`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`out_of_range`: the text", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "`not_supported`: no loudspeaker, or no speech engine", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: eight wait already", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn speak(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Object(request): Object<SpeakRequest>,
) -> Result<(StatusCode, Json<Utterance>), Failure> {
    let utterance = http.app().speech.speak(&identity.me.name, &request)?;
    Ok((StatusCode::ACCEPTED, Json(utterance)))
}

/// Sounds the attention sound, once its turn comes.
#[utoipa::path(
    post,
    path = "/api/v1/robot/attention",
    operation_id = "robot_attention",
    tag = "voice",
    responses(
        (status = 202, description = "It will be heard", body = Utterance),
        (status = 409, description = "`quiet_hours`", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "`not_supported`: no loudspeaker", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`: eight wait already", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn attention(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
) -> Result<(StatusCode, Json<Utterance>), Failure> {
    let utterance = http.app().speech.attention(&identity.me.name)?;
    Ok((StatusCode::ACCEPTED, Json(utterance)))
}

/// Takes everything back, and cuts short what is being said.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/speak",
    operation_id = "robot_hush",
    tag = "voice",
    responses(
        (status = 204, description = "Silent"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn hush(State(http): State<Http>) -> StatusCode {
    http.app().speech.hush();
    StatusCode::NO_CONTENT
}

/// Takes one utterance back, or cuts it short.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/speak/{id}",
    operation_id = "robot_speak_cancel",
    tag = "voice",
    params(("id" = u64, Path, description = "The utterance's number")),
    responses(
        (status = 204, description = "Cancelled"),
        (status = 404, description = "`no_such_utterance`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn cancel(
    State(http): State<Http>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id = id.parse().map_err(|_| SpeechError::NoSuch)?;
    http.app().speech.cancel(id)?;
    Ok(StatusCode::NO_CONTENT)
}
