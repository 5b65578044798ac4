//! The newest report of each viewer's page.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use havatar_api::{Viewer, ViewerReport};
use tokio::time::Instant;

use crate::auth::Owner;

/// A report expires after this time.
const EXPIRY: Duration = Duration::from_secs(10);
/// Reports at once.
const LIMIT: usize = 256;

/// The newest report of each sign-in.
#[derive(Default)]
pub(super) struct ViewerReports(Mutex<HashMap<Owner, Stored>>);

struct Stored {
    who: String,
    at: Instant,
    report: ViewerReport,
}

impl ViewerReports {
    /// Stores a report. False at the limit.
    pub(super) fn store(&self, owner: Owner, who: &str, report: ViewerReport, now: Instant) -> bool {
        let mut reports = self.current(now);
        let room = reports.len() < LIMIT || reports.contains_key(&owner);
        if room {
            reports.insert(owner, Stored { who: who.to_owned(), at: now, report });
        }
        room
    }

    /// All that have not expired, newest first.
    pub(super) fn list(&self, now: Instant) -> Vec<Viewer> {
        let mut list: Vec<Viewer> = self
            .current(now)
            .values()
            .map(|stored| Viewer {
                who: stored.who.clone(),
                age_ms: u32::try_from(now.saturating_duration_since(stored.at).as_millis())
                    .unwrap_or(u32::MAX),
                report: stored.report,
            })
            .collect();
        list.sort_by_key(|viewer| viewer.age_ms);
        list
    }

    fn current(&self, now: Instant) -> MutexGuard<'_, HashMap<Owner, Stored>> {
        // The map is consistent at every statement: a panic elsewhere does not poison it.
        let mut reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.retain(|_, stored| now.saturating_duration_since(stored.at) < EXPIRY);
        reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_newest_of_each_sign_in_for_ten_seconds() {
        let reports = ViewerReports::default();
        let now = Instant::now();
        let report = |fps| ViewerReport { fps: Some(fps), ..ViewerReport::default() };
        assert!(reports.store(Owner::Session(1), "ana", report(30.0), now));
        assert!(reports.store(Owner::Session(1), "ana", report(25.0), now + Duration::from_secs(1)));
        assert!(reports.store(Owner::Session(2), "ion", report(10.0), now + Duration::from_secs(3)));
        let listed = reports.list(now + Duration::from_secs(4));
        let brief: Vec<_> = listed.iter().map(|it| (it.who.as_str(), it.age_ms, it.report.fps)).collect();
        assert_eq!(brief, [("ion", 1000, Some(10.0)), ("ana", 3000, Some(25.0))]);
        assert_eq!(reports.list(now + Duration::from_secs(11)).len(), 1);
        assert_eq!(reports.list(now + Duration::from_secs(13)).len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_an_end_to_it() {
        let reports = ViewerReports::default();
        let now = Instant::now();
        for number in 0..LIMIT as u64 {
            assert!(reports.store(Owner::Session(number), "ana", ViewerReport::default(), now));
        }
        assert!(!reports.store(Owner::Token, "ion", ViewerReport::default(), now));
        assert!(reports.store(Owner::Session(0), "ana", ViewerReport::default(), now));
        assert!(reports.store(Owner::Token, "ion", ViewerReport::default(), now + EXPIRY));
    }
}
