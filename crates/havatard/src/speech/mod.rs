//! What the robot says aloud: typed words through a speech engine, and an attention sound.
//!
//! `queue` is pure: what is said, what waits, in order, bounded. It stands behind a lock, so that a cancelling is in force when
//! its call returns; one task (`task`) takes from it and says one thing at a time, by writing samples into the socket of
//! the loudspeaker's stage. That stage holds speech up while a live talker is heard, which here is only a write that takes
//! its time, and drops what it has when the connection is cut. Words go to the engine's standard input whole; they are
//! never part of a command line. Knows no HTTP and no sessions.

mod engine;
mod queue;
mod task;
mod tone;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api as api;
use havatar_supervisor::Spawner;
use jiff::Zoned;
use jiff::civil::Time;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::media::Media;

use queue::{Found, Queue};

/// Longest text, in characters.
pub const LONGEST: usize = 500;

/// Why something will not be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// The text is empty or too long.
    #[error("text must have 1 to {LONGEST} characters, and something to say among them")]
    Text,
    /// It is the time of the day at which the robot is quiet.
    #[error("these are quiet hours, until {until}: only a live talker is heard")]
    Quiet {
        /// When they end.
        until: String,
    },
    /// Too many wait.
    #[error("the robot has enough to say: wait for it to finish, or cancel something")]
    Full,
    /// No loudspeaker.
    #[error("this robot has no loudspeaker: set media.speaker in its config")]
    NoSpeaker,
    /// No engine.
    #[error("this robot has no speech engine: set speech.engine in its config")]
    Off,
    /// The engine's program is not there.
    #[error("the program {0} is not installed on the robot")]
    NoProgram(String),
    /// Nothing of that number is said or waits.
    #[error("nothing with that number is being said or waits: it may be over")]
    NoSuch,
}

impl SpeechError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text => "out_of_range",
            Self::Quiet { .. } => "quiet_hours",
            Self::Full => "busy",
            Self::NoSpeaker | Self::Off | Self::NoProgram(_) => "not_supported",
            Self::NoSuch => "no_such_utterance",
        }
    }

    /// HTTP status that fits.
    pub fn status(&self) -> u16 {
        match self {
            Self::Text => 422,
            Self::Quiet { .. } => 409,
            Self::Full => 503,
            Self::NoSpeaker | Self::Off | Self::NoProgram(_) => 501,
            Self::NoSuch => 404,
        }
    }
}

/// Handle to the robot's voice; clones share it.
#[derive(Clone)]
pub struct Speech(Arc<Shared>);

struct Shared {
    config: watch::Receiver<Arc<Config>>,
    media: Media,
    inner: Mutex<Inner>,
    state: watch::Sender<api::Speech>,
    /// Wakes the task.
    wake: Notify,
    clock: fn() -> Time,
}

#[derive(Default)]
struct Inner {
    queue: Queue,
    /// Stops what is being said.
    stop: CancellationToken,
}

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

    /// With this clock on the wall.
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
        shared.tell(&shared.lock());
        let speech = Self(shared.clone());
        (speech, task::run(shared, spawner, shutdown))
    }

    /// What is said and what waits.
    pub fn state(&self) -> api::Speech {
        self.0.state.borrow().clone()
    }

    /// Follows it.
    pub fn subscribe(&self) -> watch::Receiver<api::Speech> {
        self.0.state.subscribe()
    }

    /// Says something once its turn comes.
    ///
    /// # Errors
    /// All but [`SpeechError::NoSuch`].
    pub fn speak(&self, who: &str, request: &api::SpeakRequest) -> Result<api::Utterance, SpeechError> {
        let text = sayable(&request.text).ok_or(SpeechError::Text)?;
        self.0.may_speak()?;
        // Whoever asks is told now, and not by a silence later.
        engine::engine(&self.0.config.borrow(), request.language)?;
        self.0.push(who, Some(text), request.language, request.attention)
    }

    /// Sounds the attention sound once its turn comes.
    ///
    /// # Errors
    /// No loudspeaker, quiet hours, too many waiting.
    pub fn attention(&self, who: &str) -> Result<api::Utterance, SpeechError> {
        self.0.may_speak()?;
        self.0.push(who, None, api::Language::default(), true)
    }

    /// Takes one back, or cuts it short.
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
        self.0.tell(&inner);
        Ok(())
    }

    /// Takes all back, and cuts short what is being said.
    pub fn hush(&self) {
        let mut inner = self.0.lock();
        inner.queue.clear();
        inner.stop.cancel();
        self.0.tell(&inner);
    }
}

impl Shared {
    fn may_speak(&self) -> Result<(), SpeechError> {
        if self.media.sound().borrow().speaker.state == api::DeviceState::Off {
            return Err(SpeechError::NoSpeaker);
        }
        match self.quiet_until() {
            Some(until) => Err(SpeechError::Quiet { until }),
            None => Ok(()),
        }
    }

    /// When the present quiet hours end.
    fn quiet_until(&self) -> Option<String> {
        let hours = self.config.borrow().speech.quiet_hours.filter(|hours| hours.contains((self.clock)()))?;
        Some(format!("{:02}:{:02}", hours.end().hour(), hours.end().minute()))
    }

    fn push(
        &self,
        who: &str,
        text: Option<String>,
        language: api::Language,
        attention: bool,
    ) -> Result<api::Utterance, SpeechError> {
        let mut inner = self.lock();
        let utterance = inner.queue.push(who, text, language, attention).ok_or(SpeechError::Full)?;
        self.tell(&inner);
        self.wake.notify_one();
        Ok(utterance)
    }

    /// Under the lock, so that news keeps its order.
    fn tell(&self, inner: &Inner) {
        let state = inner.queue.state(self.quiet_until().is_some());
        self.state.send_if_modified(|told| {
            let news = *told != state;
            *told = state;
            news
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The queue is consistent between any two statements, so a panic elsewhere poisons nothing.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text on one line, without what no voice can say; `None` if nothing is left, or too much.
fn sayable(text: &str) -> Option<String> {
    if text.chars().count() > LONGEST {
        return None;
    }
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
