//! Recordings: the recorder, which keeps MediaMTX's recording switch as requested, and the recorded files.
//!
//! Listing, opening and deletion work on the files beneath their directory: recordings are available while MediaMTX is away.

mod catalogue;
mod error;
mod files;
mod recorder;
mod sync;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use futures_util::{Stream, stream};
use havatar_api as api;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::media::RecordSwitch;

pub use error::RecordingError;

use catalogue::Catalogue;
use recorder::Recorder;

/// The handle. Clones share one recorder.
#[derive(Clone)]
pub struct Recordings {
    switch: RecordSwitch,
    catalogue: Catalogue,
    recorder: Recorder,
    status: watch::Receiver<api::RecordingStatus>,
    followers: Arc<watch::Sender<Followers>>,
}

/// Downloads of recordings that are still being made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Followers {
    /// Now.
    pub now: u32,
    /// Ever: one that is over already shows here.
    pub ever: u64,
}

/// Such a download. It counts until it is dropped.
pub struct Following(Arc<watch::Sender<Followers>>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.send_modify(|followers| followers.now -= 1);
    }
}

/// Ends the recorder.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
    recorder: Recorder,
}

impl Recordings {
    /// Starts the recorder. A recording that the end of the last daemon interrupted goes on.
    pub fn start(switch: RecordSwitch, state_dir: &Path) -> (Self, Running) {
        let stop = CancellationToken::new();
        let catalogue = Catalogue::new();
        let (recorder, task) = Recorder::spawn(switch.clone(), catalogue.clone(), state_dir, stop.clone());
        let (status, running) = (recorder.status(), recorder.clone());
        let recordings = Self { switch, catalogue, recorder, status, followers: Arc::default() };
        (recordings, Running { stop, task, recorder: running })
    }

    /// Whether and to what is recorded.
    pub fn status(&self) -> api::RecordingStatus {
        self.status.borrow().clone()
    }

    /// Follows changes of the status.
    pub fn subscribe(&self) -> watch::Receiver<api::RecordingStatus> {
        self.status.clone()
    }

    /// Whether what the robot sees and hears is recorded, or may be.
    pub fn armed(&self) -> watch::Receiver<bool> {
        self.recorder.armed()
    }

    /// Counts a client that fetches a recording that is still being made: it shows what the robot sees now.
    pub fn follow(&self) -> Following {
        self.followers.send_modify(|followers| {
            followers.now += 1;
            followers.ever += 1;
        });
        Following(Arc::clone(&self.followers))
    }

    /// How many do so.
    pub fn followers(&self) -> watch::Receiver<Followers> {
        self.followers.subscribe()
    }

    /// Starts recording video and audio; answers when a file grows, or after three seconds.
    pub async fn record(&self) -> Result<api::RecordingStatus, RecordingError> {
        self.recorder.start().await
    }

    /// Stops recording.
    pub async fn stop(&self) -> Result<api::RecordingStatus, RecordingError> {
        self.recorder.stop().await
    }

    /// All recordings, newest first, in pages of at most `page`. One that comes or goes meanwhile is or is not among them.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn list(
        &self,
        page: usize,
    ) -> Result<impl Stream<Item = Vec<api::Recording>> + Send + use<>, RecordingError> {
        self.catalogue.refresh(self.switch.directory()).await?;
        let catalogue = self.catalogue.clone();
        Ok(stream::unfold(None, move |last| {
            let found = catalogue.page(last.as_ref(), page);
            let next = found.last().map(|(name, _)| name.clone());
            let recordings = found.into_iter().map(|(_, recording)| recording).collect();
            std::future::ready(next.map(|next| (recordings, Some(next))))
        }))
    }

    /// One recording.
    ///
    /// # Errors
    /// There is none of that id, or its file cannot be read.
    pub async fn find(&self, id: &str) -> Result<api::Recording, RecordingError> {
        Ok(self.on_disk(id, |_| Ok(())).await?.0)
    }

    /// Opens a recording for reading.
    ///
    /// # Errors
    /// There is none of that id, or its file cannot be read.
    pub async fn open(&self, id: &str) -> Result<(api::Recording, File), RecordingError> {
        self.on_disk(id, files::open).await
    }

    /// Deletes a recording, never the one being written.
    ///
    /// # Errors
    /// There is none of that id, it is being written, or its file cannot be deleted.
    pub async fn delete(&self, id: &str) -> Result<(), RecordingError> {
        if self.status.borrow().id.as_deref() == Some(id) {
            return Err(RecordingError::BeingWritten(id.to_owned()));
        }
        let delete = |path: &Path| files::delete(path);
        let (recording, file) = self.open(id).await?;
        drop(file);
        if recording.writing {
            return Err(RecordingError::BeingWritten(id.to_owned()));
        }
        self.on_disk(id, delete).await?;
        self.catalogue.forget(id);
        Ok(())
    }

    /// Does something to a recording's file, off the async runtime.
    async fn on_disk<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(&Path) -> Result<T, RecordingError> + Send + 'static,
    ) -> Result<(api::Recording, T), RecordingError> {
        if self.catalogue.find(id).is_none() {
            self.catalogue.refresh(self.switch.directory()).await?;
        }
        let unknown = || RecordingError::NoSuchRecording(id.chars().take(64).collect());
        let (mut recording, path) = self.catalogue.find(id).ok_or_else(unknown)?;
        let (catalogue, id) = (self.catalogue.clone(), id.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let meta = std::fs::symlink_metadata(&path).ok().filter(std::fs::Metadata::is_file);
            let Some(meta) = meta else {
                catalogue.forget(&id);
                return Err(RecordingError::NoSuchRecording(id));
            };
            let writing = catalogue.update(&id, &meta);
            if let Some((now, _)) = catalogue.find(&id) {
                recording = now;
            }
            recording.writing = writing;
            Ok((recording, work(&path)?))
        });
        done.await.map_err(|_| RecordingError::ShuttingDown)?
    }
}

impl Running {
    /// Returns if the recorder ends before it was asked to, which it does not unless it is broken.
    pub async fn broken(&mut self) {
        let _ = (&mut self.task).await;
    }

    /// Closes the open recording; before the media side stops. The next start goes on recording.
    /// Returns a wait for the disk, to be awaited last.
    pub async fn stop(self) -> impl Future<Output = ()> {
        self.stop.cancel();
        if !self.task.is_finished() {
            let _ = self.task.await;
        }
        let recorder = self.recorder;
        async move { recorder.flush().await }
    }
}

#[cfg(test)]
impl Recordings {
    /// A handle whose status is what a test says.
    pub(crate) fn fake(
        switch: RecordSwitch,
        state_dir: &Path,
        status: watch::Receiver<api::RecordingStatus>,
    ) -> Self {
        Self { status, ..Self::start(switch, state_dir).0 }
    }
}

#[cfg(test)]
mod tests {
    use crate::media::fake;

    use super::*;

    #[tokio::test]
    async fn only_a_persons_stop_ends_what_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let wanted = dir.path().join("recording-wanted");
        let media = fake::away(dir.path());
        let (recordings, running) = Recordings::start(media.record_switch(), dir.path());
        recordings.record().await.unwrap();
        for _ in 0..2 {
            // As after a failure, a restart or an upgrade.
            running_after(Recordings::start(media.record_switch(), dir.path())).await;
            assert!(wanted.exists());
        }
        recordings.stop().await.unwrap();
        running.stop().await.await;
        assert!(!wanted.exists());
        let (recordings, running) = Recordings::start(media.record_switch(), dir.path());
        assert!(!recordings.status().wanted);
        running.stop().await.await;
        assert!(!wanted.exists(), "a restart does not bring back what a person stopped");
    }

    /// Ends a recorder that goes on recording.
    async fn running_after((recordings, running): (Recordings, Running)) {
        let mut status = recordings.subscribe();
        status.wait_for(|status| status.wanted).await.unwrap();
        running.stop().await.await;
    }
}
