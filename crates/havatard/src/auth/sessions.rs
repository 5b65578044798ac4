//! The table of sessions, and its form on the disk.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::secrets::Fingerprint;

use super::types::Settings;

/// The most sessions; a further sign-in ends the one that was idle longest.
pub(super) const MOST: usize = 256;

/// All sessions. Pure except for the tokens it cancels: the caller passes the time.
#[derive(Default)]
pub(super) struct Sessions {
    by_fingerprint: HashMap<Fingerprint, Session>,
    next: u64,
}

struct Session {
    number: u64,
    began: Moment,
    seen: Moment,
    ended: CancellationToken,
}

/// A point in time that may lie before this start of the daemon, or of the machine.
#[derive(Clone, Copy)]
struct Moment {
    known: Instant,
    already: Duration,
}

impl Moment {
    fn now(now: Instant) -> Self {
        Self { known: now, already: Duration::ZERO }
    }

    fn age(self, now: Instant) -> Duration {
        now.duration_since(self.known) + self.already
    }
}

/// The session of a request.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) number: u64,
    pub(super) ended: CancellationToken,
}

impl Sessions {
    pub(super) fn begin(&mut self, fingerprint: Fingerprint, now: Instant) {
        if self.by_fingerprint.len() >= MOST {
            let quietest = self.by_fingerprint.iter().max_by_key(|(_, s)| s.seen.age(now)).map(|(f, _)| *f);
            if let Some(quietest) = quietest {
                self.end(&quietest);
            }
        }
        self.insert(fingerprint, Moment::now(now), Moment::now(now));
    }

    /// The session of a presented cookie, if it has not expired; resets its idle time.
    pub(super) fn find(
        &mut self,
        fingerprint: &Fingerprint,
        settings: &Settings,
        now: Instant,
    ) -> Option<Found> {
        let session = self.by_fingerprint.get_mut(fingerprint)?;
        if over(session, settings, now) {
            self.end(fingerprint);
            return None;
        }
        session.seen = Moment::now(now);
        Some(Found { number: session.number, ended: session.ended.clone() })
    }

    /// Resets the idle time of a session, for a connection that is alive.
    pub(super) fn touch(&mut self, number: u64, now: Instant) {
        if let Some(session) = self.by_fingerprint.values_mut().find(|s| s.number == number) {
            session.seen = Moment::now(now);
        }
    }

    pub(super) fn end_number(&mut self, number: u64) {
        let found = self.by_fingerprint.iter().find(|(_, s)| s.number == number).map(|(f, _)| *f);
        if let Some(fingerprint) = found {
            self.end(&fingerprint);
        }
    }

    /// Ends every expired session; returns whether there was one.
    pub(super) fn sweep(&mut self, settings: &Settings, now: Instant) -> bool {
        let before = self.by_fingerprint.len();
        self.by_fingerprint.retain(|_, session| {
            let over = over(session, settings, now);
            if over {
                session.ended.cancel();
            }
            !over
        });
        self.by_fingerprint.len() != before
    }

    pub(super) fn len(&self) -> usize {
        self.by_fingerprint.len()
    }

    pub(super) fn at_rest(&self, now: Instant, wall: Timestamp) -> AtRest {
        AtRest {
            saved_at: wall,
            sessions: self
                .by_fingerprint
                .iter()
                .map(|(fingerprint, session)| SessionAtRest {
                    sha256: fingerprint.to_text(),
                    age_s: session.began.age(now).as_secs(),
                    idle_s: session.seen.age(now).as_secs(),
                })
                .collect(),
        }
    }

    /// Restores the sessions of an earlier run. Their ages continue from the time of the save; a wall clock that was set
    /// back since (a robot without a clock battery, before its first NTP answer) makes no session younger.
    pub(super) fn restore(rest: &AtRest, now: Instant, wall: Timestamp) -> Self {
        let away = Duration::try_from(wall.duration_since(rest.saved_at)).unwrap_or_default();
        let mut sessions = Self::default();
        for saved in rest.sessions.iter().take(MOST) {
            let moment =
                |age_s| Moment { known: now, already: Duration::from_secs(age_s).saturating_add(away) };
            if let Some(fingerprint) = Fingerprint::from_text(&saved.sha256) {
                sessions.insert(fingerprint, moment(saved.age_s), moment(saved.idle_s));
            }
        }
        sessions
    }

    fn insert(&mut self, fingerprint: Fingerprint, began: Moment, seen: Moment) {
        self.next += 1;
        let session = Session { number: self.next, began, seen, ended: CancellationToken::new() };
        self.by_fingerprint.insert(fingerprint, session);
    }

    fn end(&mut self, fingerprint: &Fingerprint) {
        if let Some(session) = self.by_fingerprint.remove(fingerprint) {
            session.ended.cancel();
        }
    }
}

fn over(session: &Session, settings: &Settings, now: Instant) -> bool {
    session.began.age(now) >= settings.session_max || session.seen.age(now) >= settings.session_idle
}

/// `sessions.json`: nothing in it signs anybody in.
#[derive(Serialize, Deserialize)]
pub(super) struct AtRest {
    saved_at: Timestamp,
    sessions: Vec<SessionAtRest>,
}

#[derive(Serialize, Deserialize)]
struct SessionAtRest {
    sha256: String,
    age_s: u64,
    idle_s: u64,
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn settings() -> Settings {
        Settings { session_idle: 2 * HOUR, session_max: 10 * HOUR, sign_in_link_valid: HOUR }
    }

    fn one(name: &str) -> Fingerprint {
        Fingerprint::of(name)
    }

    #[tokio::test(start_paused = true)]
    async fn idle_and_absolute_end() {
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        sessions.begin(one("idle"), start);
        sessions.begin(one("busy"), start);
        let idle = sessions.find(&one("idle"), &settings(), start).unwrap();
        let busy = sessions.find(&one("busy"), &settings(), start).unwrap();
        for hour in 1..10 {
            let now = start + hour * HOUR;
            assert!(sessions.find(&one("busy"), &settings(), now).is_some(), "hour {hour}");
            sessions.sweep(&settings(), now);
            assert_eq!(idle.ended.is_cancelled(), hour >= 2, "hour {hour}");
        }
        assert!(!busy.ended.is_cancelled());
        assert!(sessions.find(&one("busy"), &settings(), start + 10 * HOUR).is_none());
        assert!(busy.ended.is_cancelled());
        assert_eq!(sessions.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_quietest_goes_when_there_are_too_many() {
        let (mut sessions, start) = (Sessions::default(), Instant::now());
        for n in 0..MOST {
            sessions.begin(one(&n.to_string()), start);
        }
        let now = start + Duration::from_secs(1);
        for n in (0..MOST).filter(|n| *n != 7) {
            sessions.find(&one(&n.to_string()), &settings(), now).unwrap();
        }
        sessions.begin(one("new"), now);
        assert_eq!(sessions.len(), MOST);
        assert!(sessions.find(&one("7"), &settings(), now).is_none());
        assert!(sessions.find(&one("new"), &settings(), now).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn ages_go_on_across_a_restart_whatever_the_wall_clock_did() {
        let (mut sessions, start, wall) = (Sessions::default(), Instant::now(), Timestamp::now());
        sessions.begin(one("a"), start);
        sessions.find(&one("a"), &settings(), start + HOUR).unwrap();
        let rest = sessions.at_rest(start + HOUR, wall);
        assert!(!serde_json::to_string(&rest).unwrap().contains("\"a\""));

        let later = |hours: i64| Sessions::restore(&rest, start, wall + hours.hours());
        assert!(later(1).find(&one("a"), &settings(), start).is_some());
        assert!(later(2).find(&one("a"), &settings(), start).is_none(), "idle while the daemon was down");
        let mut back = later(-9000);
        assert!(back.find(&one("a"), &settings(), start).is_some());
        back.touch(1, start + HOUR);
        for hour in 1..9 {
            assert!(back.find(&one("a"), &settings(), start + hour * HOUR).is_some());
        }
        assert!(back.find(&one("a"), &settings(), start + 9 * HOUR).is_none(), "one hour was already gone");
    }
}
