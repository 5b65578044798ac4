//! Who is asking, and whether they may.
//!
//! There are two ways to prove oneself. A program sends the admin token, made on the first run in the state
//! directory, as a bearer token with every request. A person opens a link that carries a one-time code;
//! the code is exchanged for a session, whose 256-bit secret lives in a cookie. The daemon keeps only
//! SHA-256 fingerprints of token, codes and sessions, in memory and at rest, and compares them in constant
//! time, so neither a memory dump of the tables nor the state directory's backup signs anybody in.
//!
//! Every session carries a cancellation token. Whatever lives longer than a request (an event socket, a
//! WHEP session) waits on it, so a sign-out, an idle end or an eviction reaches them all at once. Sessions
//! are written to `sessions.json` so that a restart of the daemon signs nobody out; a disk that cannot be
//! written costs only that, never a sign-in.
//!
//! Nothing here knows HTTP beyond the text of a cookie.

mod codes;
/// The session cookie.
pub mod cookie;
mod file;
mod limiter;
mod sessions;

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use havatar_api::{Login, LoginLink, Me, Role};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::disk::{self, Existing};
use crate::secrets::{Fingerprint, Secret};

use codes::Codes;
use limiter::Limiter;
use sessions::{AtRest, Sessions};

pub use file::{ADMIN_TOKEN, WATCH_TOKEN};

/// How often sessions are looked over for ones that have ended, and their last use is written down.
const SWEEP: Duration = Duration::from_secs(30);

/// How long sign-ins last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A session ends when it has not been used for this long.
    pub session_idle: Duration,
    /// A session ends this long after it began.
    pub session_max: Duration,
    /// A sign-in link ends unused after this long.
    pub sign_in_link_valid: Duration,
}

/// Why access control could not be set up.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum AuthError {
    #[error(transparent)]
    Read(#[from] disk::ReadError),
    #[error("could not write {}: is the state directory there, and ours to write?", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} does not hold a token of at least 32 visible characters: delete it, and a new one is made", path.display())]
    WeakToken { path: PathBuf },
}

/// Why a sign-in was refused. A wrong code, a used one, a lapsed one and a wrong token are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Wrong.
    #[error("that code or token does not sign in: it may be wrong, used or lapsed; ask for a new link")]
    Refused,
    /// Not even looked at.
    #[error("too many wrong tries: wait {} s", wait.as_secs().max(1))]
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
}

/// Somebody who has proven themselves.
#[derive(Clone)]
pub struct Identity {
    /// What they are told about themselves.
    pub me: Me,
    /// How they did it.
    pub proof: Proof,
}

/// How somebody proved themselves.
#[derive(Clone)]
pub enum Proof {
    /// A bearer token.
    Token,
    /// A session.
    Session {
        /// Its number, unique for this run of the daemon.
        number: u64,
        /// Cancelled when the session ends.
        ended: CancellationToken,
    },
}

/// Who owns something that outlives a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Whoever holds the admin token.
    Token,
    /// One session.
    Session(u64),
}

impl Identity {
    /// The owner of what this identity sets up.
    pub fn owner(&self) -> Owner {
        match self.proof {
            Proof::Token => Owner::Token,
            Proof::Session { number, .. } => Owner::Session(number),
        }
    }

    /// Cancelled when this proof no longer holds; a token's never is.
    pub fn ended(&self) -> CancellationToken {
        match &self.proof {
            Proof::Token => CancellationToken::new(),
            Proof::Session { ended, .. } => ended.clone(),
        }
    }
}

/// Handle to access control; clones share it.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    admin: Fingerprint,
    watch: Fingerprint,
    sessions_file: PathBuf,
    tables: Mutex<Tables>,
    // Held over a write, so that an older picture never lands after a newer one.
    disk: tokio::sync::Mutex<Disk>,
}

struct Tables {
    settings: Settings,
    sessions: Sessions,
    codes: Codes,
    limiter: Limiter,
    touched: bool,
}

struct Disk {
    failing: bool,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

impl Auth {
    /// Reads, or on the first run makes, the admin token of `state_dir`, and takes up the sessions of an
    /// earlier run. Blocks on the disk: call it before serving.
    pub fn open(state_dir: &Path, settings: Settings) -> Result<Self, AuthError> {
        let admin = file::token(state_dir, ADMIN_TOKEN)?.digest();
        let watch = match file::token(state_dir, WATCH_TOKEN) {
            // A disk that has turned read-only costs players their password, not people their robot.
            Err(AuthError::Write { .. }) => Secret::random().digest(),
            token => token?.digest(),
        };
        let sessions_file = state_dir.join("sessions.json");
        let mut sessions = restore(&sessions_file);
        sessions.sweep(&settings, Instant::now());
        Ok(Self(Arc::new(Inner {
            admin,
            watch,
            sessions_file,
            tables: Mutex::new(Tables {
                settings,
                sessions,
                codes: Codes::default(),
                limiter: Limiter::default(),
                touched: false,
            }),
            disk: tokio::sync::Mutex::new(Disk { failing: false }),
        })))
    }

    /// Puts a reloaded config's times in force, for running sessions too.
    pub fn set(&self, settings: Settings) {
        self.tables().settings = settings;
    }

    /// Ends sessions whose time has come and keeps `sessions.json` current, until `shutdown`.
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

    /// A new sign-in link, good once.
    pub fn sign_in_link(&self) -> LoginLink {
        let mut tables = self.tables();
        let valid = tables.settings.sign_in_link_valid;
        let code = tables.codes.issue(valid, Instant::now());
        LoginLink { path: format!("/#code={}", code.expose()), expires_in_s: valid.as_secs() }
    }

    /// Exchanges a code or a token for a session: the cookie's value, and how long it may last.
    pub async fn sign_in(&self, login: &Login, peer: IpAddr) -> Result<(Secret, Duration), SignInError> {
        let signed_in = {
            let mut tables = self.tables();
            let now = Instant::now();
            if let Some(wait) = tables.limiter.wait(peer, now) {
                return Err(SignInError::TooMany { wait });
            }
            let right = match login {
                Login::Code(code) => tables.codes.redeem(Fingerprint::of(code), now),
                Login::Token(token) => self.0.admin.matches(&Fingerprint::of(token)),
            };
            if !right {
                tables.limiter.wrong(peer, now);
                return Err(SignInError::Refused);
            }
            tables.limiter.right(peer);
            let secret = Secret::random();
            tables.sessions.begin(secret.digest(), now);
            (secret, tables.settings.session_max)
        };
        self.save().await;
        Ok(signed_in)
    }

    /// Who presents this bearer token.
    pub fn by_token(&self, token: &str) -> Option<Identity> {
        let right = self.0.admin.matches(&Fingerprint::of(token));
        right.then(|| Identity { me: admin(), proof: Proof::Token })
    }

    /// Whether a player may watch with this password. The admin token counts on this machine only: RTSP
    /// shows passwords to the network, and what it shows there must not be able to do more than watch.
    pub fn may_watch(&self, password: &str, peer: IpAddr) -> bool {
        let given = Fingerprint::of(password);
        let watch = self.0.watch.matches(&given);
        let admin = self.0.admin.matches(&given);
        watch || (admin && peer.to_canonical().is_loopback())
    }

    /// Who presents this session cookie.
    pub fn by_session(&self, value: &str) -> Option<Identity> {
        let mut tables = self.tables();
        let settings = tables.settings;
        let found = tables.sessions.find(&Fingerprint::of(value), &settings, Instant::now())?;
        tables.touched = true;
        Some(Identity { me: admin(), proof: Proof::Session { number: found.number, ended: found.ended } })
    }

    /// Says that something of this owner is alive, so that a watcher who touches nothing is not signed out.
    pub fn touch(&self, owner: Owner) {
        if let Owner::Session(number) = owner {
            let mut tables = self.tables();
            tables.sessions.touch(number, Instant::now());
            tables.touched = true;
        }
    }

    /// Ends a session and all that waits on it; a token has none to end. When this returns, a restart of
    /// the daemon does not bring the session back, if the disk can be written at all.
    pub async fn sign_out(&self, owner: Owner) {
        if let Owner::Session(number) = owner {
            self.tables().sessions.end_number(number);
            self.save().await;
        }
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.tables().sessions.len()
    }

    async fn save(&self) {
        let mut disk = self.0.disk.lock().await;
        let rest = self.tables().sessions.at_rest(Instant::now(), Timestamp::now());
        let path = self.0.sessions_file.clone();
        let written = tokio::task::spawn_blocking(move || {
            let json = serde_json::to_vec(&rest).map_err(io::Error::from)?;
            disk::write(&path, &json, Existing::Replace)
        })
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the writing task ended early")));
        match written {
            Ok(()) => disk.failing = false,
            Err(error) => {
                if !std::mem::replace(&mut disk.failing, true) {
                    tracing::warn!(
                        file = %self.0.sessions_file.display(),
                        %error,
                        "sessions are kept in memory only: a restart will sign everybody out"
                    );
                }
            }
        }
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
            tracing::warn!(file = %path.display(), error, "earlier sessions are not taken up");
            return Sessions::default();
        }
    };
    // The error would quote the file.
    let Ok(rest) = serde_json::from_str::<AtRest>(&text) else {
        tracing::warn!(file = %path.display(), "earlier sessions are not taken up: the file is damaged");
        return Sessions::default();
    };
    Sessions::restore(&rest, Instant::now(), Timestamp::now())
}

#[cfg(test)]
mod tests;
