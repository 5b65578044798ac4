//! An account's stored phrases.

use axum::Json;
use axum::extract::State;
use havatar_api::{Language, Phrases};
use http::{HeaderMap, StatusCode, header};

use crate::http::error::ApiError;
use crate::http::extract::{Caller, JsonObject};
use crate::http::state::AppState;

/// The account's own phrases; a starter set in the language of `Accept-Language` (Romanian or English) if the account has stored none.
#[utoipa::path(
    get,
    path = "/api/v1/phrases",
    operation_id = "phrases",
    tag = "voice",
    responses(
        (status = 200, description = "All of them", body = Phrases),
        (status = 503, description = "`phrases_unavailable`"),
    )
)]
pub(in super::super) async fn get(
    State(state): State<AppState>,
    Caller(identity): Caller,
    headers: HeaderMap,
) -> Result<Json<Phrases>, ApiError> {
    Ok(Json(state.handles.phrases.of(&identity.me.name, preferred(&headers)).await?))
}

/// English where the client puts it first, Romanian everywhere else, as the page chooses its own language.
fn preferred(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    match accepted.and_then(|text| text.trim_start().get(..2)) {
        Some(first) if first.eq_ignore_ascii_case("en") => Language::En,
        _ => Language::Ro,
    }
}

/// Replaces the account's own phrases. At most 256 KiB.
#[utoipa::path(
    put,
    path = "/api/v1/phrases",
    operation_id = "phrases_keep",
    tag = "voice",
    request_body = Phrases,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "`out_of_range`"),
        (status = 503, description = "`phrases_unavailable`"),
    )
)]
pub(in super::super) async fn put(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(phrases): JsonObject<Phrases>,
) -> Result<StatusCode, ApiError> {
    state.handles.phrases.keep(&identity.me.name, &phrases).await?;
    Ok(StatusCode::NO_CONTENT)
}
