//! What tests, benchmarks and the demo put in place of hardware.
//!
//! # Theory of operation
//!
//! A camera that can be measured is a camera whose every frame says when it was taken. [`camera`] writes raw
//! frames to a pipe at the pace of a clock; each one carries, as a row of black and white squares, the wall
//! clock in milliseconds at the moment before it was written ([`frame_clock`]). A viewer of the frame at the
//! far end, through an encoder, a media server, a network and a browser, reads the squares back, and the
//! difference to their own clock is the latency from glass to glass, exact to a millisecond when both ends
//! share a host. Around the squares [`scene`] paints a test card that moves, so that the encoder has honest
//! work to do and a person sees at a glance that the video is live.
//!
//! Pacing is kept apart from painting: [`pace`] is arithmetic on an absolute schedule, knows no clock, and
//! decides which frames are dropped when the reader is slow. Clock and output are passed in, so that tests run
//! a day of frames in no time.
//!
//! Apart from all that, [`stubborn`] is a child process with bad manners, selectable by flags.
//!
//! [`esp32`] is a motor controller on a pseudo-terminal: the firmware that ships, in a simulated body, with faults on
//! demand.
//!
//! [`relay`] is a bad network between two programs, the same one in every run.
//!
//! Nothing here knows the daemon, ffmpeg or a media server.

pub mod camera;
mod console;
pub mod esp32;
pub mod frame_clock;
pub mod pace;
pub mod relay;
pub mod scene;
pub mod stubborn;
