use axum::{Json, extract::State};
use havatar_api::{ConfigStatus, Presence, Problem, RobotState, Speech, Status, Streams, Voice};
use jiff::Timestamp;

use super::Http;
use crate::media::MediaStatus;

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
    Json(http.app().media.status().streams)
}

/// The whole status as it is now.
pub(super) fn now(http: &Http) -> Status {
    let app = http.app();
    let robot = (*app.robot.state()).clone();
    let sound = app.media.sound().borrow().clone();
    let voice = Voice {
        speaker: sound.speaker.clone(),
        volume: sound.volume,
        talker: None,
        ducked: sound.ducked,
        speech: Speech::default(),
    };
    compose(app.media.status(), robot, voice, app.config_status.borrow().clone(), app.started_at)
}

fn compose(
    media: MediaStatus,
    robot: RobotState,
    voice: Voice,
    config: ConfigStatus,
    started_at: Timestamp,
) -> Status {
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mediamtx_version: media.mediamtx_version,
        started_at,
        streaming: media.streaming,
        readiness: media.readiness,
        config,
        devices: media.devices,
        encoder: media.encoder,
        processes: media.processes,
        streams: media.streams,
        recording: media.recording,
        robot,
        voice,
        presence: Presence::default(),
    }
}
