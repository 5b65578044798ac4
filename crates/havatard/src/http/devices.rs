//! The devices that are plugged in.

use axum::Json;
use axum::extract::State;
use havatar_api::AttachedDevices;

use crate::devices;

use super::error::ApiError;
use super::state::AppState;

/// The cameras, sound cards and serial ports that are plugged in, used or not, by the names that the config takes.
///
/// Each camera is asked what it gives, which may take seconds.
#[utoipa::path(
    get,
    path = "/api/v1/devices",
    operation_id = "devices_list",
    tag = "status",
    responses(
        (status = 200, description = "All of them", body = AttachedDevices),
        (status = 503, description = "`busy`: they are being asked for another client"),
    )
)]
pub(super) async fn list(State(state): State<AppState>) -> Result<Json<AttachedDevices>, ApiError> {
    let _one_at_a_time =
        state.asking_devices.try_lock().map_err(|_| ApiError::busy("the devices are being asked already"))?;
    Ok(Json(devices::attached(&state.handles.media).await))
}
