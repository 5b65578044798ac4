//! Loudspeaker, talker, speech, phrases and presence.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::device::Device;
use crate::process::Confinement;

/// Sound at the robot: its loudspeaker, who may be heard there, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voice {
    /// The loudspeaker.
    pub speaker: Device,
    /// How loud, in percent of what the config allows: 0 to 100.
    pub volume: u8,
    /// Who has the talk line; `null` while it is free.
    #[schema(required)]
    pub talker: Option<Talker>,
    /// The robot's microphone is held back, so that it does not hear its own loudspeaker.
    pub ducked: bool,
    /// What the robot says aloud.
    pub speech: Speech,
}

/// Who has the talk line. There is one: a second talker is refused while this one is talking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Talker {
    /// Their name.
    pub who: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Their microphone is open. While it is not, the next client that asks for the line is given it.
    pub talking: bool,
}

/// What the robot says aloud.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Speech {
    /// What is being said now; a live talker holds it up.
    #[schema(required)]
    pub speaking: Option<Utterance>,
    /// What comes next, in order.
    pub waiting: Vec<Utterance>,
    /// Quiet hours: nothing but a live talker is heard.
    pub quiet: bool,
    /// What could not be said last, until something is said again.
    #[schema(required)]
    pub failed: Option<SpeechFailure>,
    /// What the engine's programs ran under last; empty until something has been said.
    #[serde(default)]
    pub confinement: Vec<Confinement>,
}

/// Why something was not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpeechFailure {
    /// What.
    pub utterance: Utterance,
    /// In words.
    pub why: String,
}

/// Something that the robot says, or its attention sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Utterance {
    /// Its number, for cancelling it; it only goes up.
    pub id: u64,
    /// Who asked for it.
    pub who: String,
    /// The words; `null` for the attention sound.
    #[schema(required)]
    pub text: Option<String>,
}

/// A language that the robot speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Romanian.
    #[default]
    Ro,
    /// English.
    En,
}

/// Body of `POST /api/v1/robot/speak`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeakRequest {
    /// What to say: 1 to 500 characters.
    pub text: String,
    /// In which language.
    #[serde(default)]
    pub language: Language,
    /// The attention sound comes first.
    #[serde(default)]
    pub attention: bool,
}

/// Body of `PUT /api/v1/robot/volume`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeRequest {
    /// 0 to 100.
    pub percent: u8,
}

/// Body of `PUT /api/v1/talk`: opens or closes one's own microphone on a session of the talk line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TalkRequest {
    /// The last part of the session's `Location`.
    pub session: String,
    /// Open.
    pub on: bool,
}

/// How loud it is at the robot, over the last tenth of a second: decibels under full scale, -90 (silence) to 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Levels {
    /// What the loudspeaker plays; `null` while it does not run.
    #[schema(required)]
    pub speaker_db: Option<f32>,
    /// What the microphone hears, before it is held back; `null` while it does not run.
    #[schema(required)]
    pub microphone_db: Option<f32>,
}

/// The phrases of one account: body of `GET` and `PUT /api/v1/phrases`. At most 20 categories of 50 phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    /// In the order in which they are shown.
    pub categories: Vec<PhraseCategory>,
}

/// Phrases that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhraseCategory {
    /// 1 to 40 characters.
    pub name: String,
    /// In order.
    pub phrases: Vec<Phrase>,
}

/// One phrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// 1 to 500 characters.
    pub text: String,
    /// In which language it is said.
    pub language: Language,
}

/// A way to see and hear through the robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PresenceWay {
    /// Live: a page, a player, a program.
    Live,
    /// It is recorded, or MediaMTX's switch for that is on.
    Recording,
    /// A recording that is still being made is fetched.
    Download,
    /// The camera or the microphone is being tested.
    Test,
}

/// Who is there through the robot, and whether the people around it can see so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presence {
    /// How many watch or listen, now or later. Those who read picture and sound apart count once, and so does each who fetches a
    /// recording that is still being made, and a test of camera or microphone; while it is recorded, at least one. While MediaMTX does not say, as many
    /// as it said last; after ten seconds at least one.
    pub watchers: u32,
    /// In which ways the robot is seen and heard; none if it is not.
    #[serde(default)]
    pub ways: Vec<PresenceWay>,
    /// A driver holds the lease and is connected.
    pub driven: bool,
    /// The robot shows it with its light; false if it has none, or does not answer.
    pub shown: bool,
    /// The switch on the robot that holds camera and microphone off: true while it does, `null` if it has none or
    /// does not answer. It wins over everything that anybody asks from afar.
    #[schema(required)]
    pub private: Option<bool>,
}
