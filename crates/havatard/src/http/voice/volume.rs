use axum::{Json, extract::State};
use havatar_api::{Problem, Voice, VolumeRequest};
use http::StatusCode;

use super::super::{Http, problem::Failure, robot::Object};
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
        (status = 422, description = "`out_of_range`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn volume(
    State(http): State<Http>,
    Object(request): Object<VolumeRequest>,
) -> Result<Json<Voice>, Failure> {
    if request.percent > 100 {
        let said = "percent must be 0 to 100";
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", said));
    }
    http.app().media.audio.set_volume(request.percent);
    Ok(Json(now(&http)))
}
