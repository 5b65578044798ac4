//! Brings recorded files onto the disk. The kernel keeps what is written for half a minute: without this, a power failure
//! costs all of it, finished files included.
//!
//! MediaMTX does not sync its files. Any process may sync any file that it can open, so the daemon does: the growing file every
//! [`EVERY`], and once more with its folder when another one grows or none does. A disk that takes long
//! delays the next sync, and nothing else.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::Offload;

use super::files;

/// How much of a recording a power failure may cost, besides what MediaMTX has not written yet.
const EVERY: Duration = Duration::from_secs(2);

/// Syncs the file that grows.
pub(super) struct Syncer {
    due: Arc<Mutex<BTreeSet<PathBuf>>>,
    work: Offload<()>,
    last: Option<(PathBuf, Instant)>,
}

impl Syncer {
    pub(super) fn new() -> Self {
        let due = Arc::new(Mutex::new(BTreeSet::new()));
        let queue = Arc::clone(&due);
        let work = Offload::new(move |(): &()| {
            let paths: BTreeSet<PathBuf> =
                std::mem::take(&mut *queue.lock().unwrap_or_else(PoisonError::into_inner));
            let mut failed = Ok(());
            for path in paths {
                if let Err(error) = sync(&path) {
                    // One that fails takes no other with it, and is tried again with the next.
                    queue.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
                    failed = Err(error);
                }
            }
            failed
        });
        let work = work.telling(|before, now| match (before, now) {
            (None, Some(error)) => tracing::warn!(%error, "recordings cannot be synced to the disk"),
            (Some(_), None) => tracing::info!("recordings are synced to the disk again"),
            _ => (),
        });
        Self { due, work, last: None }
    }

    /// This file has grown, or, with `None`, none does any more.
    pub(super) fn grows(&mut self, file: Option<PathBuf>, now: Instant) {
        let mut due = self.due_now(file, now);
        if !due.is_empty() {
            self.due.lock().unwrap_or_else(PoisonError::into_inner).append(&mut due);
            drop(self.work.set(()));
        }
    }

    /// What is to be synced now that this file has grown.
    fn due_now(&mut self, file: Option<PathBuf>, now: Instant) -> BTreeSet<PathBuf> {
        let former = self.last.as_ref().map(|(path, _)| path);
        let mut due = BTreeSet::new();
        if former == file.as_ref() {
            if self.last.as_ref().is_none_or(|(_, at)| now.duration_since(*at) < EVERY) {
                return due;
            }
        } else {
            // Its last part, and that it has a name.
            due.extend(former.cloned());
        }
        due.extend(file.clone());
        due.extend(due.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect::<Vec<_>>());
        self.last = file.map(|path| (path, now));
        due
    }

    /// Waits until all that was due is on the disk, or has failed.
    pub(super) async fn flush(&self) {
        self.work.flush().await;
    }
}

fn sync(path: &Path) -> io::Result<()> {
    let opened = if path.is_dir() { File::open(path) } else { files::open_readable(path) };
    match opened {
        Ok(file) => file.sync_all(),
        // Deleted meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which paths a step makes due.
    fn due(sync: &mut Syncer, file: Option<&str>, now: Instant) -> Vec<String> {
        sync.due_now(file.map(PathBuf::from), now).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_growing_file_is_synced_every_two_seconds_and_once_more_when_it_is_finished() {
        let mut sync = Syncer::new();
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let no: [String; 0] = [];
        assert_eq!(due(&mut sync, None, at(0)), no);
        assert_eq!(due(&mut sync, Some("/r/a"), at(0)), ["/r", "/r/a"]);
        assert_eq!(due(&mut sync, Some("/r/a"), at(1500)), no);
        assert_eq!(due(&mut sync, Some("/r/a"), at(2000)), ["/r", "/r/a"]);
        assert_eq!(due(&mut sync, Some("/r/b"), at(2500)), ["/r", "/r/a", "/r/b"]);
        assert_eq!(due(&mut sync, None, at(3000)), ["/r", "/r/b"]);
        assert_eq!(due(&mut sync, None, at(9000)), no);
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_no_error_and_the_next_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept.mp4");
        std::fs::write(&kept, "film").unwrap();
        let mut sync = Syncer::new();
        sync.grows(Some(folder.path().join("gone.mp4")), Instant::now());
        sync.grows(Some(kept.clone()), Instant::now());
        sync.flush().await;
        assert!(sync.work.set(()).written().await.is_ok());
        assert!(super::sync(&kept).is_ok() && super::sync(folder.path()).is_ok());
    }
}
