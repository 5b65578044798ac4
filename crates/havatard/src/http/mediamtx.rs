//! An allow-list of MediaMTX's read-only routes.
//!
//! The upstream address is composed here of parts that are checked one by one, so that no client text can reach another
//! route: MediaMTX's config routes show secrets, and writing to them runs commands.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::error::ApiError;
use super::state::AppState;

/// The lists that may be read: the name in our route, and MediaMTX's. The names in one word are MediaMTX's before 1.21.0,
/// and still work.
const KINDS: [(&str, &str); 8] = [
    ("paths", "paths"),
    ("recordings", "recordings"),
    ("webrtc/sessions", "webrtc/sessions"),
    ("hls/sessions", "hls/sessions"),
    ("rtsp/sessions", "rtsp/sessions"),
    ("webrtcsessions", "webrtc/sessions"),
    ("hlssessions", "hls/sessions"),
    ("rtspsessions", "rtsp/sessions"),
];
const LONGEST_NAME: usize = 64;

/// MediaMTX's version and start.
#[utoipa::path(
    get,
    path = "/api/mediamtx/v3/info",
    operation_id = "mediamtx_info",
    tag = "mediamtx",
    responses(
        (status = 200, description = "As MediaMTX words it", body = Object),
    )
)]
pub(super) async fn info(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    ask(&state, "/v3/info").await
}

/// A page of a list: `paths` or `recordings`; also `webrtcsessions`, `hlssessions` and `rtspsessions`, the former names of
/// `{protocol}/sessions`.
#[utoipa::path(
    get,
    path = "/api/mediamtx/v3/{kind}/list",
    operation_id = "mediamtx_list",
    tag = "mediamtx",
    params(("kind" = String, Path, description = "What to list"), Page),
    responses(
        (status = 200, description = "As MediaMTX words it", body = Object),
    )
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, ApiError> {
    list_of(&state, &kind, &page).await
}

/// A page of the sessions of `webrtc`, `hls` or `rtsp`.
#[utoipa::path(
    get,
    path = "/api/mediamtx/v3/{kind}/sessions/list",
    operation_id = "mediamtx_sessions_list",
    tag = "mediamtx",
    params(("kind" = String, Path, description = "Whose sessions"), Page),
    responses(
        (status = 200, description = "As MediaMTX words it", body = Object),
    )
)]
pub(super) async fn list_sessions(
    State(state): State<AppState>,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, ApiError> {
    list_of(&state, &format!("{kind}/sessions"), &page).await
}

/// One item of a list.
#[utoipa::path(
    get,
    path = "/api/mediamtx/v3/{kind}/get/{name}",
    operation_id = "mediamtx_get",
    tag = "mediamtx",
    params(
        ("kind" = String, Path, description = "Of which list"),
        ("name" = String, Path, description = "The path's name, or the session's id"),
    ),
    responses(
        (status = 200, description = "As MediaMTX words it", body = Object),
    )
)]
pub(super) async fn get(
    State(state): State<AppState>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    item_of(&state, &kind, &name).await
}

/// One session.
#[utoipa::path(
    get,
    path = "/api/mediamtx/v3/{kind}/sessions/get/{id}",
    operation_id = "mediamtx_sessions_get",
    tag = "mediamtx",
    params(
        ("kind" = String, Path, description = "Whose session: `webrtc`, `hls` or `rtsp`"),
        ("id" = String, Path, description = "The session's id"),
    ),
    responses(
        (status = 200, description = "As MediaMTX words it", body = Object),
    )
)]
pub(super) async fn get_session(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    item_of(&state, &format!("{kind}/sessions"), &id).await
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// From 0.
    page: Option<u16>,
    /// 100 by default.
    items_per_page: Option<u16>,
}

async fn list_of(state: &AppState, kind: &str, page: &Page) -> Result<Json<Value>, ApiError> {
    let kind = known(kind)?;
    let mut path = format!("/v3/{kind}/list?itemsPerPage={}", page.items_per_page.unwrap_or(100));
    if let Some(page) = page.page {
        // Writing into a String cannot fail.
        let _ = write!(path, "&page={page}");
    }
    ask(state, &path).await
}

async fn item_of(state: &AppState, kind: &str, name: &str) -> Result<Json<Value>, ApiError> {
    let kind = known(kind)?;
    if !is_name(name) {
        return Err(no_such_item());
    }
    ask(state, &format!("/v3/{kind}/get/{name}")).await
}

async fn ask(state: &AppState, path: &str) -> Result<Json<Value>, ApiError> {
    let (status, body) = state.handles.media.mediamtx_get(path).await?;
    match status {
        200 => {
            let mut value = serde_json::from_slice(&body).map_err(|_| ApiError::bad_upstream())?;
            redact(&mut value);
            Ok(Json(value))
        }
        404 => Err(no_such_item()),
        400 => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "MediaMTX does not take that page or name",
        )),
        _ => Err(ApiError::bad_upstream()),
    }
}

/// Removes the query that each session carries: it may hold a token.
fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if key == "query" && !text.is_empty() => {
                        "(hidden)".clone_into(text);
                    }
                    other => redact(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

fn known(kind: &str) -> Result<&'static str, ApiError> {
    KINDS
        .into_iter()
        .find_map(|(ours, theirs)| (ours == kind).then_some(theirs))
        .ok_or_else(ApiError::no_such_route)
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

fn no_such_item() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_item", "MediaMTX has nothing of that name")
}
