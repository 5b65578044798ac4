//! Stories told to the real daemon, with the real MediaMTX and ffmpeg. A module is a chapter; its tests are the
//! promises in it.

mod access;
mod bad_input;
mod camera;
mod confinement;
mod device_tests;
mod documents;
mod end;
mod hanging_disk;
mod matrix;
mod mediamtx_dies;
mod offers;
mod other_user;
mod publishers_die;
mod recording;
mod reload;
mod robot_bad_input;
mod robot_black_box;
mod robot_cable;
mod robot_daemon_dies;
mod robot_driver_dies;
mod robot_drives;
mod robot_estop;
mod robot_lease;
mod robot_privacy;
mod robot_relay;
mod robot_text;
mod sources;
mod sources_network;
mod speech;
mod start;
mod voice;
mod whep;
