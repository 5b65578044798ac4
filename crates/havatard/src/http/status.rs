//! The status of all parts, and the figures of the streams.

use axum::Json;
use axum::extract::State;
use havatar_api::{Machine, Status, Streams};
use tokio::time::Instant;

use super::state::AppState;
use super::voice;

/// A snapshot of everything.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "status",
    tag = "status",
    responses(
        (status = 200, description = "Everything", body = Status),
    )
)]
pub(super) async fn status(State(state): State<AppState>) -> Json<Status> {
    Json(now(&state))
}

/// Streams and their figures.
#[utoipa::path(
    get,
    path = "/api/v1/stats",
    operation_id = "stats",
    tag = "status",
    responses(
        (status = 200, description = "All streams", body = Streams),
    )
)]
pub(super) async fn stats(State(state): State<AppState>) -> Json<Streams> {
    let viewers = state.viewers.list(Instant::now());
    Json(Streams { viewers, ..state.handles.media.status().streams })
}

/// The whole status as it is now.
pub(super) fn now(state: &AppState) -> Status {
    let handles = &state.handles;
    let robot = (*handles.robot.state()).clone();
    let media = handles.media.status();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mediamtx_version: media.mediamtx_version,
        started_at: handles.started_at,
        machine: Machine {
            uptime_s: handles.started.elapsed().as_secs_f64(),
            motion_age_ms: u64::try_from(handles.robot.loop_age().as_millis()).unwrap_or(u64::MAX),
            overload: media.overload,
            board: media.board,
        },
        streaming: media.streaming,
        readiness: media.readiness,
        config: handles.config_status.borrow().clone(),
        devices: media.devices,
        encoder: media.encoder,
        processes: media.processes,
        streams: media.streams,
        recording: handles.recordings.status(),
        robot,
        voice: voice::now(state),
        presence: handles.presence.borrow().clone(),
    }
}
