//! Authentication: tokens, one-time sign-in codes and sessions.
//!
//! There are two kinds of proof. A program sends the admin token, made on the first run in the state
//! directory, as a bearer token with every request. A person opens a link that carries a one-time code;
//! the code is exchanged for a session, whose 256-bit secret is stored in a cookie. The daemon stores only
//! SHA-256 fingerprints of token, codes and sessions, in memory and at rest, and compares them in constant
//! time, so neither a memory dump of the tables nor a backup of the sessions file allows a sign-in.
//!
//! Every session has a cancellation token. Connections that outlive a request (an event socket, a WHEP
//! session) wait on it, so a sign-out, an idle timeout or an eviction ends them all at once. Sessions are
//! persisted in `sessions.json` and survive a restart of the daemon; if the disk cannot be written, only that
//! is lost, and sign-ins still work.
//!
//! This module knows no HTTP beyond the text of a cookie.

mod codes;
pub mod cookie;
mod file;
mod limiter;
mod sessions;
mod types;

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use havatar_api::{Login, LoginLink, Me, Role};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::disk;
use crate::secrets::{Fingerprint, Secret};
use crate::store::Persisted;

use codes::Codes;
use limiter::Limiter;
use sessions::{AtRest, Sessions};

pub use file::{ADMIN_TOKEN, WATCH_TOKEN};
pub use types::{AuthError, Identity, Owner, Proof, Settings, SignInError};

/// How often expired sessions are removed and the last use of the others is persisted.
const SWEEP: Duration = Duration::from_secs(30);

/// Longest wait for the disk before a sign-in is answered.
const SAVE_WITHIN: Duration = Duration::from_secs(1);

/// Handle to access control; clones share it.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    admin: Fingerprint,
    watch: Fingerprint,
    tables: Mutex<Tables>,
    sessions_file: Persisted<AtRest>,
}

struct Tables {
    settings: Settings,
    sessions: Sessions,
    codes: Codes,
    limiter: Limiter,
    touched: bool,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

impl Auth {
    /// Reads the admin token of `state_dir`, or creates it on the first run, and restores the sessions of an
    /// earlier run. Blocks on the disk: call it before serving.
    pub fn open(state_dir: &Path, settings: Settings) -> Result<Self, AuthError> {
        let admin = file::token(state_dir, ADMIN_TOKEN)?.digest();
        let watch = match file::token(state_dir, WATCH_TOKEN) {
            // On a read-only disk players lose their password, but the daemon starts.
            Err(AuthError::Write { .. }) => Secret::random().digest(),
            token => token?.digest(),
        };
        let sessions_file = state_dir.join("sessions.json");
        let mut sessions = restore(&sessions_file);
        sessions.sweep(&settings, Instant::now());
        Ok(Self(Arc::new(Inner {
            admin,
            watch,
            tables: Mutex::new(Tables {
                settings,
                sessions,
                codes: Codes::default(),
                limiter: Limiter::default(),
                touched: false,
            }),
            sessions_file: Persisted::new("the list of sessions", sessions_file, |rest| {
                serde_json::to_vec(rest).map(Some).map_err(io::Error::from)
            }),
        })))
    }

    /// Applies the times of a reloaded config, also to existing sessions.
    pub fn set(&self, settings: Settings) {
        self.tables().settings = settings;
    }

    /// Ends expired sessions and persists `sessions.json`, until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let changed = {
                let mut tables = self.tables();
                let settings = tables.settings;
                let ended = tables.sessions.sweep(&settings, Instant::now());
                std::mem::take(&mut tables.touched) || ended
            };
            if changed {
                self.save().await;
            }
        }
        self.save().await;
    }

    /// Issues a sign-in link on behalf of the admin token's holder, valid once.
    pub fn sign_in_link(&self) -> LoginLink {
        self.sign_in_link_of(Owner::Token)
    }

    /// Issues a sign-in link, valid once. Each issuer has unused links of its own.
    pub fn sign_in_link_of(&self, issuer: Owner) -> LoginLink {
        let mut tables = self.tables();
        let valid = tables.settings.sign_in_link_valid;
        let code = tables.codes.issue(issuer, valid, Instant::now());
        LoginLink {
            path: format!("/#code={}", code.expose()),
            expires_in_s: valid.as_secs(),
            origins: Vec::new(),
        }
    }

    /// Exchanges a code or a token for a session. Returns the cookie's value and the session's longest lifetime.
    ///
    /// Proofs are checked first, one at a time; a right one signs in whatever was tried before it. Only wrong ones wait.
    pub async fn sign_in(&self, login: &Login, peer: IpAddr) -> Result<(Secret, Duration), SignInError> {
        let signed_in = {
            let mut tables = self.tables();
            let now = Instant::now();
            let right = match login {
                Login::Code(code) => tables.codes.redeem(Fingerprint::of(code), now),
                Login::Token(token) => self.0.admin.matches(&Fingerprint::of(token)),
            };
            if !right {
                // A try during a wait does not prolong it.
                if let Some(wait) = tables.limiter.wait(peer, now) {
                    return Err(SignInError::TooMany { wait });
                }
                tables.limiter.wrong(peer, now);
                return Err(SignInError::Refused);
            }
            tables.limiter.right(peer);
            let secret = Secret::random();
            tables.sessions.begin(secret.digest(), now);
            (secret, tables.settings.session_max)
        };
        // A disk that hangs keeps nobody out: the session is in force, and is written when the disk can be.
        let _ = tokio::time::timeout(SAVE_WITHIN, self.save()).await;
        Ok(signed_in)
    }

    /// The identity of a bearer token.
    pub fn by_token(&self, token: &str) -> Option<Identity> {
        let right = self.0.admin.matches(&Fingerprint::of(token));
        right.then(|| Identity { me: admin(), proof: Proof::Token })
    }

    /// Whether a player may watch with this password. The admin token is accepted from this machine only: RTSP
    /// sends passwords in the clear, and a password seen on the network must not allow more than watching.
    pub fn may_watch(&self, password: &str, peer: IpAddr) -> bool {
        let given = Fingerprint::of(password);
        let watch = self.0.watch.matches(&given);
        let admin = self.0.admin.matches(&given);
        watch || (admin && peer.to_canonical().is_loopback())
    }

    /// The identity of a session cookie.
    pub fn by_session(&self, value: &str) -> Option<Identity> {
        let mut tables = self.tables();
        let settings = tables.settings;
        let found = tables.sessions.find(&Fingerprint::of(value), &settings, Instant::now())?;
        tables.touched = true;
        Some(Identity { me: admin(), proof: Proof::Session { number: found.number, ended: found.ended } })
    }

    /// Reports that a connection of this owner is alive, so that a watching session does not expire as idle.
    pub fn touch(&self, owner: Owner) {
        if let Owner::Session(number) = owner {
            let mut tables = self.tables();
            tables.sessions.touch(number, Instant::now());
            tables.touched = true;
        }
    }

    /// Ends a session and its connections; a token has no session. When this returns, a restart of the daemon does not
    /// restore the session, if the disk can be written.
    pub async fn sign_out(&self, owner: Owner) {
        if let Owner::Session(number) = owner {
            self.tables().sessions.end_number(number);
            self.save().await;
        }
    }

    /// The number of sessions.
    pub fn sessions(&self) -> usize {
        self.tables().sessions.len()
    }

    /// Returns when the sessions as they are now, or newer ones, are on the disk or cannot be written.
    async fn save(&self) {
        let pending = {
            // Set under the lock, so that an older snapshot never replaces a newer one.
            let tables = self.tables();
            self.0.sessions_file.set(tables.sessions.at_rest(Instant::now(), Timestamp::now()))
        };
        // The writer has logged a failure.
        let _ = pending.written().await;
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // The tables are consistent between any two statements, so a panic elsewhere poisons nothing.
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn admin() -> Me {
    Me { name: "admin".to_owned(), role: Role::Admin }
}

fn restore(path: &Path) -> Sessions {
    let text = match disk::read(path) {
        Ok(text) => text,
        Err(error) if error.is_absent() => return Sessions::default(),
        Err(error) => {
            let error = &error as &(dyn std::error::Error + 'static);
            tracing::warn!(file = %path.display(), error, "earlier sessions are not restored");
            return Sessions::default();
        }
    };
    // The error would quote the file.
    let Ok(rest) = serde_json::from_str::<AtRest>(&text) else {
        tracing::warn!(file = %path.display(), "earlier sessions are not restored: the file is damaged");
        return Sessions::default();
    };
    Sessions::restore(&rest, Instant::now(), Timestamp::now())
}

#[cfg(test)]
mod tests;
