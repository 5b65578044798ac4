//! The HTTP API and the panel, on one origin.
//!
//! `routes.rs` is the table of all routes: handler, permission and largest body of each. `router.rs` puts the layers that
//! apply to every request around it: `guard.rs` checks host, origin and permission, `headers.rs` sets the security
//! headers, `error/` turns every refusal into a problem of RFC 9457. A file per resource holds its handlers: they take
//! the request apart with the extractors of `extract.rs`, call one method of a handle, and answer in types of
//! `havatar-api`. `state.rs` is what handlers share.
//!
//! `webrtc/` proxies WHEP and WHIP to MediaMTX, so that the page needs one origin and MediaMTX's session secrets stay in
//! the daemon. `hook.rs` is the opposite direction: a listener on loopback where MediaMTX asks for access decisions.
//! `server/` binds, terminates TLS, and accepts connections. `limits/` gives each client its share of everything that there is
//! a limited number of; `socket/` keeps a WebSocket's client from taking more than its share of time.

mod camera;
mod device_tests;
mod devices;
mod download;
mod error;
mod events;
mod extract;
mod forwarded;
mod guard;
mod headers;
mod health;
pub mod hook;
mod limits;
mod login;
mod mediamtx;
mod openapi;
mod origins;
mod panel;
mod permission;
mod processes;
mod recordings;
mod robot;
mod router;
mod routes;
pub mod server;
mod socket;
mod state;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod viewer_reports;
mod viewers;
mod voice;
mod webrtc;

pub use router::{router, routers};
