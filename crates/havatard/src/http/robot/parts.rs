//! Steps, head, lights and buzzer.

use axum::extract::State;
use havatar_api::{BuzzerRequest, HeadRequest, LightsRequest, StepRequest};
use http::StatusCode;

use crate::http::error::ApiError;
use crate::http::extract::{Caller, JsonObject};
use crate::http::state::AppState;

use super::{check_rate, who};

/// Begins a bounded move. The lease's drive socket must be open: it keeps the move alive.
#[utoipa::path(
    post,
    path = "/api/v1/robot/step",
    operation_id = "robot_step",
    tag = "robot",
    request_body = StepRequest,
    responses(
        (status = 204, description = "Begun"),
        (status = 409, description = "A refusal by its code"),
        (status = 429, description = "`flood`: more than 20 a second"),
    )
)]
pub(in super::super) async fn step(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<StepRequest>,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, &identity)?;
    state.handles.robot.step(&who(&identity), &request)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns the head.
#[utoipa::path(
    post,
    path = "/api/v1/robot/head",
    operation_id = "robot_head",
    tag = "robot",
    request_body = HeadRequest,
    responses(
        (status = 204, description = "Sent to the controller"),
        (status = 501, description = "`not_supported`"),
        (status = 429, description = "`flood`: more than 20 a second"),
    )
)]
pub(in super::super) async fn head(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<HeadRequest>,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, &identity)?;
    state.handles.robot.head(&who(&identity), &request)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the lamp.
#[utoipa::path(
    post,
    path = "/api/v1/robot/lights",
    operation_id = "robot_lights",
    tag = "robot",
    request_body = LightsRequest,
    responses(
        (status = 204, description = "Sent to the controller"),
        (status = 501, description = "`not_supported`"),
        (status = 429, description = "`flood`: more than 20 a second"),
    )
)]
pub(in super::super) async fn lights(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<LightsRequest>,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, &identity)?;
    state.handles.robot.lights(&who(&identity), &request)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sounds the buzzer.
#[utoipa::path(
    post,
    path = "/api/v1/robot/buzzer",
    operation_id = "robot_buzzer",
    tag = "robot",
    request_body = BuzzerRequest,
    responses(
        (status = 204, description = "Sent to the controller"),
        (status = 501, description = "`not_supported`"),
        (status = 429, description = "`flood`: more than 20 a second"),
    )
)]
pub(in super::super) async fn buzzer(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(request): JsonObject<BuzzerRequest>,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, &identity)?;
    state.handles.robot.buzzer(&who(&identity), &request)?;
    Ok(StatusCode::NO_CONTENT)
}
