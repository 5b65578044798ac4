use axum::{Extension, Json, extract::State};
use havatar_api::{LeaseAnswer, LeaseReply, LeaseRequest, LeaseToken, Problem};
use http::StatusCode;

use super::super::{Http, problem::Failure};
use super::{Object, Optional, who};
use crate::auth::Identity;

/// Asks for the robot. An empty body asks politely and in the account's name.
#[utoipa::path(
    post,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_acquire",
    tag = "robot",
    request_body = Option<LeaseRequest>,
    responses(
        (status = 201, description = "It is yours", body = LeaseAnswer),
        (status = 202, description = "The driver has been asked: ask again every second or so", body = LeaseAnswer),
        (status = 409, description = "`lease_held`: somebody else has it", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`out_of_range`: the name", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn acquire(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Optional(request): Optional<LeaseRequest>,
) -> Result<(StatusCode, Json<LeaseAnswer>), Failure> {
    let answer = http.app().robot.acquire(&who(&identity), &request)?;
    let status = match answer {
        LeaseAnswer::Granted { .. } => StatusCode::CREATED,
        LeaseAnswer::Asked { .. } => StatusCode::ACCEPTED,
    };
    Ok((status, Json(answer)))
}

/// Says that the driver is there, for clients without a drive socket: at least every 500 ms.
#[utoipa::path(
    put,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_keep",
    tag = "robot",
    request_body = LeaseToken,
    responses(
        (status = 204, description = "Kept"),
        (status = 403, description = "`no_lease`, `lease_lost`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn keep(
    State(http): State<Http>,
    Object(lease): Object<LeaseToken>,
) -> Result<StatusCode, Failure> {
    http.app().robot.keep_alive(&lease.token)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the robot back. It stops.
#[utoipa::path(
    delete,
    path = "/api/v1/robot/lease",
    operation_id = "robot_lease_release",
    tag = "robot",
    request_body = LeaseToken,
    responses(
        (status = 204, description = "Given back"),
        (status = 403, description = "`no_lease`, `lease_lost`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn release(
    State(http): State<Http>,
    Object(lease): Object<LeaseToken>,
) -> Result<StatusCode, Failure> {
    http.app().robot.release(&lease.token)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The driver's answer to whoever asks for the robot.
#[utoipa::path(
    post,
    path = "/api/v1/robot/lease/answer",
    operation_id = "robot_lease_answer",
    tag = "robot",
    request_body = LeaseReply,
    responses(
        (status = 204, description = "Told"),
        (status = 403, description = "`no_lease` (also if nobody asks), `lease_lost`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn answer(
    State(http): State<Http>,
    Object(reply): Object<LeaseReply>,
) -> Result<StatusCode, Failure> {
    http.app().robot.answer(&reply)?;
    Ok(StatusCode::NO_CONTENT)
}
