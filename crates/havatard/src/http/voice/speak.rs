//! Text to speech, and the attention sound.

use axum::Json;
use axum::extract::{Path, State};
use havatar_api::{SpeakRequest, Utterance};
use http::StatusCode;

use crate::auth::Identity;
use crate::http::error::ApiError;
use crate::http::extract::{Caller, JsonObject};
use crate::http::robot::who;
use crate::http::state::AppState;
use crate::robot::Who;
use crate::speech::{Speaker, SpeechError};

/// Queues a text to be spoken. A live talker has priority; sign-ins take turns.
#[utoipa::path(
    post,
    path = "/api/v1/robot/speak",
    operation_id = "robot_speak",
    tag = "voice",
    request_body = SpeakRequest,
    responses(
        (status = 202, description = "Queued", body = Utterance),
        (status = 409, description = "`quiet_hours`"),
        (status = 422, description = "`out_of_range`: the text"),
        (status = 501, description = "`not_supported`: no loudspeaker, or no speech engine"),
        (status = 503, description = "`busy`: eight wait already, and no sign-in has more of them than this one"),
    )
)]
pub(in super::super) async fn speak(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<SpeakRequest>,
) -> Result<(StatusCode, Json<Utterance>), ApiError> {
    let utterance = state.handles.speech.speak(&speaker(&identity), &request)?;
    Ok((StatusCode::ACCEPTED, Json(utterance)))
}

/// Queues the attention sound.
#[utoipa::path(
    post,
    path = "/api/v1/robot/attention",
    operation_id = "robot_attention",
    tag = "voice",
    responses(
        (status = 202, description = "Queued", body = Utterance),
        (status = 409, description = "`quiet_hours`"),
        (status = 501, description = "`not_supported`: no loudspeaker"),
        (status = 503, description = "`busy`: eight wait already, and no sign-in has more of them than this one"),
    )
)]
pub(in super::super) async fn attention(
    State(state): State<AppState>,
    Caller(identity): Caller,
) -> Result<(StatusCode, Json<Utterance>), ApiError> {
    let utterance = state.handles.speech.attention(&speaker(&identity))?;
    Ok((StatusCode::ACCEPTED, Json(utterance)))
}

fn speaker(identity: &Identity) -> Speaker {
    let Who { name, key, .. } = who(identity);
    Speaker { name, key }
}

/// Clears the queue, and interrupts the current utterance.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/speak",
    operation_id = "robot_hush",
    tag = "voice",
    responses(
        (status = 204, description = "Silent"),
    )
)]
pub(in super::super) async fn silence(State(state): State<AppState>) -> StatusCode {
    state.handles.speech.hush();
    StatusCode::NO_CONTENT
}

/// Removes one utterance from the queue, or interrupts it.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/speak/{id}",
    operation_id = "robot_speak_cancel",
    tag = "voice",
    params(("id" = u64, Path, description = "The utterance's number")),
    responses(
        (status = 204, description = "Cancelled"),
        (status = 404, description = "`no_such_utterance`"),
    )
)]
pub(in super::super) async fn cancel(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| SpeechError::NoSuch)?;
    state.handles.speech.cancel(id)?;
    Ok(StatusCode::NO_CONTENT)
}
