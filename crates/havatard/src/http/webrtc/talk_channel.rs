//! The talk channel: one talker at a time is heard at the robot.
//!
//! A page takes the channel when it is loaded, so that opening the microphone costs no negotiation. So a grant alone says
//! little; the open microphone decides. A claim displaces an idle grant, and is refused while the owner talks. A talker from
//! whom no audio arrives does not count as talking: MediaMTX keeps the session of a killed page for half a minute. The driver
//! displaces a talker who does not drive: the people around the robot hear the person who moves it, whatever others do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api::Talker;
use jiff::Timestamp;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard, watch};

use crate::auth::Owner;
use crate::media::Media;

/// Who may talk.
pub(in crate::http) struct TalkChannel {
    media: Media,
    state: Mutex<State>,
    /// Locked while a session is negotiated: of two that begin at once MediaMTX refuses the second, although the first has
    /// been displaced by it.
    turns: Arc<Turns<()>>,
    talker: watch::Sender<Option<Talker>>,
}

#[derive(Default)]
struct State {
    next: u64,
    granted: Option<Granted>,
}

struct Granted {
    number: u64,
    owner: Owner,
    who: String,
    since: Timestamp,
    /// `None` while the session is negotiated.
    session: Option<String>,
    /// The microphone is open.
    open: bool,
    /// No audio arrives.
    stalled: bool,
}

impl Granted {
    fn talking(&self) -> bool {
        self.open && !self.stalled
    }
}

/// A grant of the channel. Dropping it frees the channel, unless another grant has displaced it.
pub(super) struct TalkGrant {
    channel: Arc<TalkChannel>,
    number: u64,
    /// Until the session is attached.
    turn: Option<OwnedMutexGuard<()>>,
}

impl TalkChannel {
    pub(in crate::http) fn new(media: Media) -> Arc<Self> {
        Arc::new(Self {
            media,
            state: Mutex::default(),
            turns: Arc::default(),
            talker: watch::Sender::new(None),
        })
    }

    /// Publishes the talker.
    pub(in crate::http) fn subscribe(&self) -> watch::Receiver<Option<Talker>> {
        self.talker.subscribe()
    }

    /// The current talker.
    pub(in crate::http) fn talker(&self) -> Option<Talker> {
        self.talker.borrow().clone()
    }

    /// Claims the channel. Also returns the displaced session, which the caller ends. The caller's own session is always
    /// displaced: its page was reloaded. Waits while another session is negotiated.
    ///
    /// `drives`: whether the claimant has the robot.
    ///
    /// # Errors
    /// The name of who is talking.
    pub(super) async fn claim(
        self: &Arc<Self>,
        owner: Owner,
        who: &str,
        since: Timestamp,
        drives: impl Fn() -> bool,
    ) -> Result<(TalkGrant, Option<String>), String> {
        let turn = self.turns.clone().lock_owned().await;
        let mut state = self.state();
        if let Some(granted) = state.granted.as_ref().filter(|it| it.talking() && it.owner != owner)
            && !drives()
        {
            return Err(granted.who.clone());
        }
        state.next += 1;
        let number = state.next;
        let granted =
            Granted { number, owner, who: who.to_owned(), since, session: None, open: false, stalled: false };
        let displaced = state.granted.replace(granted).and_then(|before| before.session);
        self.publish(&state);
        Ok((TalkGrant { channel: self.clone(), number, turn: Some(turn) }, displaced))
    }

    /// Opens or closes the microphone of the session that owns the channel.
    ///
    /// # Errors
    /// The name of who owns it instead.
    pub(super) fn open(&self, session: &str, on: bool) -> Result<(), String> {
        let mut state = self.state();
        match &mut state.granted {
            Some(granted) if granted.session.as_deref() == Some(session) => granted.open = on,
            Some(granted) => return Err(granted.who.clone()),
            // The session is just ending, which closes its microphone.
            None if !on => {}
            None => return Err("somebody".to_owned()),
        }
        self.publish(&state);
        Ok(())
    }

    /// Records whether audio arrives from the session that owns the channel.
    pub(super) fn set_arriving(&self, session: &str, arriving: bool) {
        let mut state = self.state();
        let granted = state.granted.as_mut().filter(|granted| granted.session.as_deref() == Some(session));
        if let Some(granted) = granted.filter(|granted| granted.stalled == arriving) {
            granted.stalled = !arriving;
            self.publish(&state);
        }
    }

    fn attach(&self, number: u64, session: &str) {
        let mut state = self.state();
        if let Some(granted) = state.granted.as_mut().filter(|granted| granted.number == number) {
            granted.session = Some(session.to_owned());
            self.publish(&state);
        }
    }

    fn mute(&self, number: u64) {
        let mut state = self.state();
        if let Some(granted) = state.granted.as_mut().filter(|granted| granted.number == number) {
            granted.open = false;
            self.publish(&state);
        }
    }

    fn free(&self, number: u64) {
        let mut state = self.state();
        if state.granted.as_ref().is_some_and(|granted| granted.number == number) {
            state.granted = None;
            self.publish(&state);
        }
    }

    /// Publishes under the lock, so that changes keep their order.
    fn publish(&self, state: &State) {
        let attached = state.granted.as_ref().filter(|granted| granted.session.is_some());
        let talker = attached.map(|granted| Talker {
            who: granted.who.clone(),
            since: granted.since,
            talking: granted.talking(),
        });
        let talking = talker.as_ref().is_some_and(|talker| talker.talking);
        let before = self.talker.send_replace(talker);
        if before.is_some_and(|talker| talker.talking) != talking {
            self.media.audio.set_talking(talking);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent at every statement: a panic elsewhere does not poison it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TalkGrant {
    /// Attaches the negotiated session, and lets the next claim proceed.
    pub(super) fn attach(&mut self, session: &str) {
        self.channel.attach(self.number, session);
        self.turn = None;
    }

    /// Closes the microphone, before the session is ended.
    pub(super) fn mute(&self) {
        self.channel.mute(self.number);
    }
}

impl Drop for TalkGrant {
    fn drop(&mut self) {
        self.channel.free(self.number);
    }
}
