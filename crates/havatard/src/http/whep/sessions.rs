use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::upstream::MediaMtx;
use crate::{
    auth::Owner,
    http::{Http, problem::Failure},
    media::Upstream,
    random,
};

/// Sessions known at once.
pub(super) const MOST: usize = 256;
/// How often, at most, MediaMTX is asked which sessions it still has.
const SWEEP: Duration = Duration::from_mins(1);
/// A session younger than this may not be listed yet.
const YOUNG: Duration = Duration::from_mins(1);

/// The sessions that were begun through us.
pub(in crate::http) struct Whep {
    pub(super) upstream: MediaMtx,
    sessions: Mutex<HashMap<String, Session>>,
    places: Arc<Semaphore>,
    swept: Mutex<Option<Instant>>,
}

/// One session: what it takes to change or end it, and who may.
pub(super) struct Session {
    stream: &'static str,
    secret: String,
    listed_as: Option<String>,
    owner: Owner,
    began: Instant,
    closed: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Session {
    pub(super) fn new(
        stream: &'static str,
        secret: String,
        listed_as: Option<String>,
        owner: Owner,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (began, closed) = (Instant::now(), CancellationToken::new());
        Self { stream, secret, listed_as, owner, began, closed, _place: place }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

impl Whep {
    pub(in crate::http) fn new() -> Self {
        Self {
            upstream: MediaMtx::new(),
            sessions: Mutex::new(HashMap::new()),
            places: Arc::new(Semaphore::new(MOST)),
            swept: Mutex::new(None),
        }
    }

    /// A place for one more session. When all are taken, those that MediaMTX no longer has are cleared away
    /// first: pages that were closed without a DELETE leave such.
    pub(super) async fn place(&self, http: &Http) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Ok(place);
        }
        self.sweep(http).await;
        self.places.clone().try_acquire_owned().map_err(|_| Failure::busy("too many viewers are connected"))
    }

    /// Keeps a session under a new id, until it is ended or its owner's proof is.
    pub(super) fn keep(&self, session: Session, ended: CancellationToken, http: &Http) -> String {
        let id = random::text::<16>();
        let closed = session.closed.clone();
        self.sessions().insert(id.clone(), session);
        let (http, own_id) = (http.clone(), id.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = closed.cancelled() => {}
                () = http.app().shutdown.cancelled() => {}
                () = ended.cancelled() => {
                    http.0.whep.end(&own_id, &http.app().media.whep_upstream()).await;
                }
            }
        });
        id
    }

    /// The stream and secret of a session, for its owner only.
    pub(super) fn find(&self, id: &str, owner: Owner) -> Option<(&'static str, String)> {
        let sessions = self.sessions();
        let session = sessions.get(id).filter(|session| session.owner == owner)?;
        Some((session.stream, session.secret.clone()))
    }

    pub(super) fn forget(&self, id: &str) {
        self.sessions().remove(id);
    }

    /// Ends a session here, then at MediaMTX.
    pub(super) async fn end(&self, id: &str, media: &Upstream) {
        let session = self.sessions().remove(id);
        if let Some(session) = session {
            self.upstream.end(media, session.stream, &session.secret).await;
        }
    }

    /// Clears away what is over, at most once a minute, behind the answer.
    pub(super) fn sweep_now_and_then(&self, http: &Http) {
        let due = {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            let due = swept.is_none_or(|at| at.elapsed() >= SWEEP);
            if due {
                *swept = Some(Instant::now());
            }
            due
        };
        if due {
            let http = http.clone();
            tokio::spawn(async move { http.0.whep.sweep(&http).await });
        }
    }

    async fn sweep(&self, http: &Http) {
        let asked = http.app().media.mediamtx_get("/v3/webrtcsessions/list?itemsPerPage=1000").await;
        let Ok((200, body)) = asked else {
            return;
        };
        let Ok(list) = serde_json::from_slice::<List>(&body) else {
            return;
        };
        if list.page_count > 1 {
            return;
        }
        let listed: HashSet<&str> = list.items.iter().map(|item| item.id.as_str()).collect();
        self.sessions().retain(|_, session| {
            session.began.elapsed() < YOUNG
                || session.listed_as.as_deref().is_none_or(|id| listed.contains(id))
        });
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        // The map is consistent between any two statements, so a panic elsewhere poisons nothing.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    page_count: u64,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
}
