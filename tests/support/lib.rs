//! The harness of the stories in `it/`: a real daemon on ports and folders of its own, and clients that observe it.
//!
//! # Theory of operation
//!
//! A story writes a config ([`Plan`]), launches the real `havatard` with it ([`Daemon`]) and looks from outside
//! only: over HTTP and the events socket ([`Events`]), over RTSP with a real ffmpeg ([`Viewer`]), and in `/proc`
//! ([`proc`]). Nothing of the daemon's inside is linked in.
//!
//! Every wait is a condition with a deadline ([`eventually`]); when it passes, the failure says what was awaited
//! and what the daemon and its processes said last. Times that are goals are measured and printed ([`figure`]).
//!
//! Everything the daemon starts inherits a tag in its environment. A [`Daemon`] that goes out of scope is killed
//! with SIGKILL, and every process with its tag must be gone within a second: each story ends with that proof.
//!
//! Frames carry the time at which they were painted (`havatar_sim::frame_clock`), so a [`Viewer`] knows not only
//! that a picture arrived but how old it was.

mod answer;
mod clock;
mod daemon;
mod dice;
mod driver;
mod events;
mod feed;
pub mod foreign;
mod hanging_disk;
pub mod network;
pub mod offers;
pub mod pages;
mod person;
mod plan;
mod ports;
pub mod proc;
mod relay;
mod robot;
pub mod sound;
mod timeline;
pub mod tools;
mod viewer;
mod wait;

pub use answer::Answer;
pub use clock::Moment;
pub use daemon::Daemon;
pub use dice::Dice;
pub use driver::{Driver, ReceivedEvent, Sent, Way};
pub use events::Events;
pub use feed::{Feed, Feeds, once_over_tcp};
pub use hanging_disk::HangingDisk;
pub use person::Person;
pub use plan::{Ended, Plan};
pub use ports::{Ports, free_port};
pub use relay::Relay;
pub use robot::Robot;
pub use timeline::{Entry, Pose, Received, Timeline, What};
pub use viewer::{Frame, Viewer, painted_in};
pub use wait::{eventually, figure, goal, not_shown, pause, rounds};

/// The picture alone.
pub const CAMERA: &str = "havatar_camera";
/// The microphone alone.
pub const AUDIO: &str = "havatar_audio";
/// Picture and sound together.
pub const BOTH: &str = "havatar";
