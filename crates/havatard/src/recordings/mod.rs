//! Recordings: the recorder, which keeps MediaMTX's recording switch as requested, and the recorded files.
//!
//! Listing, opening and deletion work on the files beneath their directory: recordings are available while MediaMTX is away.

mod error;
mod files;
mod recorder;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use havatar_api as api;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::media::RecordSwitch;

pub use error::RecordingError;

use recorder::Recorder;

/// The handle. Clones share one recorder.
#[derive(Clone)]
pub struct Recordings {
    switch: RecordSwitch,
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
}

impl Recordings {
    /// Starts the recorder. A recording that a crash interrupted goes on.
    pub fn start(switch: RecordSwitch, state_dir: &Path) -> (Self, Running) {
        let stop = CancellationToken::new();
        let (recorder, task) = Recorder::spawn(switch.clone(), state_dir, stop.clone());
        let status = recorder.status();
        (Self { switch, recorder, status, followers: Arc::default() }, Running { stop, task })
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

    /// All recordings, newest first.
    pub async fn list(&self) -> Result<api::Recordings, RecordingError> {
        let items = self.on_disk(files::list).await?;
        Ok(api::Recordings {
            status: self.status(),
            items: items.into_iter().map(|found| found.recording).collect(),
        })
    }

    /// One recording.
    pub async fn find(&self, id: &str) -> Result<api::Recording, RecordingError> {
        let id = id.to_owned();
        Ok(self.on_disk(move |dir| files::find(dir, &id)).await?.recording)
    }

    /// Opens a recording for reading.
    pub async fn open(&self, id: &str) -> Result<(api::Recording, File), RecordingError> {
        let id = id.to_owned();
        self.on_disk(move |dir| {
            let found = files::find(dir, &id)?;
            let file = files::open(&found)?;
            Ok((found.recording, file))
        })
        .await
    }

    /// Deletes a recording, never the one being written.
    pub async fn delete(&self, id: &str) -> Result<(), RecordingError> {
        let id = id.to_owned();
        if self.status.borrow().id.as_deref() == Some(&id) {
            return Err(RecordingError::BeingWritten(id));
        }
        self.on_disk(move |dir| files::delete(&files::find(dir, &id)?)).await
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, RecordingError> + Send + 'static,
    ) -> Result<T, RecordingError> {
        let directory = self.switch.directory();
        tokio::task::spawn_blocking(move || work(&directory))
            .await
            .map_err(|_| RecordingError::ShuttingDown)?
    }
}

impl Running {
    /// Returns if the recorder ends before it was asked to, which it does not unless it is broken.
    pub async fn broken(&mut self) {
        let _ = (&mut self.task).await;
    }

    /// Closes the open recording; before the media side stops.
    pub async fn stop(self) {
        self.stop.cancel();
        if !self.task.is_finished() {
            let _ = self.task.await;
        }
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
