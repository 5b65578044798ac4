//! Sign-in, accounts and roles.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a signed-in person or program may do. Wider roles come with people and invitations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
}

/// Body of `POST /api/v1/login`: exactly one of the two ways in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Login {
    /// The one-time code from the sign-in link's fragment. Valid once, and for `auth.sign_in_link_valid`.
    Code(String),
    /// A bearer token, such as the admin token in the state directory.
    Token(String),
}

/// A fresh sign-in link: `path` is to be appended to the origin the panel is reached at.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LoginLink {
    /// Path and fragment, `/#code=...`. The fragment never reaches a server or its log.
    pub path: String,
    /// Seconds until the code lapses unused.
    pub expires_in_s: u64,
    /// Where the panel is reached (scheme, host and port), the likeliest first: configured names, then the addresses of this machine.
    #[serde(default)]
    pub origins: Vec<String>,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The account's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
}
