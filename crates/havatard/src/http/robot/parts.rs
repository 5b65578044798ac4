use axum::extract::State;
use havatar_api::{BuzzerRequest, HeadRequest, LightsRequest, Problem, StepRequest};
use http::StatusCode;

use super::super::{Http, problem::Failure};
use super::{Object, paced};

/// Begins a bounded move. The lease's drive socket must be open: it keeps the move alive.
#[utoipa::path(
    post,
    path = "/api/v1/robot/step",
    operation_id = "robot_step",
    tag = "robot",
    request_body = StepRequest,
    responses(
        (status = 204, description = "Begun"),
        (status = 409, description = "A refusal by its code", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`flood`: more than 20 a second", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn step(
    State(http): State<Http>,
    Object(request): Object<StepRequest>,
) -> Result<StatusCode, Failure> {
    paced(&http)?;
    http.app().robot.step(&request)?;
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
        (status = 204, description = "Told"),
        (status = 501, description = "`not_supported`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`flood`: more than 20 a second", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn head(
    State(http): State<Http>,
    Object(request): Object<HeadRequest>,
) -> Result<StatusCode, Failure> {
    paced(&http)?;
    http.app().robot.head(&request)?;
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
        (status = 204, description = "Told"),
        (status = 501, description = "`not_supported`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`flood`: more than 20 a second", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn lights(
    State(http): State<Http>,
    Object(request): Object<LightsRequest>,
) -> Result<StatusCode, Failure> {
    paced(&http)?;
    http.app().robot.lights(&request)?;
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
        (status = 204, description = "Told"),
        (status = 501, description = "`not_supported`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`flood`: more than 20 a second", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn buzzer(
    State(http): State<Http>,
    Object(request): Object<BuzzerRequest>,
) -> Result<StatusCode, Failure> {
    paced(&http)?;
    http.app().robot.buzzer(&request)?;
    Ok(StatusCode::NO_CONTENT)
}
