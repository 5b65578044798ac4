//! Speech: typed text through a speech engine, and an attention sound, on the robot's loudspeaker.
//!
//! `queue` is pure: a bounded queue in which speakers take turns. It is behind a lock, so that a cancel is in force when its call returns. One
//! task (`task`) takes from it and plays one utterance at a time, by writing samples into the socket of the loudspeaker's
//! stage. That stage pauses speech while a live talker is audible, which blocks the write, and drops its samples when the
//! connection is closed. The text is passed to the engine's standard input as a whole, and is never part of a command
//! line. This module knows no HTTP and no sessions.

mod engine;
mod error;
mod queue;
mod shared;
mod task;
mod text;
mod tone;

use std::sync::{Arc, Mutex};

use havatar_api as api;
use havatar_supervisor::Spawner;
use jiff::Zoned;
use jiff::civil::Time;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::media::Media;

use queue::Found;
use shared::Shared;

pub use error::SpeechError;
pub use queue::Speaker;

/// Handle to the robot's speech; clones share it.
#[derive(Clone)]
pub struct Speech(Arc<Shared>);

impl Speech {
    /// The handle, and the task that speaks until `shutdown`.
    pub fn new(
        config: watch::Receiver<Arc<Config>>,
        media: Media,
        spawner: Spawner,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        Self::by(|| Zoned::now().time(), config, media, spawner, shutdown)
    }

    /// With a given wall clock.
    pub(crate) fn by(
        clock: fn() -> Time,
        config: watch::Receiver<Arc<Config>>,
        media: Media,
        spawner: Spawner,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let shared = Arc::new(Shared {
            config,
            media,
            inner: Mutex::default(),
            state: watch::Sender::new(api::Speech::default()),
            wake: Notify::new(),
            clock,
        });
        shared.publish(&shared.lock());
        let speech = Self(shared.clone());
        (speech, task::run(shared, spawner, shutdown))
    }

    /// The current and the waiting utterances.
    pub fn state(&self) -> api::Speech {
        self.0.state.borrow().clone()
    }

    /// Subscribes to the state.
    pub fn subscribe(&self) -> watch::Receiver<api::Speech> {
        self.0.state.subscribe()
    }

    /// Queues a text.
    ///
    /// # Errors
    /// All but [`SpeechError::NoSuch`].
    pub fn speak(
        &self,
        speaker: &Speaker,
        request: &api::SpeakRequest,
    ) -> Result<api::Utterance, SpeechError> {
        let text = text::clean(&request.text)?;
        self.0.may_speak()?;
        // A missing engine fails the request now, and not the utterance later.
        engine::engine(&self.0.config.borrow(), request.language)?;
        self.0.push(speaker, Some(text), request.language, request.attention)
    }

    /// Queues the attention sound.
    ///
    /// # Errors
    /// No loudspeaker, quiet hours, too many waiting.
    pub fn attention(&self, speaker: &Speaker) -> Result<api::Utterance, SpeechError> {
        self.0.may_speak()?;
        self.0.push(speaker, None, api::Language::default(), true)
    }

    /// Whether anything but a live talker may be heard now.
    ///
    /// # Errors
    /// [`SpeechError::Quiet`]
    pub fn quiet_check(&self) -> Result<(), SpeechError> {
        self.0.quiet_check()
    }

    /// Cancels an utterance, waiting or current.
    ///
    /// # Errors
    /// [`SpeechError::NoSuch`]
    pub fn cancel(&self, id: u64) -> Result<(), SpeechError> {
        let mut inner = self.0.lock();
        match inner.queue.cancel(id) {
            Found::Nothing => return Err(SpeechError::NoSuch),
            Found::Speaking => inner.stop.cancel(),
            Found::Waiting => {}
        }
        self.0.publish(&inner);
        Ok(())
    }

    /// Cancels all utterances.
    pub fn hush(&self) {
        let mut inner = self.0.lock();
        inner.queue.clear();
        inner.stop.cancel();
        self.0.publish(&inner);
    }
}
