//! The words of Havatar's public contract.
//!
//! Every JSON body that `havatard` sends or takes over HTTP and WebSocket is a type of this crate, and
//! nothing else is: no I/O, no defaults that depend on a machine, no behaviour beyond wording. The daemon
//! serves these types, `havatarctl` reads them, and the OpenAPI description (from which the panel's
//! TypeScript types are generated) is derived from the same definitions, so the three cannot drift apart.
//!
//! Conventions: times are RFC 3339 with a zone; durations carry their unit in the name (`_s`, `_ms`);
//! sizes are bytes; states are lower-case words; an absent value is `null`, never `0` or `""`.

mod auth;
mod drive;
mod event;
mod problem;
mod process;
mod recording;
mod robot;
mod status;
mod stream;
mod voice;

pub use auth::{Login, LoginLink, Me, Role};
pub use drive::{DriveEvent, DriveMessage, Stamp};
pub use event::Event;
pub use problem::Problem;
pub use process::{LogLine, LogSource, Logs, Process, ProcessState};
pub use recording::{Recording, RecordingFormat, RecordingStatus, Recordings};
pub use robot::{
    Battery, BuzzerRequest, DriveMode, Driver, Estop, EstopRelease, EstopReleased, EstopSource, Head,
    HeadRequest, IfHeld, LeaseAnswer, LeaseReply, LeaseRequest, LeaseToken, LightsRequest, Motion, Odometry,
    Refusal, RobotDevice, RobotLink, RobotLinkState, RobotState, RobotWarning, SpeedLimit, StepMove,
    StepRequest, StopReason, Telemetry,
};
pub use status::{
    ConfigFault, ConfigStatus, Device, DeviceState, Devices, Encoder, Health, Missing, Readiness, Status,
};
pub use stream::{Stream, Streams};
pub use voice::{
    Language, Levels, Phrase, PhraseCategory, Phrases, Presence, SpeakRequest, Speech, SpeechFailure,
    TalkRequest, Talker, Utterance, Viewer, ViewerReport, Voice, VolumeRequest,
};
