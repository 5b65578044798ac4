//! The state that the handle and the task share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api as api;
use havatar_supervisor::StreamedOutput;
use jiff::civil::Time;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::media::{Media, confinement};

use super::error::SpeechError;
use super::queue::{Queue, Speaker};

pub(super) struct Shared {
    pub(super) config: watch::Receiver<Arc<Config>>,
    pub(super) media: Media,
    pub(super) inner: Mutex<Inner>,
    pub(super) state: watch::Sender<api::Speech>,
    /// Wakes the task.
    pub(super) wake: Notify,
    pub(super) clock: fn() -> Time,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) queue: Queue,
    /// Cancels the current utterance.
    pub(super) stop: CancellationToken,
    /// What the engine ran under last.
    pub(super) confinement: Vec<api::Confinement>,
}

impl Shared {
    pub(super) fn may_speak(&self) -> Result<(), SpeechError> {
        if self.media.audio.sound().borrow().speaker.state == api::DeviceState::Off {
            return Err(SpeechError::NoSpeaker);
        }
        self.quiet_check()
    }

    pub(super) fn quiet_check(&self) -> Result<(), SpeechError> {
        match self.quiet_until() {
            Some(until) => Err(SpeechError::Quiet { until }),
            None => Ok(()),
        }
    }

    /// The end of the current quiet hours.
    pub(super) fn quiet_until(&self) -> Option<String> {
        let hours = self.config.borrow().speech.quiet_hours.filter(|hours| hours.contains((self.clock)()))?;
        Some(format!("{:02}:{:02}", hours.end().hour(), hours.end().minute()))
    }

    pub(super) fn push(
        &self,
        speaker: &Speaker,
        text: Option<String>,
        language: api::Language,
        attention: bool,
    ) -> Result<api::Utterance, SpeechError> {
        let mut inner = self.lock();
        let utterance = inner.queue.push(speaker, text, language, attention).ok_or(SpeechError::Full)?;
        self.publish(&inner);
        self.wake.notify_one();
        Ok(utterance)
    }

    /// Notes what an engine runs under.
    pub(super) fn note_confinement(&self, engine: &StreamedOutput) {
        let mut inner = self.lock();
        inner.confinement = engine.confinement().into_iter().map(confinement).collect();
        self.publish(&inner);
    }

    /// Publishes the state, under the lock, so that the order of changes is kept.
    pub(super) fn publish(&self, inner: &Inner) {
        let state = api::Speech {
            confinement: inner.confinement.clone(),
            ..inner.queue.state(self.quiet_until().is_some())
        };
        self.state.send_if_modified(|published| {
            let changed = *published != state;
            *published = state;
            changed
        });
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // The queue is consistent between any two statements, so a poisoned lock is still valid.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
