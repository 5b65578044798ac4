//! The daemon: it keeps MediaMTX and the publishers alive, and is the one way in for people and programs.
//!
//! `daemon` builds the parts once and runs them from start to stop; `handles` is the struct of their handles, and
//! `reload` applies a new config to them. `media` supervises processes and streams; `robot` drives the motor controller;
//! `auth` authenticates requests; `http` serves the API over the handles and knows nothing of how the parts work.
//! `speech` is text to speech, `presence` combines viewers and driver for the robot's presence light, `phrases` stores
//! each account's phrases, `devices` lists what is plugged in. `config` is the validated config, `confinement` what helper programs may do. Calls go downward only; news goes upward by `watch`.
//! `recordings` is the recorder and its files. `store` persists values, `disk` writes private files, `program` finds programs, `priority` orders them by what they are for, `random` and `secrets` draw and compare secrets, `holders` names
//! the process that holds a port or a file, `network` says which addresses count as one client, `logging` is the log that waits for nobody, `lock` keeps a second daemon
//! off the state directory, `local_socket` binds the sockets of the runtime directory, `service_user` is whose eyes the config is judged with.

pub mod auth;
mod cgroups;
pub mod config;
pub mod confinement;
pub mod daemon;
pub mod devices;
pub mod disk;
pub mod handles;
pub mod holders;
pub mod http;
mod local_socket;
pub mod lock;
pub mod logging;
pub mod media;
pub mod network;
pub mod notifier;
pub mod options;
pub mod phrases;
pub mod presence;
pub mod priority;
mod program;
pub mod random;
pub mod recordings;
mod reload;
pub mod robot;
pub mod secrets;
pub mod service_user;
pub mod sound;
pub mod speech;
mod store;
