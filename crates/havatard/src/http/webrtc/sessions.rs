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

use super::{Hold, Target, Way, upstream::MediaMtx};
use crate::{
    auth::Owner,
    http::{Http, problem::Failure},
    media::Media,
    random,
};

/// Sessions known at once.
pub(super) const MOST: usize = 256;
/// How often, at most, MediaMTX is asked which sessions it still has.
const SWEEP: Duration = Duration::from_mins(1);
/// How often MediaMTX is asked whether it still has the session that holds the talk line.
const LOOK: Duration = Duration::from_millis(700);
/// So many questions in a row without an answer mean that the session is gone.
const UNANSWERED_LOOKS: u32 = 2;
/// A talker from whom nothing came for this long is not there: a page sends sound, silence included.
const SILENT: Duration = Duration::from_secs(3);
/// A session younger than this may not be listed yet.
const YOUNG: Duration = Duration::from_mins(1);

/// The sessions that were begun through us.
pub(in crate::http) struct Proxy {
    pub(super) upstream: MediaMtx,
    sessions: Mutex<HashMap<String, Session>>,
    places: Arc<Semaphore>,
    swept: Mutex<Option<Instant>>,
}

/// One session: what it takes to change or end it, and who may.
pub(super) struct Session {
    target: Target,
    secret: String,
    listed_as: Option<String>,
    owner: Owner,
    began: Instant,
    closed: CancellationToken,
    /// A talker's.
    hold: Option<Hold>,
    _place: OwnedSemaphorePermit,
}

impl Session {
    pub(super) fn new(
        target: Target,
        secret: String,
        listed_as: Option<String>,
        owner: Owner,
        place: OwnedSemaphorePermit,
        hold: Option<Hold>,
    ) -> Self {
        let (began, closed) = (Instant::now(), CancellationToken::new());
        Self { target, secret, listed_as, owner, began, closed, hold, _place: place }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

impl Proxy {
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

    /// Keeps a session under a new id, until it is ended or its owner's proof is. One that talks has the line from now on.
    pub(super) fn keep(&self, mut session: Session, ended: CancellationToken, http: &Http) -> String {
        let id = random::text::<16>();
        let closed = session.closed.clone();
        let watched = session.listed_as.clone().filter(|_| session.target.way == Way::Whip);
        {
            let mut sessions = self.sessions();
            if let Some(hold) = &mut session.hold {
                hold.attach(&id);
            }
            sessions.insert(id.clone(), session);
        }
        let (http, own_id) = (http.clone(), id.clone());
        tokio::spawn(async move {
            let (proxy, media) = (&http.0.webrtc, &http.app().media);
            let hears = |anything| http.0.line.hears(&own_id, anything);
            tokio::select! {
                () = closed.cancelled() => {}
                () = http.app().shutdown.cancelled() => {}
                () = ended.cancelled() => proxy.end(&own_id, media).await,
                // A talker who is gone must not keep others from talking.
                () = gone(media, watched.as_deref(), hears) => proxy.end(&own_id, media).await,
            }
        });
        id
    }

    /// What a session is about, and its secret, for its owner only.
    pub(super) fn find(&self, id: &str, way: Way, owner: Owner) -> Option<(Target, String)> {
        let sessions = self.sessions();
        let session = sessions.get(id).filter(|it| it.owner == owner && it.target.way == way)?;
        Some((session.target, session.secret.clone()))
    }

    pub(super) fn forget(&self, id: &str) {
        self.sessions().remove(id);
    }

    /// Ends a session here, then at MediaMTX.
    pub(super) async fn end(&self, id: &str, media: &Media) {
        let session = self.sessions().remove(id);
        if let Some(session) = session {
            // However long MediaMTX takes, nobody is heard and nobody is kept waiting.
            session.hold.iter().for_each(Hold::mute);
            self.upstream.end(&session.target.way.upstream(media), session.target, &session.secret).await;
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
            tokio::spawn(async move { http.0.webrtc.sweep(&http).await });
        }
    }

    async fn sweep(&self, http: &Http) {
        let asked = http.app().media.mediamtx_get("/v3/webrtc/sessions/list?itemsPerPage=1000").await;
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

/// Returns when MediaMTX no longer has the session listed under this id. Tells meanwhile whether anything comes from it.
async fn gone(media: &Media, listed_as: Option<&str>, hears: impl Fn(bool)) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let Some(id) = listed_as.filter(|id| !id.is_empty() && id.len() <= 64 && id.bytes().all(plain)) else {
        return std::future::pending().await;
    };
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut unanswered = 0;
    let (mut inbound, mut came) = (None, Instant::now());
    loop {
        looks.tick().await;
        match media.mediamtx_get(&format!("/v3/webrtc/sessions/get/{id}")).await {
            Ok((404, _)) => return,
            Ok((200, body)) => {
                unanswered = 0;
                let figures = serde_json::from_slice::<Figures>(&body).ok();
                // Figures that cannot be read say nothing against anybody.
                let now = figures.and_then(|figures| figures.inbound_bytes);
                if now.is_none() || now != inbound {
                    (inbound, came) = (now, Instant::now());
                }
                hears(came.elapsed() < SILENT);
            }
            // A MediaMTX that has ended has no sessions; one that is only slow is given a second chance.
            Ok(_) | Err(_) => unanswered += 1,
        }
        if unanswered >= UNANSWERED_LOOKS {
            return;
        }
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

/// One session's, as far as they are needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    inbound_bytes: Option<u64>,
}
