//! The errors of speech.

/// The longest text, in characters.
pub(super) const MAX_TEXT: usize = 500;

/// Why an utterance was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// The text is empty or too long.
    #[error("text must have 1 to {MAX_TEXT} characters")]
    Text,
    /// Nothing in the text is said.
    #[error(
        "nothing in this text can be said: it is punctuation or characters without a sound; write letters, digits or words"
    )]
    NothingSaid,
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
