//! An allow-list of MediaMTX's read-only routes. The address that is asked upstream is put together here
//! from parts that were checked one by one, so nothing a client writes can reach another route: MediaMTX's
//! config routes show secrets, and writing there is running commands.

use std::fmt::Write as _;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use havatar_api::Problem;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Http, problem::Failure};

/// What may be listed and looked at: the name in our route, and MediaMTX's. The names in one word are those that MediaMTX had
/// before 1.21.0; programs that use them go on working.
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
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn info(State(http): State<Http>) -> Result<Json<Value>, Failure> {
    ask(&http, "/v3/info").await
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
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(http): State<Http>,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Failure> {
    list_of(&http, &kind, &page).await
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
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list_sessions(
    State(http): State<Http>,
    Path(kind): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Failure> {
    list_of(&http, &format!("{kind}/sessions"), &page).await
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
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(http): State<Http>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    item_of(&http, &kind, &name).await
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
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get_session(
    State(http): State<Http>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    item_of(&http, &format!("{kind}/sessions"), &id).await
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// From 0.
    page: Option<u16>,
    /// 100 unless told.
    items_per_page: Option<u16>,
}

async fn list_of(http: &Http, kind: &str, page: &Page) -> Result<Json<Value>, Failure> {
    let kind = known(kind)?;
    let mut path = format!("/v3/{kind}/list?itemsPerPage={}", page.items_per_page.unwrap_or(100));
    if let Some(page) = page.page {
        // Writing into a String cannot fail.
        let _ = write!(path, "&page={page}");
    }
    ask(http, &path).await
}

async fn item_of(http: &Http, kind: &str, name: &str) -> Result<Json<Value>, Failure> {
    let kind = known(kind)?;
    if !is_name(name) {
        return Err(nothing_there());
    }
    ask(http, &format!("/v3/{kind}/get/{name}")).await
}

async fn ask(http: &Http, path: &str) -> Result<Json<Value>, Failure> {
    let (status, body) = http.app().media.mediamtx_get(path).await?;
    match status {
        200 => {
            let mut value = serde_json::from_slice(&body).map_err(|_| odd())?;
            hide(&mut value);
            Ok(Json(value))
        }
        404 => Err(nothing_there()),
        400 => Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "MediaMTX does not take that page or name",
        )),
        _ => Err(odd()),
    }
}

/// Sessions carry the query they came with, and queries may carry tokens.
fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if key == "query" && !text.is_empty() => {
                        "(hidden)".clone_into(text);
                    }
                    other => hide(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn known(kind: &str) -> Result<&'static str, Failure> {
    KINDS
        .into_iter()
        .find_map(|(ours, theirs)| (ours == kind).then_some(theirs))
        .ok_or_else(Failure::no_such_route)
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

fn nothing_there() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "no_such_item", "MediaMTX has nothing of that name")
}

fn odd() -> Failure {
    Failure::new(
        StatusCode::BAD_GATEWAY,
        "mediamtx_odd",
        "MediaMTX gave an answer that makes no sense here; its log may say why",
    )
}
