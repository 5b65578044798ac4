//! What of the robot must survive a restart: the e-stop, and that lease numbers only go up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::disk::{self, Existing};

use super::core::Latched;
use super::latch::{Latch, Remembered, Save};
use super::shared::Shared;

/// Counts the runs of the daemon.
const RUNS: &str = "lease-runs";
/// Numbers that each run has for its leases.
const PER_RUN: u64 = 1_000_000;
/// A disk that could not be written is tried again this often.
const RETRY: Duration = Duration::from_secs(1);

/// The number above which this run's leases begin. Blocks on the disk. One that cannot be written costs only that the
/// next run may use the same numbers; tokens of an earlier run are good for nothing in any case.
pub(super) fn first_lease(state_dir: &Path) -> u64 {
    let path = state_dir.join(RUNS);
    let former = disk::read(&path).ok().and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
    // What is beyond all reason is damage; numbers stay exact in every client's arithmetic.
    let run = if former < 1_000_000_000 { former } else { 0 };
    let next = format!("{}\n", run + 1);
    if let Err(error) = disk::write(&path, next.as_bytes(), Existing::Replace) {
        tracing::warn!(file = %path.display(), %error, "the next run may use this run's lease numbers again");
    }
    run * PER_RUN
}

/// Keeps the e-stop on disk as it changes, until `stop`, and once more then.
pub(super) async fn keep(shared: Arc<Shared>, latch: Latch, stop: CancellationToken) {
    let latch = Arc::new(latch);
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = shared.to_save.notified() => {}
            () = tokio::time::sleep(RETRY), if failing => {}
        }
        failing = save(&shared, &latch, failing).await;
    }
    save(&shared, &latch, failing).await;
}

/// Saves until the disk has the newest, or fails; says whether it failed.
async fn save(shared: &Shared, latch: &Arc<Latch>, failing: bool) -> bool {
    while let Some((version, latched)) = shared.look(|core| core.to_save()) {
        let state = remembered(latched);
        let latch = latch.clone();
        let saved = tokio::task::spawn_blocking(move || latch.save(version, &state)).await;
        let saved = saved.unwrap_or_else(|_| Err(std::io::Error::other("the writing task ended early")));
        if let Ok(Save::Done) = &saved {
            shared.with(|core, _| core.saved(version));
        }
        shared.tried.send_replace(version);
        if let Err(error) = saved {
            if !failing {
                tracing::error!(%error, "the e-stop is not on disk: it holds here and in the controller, not over a restart");
            }
            return true;
        }
    }
    false
}

fn remembered(latched: Option<Latched>) -> Remembered {
    let is_latched = latched.is_some();
    let (source, by, at) = latched.map_or((None, None, None), |l| (Some(l.source), l.by, l.at));
    Remembered { latched: is_latched, source, by, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_numbers_only_go_up() {
        let dir = tempfile::tempdir().unwrap();
        let firsts: Vec<u64> = (0..3).map(|_| first_lease(dir.path())).collect();
        assert_eq!(firsts, [0, PER_RUN, 2 * PER_RUN]);
        std::fs::write(dir.path().join(RUNS), "99999999999999999999").unwrap();
        assert_eq!(first_lease(dir.path()), 0, "damage is not believed");
        assert_eq!(first_lease(dir.path()), PER_RUN);
    }
}
