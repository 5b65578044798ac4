use axum::{Extension, Json, extract::State};
use havatar_api::{Phrases, Problem};
use http::StatusCode;

use super::super::{Http, problem::Failure, robot::Object};
use crate::{auth::Identity, phrases::PhrasesError};

/// One's own phrases; a set to begin with for somebody who has kept none.
#[utoipa::path(
    get,
    path = "/api/v1/phrases",
    operation_id = "phrases",
    tag = "voice",
    responses(
        (status = 200, description = "All of them", body = Phrases),
        (status = 503, description = "`phrases_unavailable`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
) -> Result<Json<Phrases>, Failure> {
    Ok(Json(http.app().phrases.of(&identity.me.name).await?))
}

/// Keeps one's own phrases, in the place of those before. At most 256 KiB.
#[utoipa::path(
    put,
    path = "/api/v1/phrases",
    operation_id = "phrases_keep",
    tag = "voice",
    request_body = Phrases,
    responses(
        (status = 204, description = "Kept"),
        (status = 422, description = "`out_of_range`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`phrases_unavailable`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn put(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Object(phrases): Object<Phrases>,
) -> Result<StatusCode, Failure> {
    http.app().phrases.keep(&identity.me.name, &phrases).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<PhrasesError> for Failure {
    fn from(error: PhrasesError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "phrases are not available");
        }
        Self::new(status, error.code(), error.to_string())
    }
}
