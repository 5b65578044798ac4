//! The loudspeaker's volume.

use axum::Json;
use axum::extract::State;
use havatar_api::{Voice, VolumeRequest};

use crate::http::error::ApiError;
use crate::http::extract::JsonObject;
use crate::http::state::AppState;

use super::now;

/// Sets the loudspeaker's volume.
#[utoipa::path(
    put,
    path = "/api/v1/robot/volume",
    operation_id = "robot_volume",
    tag = "voice",
    request_body = VolumeRequest,
    responses(
        (status = 200, description = "Set", body = Voice),
        (status = 422, description = "`out_of_range`"),
    )
)]
pub(in super::super) async fn volume(
    State(state): State<AppState>,
    JsonObject(request): JsonObject<VolumeRequest>,
) -> Result<Json<Voice>, ApiError> {
    if request.percent > 100 {
        return Err(ApiError::out_of_range("percent must be 0 to 100"));
    }
    state.handles.media.audio.set_volume(request.percent);
    Ok(Json(now(&state)))
}
