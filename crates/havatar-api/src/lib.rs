//! The types of Havatar's public contract.
//!
//! Every JSON body that `havatard` sends or receives over HTTP and WebSocket is a type of this crate. The crate has no I/O,
//! no defaults that depend on a machine, and no behaviour. The daemon serves these types, `havatarctl` reads them, and the
//! OpenAPI document (from which the panel's TypeScript types are generated) is derived from them, so that the three agree.
//!
//! Conventions: times are RFC 3339 with a zone; durations carry their unit in the name (`_s`, `_ms`);
//! sizes are bytes; states are lower-case words; an absent value is `null`, never `0` or `""`.

mod auth;
mod command;
mod control;
mod device;
mod device_test;
mod drive;
mod event;
mod machine;
mod problem;
mod process;
mod recording;
mod refusal;
mod robot;
mod source;
mod status;
mod stream;
mod voice;

pub use auth::{Login, LoginLink, Me, Role};
pub use command::{
    BuzzerRequest, EstopRelease, EstopReleased, HeadRequest, IfHeld, LeaseAnswer, LeaseReply, LeaseRequest,
    LeaseToken, LightsRequest, StepMove, StepRequest,
};
pub use control::{
    CameraControl, CameraControlKind, CameraControlRange, CameraControls, CameraControlsRequest, ControlValue,
};
pub use device::{
    AttachedCamera, AttachedCameraFormat, AttachedDevices, Device, DeviceState, SerialPort, SoundCard,
};
pub use device_test::{CameraTest, DeviceTestRequest, DeviceTestSource, MicrophoneTest, SpeakerTest};
pub use drive::{DriveEvent, DriveMessage, Stamp};
pub use event::{Event, StopMessage};
pub use machine::{Board, Machine, Overload, ReducedPicture};
pub use problem::Problem;
pub use process::{Confinement, LogLine, LogSource, Logs, Process, ProcessState};
pub use recording::{Recording, RecordingFormat, RecordingStatus, Recordings};
pub use refusal::Refusal;
pub use robot::{
    Battery, DriveMode, Driver, Estop, EstopSource, Head, LeaseReservation, Motion, Odometry, RobotDevice,
    RobotLink, RobotLinkState, RobotState, RobotWarning, SpeedLimit, StopReason, Telemetry,
};
pub use source::{SourceClock, VideoSource};
pub use status::{ConfigFault, ConfigStatus, Devices, Encoder, Health, Missing, Readiness, Status};
pub use stream::{Stream, Streams, Viewer, ViewerReport};
pub use voice::{
    Language, Levels, Phrase, PhraseCategory, Phrases, Presence, PresenceWay, SpeakRequest, Speech,
    SpeechFailure, TalkRequest, Talker, Utterance, Voice, VolumeRequest,
};
