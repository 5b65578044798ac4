//! What the handlers share.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::handles::Handles;

use super::permission::Permissions;
use super::rate_limit::TokenBucket;
use super::server::Listening;
use super::viewer_reports::ViewerReports;
use super::webrtc::{Sessions, TalkChannel};

/// Event sockets open at once; a further one is answered `busy`.
pub(super) const EVENT_SOCKETS: usize = 64;
/// Drive sockets open at once. One drives; the others are about to, or have just lost the lease.
pub(super) const DRIVE_SOCKETS: usize = 16;
/// Commands to the robot by request, per second and in one burst, of all clients together. Stops and the lease are not
/// limited: they must work during a flood.
const COMMAND_RATE: f64 = 20.0;
const COMMAND_BURST: f64 = 20.0;

/// Shared state of all handlers; clones share it.
#[derive(Clone)]
pub(super) struct AppState(Arc<Shared>);

pub(super) struct Shared {
    pub(super) handles: Arc<Handles>,
    pub(super) listening: Listening,
    pub(super) permissions: Permissions,
    /// The OpenAPI document.
    pub(super) openapi: Bytes,
    pub(super) event_sockets: Arc<Semaphore>,
    pub(super) drive_sockets: Arc<Semaphore>,
    pub(super) webrtc: Arc<Sessions>,
    pub(super) talk: Arc<TalkChannel>,
    pub(super) viewers: ViewerReports,
    commands: Mutex<TokenBucket>,
}

impl AppState {
    pub(super) fn new(
        handles: Arc<Handles>,
        listening: Listening,
        permissions: Permissions,
        openapi: String,
    ) -> Self {
        let talk = TalkChannel::new(handles.media.clone());
        let webrtc = Sessions::new(handles.media.clone(), talk.clone(), handles.shutdown.clone());
        Self(Arc::new(Shared {
            handles,
            listening,
            permissions,
            openapi: openapi.into(),
            event_sockets: Arc::new(Semaphore::new(EVENT_SOCKETS)),
            drive_sockets: Arc::new(Semaphore::new(DRIVE_SOCKETS)),
            webrtc,
            talk,
            viewers: ViewerReports::default(),
            commands: Mutex::new(TokenBucket::new(COMMAND_RATE, COMMAND_BURST, Instant::now())),
        }))
    }

    /// Takes one command to the robot from the rate limit. False if there is none.
    pub(super) fn take_command(&self) -> bool {
        // A bucket is a number and a time, consistent at every statement: a panic elsewhere does not poison it.
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
