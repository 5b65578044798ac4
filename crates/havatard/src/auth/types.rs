//! The types that the parts of this module share: settings, errors, identities.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use havatar_api::Me;
use tokio_util::sync::CancellationToken;

use crate::disk;

/// The lifetimes of sessions and sign-in links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An unused session expires after this time.
    pub session_idle: Duration,
    /// Every session expires this long after its start.
    pub session_max: Duration,
    /// An unused sign-in link expires after this time.
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

/// Why a sign-in was refused. A wrong, used or expired code and a wrong token have one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Wrong code or token.
    #[error("that code or token does not sign in: it may be wrong, used or lapsed; ask for a new link")]
    Refused,
    /// Wrong, as many before it.
    #[error("that code or token does not sign in, and too many wrong ones came before it: wait {} s, or use a right one", wait.as_secs().max(1))]
    TooMany {
        /// The time until the next try.
        wait: Duration,
    },
}

/// An authenticated client.
#[derive(Clone)]
pub struct Identity {
    /// The account, as the client receives it.
    pub me: Me,
    /// The proof of the identity.
    pub proof: Proof,
}

/// The proof of an identity.
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

/// The owner of a connection that outlives a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A client with the admin token.
    Token,
    /// One session.
    Session(u64),
}

impl Identity {
    /// The owner of connections that this identity opens.
    pub fn owner(&self) -> Owner {
        match self.proof {
            Proof::Token => Owner::Token,
            Proof::Session { number, .. } => Owner::Session(number),
        }
    }

    /// Cancelled when the session ends; a token's never is.
    pub fn ended(&self) -> CancellationToken {
        match &self.proof {
            Proof::Token => CancellationToken::new(),
            Proof::Session { ended, .. } => ended.clone(),
        }
    }
}
