//! Reports of viewers' pages about their own video.

use axum::extract::State;
use havatar_api::ViewerReport;
use http::StatusCode;
use tokio::time::Instant;

use super::error::ApiError;
use super::extract::{Caller, JsonObject};
use super::state::AppState;

/// The largest figure of a report.
const LARGEST: f64 = 1e9;

/// Reports the statistics of one's own video, every few seconds.
#[utoipa::path(
    put,
    path = "/api/v1/stats/viewer",
    operation_id = "stats_viewer",
    tag = "status",
    request_body = ViewerReport,
    responses(
        (status = 204, description = "Noted"),
        (status = 422, description = "`out_of_range`"),
        (status = 503, description = "`busy`"),
    )
)]
pub(super) async fn report(
    State(state): State<AppState>,
    Caller(identity): Caller,
    JsonObject(report): JsonObject<ViewerReport>,
) -> Result<StatusCode, ApiError> {
    if !is_valid(&report) {
        let detail = format!("every figure must be 0 to {LARGEST:e}, and a share at most 100");
        return Err(ApiError::out_of_range(detail));
    }
    let stored = state.viewers.store(identity.owner(), &identity.me.name, report, Instant::now());
    if stored { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::busy("too many viewers report")) }
}

fn is_valid(report: &ViewerReport) -> bool {
    let ViewerReport {
        picture_ms,
        measured_from_capture: _,
        fps,
        bitrate_kbps,
        lost_percent,
        jitter_buffer_ms,
        round_trip_ms,
    } = *report;
    [picture_ms, fps, bitrate_kbps, lost_percent, jitter_buffer_ms, round_trip_ms]
        .into_iter()
        .flatten()
        .all(|figure| figure.is_finite() && (0.0..=LARGEST).contains(&figure))
        && lost_percent.is_none_or(|share| share <= 100.0)
}
