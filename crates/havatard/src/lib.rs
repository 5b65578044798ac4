//! The daemon: it keeps MediaMTX and the publishers alive, and is the one way in for people and programs.
//!
//! `app` builds the handles once and runs them from start to stop. `media` knows processes, streams and
//! recordings; `auth` knows who is asking; `http` joins the two and knows nothing of how either works.
//! `speech` is the robot's own voice, `presence` tells those beside the robot who is there, `phrases` keeps what people say often.
//! `config` is what all of them were told. Calls go downward only; news goes upward by `watch`.
//! `disk`, `program` and `random` are the one way for each to write a private file, find a program, draw a secret.

pub mod app;
pub mod auth;
pub mod config;
pub mod disk;
pub mod http;
pub mod lock;
pub mod media;
pub mod phrases;
pub mod presence;
mod program;
pub mod random;
mod recordings;
pub mod robot;
pub mod sound;
pub mod speech;
