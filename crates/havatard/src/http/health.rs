//! Liveness and readiness.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use havatar_api::{Health, Readiness};
use http::{HeaderMap, StatusCode};

use super::guard;
use super::state::AppState;

/// The daemon is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "health",
    responses((status = 200, description = "Alive", body = Health))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { alive: true })
}

/// The robot shows a picture with sound, or what is missing for it.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "health",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready, and what is missing", body = Readiness),
    )
)]
pub(super) async fn readyz(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let mut readiness = state.handles.media.status().readiness;
    // The route is public, and the reasons name devices, files and programs of this machine.
    if !guard::is_signed_in(&state, &headers) {
        for missing in &mut readiness.missing {
            missing.why = None;
        }
    }
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}
