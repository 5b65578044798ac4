//! Recording, and the recordings.

use std::future::ready;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::once;
use futures_util::{Stream, StreamExt as _};
use havatar_api::{Recording, RecordingStatus, Recordings};
use http::{HeaderMap, StatusCode, header};

use super::download;
use super::error::ApiError;
use super::state::AppState;

/// All recordings, newest first, and what is being written.
#[utoipa::path(
    get,
    path = "/api/v1/recordings",
    operation_id = "recordings_list",
    tag = "recordings",
    responses(
        (status = 200, description = "All of them", body = Recordings),
    )
)]
pub(super) async fn list(State(state): State<AppState>) -> Result<Response, ApiError> {
    let recordings = &state.handles.recordings;
    let pages = recordings.list(PAGE).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body(&recordings.status(), pages)).into_response())
}

/// Recordings that are in memory at one time, for each who asks: there may be tens of thousands.
const PAGE: usize = 256;

/// The JSON of [`Recordings`], a page at a time.
fn body(status: &RecordingStatus, pages: impl Stream<Item = Vec<Recording>> + Send + 'static) -> Body {
    let head = serde_json::to_string(status).map(|status| format!(r#"{{"status":{status},"items":["#));
    let items = pages.scan("", |separator, page| {
        let text = page.iter().try_fold(String::new(), |text, recording| {
            let item = serde_json::to_string(recording)?;
            Ok(text + std::mem::replace(separator, ",") + &item)
        });
        ready(Some(text))
    });
    Body::from_stream(once(ready(head)).chain(items).chain(once(ready(Ok("]}".to_owned())))))
}

/// Wants picture and sound recorded.
#[utoipa::path(
    post,
    path = "/api/v1/recordings/start",
    operation_id = "recordings_start",
    tag = "recordings",
    responses(
        (status = 200, description = "Wanted; it is recording once a file grows", body = RecordingStatus),
    )
)]
pub(super) async fn start(State(state): State<AppState>) -> Result<Json<RecordingStatus>, ApiError> {
    Ok(Json(state.handles.recordings.record().await?))
}

/// Wants recording ended.
#[utoipa::path(
    post,
    path = "/api/v1/recordings/stop",
    operation_id = "recordings_stop",
    tag = "recordings",
    responses(
        (status = 200, description = "No longer wanted", body = RecordingStatus),
    )
)]
pub(super) async fn stop(State(state): State<AppState>) -> Result<Json<RecordingStatus>, ApiError> {
    Ok(Json(state.handles.recordings.stop().await?))
}

/// One recording.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}",
    operation_id = "recordings_one",
    tag = "recordings",
    params(("id" = String, Path, description = "The recording's id")),
    responses(
        (status = 200, description = "It", body = Recording),
        (status = 404, description = "No such recording"),
    )
)]
pub(super) async fn one(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Recording>, ApiError> {
    Ok(Json(state.handles.recordings.find(&id).await?))
}

/// Deletes a recording that is not being written.
#[utoipa::path(
    delete,
    path = "/api/v1/recordings/{id}",
    operation_id = "recordings_delete",
    tag = "recordings",
    params(("id" = String, Path, description = "The recording's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such recording"),
        (status = 409, description = "Still being written"),
    )
)]
pub(super) async fn delete(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    state.handles.recordings.delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A recording's file, whole or one byte range of it.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/download",
    operation_id = "recordings_download",
    tag = "recordings",
    params(
        ("id" = String, Path, description = "The recording's id"),
        ("Range" = Option<String>, Header, description = "One byte range"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "video/mp4", body = Vec<u8>),
        (status = 206, description = "The range asked for", content_type = "video/mp4", body = Vec<u8>),
        (status = 404, description = "No such recording"),
        (status = 416, description = "No byte of that range exists"),
    )
)]
pub(super) async fn download(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (recording, file) = state.handles.recordings.open(&id).await?;
    // A client that fetches a file that grows sees and hears the robot as it is.
    let following = recording.writing.then(|| state.handles.recordings.follow());
    download::serve(&recording, file, &headers, following).await
}
