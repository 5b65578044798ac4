//! Messages of the event socket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::machine::Machine;
use crate::process::Process;
use crate::recording::RecordingStatus;
use crate::robot::RobotState;
use crate::status::{ConfigStatus, Devices, Encoder, Readiness, Status};
use crate::stream::Streams;
use crate::voice::{Levels, Presence, Voice};

/// A message of `GET /api/v1/events` (WebSocket, text frames). The first is a snapshot; after it, each
/// section of the status is sent whole when it changes, latest wins: a slow reader skips versions, it never
/// sees an old one after a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "one at a time, serialized at once, never stored")]
pub enum Event {
    /// Everything, once, first.
    Snapshot {
        /// The whole status.
        status: Status,
    },
    /// Supervised processes changed.
    Processes {
        /// All of them.
        processes: Vec<Process>,
    },
    /// Stream figures, about once a second.
    Streams {
        /// All of them.
        streams: Streams,
    },
    /// Recording changed.
    Recording {
        /// The new state.
        recording: RecordingStatus,
    },
    /// The robot changed, or moves: ten times a second at most.
    Robot {
        /// All of it.
        robot: RobotState,
    },
    /// A device came, went or changed state.
    Devices {
        /// Both devices.
        devices: Devices,
    },
    /// What is missing changed, or the publishers were started or stopped.
    Readiness {
        /// The new state.
        readiness: Readiness,
        /// The publishers are wanted.
        streaming: bool,
    },
    /// The config was reloaded, or a reload refused.
    Config {
        /// The new state.
        config: ConfigStatus,
    },
    /// An encoder was chosen.
    Encoder {
        /// It.
        #[schema(required)]
        encoder: Option<Encoder>,
    },
    /// The machine became short of processor time, too hot or too weakly supplied, or is not any more.
    Machine {
        /// All of it.
        machine: Machine,
    },
    /// The loudspeaker, the talk line or what is being said changed.
    Voice {
        /// All of it.
        voice: Voice,
    },
    /// How loud it is at the robot, five times a second while anything is heard; not part of the snapshot.
    Levels {
        /// Both.
        levels: Levels,
    },
    /// A viewer or driver came or went, or the switch on the robot was turned.
    Presence {
        /// All of it.
        presence: Presence,
    },
    /// Nothing has changed for two seconds: the socket still stands. A page cannot see pings.
    Alive,
}

/// What a client may say on `GET /api/v1/events`: text messages, carried out at once, with a lease or without, as often as it
/// likes. The answer is the robot's state in the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StopMessage {
    /// Stop now. Never refused.
    Stop,
    /// Latch the e-stop. Never refused.
    Estop,
}
