//! The WebRTC sessions that were begun through the daemon.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::auth::Owner;
use crate::http::error::ApiError;
use crate::http::limits::{Exhausted, Pool, PoolPermit};
use crate::media::Media;
use crate::random;

use super::protocol::{Protocol, Target};
use super::sdp::{CANDIDATES, Fragment};
use super::talk_channel::{TalkChannel, TalkGrant};
use super::upstream::MediaMtx;

/// WHEP sessions at once, and of one sign-in. A page has two, and for a while those that it has lost.
pub(in crate::http) const WATCHING: usize = 256;
pub(in crate::http) const WATCHING_OF_PERSON: usize = 32;
/// The same of WHIP. One of them owns the talk channel, the others have just lost it.
const TALKING: usize = 16;
const TALKING_OF_PERSON: usize = 4;
/// Shortest interval between two sweeps of sessions that MediaMTX no longer has.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// Interval at which MediaMTX is asked about the session that owns the talk channel.
const POLL_INTERVAL: Duration = Duration::from_millis(700);
/// Unanswered polls in a row after which the session counts as gone.
const UNANSWERED_POLLS: u32 = 2;
/// A talker whose byte counter stands still for this long has stalled: a page sends audio during silence too.
const STALL: Duration = Duration::from_secs(3);
/// Shortest interval between two ICE restarts that renew the budget of candidates.
const RESTART_INTERVAL: Duration = Duration::from_secs(2);

/// The known sessions, and the client to MediaMTX.
pub(in crate::http) struct Sessions {
    pub(super) upstream: MediaMtx,
    media: Media,
    talk: Arc<TalkChannel>,
    shutdown: CancellationToken,
    by_id: Mutex<HashMap<String, Session>>,
    watching: Arc<Pool>,
    talking: Arc<Pool>,
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
    trickled: Budget,
    /// Of a WHIP session.
    grant: Option<TalkGrant>,
    permit: PoolPermit,
}

impl Session {
    pub(super) fn new(
        target: Target,
        secret: String,
        listed_as: Option<String>,
        owner: Owner,
        permit: PoolPermit,
        grant: Option<TalkGrant>,
    ) -> Self {
        let (began, closed) = (Instant::now(), CancellationToken::new());
        let trickled = Budget::default();
        Self { target, secret, listed_as, owner, began, closed, trickled, grant, permit }
    }
}

/// Candidates that were trickled since ICE began, or was restarted: MediaMTX sends packets to each.
#[derive(Default)]
struct Budget {
    ufrag: Option<String>,
    since: Option<Instant>,
    count: usize,
}

impl Budget {
    fn limit(&mut self, fragment: &mut Fragment) {
        let rested = self.since.is_none_or(|since| since.elapsed() >= RESTART_INTERVAL);
        if let Some(given) = fragment.ufrag()
            && self.ufrag.as_deref() != Some(given)
            && rested
        {
            *self = Self { ufrag: Some(given.to_owned()), since: Some(Instant::now()), count: 0 };
        }
        self.count += fragment.limit(CANDIDATES.saturating_sub(self.count));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

impl Sessions {
    pub(in crate::http) fn new(
        media: Media,
        talk: Arc<TalkChannel>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            upstream: MediaMtx::new(),
            media,
            talk,
            shutdown,
            by_id: Mutex::default(),
            watching: Pool::new(WATCHING, WATCHING_OF_PERSON),
            talking: Pool::new(TALKING, TALKING_OF_PERSON),
            swept: Mutex::default(),
        })
    }

    /// A permit for one more session. At the limit, sessions that MediaMTX no longer has are swept first: a page that is
    /// closed without a DELETE leaves one.
    pub(super) async fn permit(&self, protocol: Protocol, owner: Owner) -> Result<PoolPermit, ApiError> {
        let pool = match protocol {
            Protocol::Whep => &self.watching,
            Protocol::Whip => &self.talking,
        };
        if !pool.has_room(owner) {
            self.sweep().await;
        }
        pool.permit(owner).map_err(|exhausted| match exhausted {
            Exhausted::Share => ApiError::busy("this sign-in has too many viewers connected"),
            Exhausted::Pool => ApiError::busy("too many viewers are connected"),
        })
    }

    /// Inserts a session under a new id. It stays until it is ended, or its owner's credentials (`ended`) are. From now on
    /// a WHIP session owns the talk channel.
    pub(super) fn insert(self: &Arc<Self>, mut session: Session, ended: CancellationToken) -> String {
        let id = random::text::<16>();
        let (closed, displaced) = (session.closed.clone(), session.permit.ended());
        let polled = session.listed_as.clone().filter(|_| session.target.protocol == Protocol::Whip);
        {
            let mut sessions = self.lock();
            if let Some(grant) = &mut session.grant {
                grant.attach(&id);
            }
            sessions.insert(id.clone(), session);
        }
        let (sessions, own_id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            let set_arriving = |arriving| sessions.talk.set_arriving(&own_id, arriving);
            tokio::select! {
                () = closed.cancelled() => {}
                () = sessions.shutdown.cancelled() => {}
                () = ended.cancelled() => sessions.end(&own_id).await,
                () = displaced.cancelled() => sessions.end(&own_id).await,
                // A talker that is gone must not block others.
                () = gone(&sessions.media, polled.as_deref(), set_arriving) => sessions.end(&own_id).await,
            }
        });
        id
    }

    /// Target and secret of a session, for its owner only.
    pub(super) fn find(&self, id: &str, protocol: Protocol, owner: Owner) -> Option<(Target, String)> {
        let sessions = self.lock();
        let session = sessions.get(id).filter(|it| it.owner == owner && it.target.protocol == protocol)?;
        Some((session.target, session.secret.clone()))
    }

    /// Leaves out of a fragment the candidates that exceed the budget of its session.
    pub(super) fn limit(&self, id: &str, fragment: &mut Fragment) {
        if let Some(session) = self.lock().get_mut(id) {
            session.trickled.limit(fragment);
        }
    }

    pub(super) fn remove(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Ends a session here, then at MediaMTX.
    pub(super) async fn end(&self, id: &str) {
        let session = self.lock().remove(id);
        if let Some(session) = session {
            // Mute at once; MediaMTX may take seconds to end the session.
            session.grant.iter().for_each(TalkGrant::mute);
            let upstream = session.target.protocol.upstream(&self.media);
            self.upstream.end(&upstream, session.target, &session.secret).await;
        }
    }

    /// Sweeps in the background, at most once a minute.
    pub(super) fn sweep_when_due(self: &Arc<Self>) {
        let due = {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            let due = swept.is_none_or(|at| at.elapsed() >= SWEEP_INTERVAL);
            if due {
                *swept = Some(Instant::now());
            }
            due
        };
        if due {
            let sessions = self.clone();
            tokio::spawn(async move { sessions.sweep().await });
        }
    }

    async fn sweep(&self) {
        // A session that begins after this may not be listed yet.
        let asked = Instant::now();
        let answer = self.media.mediamtx_get("/v3/webrtc/sessions/list?itemsPerPage=1000").await;
        let Ok((200, body)) = answer else {
            return;
        };
        let Ok(list) = serde_json::from_slice::<List>(&body) else {
            return;
        };
        if list.page_count > 1 {
            return;
        }
        let listed: HashSet<&str> = list.items.iter().map(|item| item.id.as_str()).collect();
        self.lock().retain(|_, session| {
            session.began >= asked || session.listed_as.as_deref().is_none_or(|id| listed.contains(id))
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        // The map is consistent at every statement: a panic elsewhere does not poison it.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns when MediaMTX no longer has the session with this id. Reports meanwhile whether audio arrives from it.
async fn gone(media: &Media, listed_as: Option<&str>, set_arriving: impl Fn(bool)) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let Some(id) = listed_as.filter(|id| !id.is_empty() && id.len() <= 64 && id.bytes().all(plain)) else {
        return std::future::pending().await;
    };
    let mut polls = interval(POLL_INTERVAL);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    let (mut inbound, mut advanced) = (None, Instant::now());
    loop {
        polls.tick().await;
        match media.mediamtx_get(&format!("/v3/webrtc/sessions/get/{id}")).await {
            Ok((404, _)) => return,
            Ok((200, body)) => {
                unanswered = 0;
                let figures = serde_json::from_slice::<Figures>(&body).ok();
                // An unreadable counter is no evidence of a stall.
                let now = figures.and_then(|figures| figures.inbound_bytes);
                if now.is_none() || now != inbound {
                    (inbound, advanced) = (now, Instant::now());
                }
                set_arriving(advanced.elapsed() < STALL);
            }
            Err(error) if error.is_slow() => {}
            // A MediaMTX that has ended has no sessions.
            Ok(_) | Err(_) => unanswered += 1,
        }
        if unanswered >= UNANSWERED_POLLS {
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

/// The counters of one session that are used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    inbound_bytes: Option<u64>,
}
