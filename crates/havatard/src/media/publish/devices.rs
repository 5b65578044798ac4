//! Waiting for files that come and go: cameras, and video files that are copied into place.
//!
//! One inotify watch sits on the nearest folder that exists on the way to the file; when anything happens
//! there, the caller checks again. A missing folder (`/dev/v4l/by-id` exists only while a camera is
//! plugged in) is therefore no special case.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use inotify::{Inotify, WatchMask};

/// Where inotify is not to be had (limits used up), the folder is checked this often instead.
const FALLBACK: Duration = Duration::from_secs(1);

/// Returns when something on the way to `path` has been created, removed, renamed or made readable, or at
/// once if the path is no longer as the caller has `seen` it.
pub(crate) async fn changed(path: &Path, seen: bool) {
    if watch(path, seen).await.is_err() {
        tokio::time::sleep(FALLBACK).await;
    }
}

async fn watch(path: &Path, seen: bool) -> std::io::Result<()> {
    let inotify = Inotify::init()?;
    let folder = nearest_folder(path);
    inotify.watches().add(
        &folder,
        WatchMask::CREATE | WatchMask::DELETE | WatchMask::MOVE | WatchMask::ATTRIB | WatchMask::DELETE_SELF,
    )?;
    let mut events = inotify.into_event_stream([0; 4096])?;
    // What happened between the caller's look and the watch shows no event: look again.
    if path.exists() != seen || nearest_folder(path) != folder {
        return Ok(());
    }
    events.next().await.transpose().map(drop)
}

fn nearest_folder(path: &Path) -> PathBuf {
    path.ancestors().skip(1).find(|folder| folder.is_dir()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sees_a_file_come_below_folders_that_did_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("v4l/by-id/camera");
        let waiter = tokio::spawn({
            let path = path.clone();
            async move {
                while !path.exists() {
                    changed(&path, false).await;
                }
            }
        });
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
        tokio::time::timeout(Duration::from_secs(5), waiter).await.unwrap().unwrap();
    }
}
