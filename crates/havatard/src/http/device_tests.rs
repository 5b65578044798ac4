//! Tests of single devices.

use axum::Json;
use axum::extract::State;
use havatar_api::{CameraTest, DeviceTestRequest, MicrophoneTest, SpeakerTest};
use http::StatusCode;

use crate::auth::{Identity, Owner};

use super::error::ApiError;
use super::extract::{Caller, OptionalJson};
use super::state::AppState;

/// Takes about a second of frames from a camera, and gives the last of them.
///
/// The configured camera, or with the admin token another one that is plugged in. A camera that streams already is not disturbed: the
/// frames are taken from its stream; one that begins to stream ends the test. While a test lasts, and for two seconds at least, the
/// robot shows that it is watched, and the log has it.
#[utoipa::path(
    post,
    path = "/api/v1/devices/tests/camera",
    operation_id = "devices_test_camera",
    tag = "status",
    request_body = Option<DeviceTestRequest>,
    responses(
        (status = 200, description = "What came", body = CameraTest),
        (status = 403, description = "`admin_token_only`: a device is named"),
        (status = 404, description = "`no_such_device`: it is not plugged in"),
        (status = 409, description = "`private`: the switch on the robot holds it off; `device_in_use`: by another program, or by a process that begins to stream; `device_not_running`: it can be tested only while it streams; `device_not_permitted`: to the user of the service"),
        (status = 422, description = "`out_of_range`: this cannot be a camera"),
        (status = 501, description = "`not_supported`: no camera is configured"),
        (status = 502, description = "`device_failed`: no frame came"),
        (status = 503, description = "`busy`: a device is being tested already"),
    )
)]
pub(super) async fn camera(
    State(state): State<AppState>,
    Caller(identity): Caller,
    OptionalJson(request): OptionalJson<DeviceTestRequest>,
) -> Result<Json<CameraTest>, ApiError> {
    let device = named(&identity, request)?;
    Ok(Json(state.handles.media.tests.camera(device).await?))
}

/// Listens to a microphone for about two seconds.
///
/// The configured microphone, or with the admin token another one. One that streams already is not disturbed, and one that begins to
/// stream ends the test. While a test lasts, and for two seconds at least, the robot shows that it is heard, and the log has it.
#[utoipa::path(
    post,
    path = "/api/v1/devices/tests/microphone",
    operation_id = "devices_test_microphone",
    tag = "status",
    request_body = Option<DeviceTestRequest>,
    responses(
        (status = 200, description = "What was heard", body = MicrophoneTest),
        (status = 403, description = "`admin_token_only`: a device is named"),
        (status = 404, description = "`no_such_device`: it is not plugged in"),
        (status = 409, description = "`private`: the switch on the robot holds it off; `device_in_use`: by another program, or by a process that begins to stream; `device_not_running`: it can be tested only while it streams; `device_not_permitted`: to the user of the service"),
        (status = 422, description = "`out_of_range`: this cannot be a sound device"),
        (status = 501, description = "`not_supported`: no microphone is configured"),
        (status = 502, description = "`device_failed`: no sound came"),
        (status = 503, description = "`busy`: a device is being tested already"),
    )
)]
pub(super) async fn microphone(
    State(state): State<AppState>,
    Caller(identity): Caller,
    OptionalJson(request): OptionalJson<DeviceTestRequest>,
) -> Result<Json<MicrophoneTest>, ApiError> {
    let device = named(&identity, request)?;
    Ok(Json(state.handles.media.tests.microphone(device).await?))
}

/// Plays a rising tone of 0.3 s in the room, at the set volume.
///
/// The configured loudspeaker, or with the admin token another one. If the microphone streams, it is listened to, and the answer says
/// whether it heard the tone.
#[utoipa::path(
    post,
    path = "/api/v1/devices/tests/speaker",
    operation_id = "devices_test_speaker",
    tag = "status",
    request_body = Option<DeviceTestRequest>,
    responses(
        (status = 200, description = "What the device took", body = SpeakerTest),
        (status = 403, description = "`admin_token_only`: a device is named"),
        (status = 404, description = "`no_such_device`: it is not plugged in"),
        (status = 409, description = "`quiet_hours`; `device_in_use`: by another program, a talker or speech; `device_not_running`: it can be tested only while it plays; `device_not_permitted`: to the user of the service"),
        (status = 422, description = "`out_of_range`: this cannot be a sound device"),
        (status = 501, description = "`not_supported`: no loudspeaker is configured"),
        (status = 502, description = "`device_failed`: it did not take the tone"),
        (status = 503, description = "`busy`: a device is being tested already"),
    )
)]
pub(super) async fn speaker(
    State(state): State<AppState>,
    Caller(identity): Caller,
    OptionalJson(request): OptionalJson<DeviceTestRequest>,
) -> Result<Json<SpeakerTest>, ApiError> {
    let device = named(&identity, request)?;
    state.handles.speech.quiet_check()?;
    Ok(Json(state.handles.media.tests.speaker(device).await?))
}

/// The device that a request names. A sign-in of the page tests what the robot's owner has configured: what else is plugged in is for
/// the holder of the admin token, who could configure it.
fn named(identity: &Identity, request: DeviceTestRequest) -> Result<Option<String>, ApiError> {
    if request.device.is_some() && identity.owner() != Owner::Token {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "admin_token_only",
            "a device is named with the admin token alone (havatarctl devices test): without a name the configured one is tested",
        ));
    }
    Ok(request.device)
}
