//! The lease of the robot.

use axum::Json;
use axum::extract::State;
use havatar_api::{LeaseAnswer, LeaseReply, LeaseRequest, LeaseToken};
use http::StatusCode;

use crate::http::error::ApiError;
use crate::http::extract::{Caller, JsonObject, OptionalJson};
use crate::http::state::AppState;

use super::who;

/// Acquires the robot's lease. An empty body means `if_held: refuse` and the account's name.
#[utoipa::path(
    post,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_acquire",
    tag = "robot",
    request_body = Option<LeaseRequest>,
    responses(
        (status = 201, description = "Granted", body = LeaseAnswer),
        (status = 202, description = "The driver has been asked: repeat the request about every second", body = LeaseAnswer),
        (status = 409, description = "`lease_held`: another driver has it"),
        (status = 422, description = "`out_of_range`: the name"),
    )
)]
pub(in super::super) async fn acquire(
    State(state): State<AppState>,
    Caller(identity): Caller,
    OptionalJson(request): OptionalJson<LeaseRequest>,
) -> Result<(StatusCode, Json<LeaseAnswer>), ApiError> {
    let answer = state.handles.robot.acquire(&who(&identity), &request)?;
    let status = match answer {
        LeaseAnswer::Granted { .. } => StatusCode::CREATED,
        LeaseAnswer::Asked { .. } => StatusCode::ACCEPTED,
    };
    Ok((status, Json(answer)))
}

/// Keeps the lease alive, for clients without a drive socket: at least every 500 ms.
#[utoipa::path(
    put,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_keep",
    tag = "robot",
    request_body = LeaseToken,
    responses(
        (status = 204, description = "Kept"),
        (status = 403, description = "`no_lease`, `lease_lost`"),
    )
)]
pub(in super::super) async fn keep(
    State(state): State<AppState>,
    JsonObject(lease): JsonObject<LeaseToken>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.keep_alive(&lease.token)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Releases the lease. The robot stops.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_release",
    tag = "robot",
    request_body = LeaseToken,
    responses(
        (status = 204, description = "Released"),
        (status = 403, description = "`no_lease`, `lease_lost`"),
    )
)]
pub(in super::super) async fn release(
    State(state): State<AppState>,
    JsonObject(lease): JsonObject<LeaseToken>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.release(&lease.token)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The driver's answer to a request for the robot.
#[utoipa::path(
    post,
    path = "/api/v1/robot/lease/answer",
    operation_id = "robot_lease_answer",
    tag = "robot",
    request_body = LeaseReply,
    responses(
        (status = 204, description = "Delivered"),
        (status = 403, description = "`no_lease` (also if there is no request), `lease_lost`"),
    )
)]
pub(in super::super) async fn answer(
    State(state): State<AppState>,
    JsonObject(reply): JsonObject<LeaseReply>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.answer(&reply)?;
    Ok(StatusCode::NO_CONTENT)
}
