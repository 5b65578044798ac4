//! The errors of speech.

/// The longest text, in characters.
pub(super) const MAX_TEXT: usize = 500;

/// Why an utterance was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// The text is empty or too long.
    #[error("text must have 1 to {MAX_TEXT} characters, and something to say among them")]
    Text,
    /// Quiet hours.
    #[error("these are quiet hours, until {until}: only a live talker is heard")]
    Quiet {
        /// The end of the quiet hours.
        until: String,
    },
    /// The queue is full.
    #[error("the robot has enough to say: wait for it to finish, or cancel something")]
    Full,
    /// No loudspeaker is configured.
    #[error("this robot has no loudspeaker: set media.speaker in its config")]
    NoSpeaker,
    /// No engine is configured.
    #[error("this robot has no speech engine: set speech.engine in its config")]
    Off,
    /// The engine's program is not installed.
    #[error("the program {0} is not installed on the robot")]
    NoProgram(String),
    /// No utterance has that number.
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

    /// The HTTP status.
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
