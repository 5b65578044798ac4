//! The supervised processes.

use axum::Json;
use axum::extract::{Path, State};
use havatar_api::{Logs, Process};

use crate::media::ProcessVerb;

use super::error::ApiError;
use super::state::AppState;

/// All supervised processes.
#[utoipa::path(
    get,
    path = "/api/v1/processes",
    operation_id = "processes_list",
    tag = "processes",
    responses(
        (status = 200, description = "All of them", body = [Process]),
    )
)]
pub(super) async fn list(State(state): State<AppState>) -> Json<Vec<Process>> {
    Json(state.handles.media.status().processes)
}

/// Wants a process to run.
#[utoipa::path(
    post,
    path = "/api/v1/processes/{name}/start",
    operation_id = "processes_start",
    tag = "processes",
    params(("name" = String, Path, description = "The process")),
    responses(
        (status = 200, description = "Where it now is", body = Process),
        (status = 404, description = "No such process"),
    )
)]
pub(super) async fn start(state: State<AppState>, name: Path<String>) -> Result<Json<Process>, ApiError> {
    request(state, name, ProcessVerb::Start).await
}

/// Wants a process not to run.
#[utoipa::path(
    post,
    path = "/api/v1/processes/{name}/stop",
    operation_id = "processes_stop",
    tag = "processes",
    params(("name" = String, Path, description = "The process")),
    responses(
        (status = 200, description = "Where it now is", body = Process),
        (status = 404, description = "No such process"),
    )
)]
pub(super) async fn stop(state: State<AppState>, name: Path<String>) -> Result<Json<Process>, ApiError> {
    request(state, name, ProcessVerb::Stop).await
}

/// Ends a process and launches it again.
#[utoipa::path(
    post,
    path = "/api/v1/processes/{name}/restart",
    operation_id = "processes_restart",
    tag = "processes",
    params(("name" = String, Path, description = "The process")),
    responses(
        (status = 200, description = "Where it now is", body = Process),
        (status = 404, description = "No such process"),
    )
)]
pub(super) async fn restart(state: State<AppState>, name: Path<String>) -> Result<Json<Process>, ApiError> {
    request(state, name, ProcessVerb::Restart).await
}

/// The last lines a process wrote.
#[utoipa::path(
    get,
    path = "/api/v1/processes/{name}/logs",
    operation_id = "processes_logs",
    tag = "processes",
    params(("name" = String, Path, description = "The process")),
    responses(
        (status = 200, description = "Oldest first", body = Logs),
        (status = 404, description = "No such process"),
    )
)]
pub(super) async fn logs(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<Logs>, ApiError> {
    Ok(Json(state.handles.media.processes.logs(&name)?))
}

async fn request(
    State(state): State<AppState>,
    Path(name): Path<String>,
    verb: ProcessVerb,
) -> Result<Json<Process>, ApiError> {
    Ok(Json(state.handles.media.processes.request(&name, verb).await?))
}
