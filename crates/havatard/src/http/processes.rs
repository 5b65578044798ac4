use axum::{
    Json,
    extract::{Path, State},
};
use havatar_api::{Logs, Problem, Process};

use super::{Http, problem::Failure};
use crate::media::ProcessVerb;

/// All supervised processes.
#[utoipa::path(
    get,
    path = "/api/v1/processes",
    operation_id = "processes_list",
    tag = "processes",
    responses(
        (status = 200, description = "All of them", body = [Process]),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(http): State<Http>) -> Json<Vec<Process>> {
    Json(http.app().media.status().processes)
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
        (status = 404, description = "No such process", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn start(http: State<Http>, name: Path<String>) -> Result<Json<Process>, Failure> {
    tell(http, name, ProcessVerb::Start).await
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
        (status = 404, description = "No such process", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stop(http: State<Http>, name: Path<String>) -> Result<Json<Process>, Failure> {
    tell(http, name, ProcessVerb::Stop).await
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
        (status = 404, description = "No such process", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn restart(http: State<Http>, name: Path<String>) -> Result<Json<Process>, Failure> {
    tell(http, name, ProcessVerb::Restart).await
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
        (status = 404, description = "No such process", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn logs(State(http): State<Http>, Path(name): Path<String>) -> Result<Json<Logs>, Failure> {
    Ok(Json(http.app().media.processes.logs(&name)?))
}

async fn tell(
    State(http): State<Http>,
    Path(name): Path<String>,
    verb: ProcessVerb,
) -> Result<Json<Process>, Failure> {
    Ok(Json(http.app().media.processes.request(&name, verb).await?))
}
