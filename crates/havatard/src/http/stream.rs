use axum::extract::State;
use havatar_api::Problem;
use http::StatusCode;

use super::{Http, problem::Failure};

/// Wants the publishers to run.
#[utoipa::path(
    post,
    path = "/api/v1/stream/start",
    operation_id = "stream_start",
    tag = "stream",
    responses(
        (status = 204, description = "Wanted"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn start(State(http): State<Http>) -> Result<StatusCode, Failure> {
    http.app().media.start_streaming().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Wants the publishers not to run.
#[utoipa::path(
    post,
    path = "/api/v1/stream/stop",
    operation_id = "stream_stop",
    tag = "stream",
    responses(
        (status = 204, description = "No longer wanted"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop(State(http): State<Http>) -> Result<StatusCode, Failure> {
    http.app().media.stop_streaming().await?;
    Ok(StatusCode::NO_CONTENT)
}
