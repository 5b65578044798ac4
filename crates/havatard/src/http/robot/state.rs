use axum::{Json, extract::State};
use havatar_api::{Problem, RobotState};

use super::super::Http;

/// The robot as it is.
#[utoipa::path(
    get,
    path = "/api/v1/robot/state",
    operation_id = "robot_state",
    tag = "robot",
    responses(
        (status = 200, description = "All of it", body = RobotState),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn state(State(http): State<Http>) -> Json<RobotState> {
    Json((*http.app().robot.state()).clone())
}
