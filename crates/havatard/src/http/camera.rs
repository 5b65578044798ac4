//! The controls of the camera in use.

use axum::Json;
use axum::extract::State;
use havatar_api::{CameraControls, CameraControlsRequest};

use super::error::ApiError;
use super::extract::JsonObject;
use super::state::AppState;

/// Sets controls of the camera in use, all or none: brightness, focus, the frequency of the lamps.
///
/// They hold from now on, over `media.camera.controls`. `GET /api/v1/devices` lists what there is. The privacy shutter and the lamp
/// of a camera are for the person beside it: they are shown, and cannot be set.
#[utoipa::path(
    put,
    path = "/api/v1/devices/camera/controls",
    operation_id = "camera_controls",
    tag = "status",
    request_body = CameraControlsRequest,
    responses(
        (status = 200, description = "Set, and read back", body = CameraControls),
        (status = 409, description = "`camera_away`"),
        (status = 422, description = "`out_of_range`: what the camera does not offer, or more than 64 at once; nothing was changed"),
        (status = 501, description = "`not_supported`: the picture comes from no V4L2 camera, or from one without controls"),
        (status = 503, description = "`busy`: they are being set already; `camera_unavailable`: its driver does not answer"),
    )
)]
pub(super) async fn controls(
    State(state): State<AppState>,
    JsonObject(CameraControlsRequest(changes)): JsonObject<CameraControlsRequest>,
) -> Result<Json<CameraControls>, ApiError> {
    Ok(Json(state.handles.media.set_camera_controls(changes).await?))
}
