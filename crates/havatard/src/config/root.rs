//! The root of the config: every section, with its defaults.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Auth, Confinement, Media, Recording, Robot, Server, Speech};

/// Everything that can be set, checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Config {
    /// Where havatard itself is reached.
    pub server: Server,
    /// How long sign-ins last.
    pub auth: Auth,
    /// Pictures and sound.
    pub media: Media,
    /// Where recordings go and in what form.
    pub recording: Recording,
    /// What the robot says aloud.
    pub speech: Speech,
    /// The motor controller.
    pub robot: Robot,
    /// How far the programs that havatard starts are held back.
    pub confinement: Confinement,
}
