//! The one way in: HTTP and WebSocket, on one origin.
//!
//! `router.rs` lists every route; a file per resource holds its handlers, which do nothing but take a
//! request apart, call one verb of a handle, and word the answer in types of `havatar-api`. What every
//! request must show is checked once, in front of all routes, in `guard.rs`; what every answer carries is
//! added once, in `headers.rs`; every refusal leaves as a problem of RFC 9457, through `problem.rs`.
//!
//! `webrtc` stands between the page and MediaMTX, so that the page needs one origin and MediaMTX's session
//! secrets stay here. `hook.rs` is the other direction: a listener on loopback where MediaMTX asks whom to
//! let in. `server.rs` binds, speaks TLS, and bounds what a connection may cost.

mod bucket;
mod download;
mod events;
mod guard;
mod headers;
mod health;
pub mod hook;
mod login;
mod mediamtx;
pub mod openapi;
mod panel;
mod problem;
mod processes;
mod recordings;
mod robot;
mod router;
pub mod server;
mod status;
mod stream;
mod viewers;
mod voice;
mod webrtc;

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

pub use guard::Listening;
pub use router::router;

use bucket::Bucket;

use crate::handles::Handles;

/// What the routes share.
#[derive(Clone)]
struct Http(Arc<Shared>);

struct Shared {
    app: Arc<Handles>,
    listening: Listening,
    sockets: Arc<Semaphore>,
    drive_sockets: Arc<Semaphore>,
    commands: Mutex<Bucket>,
    webrtc: webrtc::Proxy,
    line: Arc<webrtc::Line>,
    viewers: viewers::Viewers,
}

impl Http {
    fn new(app: Arc<Handles>, listening: Listening) -> Self {
        let sockets = Arc::new(Semaphore::new(events::MOST));
        let drive_sockets = Arc::new(Semaphore::new(robot::drive::MOST));
        let line = webrtc::Line::new(app.media.clone());
        Self(Arc::new(Shared {
            app,
            listening,
            sockets,
            drive_sockets,
            commands: Mutex::new(robot::commands()),
            webrtc: webrtc::Proxy::new(),
            line,
            viewers: viewers::Viewers::default(),
        }))
    }

    fn app(&self) -> &Handles {
        &self.0.app
    }

    fn listening(&self) -> Listening {
        self.0.listening
    }
}

#[cfg(test)]
mod tests;
