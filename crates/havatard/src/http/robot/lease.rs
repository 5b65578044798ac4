//! The lease of the robot.

use axum::Json;
use axum::extract::State;
use havatar_api::{LeaseAnswer, LeaseReply, LeaseRequest, LeaseToken};
use http::StatusCode;

use crate::auth::Identity;
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
        (status = 409, description = "`lease_held`: another driver has it, or it is reserved; `Retry-After` where the time is known"),
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
        LeaseAnswer::Granted { lease, .. } => {
            tokio::spawn(end_with_sign_in(state, identity, lease));
            StatusCode::CREATED
        }
        LeaseAnswer::Asked { .. } => StatusCode::ACCEPTED,
    };
    Ok((status, Json(answer)))
}

/// Ends the lease when its sign-in ends, for whatever reason. One task a lease, and there is one lease.
async fn end_with_sign_in(state: AppState, identity: Identity, lease: u64) {
    let robot = &state.handles.robot;
    tokio::select! {
        () = identity.ended().cancelled_owned() => robot.sign_out(&who(&identity)),
        () = robot.lease_over(lease) => {}
        () = state.handles.shutdown.cancelled() => {}
    }
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
    Caller(identity): Caller,
    JsonObject(lease): JsonObject<LeaseToken>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.keep_alive(&who(&identity), &lease.token)?;
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
    Caller(identity): Caller,
    JsonObject(lease): JsonObject<LeaseToken>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.release(&who(&identity), &lease.token)?;
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
    Caller(identity): Caller,
    JsonObject(reply): JsonObject<LeaseReply>,
) -> Result<StatusCode, ApiError> {
    state.handles.robot.answer(&who(&identity), &reply)?;
    Ok(StatusCode::NO_CONTENT)
}
