//! Starting and stopping the publishers.

use axum::extract::State;
use http::StatusCode;

use super::error::ApiError;
use super::state::AppState;

/// Wants the publishers to run.
#[utoipa::path(
    post,
    path = "/api/v1/stream/start",
    operation_id = "stream_start",
    tag = "stream",
    responses(
        (status = 204, description = "Wanted"),
    )
)]
pub(super) async fn start(State(state): State<AppState>) -> Result<StatusCode, ApiError> {
    state.handles.media.start_streaming().await?;
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
    )
)]
pub(super) async fn stop(State(state): State<AppState>) -> Result<StatusCode, ApiError> {
    state.handles.media.stop_streaming().await?;
    Ok(StatusCode::NO_CONTENT)
}
