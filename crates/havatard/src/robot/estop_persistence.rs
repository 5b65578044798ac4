//! Persists the e-stop as it changes.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::core::Latched;
use super::estop_file::{EstopFile, EstopRecord, Save};
use super::shared::Shared;

/// Interval at which a failed save is retried.
const RETRY: Duration = Duration::from_secs(1);

/// Persists every change of the e-stop until `stop`, and once more then.
pub(super) async fn run(shared: Arc<Shared>, file: EstopFile, stop: CancellationToken) {
    let file = Arc::new(file);
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = shared.to_save.notified() => {}
            () = tokio::time::sleep(RETRY), if failing => {}
        }
        failing = save(&shared, &file, failing).await;
    }
    save(&shared, &file, failing).await;
}

/// Saves until the disk holds the newest version, or until a save fails. Whether it failed.
async fn save(shared: &Shared, file: &Arc<EstopFile>, failing: bool) -> bool {
    while let Some((version, latched)) = shared.read(|core| core.to_save()) {
        let state = record(latched);
        let file = file.clone();
        let saved = tokio::task::spawn_blocking(move || file.save(version, &state)).await;
        let saved = saved.unwrap_or_else(|_| Err(std::io::Error::other("the writing task ended early")));
        if let Ok(Save::Done) = &saved {
            shared.update(|core, _| core.saved(version));
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

fn record(latched: Option<Latched>) -> EstopRecord {
    let is_latched = latched.is_some();
    let (source, by, at) = latched.map_or((None, None, None), |l| (Some(l.source), l.by, l.at));
    EstopRecord { latched: is_latched, source, by, at }
}
