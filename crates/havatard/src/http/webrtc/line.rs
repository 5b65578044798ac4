//! The talk line: one at a time may be heard at the robot.
//!
//! A page takes the line when it is loaded, so that a press costs no negotiation; so having it says little, and an open
//! microphone says all. Whoever asks is given an idle line, and is refused one that is talked on. Nobody talks from whom
//! nothing comes any more: MediaMTX keeps the session of a page that was killed for half a minute.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use havatar_api::Talker;
use jiff::Timestamp;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard, watch};

use crate::{auth::Owner, media::Media};

/// Who has the line.
pub(in crate::http) struct Line {
    media: Media,
    state: Mutex<State>,
    /// Held while a session is negotiated. MediaMTX refuses the second of two that begin at once, and the first would find
    /// that it had given way to it.
    turns: Arc<Turns<()>>,
    talker: watch::Sender<Option<Talker>>,
}

#[derive(Default)]
struct State {
    next: u64,
    held: Option<Held>,
}

struct Held {
    number: u64,
    owner: Owner,
    who: String,
    since: Timestamp,
    /// Absent while it is being negotiated.
    session: Option<String>,
    /// The microphone is open.
    open: bool,
    /// Nothing comes from it.
    silent: bool,
}

impl Held {
    fn talking(&self) -> bool {
        self.open && !self.silent
    }
}

/// Somebody's hold on the line; dropped, it frees the line if nobody else has taken it meanwhile.
pub(super) struct Hold {
    line: Arc<Line>,
    number: u64,
    /// Until it has its session.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Line {
    pub(in crate::http) fn new(media: Media) -> Arc<Self> {
        Arc::new(Self {
            media,
            state: Mutex::default(),
            turns: Arc::default(),
            talker: watch::Sender::new(None),
        })
    }

    /// Follows who has the line.
    pub(in crate::http) fn subscribe(&self) -> watch::Receiver<Option<Talker>> {
        self.talker.subscribe()
    }

    /// Who has the line.
    pub(in crate::http) fn talker(&self) -> Option<Talker> {
        self.talker.borrow().clone()
    }

    /// Takes the line, and names the session that gave way, for it to be ended. One's own gives way in any case: a
    /// page that was loaded again. Waits while somebody else's session is negotiated.
    ///
    /// # Errors
    /// Who is talking.
    pub(super) async fn claim(
        self: &Arc<Self>,
        owner: Owner,
        who: &str,
        since: Timestamp,
    ) -> Result<(Hold, Option<String>), String> {
        let turn = self.turns.clone().lock_owned().await;
        let mut state = self.state();
        if let Some(held) = state.held.as_ref().filter(|held| held.talking() && held.owner != owner) {
            return Err(held.who.clone());
        }
        state.next += 1;
        let number = state.next;
        let held =
            Held { number, owner, who: who.to_owned(), since, session: None, open: false, silent: false };
        let before = state.held.replace(held).and_then(|before| before.session);
        self.tell(&state);
        Ok((Hold { line: self.clone(), number, turn: Some(turn) }, before))
    }

    /// Opens or closes the microphone of the session that has the line.
    ///
    /// # Errors
    /// Who has it instead.
    pub(super) fn open(&self, session: &str, on: bool) -> Result<(), String> {
        let mut state = self.state();
        match &mut state.held {
            Some(held) if held.session.as_deref() == Some(session) => held.open = on,
            Some(held) => return Err(held.who.clone()),
            // It is just ending: what is over is closed.
            None if !on => {}
            None => return Err("somebody".to_owned()),
        }
        self.tell(&state);
        Ok(())
    }

    /// Whether anything comes from the session that has the line.
    pub(super) fn hears(&self, session: &str, anything: bool) {
        let mut state = self.state();
        let held = state.held.as_mut().filter(|held| held.session.as_deref() == Some(session));
        if let Some(held) = held.filter(|held| held.silent == anything) {
            held.silent = !anything;
            self.tell(&state);
        }
    }

    fn attach(&self, number: u64, session: &str) {
        let mut state = self.state();
        if let Some(held) = state.held.as_mut().filter(|held| held.number == number) {
            held.session = Some(session.to_owned());
            self.tell(&state);
        }
    }

    fn mute(&self, number: u64) {
        let mut state = self.state();
        if let Some(held) = state.held.as_mut().filter(|held| held.number == number) {
            held.open = false;
            self.tell(&state);
        }
    }

    fn free(&self, number: u64) {
        let mut state = self.state();
        if state.held.as_ref().is_some_and(|held| held.number == number) {
            state.held = None;
            self.tell(&state);
        }
    }

    /// Under the lock, so that news keeps its order.
    fn tell(&self, state: &State) {
        let talker = state.held.as_ref().filter(|held| held.session.is_some()).map(|held| Talker {
            who: held.who.clone(),
            since: held.since,
            talking: held.talking(),
        });
        let talking = talker.as_ref().is_some_and(|talker| talker.talking);
        let before = self.talker.send_replace(talker);
        if before.is_some_and(|talker| talker.talking) != talking {
            self.media.audio.set_talking(talking);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements, so a panic elsewhere poisons nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// The line is this session's from now on, and the next one's turn comes.
    pub(super) fn attach(&mut self, session: &str) {
        self.line.attach(self.number, session);
        self.turn = None;
    }

    /// The session is being ended: its microphone is closed already.
    pub(super) fn mute(&self) {
        self.line.mute(self.number);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.line.free(self.number);
    }
}
