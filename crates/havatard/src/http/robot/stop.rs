//! Stop and e-stop. They require only a signed-in caller; a body is not read.

use axum::Json;
use axum::extract::State;
use havatar_api::{Estop, EstopRelease, EstopReleased, RobotState};

use crate::http::error::ApiError;
use crate::http::extract::{Caller, OptionalJson};
use crate::http::state::AppState;

use super::who;

/// Stops the wheels. Never refused, as often as you like.
#[utoipa::path(
    post,
    path = "/api/v1/robot/stop",
    operation_id = "robot_stop",
    tag = "robot",
    responses(
        (status = 200, description = "Sent; `motion` is the state", body = RobotState),
        (status = "default", description = "Not signed in"),
    )
)]
pub(in super::super) async fn stop(
    State(state): State<AppState>,
    Caller(identity): Caller,
) -> Json<RobotState> {
    state.handles.robot.stop(&who(&identity));
    Json((*state.handles.robot.state()).clone())
}

/// Latches the e-stop: here, on disk and in the controller. Never refused, as often as you like.
///
/// The stop is sent at once; the response waits for the disk, for a second at most.
#[utoipa::path(
    post,
    path = "/api/v1/robot/estop",
    operation_id = "robot_estop",
    tag = "robot",
    responses(
        (status = 200, description = "Latched", body = Estop),
        (status = "default", description = "Not signed in"),
    )
)]
pub(in super::super) async fn estop(State(state): State<AppState>, Caller(identity): Caller) -> Json<Estop> {
    Json(state.handles.robot.estop(&who(&identity)).await)
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
        (status = 409, description = "`estop_button`, `press_again`"),
    )
)]
pub(in super::super) async fn release(
    State(state): State<AppState>,
    Caller(identity): Caller,
    OptionalJson(request): OptionalJson<EstopRelease>,
) -> Result<Json<EstopReleased>, ApiError> {
    Ok(Json(state.handles.robot.release_estop(&who(&identity), &request).await?))
}
