//! What viewers' pages measure of their own picture.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Extension, extract::State};
use havatar_api::{Problem, Viewer, ViewerReport};
use http::StatusCode;
use tokio::time::Instant;

use super::{Http, problem::Failure, robot::Object};
use crate::auth::{Identity, Owner};

/// A report says nothing of now any more after this time.
const OLD: Duration = Duration::from_secs(10);
/// Reports kept at once.
const MOST: usize = 256;
/// No figure of a picture is larger.
const LARGEST: f64 = 1e9;

/// Says how one's own picture is, every few seconds.
#[utoipa::path(
    put,
    path = "/api/v1/stats/viewer",
    operation_id = "stats_viewer",
    tag = "status",
    request_body = ViewerReport,
    responses(
        (status = 204, description = "Noted"),
        (status = 422, description = "`out_of_range`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`busy`", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn report(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    Object(report): Object<ViewerReport>,
) -> Result<StatusCode, Failure> {
    if !is_sound(&report) {
        let said = format!("every figure must be 0 to {LARGEST:e}, and a share at most 100");
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", said));
    }
    let noted = http.0.viewers.note(identity.owner(), &identity.me.name, report, Instant::now());
    if noted { Ok(StatusCode::NO_CONTENT) } else { Err(Failure::busy("too many viewers report")) }
}

/// The newest report of each sign-in.
#[derive(Default)]
pub(super) struct Viewers(Mutex<HashMap<Owner, Noted>>);

struct Noted {
    who: String,
    at: Instant,
    report: ViewerReport,
}

impl Viewers {
    /// False if there are too many.
    fn note(&self, owner: Owner, who: &str, report: ViewerReport, now: Instant) -> bool {
        let mut viewers = self.fresh(now);
        let room = viewers.len() < MOST || viewers.contains_key(&owner);
        if room {
            viewers.insert(owner, Noted { who: who.to_owned(), at: now, report });
        }
        room
    }

    /// All that are not too old, newest first.
    pub(super) fn list(&self, now: Instant) -> Vec<Viewer> {
        let mut list: Vec<Viewer> = self
            .fresh(now)
            .values()
            .map(|noted| Viewer {
                who: noted.who.clone(),
                age_ms: u32::try_from(now.saturating_duration_since(noted.at).as_millis())
                    .unwrap_or(u32::MAX),
                report: noted.report,
            })
            .collect();
        list.sort_by_key(|viewer| viewer.age_ms);
        list
    }

    fn fresh(&self, now: Instant) -> MutexGuard<'_, HashMap<Owner, Noted>> {
        // The map is consistent between any two statements, so a panic elsewhere poisons nothing.
        let mut viewers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.retain(|_, noted| now.saturating_duration_since(noted.at) < OLD);
        viewers
    }
}

fn is_sound(report: &ViewerReport) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_newest_of_each_sign_in_for_ten_seconds() {
        let viewers = Viewers::default();
        let now = Instant::now();
        let report = |fps| ViewerReport { fps: Some(fps), ..ViewerReport::default() };
        assert!(viewers.note(Owner::Session(1), "ana", report(30.0), now));
        assert!(viewers.note(Owner::Session(1), "ana", report(25.0), now + Duration::from_secs(1)));
        assert!(viewers.note(Owner::Session(2), "ion", report(10.0), now + Duration::from_secs(3)));
        let listed = viewers.list(now + Duration::from_secs(4));
        let brief: Vec<_> = listed.iter().map(|it| (it.who.as_str(), it.age_ms, it.report.fps)).collect();
        assert_eq!(brief, [("ion", 1000, Some(10.0)), ("ana", 3000, Some(25.0))]);
        assert_eq!(viewers.list(now + Duration::from_secs(11)).len(), 1);
        assert_eq!(viewers.list(now + Duration::from_secs(13)).len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_an_end_to_it() {
        let viewers = Viewers::default();
        let now = Instant::now();
        for number in 0..MOST as u64 {
            assert!(viewers.note(Owner::Session(number), "ana", ViewerReport::default(), now));
        }
        assert!(!viewers.note(Owner::Token, "ion", ViewerReport::default(), now));
        assert!(viewers.note(Owner::Session(0), "ana", ViewerReport::default(), now));
        assert!(viewers.note(Owner::Token, "ion", ViewerReport::default(), now + OLD));
    }
}
