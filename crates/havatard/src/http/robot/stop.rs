//! Stopping asks for nothing but somebody who is signed in; a body is not even looked at.

use axum::{Extension, Json, extract::State};
use havatar_api::{Estop, EstopRelease, EstopReleased, Problem, RobotState};

use super::super::{Http, problem::Failure};
use super::{Optional, who};
use crate::auth::Identity;

/// Stops the wheels. Never refused, as often as you like.
#[utoipa::path(
    post,
    path = "/api/v1/robot/stop",
    operation_id = "robot_stop",
    tag = "robot",
    responses(
        (status = 200, description = "Told; `motion` says where it is", body = RobotState),
        (status = "default", description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn stop(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
) -> Json<RobotState> {
    http.app().robot.stop(&who(&identity));
    Json((*http.app().robot.state()).clone())
}

/// Latches the e-stop: here, on disk and in the controller. Never refused, as often as you like.
///
/// The wheels are told at once; the answer waits for the disk, for a second at most.
#[utoipa::path(
    post,
    path = "/api/v1/robot/estop",
    operation_id = "robot_estop",
    tag = "robot",
    responses(
        (status = 200, description = "Latched", body = Estop),
        (status = "default", description = "Not signed in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn estop(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
) -> Json<Estop> {
    Json(http.app().robot.estop(&who(&identity)).await)
}

/// Releases the e-stop in two steps. A release moves nothing.
///
/// Without `confirm`, the answer carries a code that is good for 60 s; sent as `confirm` it releases.
#[utoipa::path(
    post,
    path = "/api/v1/robot/estop/release",
    operation_id = "robot_estop_release",
    tag = "robot",
    request_body = Option<EstopRelease>,
    responses(
        (status = 200, description = "The code, or the e-stop released", body = EstopReleased),
        (status = 409, description = "`estop_button`, `press_again`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn release(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Optional(request): Optional<EstopRelease>,
) -> Result<Json<EstopReleased>, Failure> {
    Ok(Json(http.app().robot.release_estop(&who(&identity), &request).await?))
}
