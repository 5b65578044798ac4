//! The state of the robot.

use axum::Json;
use axum::extract::State;
use havatar_api::RobotState;

use crate::http::state::AppState;

/// The robot as it is.
#[utoipa::path(
    get,
    path = "/api/v1/robot/state",
    operation_id = "robot_state",
    tag = "robot",
    responses(
        (status = 200, description = "All of it", body = RobotState),
    )
)]
pub(in super::super) async fn state(State(state): State<AppState>) -> Json<RobotState> {
    Json((*state.handles.robot.state()).clone())
}
