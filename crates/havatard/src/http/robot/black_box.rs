//! Reading the black box.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::state::AppState;

/// Which part of the black box.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Part {
    /// Only lines whose `n` is greater than this.
    since: Option<u64>,
}

/// What happened to the robot, oldest first: a JSON object a line, as it is now.
#[utoipa::path(
    get,
    path = "/api/v1/robot/blackbox",
    operation_id = "robot_black_box",
    tag = "robot",
    params(Part),
    responses(
        (status = 200, description = "JSON lines", content_type = "application/jsonl", body = String),
    )
)]
pub(in super::super) async fn read(State(state): State<AppState>, Query(part): Query<Part>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"havatar-black-box.jsonl\""),
    ];
    (headers, Body::from_stream(state.handles.robot.black_box(part.since))).into_response()
}
