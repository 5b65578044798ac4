use axum::{Json, extract::State};
use havatar_api::{Problem, Status, Streams};
use tokio::time::Instant;

use super::{Http, voice};

/// One picture of everything.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "status",
    tag = "status",
    responses(
        (status = 200, description = "Everything", body = Status),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn status(State(http): State<Http>) -> Json<Status> {
    Json(now(&http))
}

/// Streams and their figures.
#[utoipa::path(
    get,
    path = "/api/v1/stats",
    operation_id = "stats",
    tag = "status",
    responses(
        (status = 200, description = "All streams", body = Streams),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn stats(State(http): State<Http>) -> Json<Streams> {
    let viewers = http.0.viewers.list(Instant::now());
    Json(Streams { viewers, ..http.app().media.status().streams })
}

/// The whole status as it is now.
pub(super) fn now(http: &Http) -> Status {
    let app = http.app();
    let robot = (*app.robot.state()).clone();
    let media = app.media.status();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mediamtx_version: media.mediamtx_version,
        started_at: app.started_at,
        streaming: media.streaming,
        readiness: media.readiness,
        config: app.config_status.borrow().clone(),
        devices: media.devices,
        encoder: media.encoder,
        processes: media.processes,
        streams: media.streams,
        recording: app.recordings.status(),
        robot,
        voice: voice::now(http),
        presence: app.presence.borrow().clone(),
    }
}
