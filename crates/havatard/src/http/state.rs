//! What the handlers share.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use crate::auth::Owner;
use crate::handles::Handles;

use super::limits::{Buckets, Pool};
use super::permission::Permissions;
use super::server::Listening;
use super::viewer_reports::ViewerReports;
use super::webrtc::{Sessions, TalkChannel};

/// Event sockets open at once, and of one sign-in; a further one is answered `busy`.
pub(super) const EVENT_SOCKETS: usize = 64;
pub(super) const EVENT_SOCKETS_OF_PERSON: usize = 16;
/// Drive sockets open at once, and of one sign-in. One drives; the others are about to, or have just lost the lease.
pub(super) const DRIVE_SOCKETS: usize = 16;
pub(super) const DRIVE_SOCKETS_OF_PERSON: usize = 4;
/// Commands to the robot by request, per second and in one burst, of one sign-in; all together may send twice that. Stops
/// and the lease are not limited: they must work during a flood.
const COMMAND_RATE: f64 = 20.0;
const COMMAND_BURST: f64 = 20.0;
const COMMANDS_OF_ALL: f64 = 2.0;
/// Claims of the talk channel, per second and in one burst, of one sign-in: each displaces an idle talker.
const CLAIM_RATE: f64 = 0.5;
const CLAIM_BURST: f64 = 10.0;
const CLAIMS_OF_ALL: f64 = 16.0;

/// Shared state of all handlers; clones share it.
#[derive(Clone)]
pub(super) struct AppState {
    shared: Arc<Shared>,
    /// Where the request has arrived.
    pub(super) listening: Listening,
}

pub(super) struct Shared {
    pub(super) handles: Arc<Handles>,
    /// Where browsers reach the server.
    pub(super) public: Listening,
    pub(super) permissions: Permissions,
    /// The OpenAPI document.
    pub(super) openapi: Bytes,
    pub(super) event_sockets: Arc<Pool>,
    pub(super) drive_sockets: Arc<Pool>,
    pub(super) webrtc: Arc<Sessions>,
    pub(super) talk: Arc<TalkChannel>,
    pub(super) viewers: ViewerReports,
    /// Held while the devices are asked what they give, which starts a process for each camera.
    pub(super) asking_devices: tokio::sync::Mutex<()>,
    commands: Mutex<Buckets>,
    claims: Mutex<Buckets>,
}

impl AppState {
    pub(super) fn new(
        handles: Arc<Handles>,
        public: Listening,
        permissions: Permissions,
        openapi: String,
    ) -> Self {
        let now = Instant::now();
        let talk = TalkChannel::new(handles.media.clone());
        let webrtc = Sessions::new(handles.media.clone(), talk.clone(), handles.shutdown.clone());
        let shared = Shared {
            handles,
            public,
            permissions,
            openapi: openapi.into(),
            event_sockets: Pool::new(EVENT_SOCKETS, EVENT_SOCKETS_OF_PERSON),
            drive_sockets: Pool::new(DRIVE_SOCKETS, DRIVE_SOCKETS_OF_PERSON),
            webrtc,
            talk,
            viewers: ViewerReports::default(),
            asking_devices: tokio::sync::Mutex::default(),
            commands: Mutex::new(Buckets::new(COMMAND_RATE, COMMAND_BURST, COMMANDS_OF_ALL, now)),
            claims: Mutex::new(Buckets::new(CLAIM_RATE, CLAIM_BURST, CLAIMS_OF_ALL, now)),
        };
        Self { shared: Arc::new(shared), listening: public }
    }

    /// The same state, for requests that arrive elsewhere.
    pub(super) fn at(&self, listening: Listening) -> Self {
        Self { shared: self.shared.clone(), listening }
    }

    /// Takes one command to the robot from the rate limit of a sign-in. False if there is none.
    pub(super) fn take_command(&self, person: Owner) -> bool {
        take(&self.commands, person)
    }

    /// Takes one claim of the talk channel. False if there is none.
    pub(super) fn take_claim(&self, person: Owner) -> bool {
        take(&self.claims, person)
    }
}

fn take(buckets: &Mutex<Buckets>, person: Owner) -> bool {
    // A bucket is a number and a time, consistent at every statement: a panic elsewhere does not poison it.
    buckets.lock().unwrap_or_else(PoisonError::into_inner).take(person, Instant::now())
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}
